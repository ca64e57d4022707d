"""Requests that are not Twilio's, or not new: all refused, and a live call goes on beside them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.peers.twilio import Call, sign
from tests.server.phone.attacks.bystander import HOST, STRANGER, beside_a_call, post
from tests.server.phone.live.phone_scene import ANN, BEN, STATUS, TOKEN, VOICE
from tests.server.phone.service_scene import Telephone

pytestmark = pytest.mark.slow

FORM = "application/x-www-form-urlencoded"
FORWARDED = {
    "X-Forwarded-Host": HOST,
    "X-Forwarded-For": "54.172.60.1, 127.0.0.1",
    "X-Original-Host": HOST,
    "Forwarded": f"for=127.0.0.1;host={HOST};proto=https",
    "CF-Connecting-IP": "127.0.0.1",
    "X-Real-IP": "127.0.0.1",
}


def test_forgeries_and_replays(tmp_path: Path) -> None:
    async def main() -> None:
        async with beside_a_call(tmp_path) as (phone, live):
            ends = {"CallSid": live.sid, "CallStatus": "completed", "SequenceNumber": "9"}
            keys = {"CallSid": live.sid, "Digits": "1234"}
            for path, fields in (("/status", ends), ("/voice", ends), ("/amd", ends | keys)):
                assert await post(phone, path, fields) == 403
                assert await post(phone, path, fields, FORWARDED) == 403
                for secret in ("", "guessed"):
                    forged = sign(secret, f"https://{HOST}{path}", fields.items())
                    assert await post(phone, path, fields, {"X-Twilio-Signature": forged}) == 403
            await replay(phone, live)
            assert [one.record.peer for one in phone.switchboard.calls] == [ANN]

    asyncio.run(main())


async def replay(phone: Telephone, live: Call) -> None:
    """Send again what was signed once, as it was and changed."""
    hooks = phone.twilio.webhooks
    first = next(one for one in hooks.deliveries if one.url == VOICE)
    again = await hooks.redeliver(first, headers={"I-Twilio-Idempotency-Token": "another"})
    assert (again.status, again.answer) == (200, first.answer)  # nothing is done for it
    assert len(live.twiml) == 1
    other = first.body.replace(urlencode({"": ANN})[1:], urlencode({"": BEN})[1:])
    assert (await hooks.redeliver(first, body=other)).status == 403
    assert (await hooks.redeliver(replace(first, url=STATUS))).status == 403
    query = replace(first, url=f"{VOICE}?CallStatus=completed")
    assert (await hooks.redeliver(query)).status == 403


def test_truncated_oversized_and_slow_ones(tmp_path: Path) -> None:
    async def main() -> None:
        async with beside_a_call(tmp_path) as (phone, live):
            fields = {"CallSid": live.sid, "CallStatus": "completed"}
            signed = {"X-Twilio-Signature": sign(TOKEN, STATUS, fields.items())}
            large = fields | {"Padding": "x" * 70_000}
            assert await post(phone, "/status", large, signed) == 413
            assert await post(phone, "/status?" + "x" * 3000, fields, signed) == 413
            body = urlencode(fields).encode()
            head = f"POST /status HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: {STRANGER}\r\n"
            head += (
                f"Content-Type: {FORM}\r\nX-Twilio-Signature: {signed['X-Twilio-Signature']}\r\n"
            )
            length = f"Content-Length: {len(body)}\r\n\r\n"
            dripping = asyncio.create_task(drip(phone.port, f"{head}{length}".encode() + body))
            cut = f"{head}{length}".encode() + body[:-5]
            long_head = f"{head}X-Padding: {'y' * 20_000}\r\n{length}".encode()
            assert await answered(phone.port, cut, hang_up=True) == b""
            assert b" 204 " not in await answered(phone.port, long_head)
            for garbage in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 5000):
                assert b" 200 " not in await answered(phone.port, garbage, hang_up=True)
            await dripping

    asyncio.run(main())


async def answered(port: int, sent: bytes, *, hang_up: bool = False) -> bytes:
    """Send bytes; return the first line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        if hang_up:
            writer.write_eof()
        async with asyncio.timeout(8):
            return await reader.readline()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def drip(port: int, request: bytes) -> None:
    """Send a byte at a time over 40 connections at once, until all were hung up on."""
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
    left = dict(enumerate(connections))
    async with asyncio.timeout(10):
        for index in range(len(request) - 1):
            for number, (reader, writer) in list(left.items()):
                if reader.at_eof() or writer.is_closing():
                    del left[number]
                    continue
                writer.write(request[index : index + 1])
            if not left:
                break
            await asyncio.sleep(0.05)
    for _, writer in connections:
        writer.close()
    assert not left
