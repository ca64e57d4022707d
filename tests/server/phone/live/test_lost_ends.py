"""Calls of whose end nobody tells, and calls that go on where they should not."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from server.phone.calls.limits import Spent
from server.phone.calls.status import CallStatus, EndReason
from server.phone.engines.engine import EngineEnd, Transfer, WishRefusedError
from server.phone.security.forms import Form
from tests.peers.twilio import HangUp, Quiet
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.phone.live.phone_scene import ANN, BEN, Phone, ScriptedSession, Setup, telephone


def run(folder: Path, test, setup: Setup | None = None) -> None:
    async def main() -> None:
        async with telephone(folder, setup) as phone:
            await test(phone)

    asyncio.run(main())


async def hang_up(session: ScriptedSession) -> None:
    await session.said()
    session.end(EngineEnd(EndReason.AGENT))


async def hand_over(session: ScriptedSession) -> None:
    await session.said()
    await session.want(Transfer(BEN))


def lasting(longest: float) -> Setup:
    setup = Setup()
    changes = {"longest_inbound": longest, "wrap_up": 3.0}
    setup.limits = setup.limits.model_copy(update=changes)
    return setup


def test_a_call_whose_end_is_not_reported_is_asked_for_and_ends(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.numbers[OWN_NUMBER]["StatusCallback"] = ""
        phone.engine.acts = [hang_up]
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(60.0)])
        await call.streaming()
        [record] = await phone.ended()
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT)
        assert not phone.switchboard.calls

    run(tmp_path, main)


def test_an_engine_that_comes_to_no_end_is_hung_up_on(tmp_path: Path) -> None:
    class Endless(ScriptedSession):
        def finish(self, words: str, reason: EndReason) -> None:
            """Go on talking."""

    async def main(phone: Phone) -> None:
        phone.engine.open = lambda *call: Endless(phone.engine, *call)
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(120.0)])
        await call.over()
        [record] = await phone.ended()
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.TOO_LONG)
        assert record.duration == pytest.approx(10 + 15, abs=6)

    run(tmp_path, main, lasting(10.0))


def test_a_call_that_is_handed_over_ends_in_time_and_is_counted_twice(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.acts = [hand_over]
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(4.0)])
        await call.over()
        [record] = await phone.ended()
        assert call.dialled == [BEN]
        [dialled] = [text for text in call.twiml if "<Dial" in text]
        seconds = int(dialled.partition('timeLimit="')[2].partition('"')[0])
        assert 80 <= seconds <= 90
        assert record.end_reason is EndReason.TRANSFERRED
        limits = phone.kit.limits
        assert limits.longest_call(phone.kit.now(), BEN, "outbound") == 19 * 60  # of 20 minutes

    setup = lasting(90.0)
    per_number = setup.limits.per_number.model_copy(update={"minutes_per_hour": 20})
    longest = {"per_number": per_number, "longest_outbound": 3600.0}
    setup.limits = setup.limits.model_copy(update=longest)
    run(tmp_path, main, setup)


def test_nobody_is_handed_over_to_a_number_that_was_called_enough(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.acts = [hand_over]
        phone.kit.limits.begin(Spent("other:1", BEN, "outbound", phone.kit.now(), 60.0))
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(2.0), HangUp()])
        await call.over()
        await phone.ended()
        assert not call.dialled
        [refused] = phone.engine.sessions[0].refused
        assert "phone.limits.per_number.calls_per_hour" in refused

    setup = Setup()
    per_number = setup.limits.per_number.model_copy(update={"calls_per_hour": 1})
    setup.limits = setup.limits.model_copy(update={"per_number": per_number})
    run(tmp_path, main, setup)


def test_who_hangs_up_before_we_have_answered_holds_no_line(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        came = Form((("CallSid", "CA1"), ("From", ANN), ("To", OWN_NUMBER)))
        went = Form((("CallSid", "CA1"), ("CallStatus", "completed"), ("SequenceNumber", "1")))
        answering = asyncio.create_task(phone.switchboard.voice(came, ""))
        await asyncio.sleep(0)
        await phone.switchboard.status(went, "")
        await answering
        began = phone.kit.clock.now()
        while phone.switchboard.calls:  # noqa: ASYNC110 - time passes
            await asyncio.sleep(0.01)
        assert phone.kit.clock.now() - began < 30.0
        record = await phone.store.get("CA1")
        assert record is not None
        assert record.status.is_final

    run(tmp_path, main)


def test_a_call_that_ends_while_it_is_handed_over_leaves_nothing_running(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        held = asyncio.Event()

        class Slow:
            """Twilio, whose answer comes late."""

            async def send_elsewhere(self, provider_id: str, twiml: str) -> None:
                call.hang_up()
                while not over:  # noqa: ASYNC110 - time passes
                    await asyncio.sleep(0.005)
                held.set()

            def __getattr__(self, name: str) -> object:
                return getattr(provider, name)

        provider, over = phone.kit.provider, []
        object.__setattr__(phone.kit, "provider", Slow())
        object.__setattr__(phone.kit, "when_over", (over.append,))
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(60.0)])
        await call.streaming()
        [live] = phone.switchboard.calls
        while live.session is None:  # noqa: ASYNC110 - the engine's
            await asyncio.sleep(0.005)
        with suppress(WishRefusedError):
            await live.grant(Transfer(BEN))
        assert held.is_set()
        assert phone.kit.limits.may_call(phone.kit.now(), BEN, "outbound") is None

    setup = Setup()
    setup.limits = setup.limits.model_copy(update={"concurrent_outbound": 1})
    run(tmp_path, main, setup)
