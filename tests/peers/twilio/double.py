"""A second Media Streams peer, written by others: streamdouble, made to sign as Twilio does.

It knows no signatures, so it speaks through a relay on loopback that opens the program's socket
with the headers of the fake Twilio and passes every message on as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType, web
from streamdouble.protocol import StreamIdentity
from streamdouble.scenario import parse
from streamdouble.session import Session, SessionConfig, SessionResult

from tests.peers.twilio.server import FakeTwilio
from tests.peers.twilio.twiml import Verb, read_twiml

Step = Mapping[str, Any]
"""A step of streamdouble: ``{"say": "question.wav"}``, ``{"expect": "clear"}``, …"""


async def ring_with_double(
    twilio: FakeTwilio,
    voice_url: str,
    from_number: str,
    steps: Sequence[Step],
    config: SessionConfig | None = None,
) -> SessionResult:
    """Let streamdouble call the program, and return what it saw.

    Args:
        twilio: Whose account, signatures and tunnel are used.
        voice_url: Public address that says what becomes of a call.
        from_number: The caller's.
        steps: What the caller does.
        config: Network, patience and the like.

    """
    call_sid = "CA" + secrets.token_hex(16)
    fields = {
        "AccountSid": twilio.account_sid,
        "CallSid": call_sid,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": from_number,
        "To": next(iter(twilio.numbers)),
    }
    delivery = await twilio.webhooks.send(voice_url, fields)
    stream = _stream(delivery.answer)
    config = config or SessionConfig()
    config.custom_parameters = {one.get("name"): one.get("value") for one in stream.inside}
    identity = StreamIdentity(account_sid=twilio.account_sid, call_sid=call_sid)
    async with _relay(twilio, stream.get("url")) as url:
        scenario = parse({"name": "call", "steps": [dict(one) for one in steps]})
        return await Session(url, scenario=scenario, config=config, identity=identity).run()


def _stream(document: str) -> Verb:
    verbs, _ = read_twiml(document)
    return next(inside for verb in verbs for inside in verb.inside if inside.name == "Stream")


@contextlib.asynccontextmanager
async def _relay(twilio: FakeTwilio, url: str) -> AsyncIterator[str]:
    """Return an address on loopback that leads to the program's media socket."""

    async def relay(request: web.Request) -> web.StreamResponse:
        dialled, headers = twilio.webhooks.tunnelled(url, twilio.webhooks.outgoing(url, {}))
        async with twilio.webhooks.session.ws_connect(dialled, headers=headers) as program:
            caller = web.WebSocketResponse()
            await caller.prepare(request)
            back = asyncio.create_task(_pass_on(program, caller))
            await _pass_on(caller, program)
            await asyncio.wait({back})
            return caller

    application = web.Application()
    application.router.add_get("/stream", relay)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/stream"
    finally:
        await runner.cleanup()


async def _pass_on(
    source: ClientWebSocketResponse | web.WebSocketResponse,
    target: ClientWebSocketResponse | web.WebSocketResponse,
) -> None:
    async for message in source:
        with contextlib.suppress(ConnectionError):
            if message.type is WSMsgType.TEXT:
                await target.send_str(message.data)
            else:
                await target.send_bytes(message.data)
    await target.close()
