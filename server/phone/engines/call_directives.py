"""Sans-I/O: what the directives in an agent's reply ask of a call."""

from __future__ import annotations

import json
import re
from typing import Final, TypeAlias

from pipeline.speech_text import CallDirective
from server.phone.calls.report import Report, ReportError
from server.phone.calls.status import EndReason
from server.phone.engines.engine import CallReported, EngineEnd, SendDigits, Transfer

_DIGITS: Final = re.compile(r"[0-9*#wW]{1,32}", re.ASCII)

Asked: TypeAlias = EngineEnd | CallReported | Transfer | SendDigits | str
"""What is to be done; or, as text, what the agent is told was wrong."""


def read_directive(directive: CallDirective) -> Asked:
    """Return what a directive asks for."""
    match directive.name:
        case "end_call":
            return EngineEnd(EndReason.AGENT, directive.argument)
        case "transfer" if directive.argument:
            return Transfer(directive.argument)
        case "dtmf" if _DIGITS.fullmatch(directive.argument.replace(" ", "")):
            return SendDigits(directive.argument.replace(" ", ""))
        case "dtmf":
            return "[[dtmf:…]] needs keys: 0-9, *, #, and w for a pause of half a second"
        case "report_call":
            return _report(directive.argument)
        case _:
            return f"[[{directive.name}:…]] needs what it is about behind the colon"


def _report(argument: str) -> CallReported | str:
    try:
        arguments = json.loads(argument)
    except (ValueError, RecursionError):
        return "[[report_call:…]] needs a JSON object behind the colon"
    if not isinstance(arguments, dict):
        return "[[report_call:…]] needs a JSON object behind the colon"
    try:
        return CallReported(Report.of(arguments))
    except ReportError as error:
        return str(error)
