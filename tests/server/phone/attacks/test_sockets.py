"""Media sockets that are nobody's, or of somebody who sends what no telephone sends."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from server.phone.public.app import STREAM
from tests.peers.twilio import sign
from tests.peers.twilio.stream_messages import StreamMessages
from tests.peers.twilio.twiml import read_twiml
from tests.server.phone.attacks.bystander import HOST, THROUGH_TUNNEL, beside_a_call
from tests.server.phone.live.phone_scene import BEN, STATUS, TOKEN, VOICE
from tests.server.phone.service_scene import Telephone

pytestmark = pytest.mark.slow

Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def opened(phone: Telephone, path: str, secret: str = TOKEN) -> AsyncIterator[Socket]:
    """Open a media socket, signed with a secret; "" for none."""
    signed = {"X-Twilio-Signature": sign(secret, f"wss://{HOST}{path}")} if secret else {}
    url = f"ws://127.0.0.1:{phone.port}{path}"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, headers=THROUGH_TUNNEL | signed) as socket,
    ):
        yield socket


async def status_of(phone: Telephone, path: str, secret: str = TOKEN) -> int:
    try:
        async with opened(phone, path, secret):
            return 101
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


async def own_call(phone: Telephone) -> tuple[str, str]:
    """Call as somebody who is let in; return Twilio's id of it and the path of its socket."""
    sid = "CA" + secrets.token_hex(16)
    fields = {"CallSid": sid, "From": BEN, "To": "+15550009999", "CallStatus": "ringing"}
    answer = (await phone.twilio.webhooks.send(VOICE, fields)).answer
    verbs, _ = read_twiml(answer)
    url = next(one.get("url") for verb in verbs for one in verb.inside)
    return sid, urlsplit(url).path


async def hang_up(phone: Telephone, sid: str) -> None:
    fields = {"CallSid": sid, "CallStatus": "completed", "SequenceNumber": "0"}
    await phone.twilio.webhooks.send(STATUS, fields)


async def closed(socket: Socket) -> int | None:
    """Wait until the program hangs up; return the code."""
    async with asyncio.timeout(5):
        while not socket.closed:
            await socket.receive()
    return socket.close_code


def test_without_a_token_with_a_used_one_and_with_that_of_another_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with beside_a_call(tmp_path) as (phone, live):
            used = urlsplit(live.stream.url).path
            sid, fresh = await own_call(phone)
            assert await status_of(phone, fresh, "") == 403
            assert await status_of(phone, fresh, "guessed") == 403
            for path in (used, f"{STREAM}/", f"{STREAM}/unknown", f"{STREAM}/{'x' * 3000}"):
                assert await status_of(phone, path) in {403, 404, 413}
            async with opened(phone, fresh) as socket:
                messages = StreamMessages("AC1", live.sid, "MZ1")
                await socket.send_json(messages.connected())
                await socket.send_json(messages.start({}))
                assert await closed(socket) == 1008
            assert await status_of(phone, fresh) == 403
            await hang_up(phone, sid)

    asyncio.run(main())
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def test_two_hundred_sockets_of_one_address(tmp_path: Path) -> None:
    async def main() -> None:
        async with beside_a_call(tmp_path) as (phone, _):
            dials = [asyncio.open_connection("127.0.0.1", phone.port) for _ in range(200)]
            connections = await asyncio.gather(*dials)
            for _, writer in connections:
                path = f"{STREAM}/unknown"
                lines = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 203.0.113.7\r\n"
                upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                keys = f"Sec-WebSocket-Key: {secrets.token_urlsafe(16)}==\r\n"
                lines += f"{upgrade}{keys}Sec-WebSocket-Version: 13\r\n\r\n"
                writer.write(lines.encode())
            answers = await asyncio.gather(*(first_line(reader) for reader, _ in connections))
            assert not any(b" 101 " in line or b" 200 " in line for line in answers)
            new = await phone.ring_in(from_=BEN)
            await new.streaming()
            new.hang_up()
            await phone.record(new.sid)
            for _, writer in connections:
                writer.close()

    asyncio.run(main())


async def first_line(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(8):
            return await reader.readline()
    except ConnectionError:
        return b""


def stream_message(event: str, fields: dict[str, Any]) -> str:
    message = {"event": event, "sequenceNumber": "3", "streamSid": "MZ1", **fields}
    return json.dumps(message)


def media(**fields: str) -> str:
    usual = {"track": "inbound", "chunk": "2", "timestamp": "20", "payload": "AAAA"}
    return stream_message("media", {"media": usual | fields})


JUNK = [
    *("no json", "[]", "null", "{}", '{"event":1}', '{"event":"media"}', '{"event":' * 5000),
    *(media(payload="###"), media(timestamp="-99999999999999999999"), media(timestamp="1e999")),
    *(media(payload="A" * 60_000), media(chunk="\ud800"), "x" * 70_000),
    stream_message("dtmf", {"dtmf": {"track": "inbound_track", "digit": "[[end_call]]"}}),
    stream_message("stop", {"streamSid": "MZ2", "stop": {}}),
    stream_message("start", {"start": {"callSid": "CA2"}}),
    stream_message("unheard of", {"more": [["y" * 100] * 500]}),
    *(b"\0\1\2", b"\xff" * 60_000),
]


def test_junk_in_a_live_socket_of_one_s_own(tmp_path: Path) -> None:
    async def main() -> None:
        async with beside_a_call(tmp_path) as (phone, live):
            for junk in JUNK:
                await send_junk(phone, junk)
            assert phone.switchboard.calls[0].record.provider_call_id == live.sid

    asyncio.run(main())


async def send_junk(phone: Telephone, junk: str | bytes) -> None:
    """Send something after a stream has begun; it is ignored, or ends that stream."""
    sid, path = await own_call(phone)
    async with opened(phone, path) as socket:
        messages = StreamMessages("AC1", sid, "MZ1")
        await socket.send_json(messages.connected())
        await socket.send_json(messages.start({}))
        await socket.send_json(messages.media(b"\xff" * 160, 0))
        if isinstance(junk, str):
            await socket.send_str(junk)
        else:
            await socket.send_bytes(junk)
        await socket.send_json(messages.stop())
        await closed(socket)
    await hang_up(phone, sid)
