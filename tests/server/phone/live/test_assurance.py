"""Who is taken for the person whose number they show, and so goes on with that person's session."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.phone.calls.config import InboundConfig
from server.phone.calls.people import Person
from server.phone.calls.record import CallRecord
from server.phone.security.callers import Assurance
from tests.peers.twilio import Call, HangUp, Hear, Press
from tests.peers.twilio.person import Step
from tests.server.phone.live.phone_scene import ANN, BEN, Setup, telephone

OWN = f"agent:jarvis:voice:{ANN[1:]}"
LINKED = "agent:jarvis:discord:direct:123456789012345678"
PERSON = Person("ann", (ANN,), discord="123456789012345678")
SIGNED, CLAIMED = "TN-Validation-Passed-A", "TN-Validation-Passed-C"
PIN = SecretStr("1234")
TALKS = [Hear(0.2), HangUp()]


def rung(
    folder: Path, required: Assurance, steps: list[Step], stir: str = SIGNED, **inbound: object
) -> tuple[Call, CallRecord | None]:
    """Let Ann's number call; return the call, and its record where it was put through."""
    setup = Setup(
        people=(PERSON,),
        required=required,
        inbound=InboundConfig(policy="allowlist", **inbound),
    )

    async def main() -> tuple[Call, CallRecord | None]:
        async with telephone(folder, setup) as phone:
            call = await phone.twilio.ring_in(ANN, steps=steps, stir=stir)
            await call.over()
            if not call.streams:
                return call, None
            [record] = await phone.ended()
            assert phone.engine.sessions[0].call.session_key == record.session_key
            return call, record

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("required", "stir", "linked"),
    [
        (Assurance.CLAIMED, CLAIMED, True),
        (Assurance.ATTESTED, SIGNED, True),
        (Assurance.ATTESTED, CLAIMED, False),
        (Assurance.ATTESTED, "", False),
        (Assurance.PIN, SIGNED, False),
    ],
)
def test_who_falls_short_talks_in_a_session_of_the_numbers_own(
    tmp_path: Path, required: Assurance, stir: str, *, linked: bool
) -> None:
    _, record = rung(tmp_path, required, TALKS, stir)
    assert record is not None
    assert record.session_key == (LINKED if linked else OWN)
    assert record.identity == ("ann" if linked else None)


def test_who_has_to_prove_it_by_the_pin_is_asked_for_it(tmp_path: Path) -> None:
    _, record = rung(tmp_path, Assurance.PIN, [Press("1234#"), *TALKS], pin=PIN)
    assert record is not None
    assert (record.session_key, record.identity) == (LINKED, "ann")


def test_without_the_right_pin_they_are_nobody(tmp_path: Path) -> None:
    guesses = [Press("9999#"), Press("9999#"), Press("9999#")]
    call, record = rung(tmp_path, Assurance.PIN, guesses, pin=PIN)
    assert record is None
    assert call.said[-1] == InboundConfig().refusal


def test_others_in_the_list_are_not_asked(tmp_path: Path) -> None:
    setup = Setup(
        people=(PERSON,),
        required=Assurance.PIN,
        inbound=InboundConfig(policy="allowlist", allow=(BEN,), pin=PIN),
    )

    async def main() -> None:
        async with telephone(tmp_path, setup) as phone:
            call = await phone.twilio.ring_in(BEN, steps=TALKS)
            await call.over()
            [record] = await phone.ended()
            assert record.session_key == f"agent:jarvis:voice:{BEN[1:]}"

    asyncio.run(main())


def test_the_pin_links_a_number_that_its_network_does_not_vouch_for(tmp_path: Path) -> None:
    """Where the number itself has to be proven, the PIN is proof too."""
    rules = {"attestation": "A", "unknown_callers": "pin", "pin": PIN}
    _, record = rung(tmp_path, Assurance.ATTESTED, [Press("1234#"), *TALKS], CLAIMED, **rules)
    assert record is not None
    assert record.session_key == LINKED
