"""Sans-I/O: what it means that OpenAI refuses something, by the codes it gives."""

from __future__ import annotations

import enum
import re
from typing import Final

_UNTIL = re.compile(r"try again in ([0-9]+(?:\.[0-9]+)?) ?(ms|s|m)(?![a-z])")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}
_LONGEST_WAIT: Final = 20.0  # seconds; nobody listens to silence for longer
_FIRST_WAIT: Final = 0.5

_HOPELESS: Final = {
    "invalid_api_key": "Check OPENAI_API_KEY",
    "incorrect_api_key": "Check OPENAI_API_KEY",
    "insufficient_quota": "The account has no credit left: look at platform.openai.com/usage",
    "billing_hard_limit_reached": "The account's spending limit is reached: raise it at OpenAI",
    "account_deactivated": "The account is closed: ask OpenAI",
    "model_not_found": "Check phone.openai.model, and that the account may use it",
    "missing_model": "Set phone.openai.model",
    "beta_api_shape_disabled": "This program is too old for the API: update it",
    "unsupported_country_region_territory": "OpenAI does not serve this country",
    "content_policy_violation": "OpenAI refuses this conversation",
}
"""What to do about errors that another try does not mend."""


class Verdict(enum.Enum):
    """What an error means for the call."""

    HARMLESS = "harmless"
    """What we asked was not done, and the call goes on without."""

    AGAIN = "again"
    """The same may work a little later."""

    NEW_SESSION = "new session"
    """This session is over; another one is not."""

    HOPELESS = "hopeless"
    """Nothing will work."""


def judge_response(code: str | None) -> Verdict:
    """Return what it means that a response has failed."""
    return Verdict.HOPELESS if code in _HOPELESS else Verdict.AGAIN


def judge_error(error_type: str, code: str | None) -> Verdict:
    """Return what an error of the session, or of an event of ours, means."""
    if code in _HOPELESS:
        return Verdict.HOPELESS
    if code == "session_expired":
        return Verdict.NEW_SESSION
    if code == "rate_limit_exceeded" or error_type == "server_error":
        return Verdict.AGAIN
    return Verdict.HARMLESS


def advice(code: str | None) -> str:
    """Return what people can do about an error that is hopeless."""
    return _HOPELESS.get(code or "", "Look at platform.openai.com, and at the log")


def refusal(code: str | None, message: str) -> str:
    """Return for people that OpenAI does not go on with a call, and what they can do."""
    return f"OpenAI refuses to go on with the call ({code or message[:100]}). {advice(code)}"


def wait_before(attempt: int, message: str) -> float:
    """Return how many seconds to wait before another try.

    Args:
        attempt: Tries that failed, from 1.
        message: The error's; it may name the time.

    """
    found = _UNTIL.search(message)
    wait = _FIRST_WAIT * 2.0 ** (attempt - 1)
    if found is not None:
        wait = max(wait, float(found[1]) * _SECONDS[found[2]])
    return min(wait, _LONGEST_WAIT)
