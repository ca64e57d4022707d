"""Sans-I/O: the functions that the model may call in a telephone call."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, get_args

from server.phone.calls.report import Report, ReportError, Result
from server.phone.engines.engine import SendDigits, Transfer, Wish
from server.phone.engines.realtime.server_events import FunctionCall

Json = dict[str, Any]

ASK, END, REPORT, TRANSFER, DIGITS = (
    "ask_openclaw",
    "end_call",
    "report_call",
    "transfer",
    "send_dtmf",
)

_DIGITS: Final = re.compile(r"[0-9*#wW]{1,32}")


@dataclass(frozen=True, slots=True)
class AskOpenClaw:
    """The model asks the OpenClaw agent."""

    request: str


@dataclass(frozen=True, slots=True)
class EndCall:
    """The model ends the call."""

    reason: str


Tool: TypeAlias = AskOpenClaw | EndCall | Report | Wish
"""What the model wants."""


class ToolError(Exception):
    """A function was called wrongly; the message tells the model what to change."""


def read_tool(call: FunctionCall) -> Tool:
    """Read what the model wants.

    Raises:
        ToolError: There is no such function, or its arguments are wrong.

    """
    arguments = _arguments(call)
    match call.name:
        case "ask_openclaw":
            return AskOpenClaw(_required(arguments, "request"))
        case "end_call":
            return EndCall(str(arguments.get("reason") or ""))
        case "report_call":
            try:
                return Report.of(arguments)
            except ReportError as error:
                raise ToolError(str(error)) from None
        case "transfer":
            return Transfer(_required(arguments, "to"))
        case "send_dtmf":
            digits = _required(arguments, "digits")
            if not _DIGITS.fullmatch(digits):
                raise ToolError('"digits" should be up to 32 of 0-9, *, # and w for a pause')
            return SendDigits(digits.lower())
        case _:
            raise ToolError(f"there is no function {call.name[:64]}")


def _arguments(call: FunctionCall) -> Json:
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError:
        raise ToolError("the arguments are not JSON") from None
    if not isinstance(arguments, dict):
        raise ToolError("the arguments should be a JSON object")
    return arguments


def _required(arguments: Json, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ToolError(f'"{name}" is missing')
    return value.strip()


def _function(name: str, description: str, properties: Json, required: list[str]) -> Json:
    parameters = {"type": "object", "properties": properties, "required": required}
    return {
        "type": "function",
        "name": name,
        "description": description,
        "parameters": parameters,
    }


def _string(description: str) -> Json:
    return {"type": "string", "description": description}


def declarations() -> list[Json]:
    """Return the functions as the session's ``tools``."""
    return [
        _function(
            ASK,
            "Ask OpenClaw, the assistant whose voice you are. It knows the person, their messages,"
            " calendar, files and devices, remembers earlier conversations, and can do things."
            " Ask it whenever an answer needs more than small talk.",
            {"request": _string("What to find out or do, as a whole sentence with all details.")},
            ["request"],
        ),
        _function(
            END,
            "Hang up. Say goodbye first.",
            {"reason": _string("Why the call is over.")},
            [],
        ),
        _function(
            REPORT,
            "Report what came of a call that was made for a task, and hang up. Say goodbye first.",
            {
                "summary": _string("What happened, in one or two sentences."),
                "outcome": {"type": "string", "enum": list(get_args(Result))},
                "nextSteps": {"type": "array", "items": {"type": "string"}},
                "data": {"type": "object", "description": "Whatever else the task asked for."},
            },
            ["summary", "outcome"],
        ),
        _function(
            TRANSFER,
            "Put the person through to somebody else. Tell them first.",
            {"to": _string("A telephone number with country code, as +15551234567.")},
            ["to"],
        ),
        _function(
            DIGITS,
            "Press keys of the telephone, as in an announcement's menu.",
            {"digits": _string("0-9, * and #; w waits half a second.")},
            ["digits"],
        ),
    ]
