from __future__ import annotations

import json

import pytest

from server.phone.calls.report import Report
from server.phone.engines.engine import SendDigits, Transfer
from server.phone.engines.realtime.server_events import FunctionCall
from server.phone.engines.realtime.tools import (
    AskOpenClaw,
    EndCall,
    ToolError,
    declarations,
    read_tool,
)


@pytest.mark.parametrize(
    ("name", "arguments", "tool"),
    [
        ("ask_openclaw", '{"request": " What is on today? "}', AskOpenClaw("What is on today?")),
        ("end_call", '{"reason": "done"}', EndCall("done")),
        ("end_call", "{}", EndCall("")),
        ("end_call", "", EndCall("")),
        ("transfer", '{"to": "+15557654321"}', Transfer("+15557654321")),
        ("send_dtmf", '{"digits": "1W2#"}', SendDigits("1w2#")),
        (
            "report_call",
            '{"summary": "Booked.", "outcome": "success", "table": 7}',
            Report("Booked.", "success", (), {"table": 7}),
        ),
    ],
)
def test_what_the_model_wants(name, arguments, tool):
    assert read_tool(FunctionCall("f", name, arguments)) == tool


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ask_openclaw", '{"request": 5}'),
        ("ask_openclaw", '"request"'),
        ("ask_openclaw", '{"request": " "}'),
        ("transfer", "{}"),
        ("send_dtmf", '{"digits": "5;6"}'),
        ("send_dtmf", '{"digits": "' + "1" * 33 + '"}'),
        ("report_call", '{"summary": "x", "outcome": "great"}'),
        ("rm", "{}"),
    ],
)
def test_what_it_cannot_have(name, arguments):
    with pytest.raises(ToolError):
        read_tool(FunctionCall("f", name, arguments))


def test_every_function_that_is_declared_can_be_called():
    given = {
        "request": "r",
        "to": "+1",
        "digits": "1",
        "summary": "s",
        "outcome": "unknown",
        "reason": "r",
    }
    for tool in declarations():
        needed = {name: given[name] for name in tool["parameters"]["required"]}
        read_tool(FunctionCall("f", tool["name"], json.dumps(needed)))
