from __future__ import annotations

import asyncio

import pytest
import websockets
from aiohttp import web
from websockets.frames import Close

from server.phone.engines.realtime.dialing import RealtimeConnectionError, closing_error, dial
from tests.peers.openai_realtime import FakeOpenAI
from tests.server.phone.engines.realtime.talking_line import config


def closed(code: int, reason: str = "") -> RealtimeConnectionError:
    return closing_error(websockets.ConnectionClosedError(Close(code, reason), None))


def test_the_key_and_the_model_are_named_and_no_beta():
    async def connect():
        async with FakeOpenAI() as fake:
            async with dial(config(fake, model="gpt-realtime-2.1-mini")) as socket:
                await socket.recv()
            return fake.handshakes[0]

    headers, query = asyncio.run(connect())
    assert headers["Authorization"] == "Bearer sk-fake"
    assert "OpenAI-Beta" not in headers
    assert query == {"model": "gpt-realtime-2.1-mini"}


@pytest.mark.parametrize(
    ("status", "hopeless"), [(401, True), (403, True), (404, True), (429, False), (500, False)]
)
def test_what_a_refusal_means(status, hopeless):
    async def connect():
        async with FakeOpenAI() as fake:
            fake.refuse(status)
            async with dial(config(fake)):
                pass

    with pytest.raises(RealtimeConnectionError) as caught:
        asyncio.run(connect())
    assert caught.value.hopeless is hopeless
    assert str(status) in str(caught.value)


@pytest.mark.parametrize("status", [302, 429, 200])
def test_the_key_goes_to_no_other_host_and_the_wait_is_told(status):
    async def connect():
        async def answer(request):
            headers = {"Location": "ws://127.0.0.2:9/v1/realtime", "Retry-After": "7"}
            return web.Response(status=status, headers=headers)

        application = web.Application()
        application.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"ws://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            async with dial(config(websocket_base_url=url)):
                pass
        finally:
            await runner.cleanup()

    with pytest.raises(RealtimeConnectionError) as caught:
        asyncio.run(connect())
    assert caught.value.wait == (7.0 if status in {429, 200} else 0.0)


@pytest.mark.parametrize(
    ("code", "reason", "hopeless"),
    [
        (1000, "", False),
        (1001, "session_expired", False),
        (1008, "", True),
        (1011, "keepalive ping timeout", False),
        (4000, "invalid_request_error.missing_model", True),
        (4000, "invalid_request_error.beta_api_shape_disabled", True),
        (4000, "invalid_request_error.session_expired", False),
        (4000, "server_error.internal", False),
        (1013, "", False),
    ],
)
def test_what_a_close_means(code, reason, hopeless):
    assert closed(code, reason).hopeless is hopeless


def test_a_connection_that_just_breaks_is_tried_again():
    error = closing_error(websockets.ConnectionClosedError(None, None))
    assert not error.hopeless
