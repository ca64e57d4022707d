from __future__ import annotations

import asyncio
from contextlib import aclosing

import numpy as np
import pytest
from pydantic import SecretStr

from pipeline.config import TtsConfig, TtsFallback
from pipeline.errors import TextToSpeechError
from pipeline.tts import HttpTextToSpeech
from pipeline.tts_server import ServerState
from tests.peers.speech_server import Answer, Request, SpeechPeer, Then, json_answer
from tests.pipeline.tts_ladder import (
    SPOKEN,
    TONE,
    WEATHER,
    Script,
    broken,
    dying,
    ladder,
    run,
    say,
    spoken,
    texts,
)


def test_one_server_is_asked_as_openais_is() -> None:
    async def story() -> None:
        settings = {"model": "kokoro", "speed": 1.5, "api_key": SecretStr("sesame")}
        async with ladder(spoken, **settings) as (tts, (peer,)):
            assert np.array_equal(await say(tts), TONE)
            assert np.array_equal(await say(tts, speed=0.8), TONE)
        assert peer.requests[0].headers["authorization"] == "Bearer sesame"
        assert peer.requests[0].body == {
            "model": "kokoro",
            "input": WEATHER,
            "voice": "sage",
            "response_format": "pcm",
            "speed": 1.5,
        }
        assert peer.requests[1].body["speed"] == 0.8

    run(story)


def test_each_server_has_its_own_key_model_and_voice() -> None:
    def without_sage(request: Request) -> Answer:
        refused = json_answer({"error": {"message": "no", "param": "voice"}}, 400)
        return refused if request.body["voice"] == "sage" else SPOKEN

    async def story() -> None:
        async with SpeechPeer(broken) as first, SpeechPeer(without_sage) as second:
            fallback = TtsFallback(
                url=second.url, model="m2", voice="nia", api_key=SecretStr("other")
            )
            config = TtsConfig(api_key=SecretStr("sesame"), fallbacks={"second": fallback})
            tts = HttpTextToSpeech(config, first.url)
            assert np.array_equal(await say(tts), TONE)
            await tts.aclose()
        asked = [(each.body["voice"], each.body["model"]) for each in second.requests]
        assert asked == [("sage", "m2"), ("nia", "m2")]
        assert {each.headers["authorization"] for each in second.requests} == {"Bearer other"}

    run(story)


@pytest.mark.parametrize(
    "failing",
    [
        broken,
        lambda _: Answer(),
        lambda _: Answer([b"<html>"], content_type="text/html"),
        lambda _: Answer(silent=True),
        lambda _: Answer(then=Then.HANG),
        lambda _: Answer(then=Then.CUT),
        lambda _: Answer(status=307, headers={"Location": "/elsewhere"}),
        lambda _: json_answer({"detail": "Not Found"}, 404),
    ],
)
def test_when_a_server_fails_the_next_speaks_and_goes_on_speaking(failing: Script) -> None:
    async def story() -> None:
        async with ladder(failing, spoken, first_audio_timeout=0.2) as (tts, (first, second)):
            assert np.array_equal(await say(tts), TONE)
            asked = len(first.requests)
            assert np.array_equal(await say(tts), TONE)
            assert len(first.requests) == asked  # it rests
            assert texts(second) == [WEATHER, WEATHER]

    run(story)


def test_a_server_that_cannot_be_reached_is_replaced() -> None:
    async def story() -> None:
        async with ladder(spoken, spoken) as (tts, (first, second)):
            await first.__aexit__()
            assert np.array_equal(await say(tts), TONE)
            assert texts(second) == [WEATHER]

    run(story)


def test_the_best_server_speaks_again_once_it_is_well() -> None:
    async def story() -> None:
        async with ladder(broken, spoken, rest=0.05) as (tts, (first, second)):
            await say(tts)
            first.answer = spoken
            await asyncio.sleep(0.06)
            await say(tts)
            await say(tts)
            assert (len(first.requests), len(second.requests)) == (3, 1)

    run(story)


