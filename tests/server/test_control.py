"""The control API over real HTTP: health, turns, who is let in, the way to the speech server."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
import uvicorn
from fastapi import APIRouter, FastAPI, WebSocket
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pipeline.config import TtsConfig
from pipeline.turn_record import TurnRecord
from server.config import ServerConfig
from server.control import create_control_app
from server.parts import Part, PartState, PartStatus
from server.speech.config import SpeechConfig
from server.speech_part import SpeechPart
from server.store.part import StorePart

OPEN = ServerConfig()
GUARDED = ServerConfig(token=SecretStr("tökén"))


class Fake:
    """A part in a given state."""

    def __init__(self, name: str, state: PartState, router: APIRouter | None = None) -> None:
        self.name = name
        self.router = router
        self._status = PartStatus(state, f"{name} is {state}")

    def status(self) -> PartStatus:
        return self._status

    async def run(self) -> None:
        await asyncio.Event().wait()


@asynccontextmanager
async def serving(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, lifespan="off", log_config=None, ws="websockets-sansio")
    )
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def control(
    parts: Sequence[Part] = (), server: ServerConfig = OPEN
) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(create_control_app(server, parts)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield client


@asynccontextmanager
async def running(part: Part) -> AsyncIterator[None]:
    """Run a part until it is up, or says why not."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(part.run())
        while part.status().state is PartState.STARTING:  # noqa: ASYNC110 - nobody else waits
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            task.cancel()


def test_health_tells_how_every_part_is_doing() -> None:
    async def run() -> None:
        parts = [Fake("ears", PartState.OK), Fake("phone", PartState.OFF)]
        async with control(parts) as client:
            response = await client.get("/health")
        assert response.json() == {
            "status": "ok",
            "parts": {
                "ears": {"status": "ok", "message": "ears is ok"},
                "phone": {"status": "off", "message": "phone is off"},
            },
        }

    asyncio.run(run())


@pytest.mark.parametrize(
    ("states", "overall"),
    [
        ((), "ok"),
        (("starting", "ok"), "starting"),
        (("degraded", "ok"), "degraded"),
        (("failed", "starting"), "degraded"),
    ],
)
def test_the_worst_part_colours_the_whole(states: Sequence[str], overall: str) -> None:
    async def run() -> None:
        parts = [Fake(f"p{n}", PartState(state)) for n, state in enumerate(states)]
        async with control(parts) as client:
            assert (await client.get("/health")).json()["status"] == overall

    asyncio.run(run())


def test_parts_add_their_routes() -> None:
    router = APIRouter()

    @router.get("/sessions")
    async def sessions() -> list[str]:
        return ["one"]

    async def run() -> None:
        async with control([Fake("discord", PartState.OK, router)]) as client:
            assert (await client.get("/sessions")).json() == ["one"]

    asyncio.run(run())


def record(number: int, conversation: str = "demo") -> TurnRecord:
    return TurnRecord(
        id=f"t{number}",
        conversation=conversation,
        at=datetime(2026, 3, 1, 12, number, tzinfo=UTC).isoformat(),
        speaker="Ann",
        speaker_id="ann",
        start=1.0,
        end=2.0,
        ended_by="silence",
        end_of_turn_probability=None,
        text="hello",
        language="en",
        addressed=False,
        relevance=0.0,
        why="not named",
        agent="jarvis",
    )


def test_turns_come_newest_first(tmp_path: Path) -> None:
    async def run() -> None:
        store = StorePart(tmp_path)
        async with running(store), control([store]) as client:
            for number, conversation in enumerate(["demo", "call:1", "demo"]):
                await store.add(record(number, conversation))

            async def ids(query: str) -> list[str]:
                response = await client.get(f"/turns?{query}")
                assert response.status_code == 200
                return [turn["id"] for turn in response.json()["turns"]]

            assert await ids("") == ["t2", "t1", "t0"]
            assert await ids("limit=1") == ["t2"]
            assert await ids("before=t2") == ["t1", "t0"]
            assert await ids("before=2026-03-01T12:01:00Z") == ["t0"]
            assert await ids("conversation=demo&limit=5") == ["t2", "t0"]
            assert await ids("conversation=nowhere") == []
            turn = (await client.get("/turns?limit=1")).json()["turns"][0]
            assert turn == record(2).to_json()

    asyncio.run(run())


