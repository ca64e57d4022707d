"""The way to the speech server over real HTTP, and our own as a part."""

from __future__ import annotations

import asyncio
import logging
import socket

import httpx
import psutil
import pytest
from pydantic import SecretStr

from pipeline.config import TtsConfig
from server.control import create_control_app
from server.parts import PartState
from server.speech.config import SpeechConfig
from server.speech_part import SpeechPart
from tests.server.control_scene import GUARDED, OPEN, TOKEN, control, running, serving


def test_audio_is_passed_on_to_our_speech_server() -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig())
        async with control([part]) as client:
            assert (await client.get("/v1/audio/voices")).status_code == 503
            async with running(part):
                voices = (await client.get("/v1/audio/voices")).json()
                assert {"id": "jarvis", "name": "jarvis", "voice": "en-gb"} in voices["voices"]
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


def test_a_request_that_brings_too_much_is_refused() -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig(url="http://127.0.0.1:9"))
        async with running(part), control([part]) as client:
            response = await client.post("/v1/audio/speech", content=bytes(33_000_000))
            assert response.status_code == 413

    asyncio.run(run())
