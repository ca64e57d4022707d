"""Who is let through to the agent, who is called, and what everybody else gets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.phone.calls.config import InboundConfig, LimitsConfig
from server.phone.calls.people import Person as Known
from server.phone.calls.request import CallRefusedError, CallRequest
from server.phone.calls.spoken_answers import MOST_AN_HOUR
from server.phone.calls.status import CallStatus, EndReason
from server.phone.security.forms import Form
from tests.peers.twilio import HangUp, Hear, Person, Press, Quiet
from tests.server.phone.live.phone_scene import ANN, BEN, OPENING, TOLD, Phone, Setup, telephone

STAYS = [Quiet(30.0)]


def run(folder: Path, test, setup: Setup | None = None) -> None:
    async def main() -> None:
        async with telephone(folder, setup) as phone:
            await test(phone)

    asyncio.run(main())


def limits(**changes: int) -> LimitsConfig:
    return Setup().limits.model_copy(update=changes)


@pytest.mark.parametrize(
    ("inbound", "status", "said"),
    [
        (InboundConfig(policy="off"), "no-answer", []),
        (InboundConfig(policy="allowlist", refusal=""), "no-answer", []),
        (InboundConfig(policy="allowlist", refusal="Not you."), "completed", ["Not you."]),
        (InboundConfig(policy="open", deny=("+1555",)), "no-answer", []),
        (InboundConfig(policy="allowlist", unknown_callers="message"), "busy", []),
    ],
)
def test_strangers_get_what_is_set_for_them(
    tmp_path: Path, inbound: InboundConfig, status: str, said: list[str]
) -> None:
    async def main(phone: Phone) -> None:
        call = await phone.twilio.ring_in(ANN, steps=STAYS)
        await call.over()
        assert (call.status, call.said) == (status, said)
        assert not call.streams
        assert not call.errors
        await phone.ended(0)

    run(tmp_path, main, Setup(inbound=inbound))


def test_somebody_in_identities_goes_on_with_their_own_session(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        call = await phone.twilio.ring_in(ANN, steps=[Hear(0.2), HangUp()])
        await call.over()
        [record] = await phone.ended()
        assert record.identity == "ann"
        assert record.session_key == "agent:jarvis:discord:direct:123456789012345678"
        assert phone.engine.sessions[0].call.caller.name == "ann"

    ann = Known("ann", (ANN,), discord="123456789012345678")
    run(tmp_path, main, Setup(inbound=InboundConfig(policy="allowlist"), people=(ann,)))


def test_the_pin_lets_in_and_a_wrong_one_asks_again(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        steps = [Press("9999#"), Quiet(1.0), Press("1234#"), Hear(0.2), HangUp()]
        call = await phone.twilio.ring_in(ANN, steps=steps)
        await call.over()
        [record] = await phone.ended()
        assert record.status is CallStatus.COMPLETED
        assert len(call.said) == 2
        assert len(phone.engine.sessions) == 1
        assert not call.errors

    pin = InboundConfig(policy="allowlist", unknown_callers="pin", pin=SecretStr("1234"))
    run(tmp_path, main, Setup(inbound=pin))


def test_who_keeps_guessing_is_refused(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        guesses = [step for _ in range(3) for step in (Press("9999#"), Quiet(1.0))]
        call = await phone.twilio.ring_in(ANN, steps=[*guesses, Quiet(30.0)])
        await call.over()
        assert call.said[-1] == InboundConfig().refusal
        assert not call.streams
        await phone.ended(0)

    pin = InboundConfig(policy="allowlist", unknown_callers="pin", pin=SecretStr("1234"))
    run(tmp_path, main, Setup(inbound=pin))


def test_strangers_who_call_without_end_are_declined_without_a_word(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        answers = [
            await phone.switchboard.voice(Form((("CallSid", f"CA{number}"), ("From", ANN))), "")
            for number in range(MOST_AN_HOUR + 2)
        ]
        assert all("<Say" in one for one in answers[:MOST_AN_HOUR])
        assert all("<Reject" in one for one in answers[MOST_AN_HOUR:])

    run(tmp_path, main, Setup(inbound=InboundConfig(policy="allowlist")))


def test_beyond_the_limit_callers_hear_the_busy_tone(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        first = await phone.twilio.ring_in(ANN, steps=[Hear(0.2), Quiet(3.0), HangUp()])
        await first.streaming()
        second = await phone.twilio.ring_in(BEN, steps=STAYS)
        await second.over()
        assert second.rejected == "busy"
        await first.over()
        third = await phone.twilio.ring_in(BEN, steps=[Hear(0.2), HangUp()])
        await third.over()
        assert third.streams
        await phone.ended(2)

    run(tmp_path, main, Setup(limits=limits(concurrent_calls=1)))


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("hello", "write it as"),
        ("+1", "write it as"),
        ("+442079460000", "another country"),
        ("+19002222222", "costs more"),
    ],
)
def test_numbers_that_may_not_be_called_are_not(tmp_path: Path, to: str, why: str) -> None:
    async def main(phone: Phone) -> None:
        with pytest.raises(CallRefusedError, match=why):
            await phone.switchboard.place(CallRequest(to))
        assert not phone.twilio.calls

    run(tmp_path, main)


def test_calls_asked_for_at_the_same_time_keep_to_the_limit(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person([Hear(0.2), HangUp()]))
        placed = await asyncio.gather(
            *(phone.switchboard.place(CallRequest(BEN)) for _ in range(3)), return_exceptions=True
        )
        refused = [one for one in placed if isinstance(one, CallRefusedError)]
        assert len(refused) == 2
        await (await phone.twilio.next_call()).over()
        await phone.ended(1)
        await phone.switchboard.place(CallRequest(BEN))
        await phone.ended(2)

    run(tmp_path, main, Setup(limits=limits(concurrent_outbound=1)))


def test_the_same_wish_is_one_call(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person([Hear(0.2), HangUp()]))
        wish = CallRequest(BEN, message=OPENING, idempotency_key="k1")
        first, again = [await phone.switchboard.place(wish) for _ in range(2)]
        assert first.id == again.id
        [record] = await phone.ended()
        assert record.transcript[0].text == f"{OPENING} {TOLD}"
        assert (await phone.switchboard.place(replace(wish, task="again"))).id == record.id
        assert len(phone.twilio.calls) == 1

    run(tmp_path, main)


def test_a_call_that_breaks_ends_by_itself_and_the_next_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_session: object) -> None:
        raise RuntimeError("a bug")

    async def main(phone: Phone) -> None:
        phone.engine.acts = [broken]
        first = await phone.twilio.ring_in(ANN, steps=STAYS)
        await first.over()
        assert first.said == ["Sorry, something is wrong here. Please call again later. Goodbye."]
        await phone.ended(1)
        phone.engine.acts = []
        second = await phone.twilio.ring_in(BEN, steps=[Hear(0.2), HangUp()])
        await second.over()
        reasons = [record.end_reason for record in await phone.ended(2)]
        assert reasons == [EndReason.ENGINE, EndReason.HUNG_UP]

    run(tmp_path, main, Setup(limits=limits(concurrent_calls=1)))
    assert "broke" in caplog.text