def test_wrong_queries_are_refused(tmp_path: Path) -> None:
    async def run() -> None:
        store = StorePart(tmp_path)
        async with running(store), control([store]) as client:
            for query in ("limit=0", "limit=1001", "limit=x", "before=yesterday"):
                assert (await client.get(f"/turns?{query}")).status_code == 422, query

    asyncio.run(run())


def test_without_a_store_the_service_goes_on_and_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "file").write_text("x")
        store = StorePart(tmp_path / "file")
        async with running(store), control([store]) as client:
            await store.add(record(1))
            response = await client.get("/turns")
            assert response.status_code == 503
            assert "nothing is kept" in response.json()["detail"]
            health = (await client.get("/health")).json()
            assert health["status"] == "degraded"
            assert "choose another data_dir" in health["parts"]["store"]["message"]

    asyncio.run(run())


TOKEN = "tökén".encode()


def test_the_token_is_asked_for(tmp_path: Path) -> None:
    async def run() -> None:
        store = StorePart(tmp_path)
        async with running(store), control([store], GUARDED) as client:
            for wrong in (
                None,
                b"Bearer wrong",
                b"Basic " + TOKEN,
                TOKEN,
                b"Bearer \xff",
                b"Bearer",
            ):
                headers = {} if wrong is None else {b"authorization": wrong}
                response = await client.get("/turns", headers=headers)
                assert response.status_code == 401, wrong
                assert response.headers["www-authenticate"] == "Bearer"
            for right in (b"Bearer " + TOKEN, b"bearer  " + TOKEN):
                response = await client.get("/turns", headers={b"authorization": right})
                assert response.status_code == 200, right
            assert (await client.get("/nowhere")).status_code == 401

    asyncio.run(run())


def test_without_the_token_health_tells_no_reasons() -> None:
    """They may name folders of this machine."""

    async def run() -> None:
        async with control([Fake("ears", PartState.FAILED)], GUARDED) as client:
            stranger = await client.get("/health")
            assert stranger.json()["parts"] == {"ears": {"status": "failed", "message": ""}}
            friend = await client.get("/health", headers={b"authorization": b"Bearer " + TOKEN})
            assert friend.json()["parts"]["ears"]["message"] == "ears is failed"

    asyncio.run(run())


def test_without_a_token_other_sites_are_kept_out() -> None:
    cases = [
        ("host", "localhost", 200),
        ("host", "LOCALHOST:8880", 200),
        ("host", "[::1]:8880", 200),
        ("host", "evil.example", 400),
        ("host", "127.0.0.1.evil.example", 400),
        ("host", "192.168.1.2:8880", 400),
        ("host", "[::1", 400),
        ("host", "", 400),
        ("origin", "http://127.0.0.1:8880", 200),
        ("origin", "http://localhost", 200),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
    ]

    async def run() -> None:
        async with control() as client:
            for name, value, status in cases:
                response = await client.get("/health", headers={name: value})
                assert response.status_code == status, value

    asyncio.run(run())


def test_with_a_token_any_host_name_will_do() -> None:
    async def run() -> None:
        async with control(server=GUARDED) as client:
            response = await client.get("/health", headers={"host": "voice.example.org"})
            assert response.status_code == 200

    asyncio.run(run())


def test_websockets_are_guarded_too() -> None:
    router = APIRouter()

    @router.websocket("/events")
    async def events(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    async def run() -> None:
        part = Fake("console", PartState.OK, router)
        async with control([part]) as client:
            url = str(client.base_url).replace("http", "ws", 1) + "/events"
            async with connect(url, proxy=None) as socket:
                assert await socket.recv() == "hello"
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, origin="https://evil.example", proxy=None)  # type: ignore[arg-type]  # any text
            assert refused.value.response.status_code == 403

    asyncio.run(run())


def test_audio_is_passed_on_to_our_speech_server() -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig())
        async with control([part]) as client:
            assert (await client.get("/v1/audio/voices")).status_code == 503
            async with running(part):
                voices = (await client.get("/v1/audio/voices")).json()
                assert {"id": "jarvis", "name": "jarvis"} in voices["voices"]
                body = {"input": "Hello there.", "response_format": "wav"}
                response = await client.post("/v1/audio/speech", json=body)
                assert response.status_code == 200
                assert response.headers["content-type"] == "audio/wav"
                assert response.content[:4] == b"RIFF"
                assert len(response.content) > 10_000
                refused = await client.post("/v1/audio/speech", json={"input": ""})
                assert refused.status_code == 400

    asyncio.run(run())


