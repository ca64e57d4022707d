"""Callers who type a PIN of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.phone.calls.config import InboundConfig
from server.phone.calls.people import Person as Known
from tests.peers.twilio import HangUp, Hear, Press, Quiet
from tests.server.phone.live.phone_scene import ANN, BEN, Phone, Setup, telephone

STRANGE = "+15550007777"
ANN_KNOWN = Known("ann", (ANN,), discord="123456789012345678", pin=SecretStr("1111"))
BEN_KNOWN = Known("ben", (BEN,), pin=SecretStr("2222"))


def run(folder: Path, test, *, common: str | None = None) -> None:
    pin = None if common is None else SecretStr(common)
    inbound = InboundConfig(policy="allowlist", unknown_callers="pin", pin=pin)

    async def main() -> None:
        setup = Setup(inbound=inbound, people=(ANN_KNOWN, BEN_KNOWN))
        async with telephone(folder, setup) as phone:
            await test(phone)

    asyncio.run(main())


async def typed(phone: Phone, pin: str, from_: str = STRANGE) -> None:
    steps = [Press(f"{pin}#"), Hear(0.2), HangUp()]
    call = await phone.twilio.ring_in(from_, steps=steps)
    await call.over()
    assert not call.errors


@pytest.mark.parametrize("from_", [STRANGE, "anonymous"])
def test_they_go_on_with_their_own_session_from_any_number(tmp_path: Path, from_: str) -> None:
    async def main(phone: Phone) -> None:
        await typed(phone, "1111", from_)
        [record] = await phone.ended()
        assert record.identity == "ann"
        assert record.session_key == "agent:jarvis:discord:direct:123456789012345678"
        assert phone.engine.sessions[0].call.caller.name == "ann"

    run(tmp_path, main)


def test_the_pin_counts_and_not_the_number(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        await typed(phone, "2222")
        [record] = await phone.ended()
        assert (record.identity, record.from_) == ("ben", STRANGE)
        assert record.session_key == "agent:jarvis:voice:15550002222"

    run(tmp_path, main)


def test_the_pin_for_all_lets_in_and_proves_nothing(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        await typed(phone, "9876")
        [record] = await phone.ended()
        assert record.identity is None
        assert record.session_key == "agent:jarvis:voice:15550007777"

    run(tmp_path, main, common="9876")


def test_who_keeps_guessing_is_refused(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        guesses = [step for pin in "345" for step in (Press(f"{pin * 4}#"), Quiet(1.0))]
        call = await phone.twilio.ring_in(STRANGE, steps=[*guesses, Quiet(30.0)])
        await call.over()
        assert call.said[-1] == InboundConfig().refusal
        again = await phone.twilio.ring_in(STRANGE, steps=[Press("1111#"), Quiet(30.0)])
        await again.over()
        assert again.said[-1] == InboundConfig().refusal
        await phone.ended(0)

    run(tmp_path, main)
