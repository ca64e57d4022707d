"""Our client with what other projects' speech servers were seen to answer."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.config import TtsConfig, TtsFallback
from pipeline.errors import TextToSpeechError
from pipeline.tts import HttpTextToSpeech
from tests.peers.speech_server import Answer, Request, SpeechPeer, Then, tone
from tests.peers.third_party_speech import SECONDS, litellm, supertonic

WEATHER = "The weather in Oslo is fine today, but take an umbrella with you, just in case."


async def say(tts: HttpTextToSpeech, text: str = WEATHER, voice: str = "jarvis") -> Samples:
    return np.concatenate([chunk async for chunk in tts.synthesize(text, voice=voice)])


def is_tone(heard: Samples) -> bool:
    """Whether it is 440 Hz for as long as was spoken: neither rate nor length was mistaken."""
    spectrum = np.abs(np.fft.rfft(heard))
    hertz = np.argmax(spectrum) * SPEECH_RATE / len(heard)
    return abs(hertz - 440) < 5 and abs(len(heard) / SPEECH_RATE - SECONDS) < 0.01


def test_supertonic_is_asked_for_wav_with_its_own_voice_and_only_so_from_then_on() -> None:
    async def story() -> None:
        async with SpeechPeer(supertonic) as peer:
            tts = HttpTextToSpeech(TtsConfig(model="supertonic-3", voice="M1"), peer.url + "/v1")
            await tts.warm()
            assert is_tone(await say(tts))
            assert is_tone(await say(tts))
            await tts.aclose()
            asked = [
                (each.body["response_format"], each.body["voice"])
                for each in peer.requests
                if each.path == "/v1/audio/speech"
            ]
        assert asked == [("pcm", "jarvis"), ("wav", "jarvis"), ("wav", "M1"), ("wav", "M1")]
        assert peer.connections == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (TtsConfig(), "unknown model 'tts-1'.*tts.model must be a model it has"),
        (TtsConfig(model="supertonic-2"), r"supertonic-3.*tts\.model must be"),
        (TtsConfig(model="supertonic-3"), r"unknown voice 'default'; tts\.voice must be"),
        (TtsConfig(model="supertonic-3", voice="M1", speed=4), "less than or equal to 2"),
    ],
)
def test_what_supertonic_refuses_says_which_setting_is_wrong(config: TtsConfig, words: str) -> None:
    async def story() -> None:
        async with SpeechPeer(supertonic) as peer:
            tts = HttpTextToSpeech(config, peer.url)
            with pytest.raises(TextToSpeechError, match=words):
                await say(tts, voice=config.voice)
            await tts.aclose()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("model", "formats"), [("voices", ["pcm"]), ("supertonic", ["pcm", "wav"])]
)
def test_litellm_is_a_server_like_those_behind_it(model: str, formats: list[str]) -> None:
    async def story() -> None:
        async with SpeechPeer(litellm) as peer:
            tts = HttpTextToSpeech(TtsConfig(model=model, voice="M1"), peer.url)
            assert await tts.voices() == {}
            assert is_tone(await say(tts, voice="M1"))
            await tts.aclose()
            spoken = [each for each in peer.requests if each.path == "/v1/audio/speech"]
        assert [each.body["response_format"] for each in spoken] == formats

    asyncio.run(story())


def test_a_voice_that_is_refused_behind_litellm_is_replaced() -> None:
    async def story() -> None:
        async with SpeechPeer(litellm) as peer:
            tts = HttpTextToSpeech(TtsConfig(model="supertonic", voice="F1"), peer.url)
            assert is_tone(await say(tts, voice="nobody"))
            await tts.aclose()

    asyncio.run(story())


def test_a_model_that_litellm_does_not_know_is_named() -> None:
    async def story() -> None:
        async with SpeechPeer(litellm) as peer:
            tts = HttpTextToSpeech(TtsConfig(model="nope"), peer.url)
            with pytest.raises(TextToSpeechError, match=r"model=nope.*tts\.model must be"):
                await say(tts)
            await tts.aclose()

    asyncio.run(story())


def test_supertonic_says_the_rest_when_the_server_before_it_dies() -> None:
    def dying(_: Request) -> Answer:
        return Answer([tone(2.3, SPEECH_RATE).tobytes()], then=Then.CUT)

    async def story() -> None:
        async with SpeechPeer(dying) as first, SpeechPeer(supertonic) as second:
            fallback = TtsFallback(url=second.url, model="supertonic-3", voice="F1")
            tts = HttpTextToSpeech(TtsConfig(fallbacks={"supertonic": fallback}), first.url)
            await say(tts)
            await tts.aclose()
        assert second.requests[-1].body["input"] == "take an umbrella with you, just in case."

    asyncio.run(story())
