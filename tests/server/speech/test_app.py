from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest

from pipeline.word_times import WordStart
from server.speech.config import SpeechConfig
from server.speech.engine import EngineError, Sound
from tests.peers.speech_server import tone
from tests.server.speech.fakes import ScriptedEngine, application, ask, serving


def post(body: object, *, engine: ScriptedEngine | None = None, **options: Any) -> httpx.Response:
    return ask(application(engine, **options), "POST", "/v1/audio/speech", json=body)


def request(method: str, path: str, **options: Any) -> httpx.Response:
    return ask(application(), method, path, **options)


def test_speech_as_pcm_says_its_rate() -> None:
    response = post({"model": "tts-1", "input": "hello", "voice": "sage", "response_format": "pcm"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "audio/pcm;rate=24000"
    assert response.headers["x-sample-rate"] == "24000"
    heard = np.frombuffer(response.content, "<i2")
    assert len(heard) == pytest.approx(5 * 0.06 * 24_000, abs=50)
    assert np.abs(heard).max() > 10_000


@pytest.mark.parametrize("path", ["/v1/models", "/v1/audio/voices", "/health", "/nothing"])
def test_every_answer_offers_the_times_of_words(path: str) -> None:
    assert request("GET", path).headers["x-word-times"] == "sse"


def test_words_are_told_with_the_sound_that_they_begin_in() -> None:
    class Telling(ScriptedEngine):
        async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
            number = 0
            async with aclosing(super().synthesize(text, voice=voice, speed=speed)) as sounds:
                async for sound in sounds:
                    yield replace(sound, words=(WordStart(number, number * 0.06),))
                    number += 1

    def events(form: str) -> list[dict[str, Any]]:
        body = {"input": "hello", "response_format": form, "stream_format": "sse"}
        lines = post(body, engine=Telling()).text.split("\n")
        return [json.loads(line.removeprefix("data: ")) for line in lines if line]

    pcm = events("pcm")
    assert [event["words"] for event in pcm[:5]] == [
        [{"offset": number, "start": round(number * 0.06, 4)}] for number in range(5)
    ]
    assert all("words" not in event for event in pcm[5:])
    told = [word["offset"] for event in events("mp3") for word in event.get("words", ())]
    assert told == list(range(5))  # also of sound that is still in the encoder


def test_long_sounds_are_encoded_in_parts_that_hold_up_nobody() -> None:
    class Whole(ScriptedEngine):
        async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
            yield Sound(tone(8.0, 24_000), 24_000)

    def parts(form: str) -> int:
        body = {"input": "hello", "response_format": form, "stream_format": "sse"}
        return post(body, engine=Whole()).text.count("speech.audio.delta")

    assert parts("mp3") >= 20
    assert parts("pcm") == 2


def test_the_rate_may_be_chosen() -> None:
    response = post({"input": "hello", "response_format": "pcm", "sample_rate": 8000})
    assert response.headers["content-type"] == "audio/pcm;rate=8000"
    assert len(response.content) / 2 == pytest.approx(5 * 0.06 * 8000, abs=50)


@pytest.mark.parametrize(
    ("name", "kind", "start"),
    [
        (None, "audio/mpeg", b"ID3"),
        ("mp3", "audio/mpeg", b"ID3"),
        ("opus", "audio/ogg", b"OggS"),
        ("aac", "audio/aac", b"\xff"),
        ("flac", "audio/flac", b"fLaC"),
        ("wav", "audio/wav", b"RIFF"),
    ],
)
def test_all_of_openais_formats_are_offered(name: str | None, kind: str, start: bytes) -> None:
    response = post({"input": "hello", **({"response_format": name} if name else {})})
    assert response.headers["content-type"] == kind
    assert response.content.startswith(start)


@pytest.mark.parametrize(
    ("voice", "engines"),
    [
        ({}, "en-gb"),
        ({"voice": "default"}, "en-gb"),
        ({"voice": "sage"}, "en-us+f3"),
        ({"voice": "SAGE"}, "en-us+f3"),
        ({"voice": {"id": "echo"}}, "en-us+m1"),
        ({"voice": "nia"}, "de"),
        ({"voice": "en-whatever"}, "en-whatever"),
    ],
)
def test_a_voice_is_a_name_of_the_settings_or_of_the_engine(
    voice: dict[str, Any], engines: str
) -> None:
    engine = ScriptedEngine()
    response = post(
        {"input": "hi", "speed": 1.5, "response_format": "wav", **voice},
        engine=engine,
        config=SpeechConfig(voices={"Nia": "de"}),
    )
    assert response.status_code == 200
    assert engine.asked == [("hi", engines, 1.5)]


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"input": "hi", "voice": "nobody"}, "voice", "GET /v1/audio/voices"),
        ({"input": "hi", "voice": 7}, "voice", "valid string"),
        ({"input": ""}, "input", "nothing to say"),
        ({"input": " \n"}, "input", "nothing to say"),
        ({"input": "x" * 4097}, "input", "at most 4096"),
        ({}, "input", "required"),
        ({"input": "hi", "speed": 0.2}, "speed", "0.25"),
        ({"input": "hi", "speed": 4.1}, "speed", "4"),
        ({"input": "hi", "response_format": "midi"}, "response_format", "mp3"),
        ({"input": "hi", "sample_rate": 96_000}, "sample_rate", "48000"),
        ({"input": "hi", "response_format": "opus", "sample_rate": 11_025}, "sample_rate", "opus"),
        ({"input": "hi", "stream_format": "wav"}, "stream_format", "audio"),
        ({"input": "hi", "sample_rate": 7999}, "sample_rate", "8000"),
        ({"input": "hi", "sample_rate": 44_100.5}, "sample_rate", "integer"),
        ({"input": "hi", "response_format": "mp3", "sample_rate": 9000}, "sample_rate", "mp3"),
        ({"input": {"a": 1}}, "input", "valid string"),
        ({"input": "hi", "speed": "fast"}, "speed", "valid number"),
        (["hi"], None, "valid dictionary"),
    ],
)
def test_a_wrong_request_gets_openais_error(body: object, param: str | None, words: str) -> None:
    response = post(body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert words in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/v1/audio/speech", None, 405),
        ("POST", "/v1/audio/speech", b"{broken", 400),
        ("POST", "/v1/audio/speech", b'{"input": "hi", "speed": NaN}', 400),
    ],
)
def test_errors_of_http_have_openais_form_too(
    method: str, path: str, content: bytes | None, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    response = request(method, path, content=content, headers=headers)
    assert response.status_code == status
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_a_body_beyond_any_text_is_refused() -> None:
    response = post({"input": "a" * 3_000_000})
    assert response.status_code == 413
    assert response.json()["error"]["message"].startswith("send at most 2000000 bytes")


def test_an_engine_that_fails_at_once_is_a_server_error() -> None:
    response = post({"input": "!", "response_format": "pcm"})
    assert response.status_code == 500
    error = response.json()["error"]
    assert (error["type"], error["message"]) == ("server_error", "the engine has no more breath")


def test_voices_models_and_health_are_listed() -> None:
    voices = request("GET", "/v1/audio/voices").json()
    assert voices["object"] == "list"
    assert {"id": "sage", "name": "sage", "voice": "en-us+f3"} in voices["voices"]
    names = [voice["id"] for voice in voices["voices"]]
    assert names[0] == "default"
    assert names[-1] == "en-us"
    models = request("GET", "/v1/models").json()["data"]
    assert {"id": "tts-1", "object": "model", "created": 0, "owned_by": "scripted"} in models
    assert request("GET", "/health").json() == {
        "status": "ok",
        "engine": "scripted",
        "engines": ["scripted"],
        "troubles": [],
        "recogniser": "scripted-whisper",
    }


@pytest.mark.parametrize(
    ("config", "setting"),
    [
        (SpeechConfig(voices={"nia": "xx"}), "speech.voices.nia"),
        (SpeechConfig(default_voice="xx"), "speech.default_voice"),
    ],
)
def test_a_voice_the_engine_does_not_have_is_found_at_the_start(
    config: SpeechConfig, setting: str
) -> None:
    with pytest.raises(EngineError, match=rf"{setting}: scripted has no voice 'xx'"):
        application(config=config)


def test_a_client_that_goes_away_stops_the_engine() -> None:
    async def story() -> None:
        engine = ScriptedEngine()
        body = {"input": "∞", "response_format": "pcm"}
        async with (
            serving(application(engine)) as client,
            client.stream("POST", "/v1/audio/speech", json=body) as response,
        ):
            await anext(response.aiter_raw())
            assert not engine.closed.is_set()
            await response.aclose()
            async with asyncio.timeout(10):
                await engine.closed.wait()

    asyncio.run(story())


def test_a_client_that_goes_away_before_the_first_sound_stops_the_engine() -> None:
    async def story() -> None:
        engine = ScriptedEngine()
        async with serving(application(engine)) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/v1/audio/speech", json={"input": "~"}, timeout=0.1)
            async with asyncio.timeout(10):
                await engine.closed.wait()

    asyncio.run(story())


def test_events_carry_the_sound_and_an_end() -> None:
    response = post({"input": "hello", "response_format": "pcm", "stream_format": "sse"})
    assert response.headers["content-type"] == "text/event-stream"
    events = [json.loads(line[6:]) for line in response.text.splitlines() if line]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"]["total_tokens"] == 0
    audio = b"".join(b64decode(event["audio"]) for event in events[:-1])
    plain = post({"input": "hello", "response_format": "pcm"}).content
    assert len(audio) == len(plain)


def test_an_engine_that_fails_on_the_way_breaks_the_response_off() -> None:
    async def story() -> None:
        async with serving(application(ScriptedEngine())) as client:
            body = {"input": "hello!", "response_format": "pcm"}
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post("/v1/audio/speech", json=body)

    asyncio.run(story())


def test_an_engine_that_fails_on_the_way_is_an_event() -> None:
    response = post({"input": "hello!", "response_format": "pcm", "stream_format": "sse"})
    last = json.loads(response.text.splitlines()[-2][6:])
    assert last["error"]["message"] == "the engine has no more breath"


def test_a_reader_who_takes_nothing_holds_up_nobody() -> None:
    async def story() -> None:
        engine = ScriptedEngine()
        endless = {"input": "∞", "response_format": "wav"}
        async with (
            serving(application(engine)) as client,
            client.stream("POST", "/v1/audio/speech", json=endless),
        ):
            async with asyncio.timeout(10):
                response = await client.post("/v1/audio/speech", json={"input": "hello"})
            assert response.status_code == 200
            # What nobody takes is not made: once all buffers are full, there is no more of it.
            async with asyncio.timeout(10):
                made = 0
                while engine.made > made:
                    made = engine.made
                    for _ in range(20):
                        await client.get("/health")

    asyncio.run(story())


def test_one_model_is_told_and_an_unknown_one_is_not() -> None:
    assert request("GET", "/v1/models/tts-1").json()["id"] == "tts-1"
    response = request("GET", "/v1/models/tts-9")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"


def test_a_bug_of_the_engine_is_told_without_its_details() -> None:
    class Broken(ScriptedEngine):
        def has_voice(self, voice: str) -> bool:
            if voice == "zz":
                raise KeyError("secret")
            return super().has_voice(voice)

    response = post({"input": "hi", "voice": "zz"}, engine=Broken())
    assert response.status_code == 500
    assert response.json()["error"]["message"] == "The speech server failed; see its log."
