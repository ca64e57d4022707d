"""What an agent may write, and what it is told when it wrote it wrongly."""

from __future__ import annotations

import pytest

from pipeline.speech_text import CallDirective
from server.phone.calls.status import EndReason
from server.phone.engines.call_directives import read_directive
from server.phone.engines.engine import CallReported, EngineEnd, SendDigits, Transfer


def test_what_can_be_done() -> None:
    assert read_directive(CallDirective("end_call")) == EngineEnd(EndReason.AGENT)
    ended = read_directive(CallDirective("end_call", "all said"))
    assert ended == EngineEnd(EndReason.AGENT, "all said")
    assert read_directive(CallDirective("transfer", "+15550002222")) == Transfer("+15550002222")
    assert read_directive(CallDirective("dtmf", "1 w 2#")) == SendDigits("1w2#")
    reported = read_directive(CallDirective("report_call", '{"summary": "Done.", "table": 4}'))
    assert isinstance(reported, CallReported)
    assert (reported.report.summary, reported.report.data) == ("Done.", {"table": 4})


@pytest.mark.parametrize(
    ("directive", "told"),
    [
        (CallDirective("transfer"), "transfer"),
        (CallDirective("dtmf"), "0-9"),
        (CallDirective("dtmf", "call mum"), "0-9"),
        (CallDirective("report_call"), "JSON"),
        (CallDirective("report_call", "[1]"), "JSON"),
        (CallDirective("report_call", "[" * 100_000), "JSON"),
        (CallDirective("report_call", "{}"), "summary"),
        (CallDirective("report_call", '{"summary": "x", "outcome": "great"}'), "outcome"),
    ],
)
def test_what_is_wrong_is_told(directive: CallDirective, told: str) -> None:
    answer = read_directive(directive)
    assert isinstance(answer, str)
    assert told in answer
