"""Whether somebody may be called now: asked before every attempt, not only the first."""

from __future__ import annotations

from server.phone.calls.hours import WeeklyHours
from server.phone.calls.request import CallRefusedError, Obstacle
from server.phone.live.kit import CallKit
from server.phone.security.dialling import check_dialling
from server.phone.security.numbers import Number, parse_number
from server.phone.security.refusals import Refusal


def dialable(kit: CallKit, to: str) -> Number:
    """Return a number as it is dialled.

    Args:
        kit: What all calls share.
        to: The number, as people write it.

    Raises:
        CallRefusedError: It is none, or none that may be called.

    """
    number = parse_number(to, kit.config.defaults.country)
    if isinstance(number, Refusal):
        raise CallRefusedError(f"{number}: write it as +15551234567", Obstacle.REQUEST)
    refusal = check_dialling(kit.dialling, number)
    if refusal is not None:
        raise CallRefusedError(f"{refusal}: look at phone.outbound")
    return number


def check_now(kit: CallKit, number: str) -> None:
    """Make sure that a number may be called now. It holds until the next wait only.

    Args:
        kit: What all calls share.
        number: In international form.

    Raises:
        CallRefusedError: It is not the time for calls, or too much was called.

    """
    now, config = kit.now(), kit.config
    if not WeeklyHours.of(config.outbound.calling_hours).contain(now, config.zone):
        raise CallRefusedError("nobody may be called now: see phone.outbound.calling_hours")
    reached = kit.limits.may_call(now, number, "outbound")
    if reached is not None:
        raise CallRefusedError(reached.message, Obstacle.LIMIT)
