"""Without signatures: only straight from this machine, and with the token of a call."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from server.parts import PartState
from tests.peers.twilio import HangUp, Hear
from tests.server.phone.live.phone_scene import ANN, BEN
from tests.server.phone.service_scene import Setup, telephone
from tests.server.phone.streamdouble.double_call import UNSIGNED, DoubleCall


async def upgraded(url: str) -> int:
    """Return the status with which a media socket is answered."""
    async with aiohttp.ClientSession() as http:
        try:
            async with http.ws_connect(url):
                return 101
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status


def test_the_status_says_so_and_the_token_of_a_call_is_good_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(twilio=UNSIGNED)) as phone:
            status = phone.part.status()
            assert status.state is PartState.DEGRADED
            assert "phone.twilio.validate_signature is off" in status.message
            url = await DoubleCall(phone, ANN).stream()
            assert await upgraded(url.rpartition("/")[0] + "/unknown") == 403
            assert await upgraded(url) == 101
            assert await upgraded(url) == 403

    asyncio.run(main())
    assert "validate_signature is off" in caplog.text


@pytest.mark.parametrize(
    "header",
    [
        {"X-Forwarded-For": "54.172.60.1"},
        {"Forwarded": "for=54.172.60.1"},
        {"CF-Connecting-IP": "54.172.60.1"},
        {"Origin": "https://evil.example"},
    ],
)
def test_through_a_tunnel_or_from_a_page_nothing_unsigned_comes_in(
    tmp_path: Path, header: dict[str, str]
) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(twilio=UNSIGNED)) as phone:
            call = DoubleCall(phone, ANN)
            status, _ = await call.post("/voice", headers=header, CallStatus="ringing")
            assert status == 403
            signed = await phone.ring_in(Hear(0.2), HangUp(), from_=BEN)  # through the tunnel
            assert (await phone.record(signed.sid)).status.is_final
            assert await phone.store.get(call.sid) is None

    asyncio.run(main())


def test_what_is_repeated_has_no_effect_a_second_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(twilio=UNSIGNED)) as phone:
            call = DoubleCall(phone, ANN)
            first, second = [await call.post("/voice", CallStatus="ringing") for _ in range(2)]
            assert first == second
            assert len(phone.switchboard.calls) == 1

    asyncio.run(main())


def test_while_signatures_are_checked_nothing_unsigned_comes_in(tmp_path: Path) -> None:
    async def main() -> None:
        async with telephone(tmp_path) as phone:
            assert phone.part.status().state is PartState.OK
            status, _ = await DoubleCall(phone, ANN).post("/voice", CallStatus="ringing")
            assert status == 403
            assert not phone.switchboard.calls

    asyncio.run(main())
