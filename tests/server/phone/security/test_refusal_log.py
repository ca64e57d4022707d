"""Lines about refusals."""

from __future__ import annotations

from server.phone.security.refusal_log import RefusalLog
from server.phone.security.refusals import Reason, Refusal

WRONG = Refusal(Reason.WRONG_SIGNATURE)


def test_a_flood_is_a_few_lines_and_a_number() -> None:
    log = RefusalLog()
    lines = [log.note("webhook", WRONG, "6.6.6.6", at / 100) for at in range(1000)]
    assert lines[:5] == ["refused a webhook from 6.6.6.6: wrongly signed"] * 5
    assert set(lines[5:]) == {None}
    assert log.note("webhook", WRONG, "", 60.0) == (
        "refused a webhook: wrongly signed; 995 like it were left out before"
    )


def test_one_reason_does_not_hide_another() -> None:
    log = RefusalLog()
    for _ in range(10):
        log.note("webhook", WRONG, "6.6.6.6", 0.0)
    assert log.note("call in", Refusal(Reason.PIN_LOCKED), "", 0.0)


def test_addresses_cannot_break_the_line() -> None:
    line = RefusalLog().note("webhook", WRONG, "6.6.6.6\nINFO all is well", 0.0)
    assert line is not None
    assert line.isprintable()