def test_audio_is_passed_on_to_the_configured_server_with_its_own_key() -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        seen.append(await reader.readexactly(2))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\ncontent-length: 4\r\n\r\nsong")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def run() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/"
            part = SpeechPart(SpeechConfig(), TtsConfig(url=url, api_key=SecretStr("s3cret")))
            async with running(part), control([part], GUARDED) as client:
                response = await client.post(
                    "/v1/audio/speech?a=1",
                    content=b"{}",
                    headers={b"authorization": b"Bearer " + TOKEN},
                )
        assert response.content == b"song"
        assert response.headers["content-type"] == "audio/pcm"
        assert seen[0].startswith(b"POST /v1/audio/speech?a=1 ")
        assert b"authorization: bearer s3cret" in seen[0].lower()

    asyncio.run(run())


def test_a_speech_server_that_is_gone_is_told() -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig(url="http://127.0.0.1:9"))
        async with running(part), control([part]) as client:
            response = await client.get("/v1/audio/voices")
            assert response.status_code == 502
            assert "does not answer" in response.json()["detail"]

    asyncio.run(run())


@pytest.mark.parametrize("path", ["%2e%2e/%2e%2e/health", "%00", "x%3Fa=b", "a%0ab", "", "a//b"])
def test_no_path_leads_out_of_the_speech_servers_audio(path: str) -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig(url="http://127.0.0.1:9"))
        async with running(part), control([part]) as client:
            assert (await client.get(f"/v1/audio/{path}")).status_code in {404, 422}

    asyncio.run(run())


def test_a_request_that_comes_back_is_not_passed_on_again() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        part = SpeechPart(SpeechConfig(), TtsConfig(url=f"http://127.0.0.1:{port}"))
        async with (
            running(part),
            serving(create_control_app(OPEN, [part]), port) as url,
            httpx.AsyncClient(base_url=url, trust_env=False) as client,
        ):
            response = await client.get("/v1/audio/voices")
        assert response.status_code == 508
        assert response.json() == {"detail": "tts.url is this service itself."}

    asyncio.run(run())


def test_a_speech_server_that_breaks_off_leaves_the_response_unfinished(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsong")
        await writer.drain()
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            part = SpeechPart(SpeechConfig(), TtsConfig(url=url))
            async with running(part), control([part]) as client:
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.get("/v1/audio/voices")

    asyncio.run(run())
    assert "The speech server broke off mid-response" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_client_that_goes_away_in_the_middle_of_its_request_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig(url="http://127.0.0.1:9"))
        async with running(part), serving(create_control_app(OPEN, [part])) as url:
            _, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
            writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nhost: localhost\r\n")
            writer.write(b"content-length: 9\r\n\r\nhalf")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    asyncio.run(run())
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_our_speech_server_that_is_started_again_is_told() -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig())
        async with running(part):
            (child,) = (
                one for one in psutil.Process().children() if "server.speech" in one.cmdline()
            )
            child.kill()
            async with asyncio.timeout(20):
                while part.status().state is PartState.OK:  # noqa: ASYNC110 - nobody else waits
                    await asyncio.sleep(0.01)
            assert "started again" in part.status().message

    asyncio.run(run())


def test_a_speech_server_that_cannot_start_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(default_voice="klingon"), TtsConfig())
        await part.run()
        assert part.status().state is PartState.FAILED

    asyncio.run(run())
    assert "Nothing can be said: speech.default_voice: espeak has no voice" in caplog.text


def test_the_api_is_described_without_scripts_of_other_sites() -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig(url="http://127.0.0.1:9"))
        async with running(part), control([part]) as client:
            assert (await client.get("/docs")).status_code == 404
            paths = (await client.get("/openapi.json")).json()["paths"]
            assert set(paths["/v1/audio/{path}"]) == {"get", "post"}

    asyncio.run(run())


def test_a_request_that_brings_too_much_is_refused() -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig(url="http://127.0.0.1:9"))
        async with running(part), control([part]) as client:
            response = await client.post("/v1/audio/speech", content=bytes(33_000_000))
            assert response.status_code == 413

    asyncio.run(run())
