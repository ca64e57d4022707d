"""All objects together, attacked over real sockets while a call goes on."""

from __future__ import annotations

import asyncio
import json
import re

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.phone.security.refusals import Reason
from tests.peers.twilio import Delivery, FakeTwilio, HangUp, Quiet, sign
from tests.server.phone.security.small_listener import HOST, STREAM, SmallListener

CALLER = "+15550001111"
VOICE = f"https://{HOST}/voice?step=first%20one"
TUNNELLED = {"Host": HOST, "X-Forwarded-For": "203.0.113.7"}
OTHER_CALL = "CA" + "9" * 32


def token_of(delivery: Delivery) -> str:
    found = re.search(STREAM + r"([\w-]+)", delivery.answer)
    assert found is not None
    return found[1]


async def open_stream(port: int, path: str, auth_token: str, **headers: str) -> int:
    """Open a media socket as an attacker would; returns the status of the answer."""
    signature = sign(auth_token, f"wss://{HOST}{path}")
    sent = TUNNELLED | {"X-Twilio-Signature": signature} | headers
    sent = {name: value for name, value in sent.items() if value}
    host = sent.pop("Host")
    uri = f"ws://{host}{path}"
    try:
        async with connect(uri, host="127.0.0.1", port=port, additional_headers=sent) as socket:
            start = {"callSid": OTHER_CALL, "streamSid": "MZ"}
            await socket.send(json.dumps({"event": "start", "start": start}))
            await socket.recv()
    except InvalidStatus as refused:
        return refused.response.status_code
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006
    return 101


def test_a_call_goes_through() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SmallListener(twilio) as listener:
            call = await twilio.ring_in(CALLER, VOICE, steps=[Quiet(0.5), HangUp()])
            await call.over()
            assert listener.calls == [call.sid, call.sid]
            assert listener.media >= 20
            assert not listener.refused

    asyncio.run(main())


def test_replays_have_no_effect_and_the_same_answer() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SmallListener(twilio) as listener:
            await (await twilio.ring_in(CALLER, VOICE, steps=[HangUp()])).over()
            (first,) = twilio.webhooks.deliveries
            for headers, body in (
                (None, None),
                ({"I-Twilio-Idempotency-Token": "another"}, None),
                (None, first.body + "&" + first.body.split("&")[0]),
                (None, "&".join(reversed(first.body.split("&")))),
            ):
                again = await twilio.webhooks.redeliver(first, headers=headers, body=body)
                assert (again.status, again.answer) == (200, first.answer)
            assert len(listener.calls) == 2
            assert listener.refused == [Reason.REPLAYED] * 4

    asyncio.run(main())


def test_attacks_on_media_sockets_are_refused_and_disturb_no_call() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=1) as twilio, SmallListener(twilio) as listener:
            secret, port = twilio.signer.auth_token, listener.port
            call = await twilio.ring_in(CALLER, VOICE, steps=[Quiet(1.0), HangUp()])
            await call.streaming()
            used = STREAM + token_of(twilio.webhooks.deliveries[0])
            fields = {"CallSid": "CA" + "1" * 32, "From": CALLER}
            fresh = STREAM + token_of(await twilio.webhooks.send(VOICE, fields))
            unsigned = {"X-Twilio-Signature": ""}
            forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
            assert await open_stream(port, fresh, secret, **unsigned) == 403
            assert await open_stream(port, fresh, "guessed") == 403
            assert await open_stream(port, used, secret) == 403
            assert await open_stream(port, STREAM + "unknown", secret, **forged) == 403
            assert await open_stream(port, fresh, secret) == 1008
            assert await open_stream(port, fresh, secret) == 403
            assert listener.refused == [
                Reason.UNSIGNED,
                Reason.WRONG_SIGNATURE,
                Reason.REPLAYED,
                Reason.MEDIA_UNKNOWN,
                Reason.MEDIA_OTHER_CALL,
                Reason.REPLAYED,
            ]
            await call.over()
            assert call.ended_by == "caller"
            assert listener.media >= 45

    asyncio.run(main())


@pytest.mark.parametrize(
    ("content", "status"), [(b"x" * 100_000, 413), (b"From=1", 403), (b"From", 400)]
)
def test_bodies_that_are_too_long_unsigned_or_no_form(content: bytes, status: int) -> None:
    async def main() -> None:
        async with (
            FakeTwilio() as twilio,
            SmallListener(twilio) as listener,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.port}") as http,
        ):
            headers = TUNNELLED | {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await http.post("/voice", content=content, headers=headers)
            assert (answer.status_code, answer.content) == (status, b"")

    asyncio.run(main())


def test_many_requests_of_one_address_leave_room_for_twilio() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SmallListener(twilio) as listener:
            head = f"POST /voice HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 203.0.113.7\r\n"
            dripping = [
                await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(40)
            ]
            for _, writer in dripping:
                writer.write((head + "Content-Length: 1000\r\n\r\nF").encode())
                await writer.drain()
            call = await twilio.ring_in(CALLER, VOICE, steps=[Quiet(0.2), HangUp()])
            await call.over()
            assert call.ended_by == "caller"
            assert listener.refused.count(Reason.TOO_MANY) == 32
            for _, writer in dripping:
                writer.close()

    asyncio.run(main())
