"""What the log says of calls."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from server.phone.calls.config import InboundConfig
from server.phone.calls.record import CallRecord
from server.phone.calls.status import CallStatus, EndReason
from server.phone.live.call_log import log_begin, log_end, log_pin_asked, log_refused
from tests.peers.twilio import HangUp, Hear
from tests.server.phone.calls.call_records import THEIRS, call
from tests.server.phone.live.phone_scene import ANN, Setup, telephone

LOGGER = "server.phone.live.call_log"
FROM = {"direction": "inbound", "from_": THEIRS, "to": "+15550001111"}


@pytest.fixture(autouse=True)
def _at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (call(), "call:c1: a call to +1555…22"),
        (
            call(status=CallStatus.RETRY_WAIT),
            "call:c1: a call to +1555…22, made again later",
        ),
        (call(**FROM, identity="ann"), "call:c1: a call from +1555…22 (ann)"),
        (call(**{**FROM, "from_": ""}), "call:c1: a call from a withheld number"),
        (
            call(**FROM, missed="caller is not in the list (+1555…22)"),
            "call:c1: a call from +1555…22 may leave a message: caller is not in the list",
        ),
    ],
)
def test_a_call_that_begins_is_one_line(
    caplog: pytest.LogCaptureFixture, record: CallRecord, told: str
) -> None:
    log_begin(record)
    assert caplog.messages == [told]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (
            call(status=CallStatus.COMPLETED, duration=35, end_reason=EndReason.HUNG_UP),
            "call:c1: completed, 35 s (the other side hung up)",
        ),
        (
            call(status=CallStatus.BUSY, attempt=3, end_reason=EndReason.BUSY),
            "call:c1: busy after 3 attempts",
        ),
        (
            call(status=CallStatus.FAILED, end_reason=EndReason.NOT_PLACED, error="Twilio is ill"),
            "call:c1: failed (Twilio is ill)",
        ),
        (
            call(status=CallStatus.IN_PROGRESS),
            "call:c1: broken off while it was in-progress, as the telephone stops",
        ),
    ],
)
def test_a_call_that_is_over_is_one_line_with_its_outcome(
    caplog: pytest.LogCaptureFixture, record: CallRecord, told: str
) -> None:
    log_end(record)
    assert caplog.messages == [told]


def test_calls_that_are_not_put_through_are_told_with_their_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log_refused(THEIRS, "caller is not in the list (+1555…22)")
    log_refused("+266696687", "caller hides their number")
    log_pin_asked(THEIRS)
    assert caplog.messages == [
        "A call from +1555…22 was not put through: caller is not in the list",
        "A call from a withheld number was not put through: caller hides their number",
        "A call from +1555…22: the PIN is asked for",
    ]


@pytest.mark.parametrize("policy", ["open", "allowlist"])
def test_a_call_leaves_its_lines_and_no_number(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, policy: str
) -> None:
    async def test() -> None:
        setup = Setup(inbound=InboundConfig(policy=policy))
        async with telephone(tmp_path, setup) as phone:
            await (await phone.twilio.ring_in(ANN, steps=[Hear(0.2), HangUp()])).over()
            await phone.ended(1 if policy == "open" else 0)

    asyncio.run(asyncio.wait_for(test(), 60))
    lines = [one.getMessage() for one in caplog.records if one.name == LOGGER]
    assert len(lines) == (2 if policy == "open" else 1)
    assert ANN not in "".join(lines)
    assert "hung up" in lines[-1] or "not put through" in lines[-1]
