"""Who is let in to the control API, over real HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fastapi import APIRouter, WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.parts import PartState
from server.store.part import StorePart
from tests.server.control_scene import GUARDED, TOKEN, Fake, control, running


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
