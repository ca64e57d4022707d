"""What the service says when it refuses an event."""

from __future__ import annotations

from typing import Any


class ProblemError(Exception):
    """An event of the program is refused."""

    def __init__(self, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.body: dict[str, Any] = {
            "type": "invalid_request_error",
            "code": code,
            "message": message,
            "param": param,
        }


def missing(param: str) -> ProblemError:
    message = f"Missing required parameter: '{param}'."
    return ProblemError(message, "missing_required_parameter", param)


def unknown(param: str) -> ProblemError:
    return ProblemError(f"Unknown parameter: '{param}'.", "unknown_parameter", param)


def unsupported(value: object, supported: tuple[str, ...], param: str) -> ProblemError:
    values = ", ".join(f"'{one}'" for one in supported)
    message = f"Invalid value: '{value}'. Supported values are: {values}."
    return ProblemError(message, "invalid_value", param)
