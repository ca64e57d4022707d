"""Each of our numbers may have an agent and a greeting of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from server.phone.calls.config import InboundConfig
from server.phone.calls.request import CallRefusedError, CallRequest
from server.phone.config import PhoneConfig
from server.phone.live.own_numbers import OwnNumbers, PhoneAgent
from tests.peers.twilio import HangUp, Hear, Person, Press
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.phone.live.phone_scene import (
    ANN,
    BEN,
    STATUS,
    VOICE,
    Phone,
    Setup,
    telephone,
)

SALES = "+15550007777"
NUMBERS = {
    SALES: {
        "agent": {"id": "Sage", "instructions": "You sell.", "caller_name": "Acme"},
        "greeting": "Acme sales, {agent} speaking.",
    }
}


def run(folder: Path, test, inbound: InboundConfig | None = None) -> None:
    async def main() -> None:
        open_to_all = InboundConfig(policy="open")
        setup = Setup(inbound=inbound or open_to_all, more={"numbers": NUMBERS})
        async with telephone(folder, setup) as phone:
            phone.twilio.numbers[SALES] = dict(phone.twilio.numbers[OWN_NUMBER])
            await test(phone)

    asyncio.run(main())


def numbers(**settings) -> OwnNumbers:
    usual = {"instructions": "Be kind.", "caller_name": "Ann"}
    config = PhoneConfig(agent=usual, numbers={SALES: settings})
    return OwnNumbers(config, PhoneAgent("jarvis", "Jarvis"), {"sage": "The Sage"}.__getitem__)


def test_a_number_without_settings_of_its_own_is_as_usual() -> None:
    own = numbers().of(OWN_NUMBER)
    assert own == numbers().of(SALES)
    assert own.agent == PhoneAgent("jarvis", "Jarvis")
    assert own.greeting == "Hello, this is {agent}."
    assert (own.instructions, own.caller_name) == ("Be kind.", "Ann")


def test_an_agent_is_called_as_the_number_says_else_as_it_is_known() -> None:
    assert numbers(agent={"id": "SAGE"}).of(SALES).agent == PhoneAgent("sage", "The Sage")
    assert numbers(agent={"id": "sage", "name": "Nia"}).of(SALES).agent.name == "Nia"
    assert numbers(agent={"name": "Nia"}).of(SALES).agent == PhoneAgent("jarvis", "Nia")


def test_what_is_no_agent_is_refused_with_the_settings() -> None:
    with pytest.raises(ValidationError):
        numbers(agent={"id": "a b"})


def test_who_calls_the_number_talks_with_its_agent(tmp_path: Path) -> None:
    async def test(phone: Phone) -> None:
        steps = [Hear(0.2), HangUp()]
        await (
            await phone.twilio.ring_in(ANN, VOICE, steps=steps, status_url=STATUS, to=SALES)
        ).over()
        await (await phone.twilio.ring_in(ANN, steps=steps)).over()
        sales, usual = await phone.ended(2)
        assert sales.session_key == f"agent:sage:voice:{ANN[1:]}"
        assert usual.session_key == f"agent:jarvis:voice:{ANN[1:]}"
        first, second = (session.call for session in phone.engine.sessions)
        assert (first.agent, first.agent_name, first.instructions) == ("sage", "Sage", "You sell.")
        assert first.opening.startswith("Acme sales, Sage speaking. I am an AI assistant.")
        assert (second.agent, second.instructions) == ("jarvis", "")
        assert second.opening.startswith("Hello, this is Jarvis.")

    run(tmp_path, test)


def test_who_knows_the_pin_is_greeted_as_on_that_number(tmp_path: Path) -> None:
    async def test(phone: Phone) -> None:
        steps = [Press("1234#"), Hear(0.2), HangUp()]
        call = await phone.twilio.ring_in(ANN, VOICE, steps=steps, status_url=STATUS, to=SALES)
        await call.over()
        [session] = phone.engine.sessions
        assert session.call.opening.startswith("Acme sales, Sage speaking.")
        await phone.ended()

    inbound = InboundConfig(policy="allowlist", unknown_callers="pin", pin=SecretStr("1234"))
    run(tmp_path, test, inbound)


def test_a_call_from_the_number_is_made_by_its_agent(tmp_path: Path) -> None:
    async def test(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person([Hear(0.2), HangUp()]))
        await phone.switchboard.place(CallRequest(BEN, "Sell.", caller_id=SALES))
        call = await phone.twilio.next_call()
        await call.over()
        [record] = await phone.ended()
        assert record.from_ == SALES
        assert record.session_key == f"agent:sage:voice:{BEN[1:]}"
        [session] = phone.engine.sessions
        assert session.call.opening.startswith("Hello, this is Sage, calling for Acme.")
        with pytest.raises(CallRefusedError, match="caller_id"):
            await phone.switchboard.place(CallRequest(BEN, caller_id="+15550008888"))

    run(tmp_path, test)
