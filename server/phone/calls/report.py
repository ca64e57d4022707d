"""Sans-I/O: what the agent reports of a call, and the outcome that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

Result = Literal["success", "failure", "voicemail", "no_answer", "unknown"]

_KNOWN = {"summary", "outcome", "nextSteps", "next_steps", "data"}


class ReportError(Exception):
    """A report cannot be taken; the message tells the agent what to change."""


@dataclass(frozen=True, slots=True)
class Report:
    """What ``report_call`` was given."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    summary: str
    outcome: Result = "unknown"
    next_steps: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else the task asked for."""

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Report:
        """Read the arguments of the tool; names that are not its own become ``data``.

        Raises:
            ReportError: There is no summary, or the outcome is none of those there are.

        """
        summary = arguments.get("summary")
        if not isinstance(summary, str) or not summary.strip():
            raise ReportError('report_call needs "summary": what happened, in one or two sentences')
        outcome = str(arguments.get("outcome") or "unknown").strip().lower().replace("-", "_")
        if outcome not in get_args(Result):
            raise ReportError(f'"outcome" should be one of {", ".join(get_args(Result))}')
        given = arguments.get("data")
        data = dict(given) if isinstance(given, Mapping) else {}
        if given is not None and not isinstance(given, Mapping):
            data["data"] = given
        data |= {name: value for name, value in arguments.items() if name not in _KNOWN}
        steps = arguments.get("nextSteps") or arguments.get("next_steps") or ()
        return cls(summary.strip(), _RESULTS[outcome], _texts(steps), data)


_RESULTS: dict[str, Result] = {name: name for name in get_args(Result)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the call, in the form of the user's documents."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    success: bool | None
    """``None`` when the agent could not tell."""

    task_completed: bool | None
    summary: str
    next_steps: tuple[str, ...] = ()

    @classmethod
    def of(cls, report: Report) -> Outcome:
        """Return the outcome that follows from the report."""
        success = None if report.outcome == "unknown" else report.outcome == "success"
        return cls(success, success, report.summary, report.next_steps)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()
