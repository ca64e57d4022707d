from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from pydantic import SecretStr

from server.speech.config import RemoteConfig
from server.speech.engine import EngineError
from server.speech.remote import RemoteEngine
from tests.peers.speech_server import (
    Answer,
    Request,
    SpeechPeer,
    Then,
    json_answer,
    tone,
    wav_bytes,
)

SOUND = tone(0.5, 44_100)
WAV = wav_bytes(SOUND.tobytes(), 44_100)
SPEECH = Answer([WAV[:101], WAV[101:5001], WAV[5001:]], content_type="audio/wav")


def run(
    story: Callable[[SpeechPeer, RemoteEngine], Awaitable[None]],
    speech: Answer = SPEECH,
    voices: Answer | None = None,
) -> None:
    listed = voices or json_answer({"voices": [{"id": "M1"}, {"name": "F1"}, "X1", 7]})

    def answer(request: Request) -> Answer:
        return listed if request.method == "GET" else speech

    async def all_of_it() -> None:
        async with SpeechPeer(answer) as peer:
            config = RemoteConfig(url=f"{peer.url}/v1/", api_key=SecretStr("s3cret"), voice="M1")
            engine = await RemoteEngine.open(config)
            await story(peer, engine)
            await engine.aclose()

    asyncio.run(all_of_it())


async def speak(engine: RemoteEngine) -> int:
    sounds = [one async for one in engine.synthesize("hi", voice="F1", speed=1.5)]
    assert {one.rate for one in sounds} == {44_100}
    return sum(len(one.samples) for one in sounds)


def test_another_server_speaks() -> None:
    async def story(peer: SpeechPeer, engine: RemoteEngine) -> None:
        sounds = [one async for one in engine.synthesize("hi", voice="F1", speed=1.5)]
        assert np.array_equal(np.concatenate([one.samples for one in sounds]), SOUND)
        request = peer.requests[-1]
        assert request.path == "/v1/audio/speech"
        assert request.headers["authorization"] == "Bearer s3cret"
        assert request.body == {
            "model": "tts-1",
            "input": "hi",
            "voice": "F1",
            "response_format": "wav",
            "speed": 1.5,
        }

    run(story)


def test_its_voices_are_ours() -> None:
    async def story(_: SpeechPeer, engine: RemoteEngine) -> None:
        assert engine.voices() == ("M1", "F1", "X1")
        assert engine.has_voice("F1")
        assert not engine.has_voice("nobody")
        assert engine.names == {"default": "M1", "jarvis": "M1"}

    run(story)


@pytest.mark.parametrize(
    "voices", [json_answer({}, 404), Answer([b"<html>"]), json_answer({"voices": 7})]
)
def test_a_server_that_lists_no_voices_is_believed_to_have_all(voices: Answer) -> None:
    async def story(_: SpeechPeer, engine: RemoteEngine) -> None:
        assert not engine.voices()
        assert engine.has_voice("anybody")
        assert await speak(engine) == len(SOUND)

    run(story, voices=voices)


@pytest.mark.parametrize(
    ("speech", "words"),
    [
        (json_answer({"error": {"message": "no such voice"}}, 400), "with 400: no such voice"),
        (json_answer(["odd"], 500), "refused with 500$"),
        (Answer([b"x" * 10_000], status=502), "refused with 502$"),
        (Answer([b"nothing" * 100], content_type="audio/wav"), "sent no WAV"),
        (Answer([WAV[:1000]], then=Then.CUT), "failed"),
        (Answer(silent=True, then=Then.CUT), "failed"),
    ],
)
def test_a_server_that_does_not_speak_is_told(speech: Answer, words: str) -> None:
    async def story(_: SpeechPeer, engine: RemoteEngine) -> None:
        with pytest.raises(EngineError, match=words) as caught:
            await speak(engine)
        assert "s3cret" not in str(caught.value)

    run(story, speech)


def test_closing_hangs_up() -> None:
    async def story(peer: SpeechPeer, engine: RemoteEngine) -> None:
        sounds = engine.synthesize("hi", voice="F1", speed=1)
        await anext(sounds)
        await sounds.aclose()
        async with asyncio.timeout(10):
            await peer.client_gone.wait()

    run(story, Answer([WAV], then=Then.HANG))


def test_a_server_that_is_not_there_is_told() -> None:
    async def story() -> None:
        config = RemoteConfig(url="http://127.0.0.1:9", connect_timeout=1.0)
        with pytest.raises(EngineError, match=r"speech\.remote\.url: no speech server answers"):
            await RemoteEngine.open(config)

    asyncio.run(story())
