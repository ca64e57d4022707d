from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from pipeline.audio import Samples
from server.speech.app import create_app
from server.speech.config import SpeechConfig
from server.speech.engine import EngineError
from tests.peers.speech_server import tone

RATE = 22_050


class ScriptedEngine:
    """Speaks a tone of 60 ms for each letter; fails at "!", and never ends at "∞"."""

    name = "scripted"
    sample_rate = RATE

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, float]] = []
        self.closed = asyncio.Event()

    def voices(self) -> Sequence[str]:
        return ("en-gb", "en-us")

    def has_voice(self, voice: str) -> bool:
        return voice.startswith(("en", "de"))

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Samples]:
        self.asked.append((text, voice, speed))
        try:
            for letter in itertools.repeat("∞") if text == "∞" else text:
                if letter == "!":
                    raise EngineError("the engine has no more breath")
                await asyncio.sleep(0)
                yield tone(0.06, RATE)
        finally:
            self.closed.set()

    def close(self) -> None:
        pass


def post(
    body: object, *, engine: ScriptedEngine | None = None, config: SpeechConfig | None = None
) -> httpx.Response:
    return request("POST", "/v1/audio/speech", json=body, engine=engine, config=config)


def request(
    method: str,
    path: str,
    *,
    engine: ScriptedEngine | None = None,
    config: SpeechConfig | None = None,
    **options: Any,
) -> httpx.Response:
    app = create_app(config or SpeechConfig(), engine or ScriptedEngine())

    async def story() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://speech") as client:
            return await client.request(method, path, **options)

    return asyncio.run(story())


def test_speech_as_pcm_says_its_rate() -> None:
    response = post({"model": "tts-1", "input": "hello", "voice": "sage", "response_format": "pcm"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "audio/pcm;rate=24000"
    assert response.headers["x-sample-rate"] == "24000"
    heard = np.frombuffer(response.content, "<i2")
    assert len(heard) == pytest.approx(5 * 0.06 * 24_000, abs=50)
    assert np.abs(heard).max() > 10_000


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
        ({"input": "hi", "stream_format": "sse"}, "stream_format", "audio"),
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
    assert {"id": "sage", "name": "sage"} in voices["voices"]
    names = [voice["id"] for voice in voices["voices"]]
    assert names[0] == "default"
    assert names[-1] == "en-us"
    models = request("GET", "/v1/models").json()["data"]
    assert {"id": "tts-1", "object": "model", "created": 0, "owned_by": "scripted"} in models
    assert request("GET", "/health").json() == {"status": "ok", "engine": "scripted"}


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
        create_app(config, ScriptedEngine())


def test_a_client_that_goes_away_stops_the_engine() -> None:
    async def story() -> None:
        engine = ScriptedEngine()
        app = create_app(SpeechConfig(), engine)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listener]))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/audio/speech"
            body = {"input": "∞", "response_format": "pcm"}
            async with httpx.AsyncClient() as client, client.stream("POST", url, json=body) as now:
                await anext(now.aiter_raw())
                assert not engine.closed.is_set()
            async with asyncio.timeout(10):
                await engine.closed.wait()
            server.should_exit = True

    asyncio.run(story())