def test_a_server_on_trial_is_not_waited_for_as_long(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        settings = {"rest": 0.0, "first_audio_timeout": 0.8}
        async with ladder(broken, spoken, **settings) as (tts, (first, _)):
            await say(tts)
            first.answer = lambda _: Answer(silent=True)
            assert np.array_equal(await say(tts), TONE)

    run(story)
    assert "gave no sound within 0.2 s" in caplog.text


def test_a_server_that_refuses_one_text_speaks_the_next() -> None:
    def picky(request: Request) -> Answer:
        refused = json_answer({"error": {"message": "too long", "param": "input"}}, 400)
        return refused if request.body["input"] == WEATHER else SPOKEN

    async def story() -> None:
        async with ladder(picky, spoken) as (tts, (first, second)):
            await say(tts)
            await say(tts, "Another sentence, and another after it, for the first.")
            assert texts(first)[-1].startswith("Another")
            assert texts(second) == [WEATHER]

    run(story)


def test_when_all_fail_the_error_is_the_best_servers_and_all_are_asked_again() -> None:
    async def story() -> None:
        async with ladder(broken, lambda _: Answer()) as (tts, (first, second)):
            for _ in range(2):
                with pytest.raises(TextToSpeechError, match="out of memory"):
                    await say(tts)
            assert (len(first.requests), len(second.requests)) == (2, 2)

    run(story)


def test_a_busy_server_is_waited_for_only_when_there_is_no_other() -> None:
    busy = Answer(status=429, content_type=None, headers={"Retry-After-Ms": "20"})

    async def story() -> None:
        answers = iter([busy])
        async with ladder(lambda _: next(answers, SPOKEN)) as (tts, (only,)):
            assert np.array_equal(await say(tts), TONE)
            assert len(only.requests) == 2
        async with ladder(lambda _: busy, spoken) as (tts, (first, second)):
            assert np.array_equal(await say(tts), TONE)
            assert (len(first.requests), len(second.requests)) == (1, 1)

    run(story)


def test_short_phrases_are_said_from_memory() -> None:
    async def story() -> None:
        async with ladder(spoken) as (tts, (peer,)):
            for _ in range(3):
                assert np.array_equal(await say(tts, "Sure."), TONE)
            assert texts(peer) == ["Sure."]
            await say(tts, "Sure.", "nia")
            await say(tts, "Sure.", speed=1.2)
            assert len(peer.requests) == 3
            await say(tts)
            await say(tts)
            assert len(peer.requests) == 5

    run(story)


def test_a_phrase_that_was_not_said_to_its_end_is_not_kept() -> None:
    async def story() -> None:
        async with ladder(lambda _: Answer([TONE.tobytes()] * 3)) as (tts, (peer,)):
            async with aclosing(tts.synthesize("Sure.", voice="sage")) as speech:
                await anext(speech)
            peer.answer = dying(0.1)
            with pytest.raises(TextToSpeechError):
                await say(tts, "Sure, sure, sure.")
            peer.answer = spoken
            await say(tts, "Sure.")
            await say(tts, "Sure, sure, sure.")
            assert len(peer.requests) == 4

    run(story)


def test_no_phrases_are_kept_when_the_settings_say_so() -> None:
    async def story() -> None:
        async with ladder(spoken, cached_phrases=0) as (tts, (peer,)):
            await say(tts, "Sure.")
            await say(tts, "Sure.")
            assert len(peer.requests) == 2

    run(story)


def test_the_connection_is_opened_before_it_is_needed() -> None:
    async def story() -> None:
        async with ladder(spoken) as (tts, (peer,)):
            await tts.warm()
            assert peer.connections == 1
            await say(tts)
            assert peer.connections == 1

    run(story)


def test_a_server_that_cannot_be_warmed_rests_before_anyone_waits_for_it() -> None:
    async def story() -> None:
        async with ladder(spoken, spoken) as (tts, (first, second)):
            await first.__aexit__()
            await tts.warm()
            assert second.connections == 1
            assert np.array_equal(await say(tts), TONE)
            assert second.connections == 1

    run(story)


def test_warming_never_fails() -> None:
    async def story() -> None:
        async with ladder(spoken) as (tts, (peer,)):
            await peer.__aexit__()
            await tts.warm()

    run(story)


@pytest.mark.parametrize("place", [0, 1])
def test_leaving_early_ends_the_request_of_whoever_speaks(place: int) -> None:
    hanging = Answer([TONE.tobytes()], then=Then.HANG)

    async def story() -> None:
        scripts = [broken, spoken]
        scripts[place] = lambda _: hanging
        async with ladder(*scripts) as (tts, peers):
            async with aclosing(tts.synthesize(WEATHER, voice="sage")) as speech:
                await anext(speech)
            async with asyncio.timeout(10):
                await peers[place].client_gone.wait()

    run(story)


@pytest.mark.parametrize(
    "content",
    [
        {"object": "list", "voices": [{"id": "af_bella", "name": "Bella"}, {"id": "Sage"}]},
        {"voices": ["af_bella", "Sage"]},
        {"data": [{"voice_id": "af_bella"}, {"name": "Sage"}, {"odd": 1}, 7]},
        {"voices": {"af_bella": {}, "Sage": {}}},
        ["af_bella", "Sage"],
    ],
)
def test_voices_are_found_in_every_form(content: object) -> None:
    async def story() -> None:
        async with ladder(lambda _: json_answer(content)) as (tts, (peer,)):
            assert await tts.voices() == {"af_bella": "af_bella", "Sage": "Sage"}
            assert peer.requests[0].path == "/v1/audio/voices"

    run(story)


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"detail": "Not Found"}, 404),
        json_answer({"detail": "Not Found"}),
        json_answer(None),
        json_answer({"voices": 7}),
        Answer([b"<html>"], content_type="text/html"),
    ],
)
def test_a_server_that_lists_no_voices_has_none_that_we_know_of(answer: Answer) -> None:
    async def story() -> None:
        async with ladder(lambda _: answer) as (tts, _):
            assert await tts.voices() == {}

    run(story)


