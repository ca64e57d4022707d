"""Who is let in to the control API, over real HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.control import create_control_app
from server.control_guard import OWN_VIA
from server.parts import PartState
from server.store.part import StorePart
from tests.server.control_scene import GUARDED, OPEN, TOKEN, Fake, control, running


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


def test_without_a_token_nothing_is_taken_that_was_forwarded() -> None:
    """A tunnel's agent runs on this machine: through it everybody comes from 127.0.0.1."""
    signs = [
        ("x-forwarded-for", "203.0.113.7"),
        ("X-Forwarded-Proto", "https"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-for", ""),
        ("forwarded", "for=203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("cf-connecting-ip", "203.0.113.7"),
        ("via", "1.1 proxy"),
        ("via", f"{OWN_VIA}, 1.1 proxy"),
    ]

    async def run() -> None:
        async with control() as client:
            for name, value in signs:
                response = await client.get("/health", headers={name: value})
                assert response.status_code == 403, name
                assert "server.token" in response.json()["detail"]
            twice = [("via", OWN_VIA), ("via", "1.1 proxy")]
            assert (await client.get("/health", headers=twice)).status_code == 403
            ours = await client.get("/health", headers={"via": OWN_VIA})
            assert ours.status_code == 200  # another service of ours on this machine
        async with control(server=GUARDED) as client:
            for name, value in signs:
                right = {b"authorization": b"Bearer " + TOKEN, name.encode(): value.encode()}
                assert (await client.get("/health", headers=right)).status_code == 200
                stranger = await client.get("/turns", headers={name: value})
                assert stranger.status_code == 401

    asyncio.run(run())


def test_without_a_token_other_machines_are_kept_out() -> None:
    async def status(client: tuple[str, int] | None) -> int:
        app = create_control_app(OPEN, [])
        transport = httpx.ASGITransport(app, client=client)  # type: ignore[arg-type]  # as uvicorn may give it
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
            return (await asking.get("/health")).status_code

    async def run() -> None:
        for client in (("203.0.113.7", 4000), ("192.168.1.7", 4000), ("", 0), None):
            assert await status(client) == 403, client
        for client in (("127.0.0.1", 4000), ("::1", 4000)):
            assert await status(client) == 200, client

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
