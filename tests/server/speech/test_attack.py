"""The speech server as it runs, among clients that do everything wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx

from pipeline.config import SttConfig
from server.speech.child import SpeechServer
from server.speech.config import SpeechConfig

CLIP = Path(__file__).parents[3] / "models" / "fixture" / "clips" / "ann-weather.flac"
SPEECH = "/v1/audio/speech"
WORDS = "hey jarvis what is the weather in london"
LONG = {"input": "A long story. " * 290, "response_format": "wav"}

Attack = Callable[[str, int], Coroutine[Any, Any, None]]


async def raw(port: int, data: bytes, *, read: int = 0) -> bytes:
    """Send bytes, read some, and hang up without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    answer = await reader.read(read) if read else b""
    writer.transport.abort()
    return answer


def post(body: bytes, path: str = SPEECH, kind: str = "application/json") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def garbage(_: str, port: int) -> None:
    for data in (b"\0" * 100, b"GET / HTTP/9\r\n\r\n", post(b"{"), post(b"\xff\xfe{}"), b""):
        await raw(port, data, read=100 if data else 0)


async def unfinished_requests(_: str, port: int) -> None:
    form = 'multipart/form-data; boundary="x"'
    for data in (
        post(b'{"input": "hi"}')[:-4],
        post(b"--x", "/v1/audio/transcriptions", form)[:-1],
    ):
        await raw(port, data)


async def leaving_early(_: str, port: int) -> None:
    for taken in (0, 1, 5000):
        await raw(port, post(json.dumps(LONG).encode()), read=taken)


async def never_reading(url: str, _: int) -> None:
    async with (
        httpx.AsyncClient(base_url=url) as client,
        client.stream("POST", SPEECH, json=LONG),
    ):
        await asyncio.sleep(0.5)


async def wrong_requests(url: str, _: int) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for body in (
            [],
            {"input": 7},
            {"input": "x" * 100_000},
            {"input": "hi", "voice": "../../etc"},
            {"input": "hi", "voice": "en+\0"},
            {"input": "hi", "sample_rate": -1},
            {"input": "hi", "response_format": "opus", "sample_rate": 22_050},
            {"input": "hi", "speed": 1e999},
        ):
            content = json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            response = await client.post(SPEECH, content=content, headers=headers)
            assert response.status_code == 400, body
            assert response.json()["error"]["type"] == "invalid_request_error"


async def wrong_uploads(url: str, _: int) -> None:
    path = "/v1/audio/transcriptions"
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for content in (b"", b"noise" * 1000, CLIP.read_bytes()[:500]):
            response = await client.post(path, files={"file": ("a.flac", content)})
            assert response.status_code == 400
        response = await client.post(path, files={"file": ("a", b"x" * 1_200_000)})
        assert response.status_code == 413


async def deep_json(url: str, _: int) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        content = b'{"input": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        response = await client.post(
            SPEECH, content=content, headers={"Content-Type": "application/json"}
        )
        assert response.status_code in {400, 500}


ATTACKS: tuple[Attack, ...] = (
    garbage,
    unfinished_requests,
    leaving_early,
    never_reading,
    wrong_requests,
    wrong_uploads,
    deep_json,
)


async def steady(url: str, done: asyncio.Event) -> int:
    """Speak and listen all the while; returns how often."""
    rounds = 0
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        while not done.is_set() or rounds < 3:
            body = {"input": "Good morning.", "voice": "sage", "response_format": "wav"}
            spoken = await client.post(SPEECH, json=body)
            assert spoken.status_code == 200
            assert len(spoken.content) > 30_000
            files = {"file": ("clip.flac", CLIP.read_bytes())}
            heard = await client.post("/v1/audio/transcriptions", files=files)
            assert heard.json()["text"].lower() == WORDS
            rounds += 1
    return rounds


def test_nobody_is_disturbed_by_what_others_do_wrong() -> None:
    async def story() -> None:
        stt = SttConfig(model_size="fixture", allow_test_fixture=True, workers=1)
        async with SpeechServer(SpeechConfig(max_upload=1_000_000), stt=stt) as server:
            pid, port = server.pid, int(server.url.rsplit(":", 1)[1])
            done = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                rounds = tasks.create_task(steady(server.url, done))
                async with asyncio.TaskGroup() as attackers:
                    for attack in ATTACKS * 2:
                        attackers.create_task(attack(server.url, port))
                done.set()
            assert rounds.result() >= 3
            async with httpx.AsyncClient(base_url=server.url) as client:
                assert (await client.get("/health")).json()["status"] == "ok"
            assert server.pid == pid

    asyncio.run(story())