def test_a_server_that_is_down_lists_no_voices() -> None:
    async def story() -> None:
        async with SpeechPeer(lambda _: Answer()) as peer:
            url = peer.url
        tts = HttpTextToSpeech(TtsConfig(), url)
        with pytest.raises(TextToSpeechError, match="cannot be reached"):
            await tts.voices()
        await tts.aclose()

    run(story)


def test_a_server_of_ours_tells_how_it_is_doing() -> None:
    health = {"engine": "espeak", "troubles": [{"engine": "kokoro", "reason": "fetch it"}]}

    async def story() -> None:
        async with ladder(lambda _: json_answer(health)) as (tts, (peer,)):
            assert await tts.state() == ServerState("espeak", ("kokoro: fetch it",))
            assert peer.requests[0].path == "/health"

    run(story)


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"status": "healthy"}),
        json_answer({"engine": "espeak", "troubles": ["none"]}),
        json_answer({"detail": "Not Found"}, 404),
        Answer([b"<html>"], content_type="text/html"),
    ],
)
def test_other_servers_do_not(answer: Answer) -> None:
    async def story() -> None:
        async with ladder(lambda _: answer) as (tts, _):
            assert await tts.state() is None

    run(story)


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_the_address_may_end_with_v1(suffix: str) -> None:
    async def story() -> None:
        async with SpeechPeer(lambda _: Answer([TONE.tobytes()])) as peer:
            tts = HttpTextToSpeech(TtsConfig(), peer.url + suffix)
            await say(tts)
            await tts.aclose()
            assert peer.requests[0].path == "/v1/audio/speech"

    run(story)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8880", "must begin with http"),
        ("http://", "must begin with http"),
        ("http://localhost:port", "is not an address"),
    ],
)
def test_what_is_not_an_address_is_refused_before_anyone_speaks(url: str, words: str) -> None:
    with pytest.raises(TextToSpeechError, match=f"tts.url {words}"):
        HttpTextToSpeech(TtsConfig(), url)


def test_a_fallback_that_is_no_address_is_named() -> None:
    config = TtsConfig(fallbacks={"spare": TtsFallback(url="nowhere")})
    with pytest.raises(TextToSpeechError, match=r"tts\.fallbacks\.spare\.url must begin with http"):
        HttpTextToSpeech(config, "http://127.0.0.1:9")
