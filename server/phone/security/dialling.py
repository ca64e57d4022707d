"""Sans-I/O: which numbers may be called.

Toll fraud is calls to numbers that pay their owner: premium rate, or far away. So by default only
ordinary numbers of the own country are called, whoever asks, be it a person or an agent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from server.phone.security.numbers import Number, NumberKind
from server.phone.security.refusals import Reason, Refusal

_NO_PREFIX: Final = -1


@dataclass(frozen=True, slots=True)
class DiallingRules:
    """Which numbers may be called."""

    countries: frozenset[str]
    """ISO codes of countries whose ordinary numbers may be called: usually that of the own
    number."""

    allowed_prefixes: tuple[str, ...] = ()
    """Beginnings of numbers that may be called although they are foreign: ``+44``, ``+4930``."""

    denied_prefixes: tuple[str, ...] = ()
    """Beginnings of numbers that may not be called. Of two that fit, the longer counts; of an
    allowed and a denied one of one length, the denied."""

    allowed_numbers: frozenset[str] = frozenset()
    """Whole numbers that may be called whatever else is said, costly ones too."""


def check_dialling(rules: DiallingRules, number: Number) -> Refusal | None:
    """Decide whether a number may be called.

    Returns:
        ``None`` when it may; else why not.

    """
    if number.e164 in rules.allowed_numbers:
        return None
    allowed = _longest(rules.allowed_prefixes, number)
    denied = _longest(rules.denied_prefixes, number)
    if denied > _NO_PREFIX and denied >= allowed:
        return Refusal(Reason.NUMBER_DENIED, str(number))
    return _cost_refusal(rules, number, in_allowed_area=allowed > _NO_PREFIX)


def _cost_refusal(rules: DiallingRules, number: Number, *, in_allowed_area: bool) -> Refusal | None:
    # A prefix allows a country or an area, never what is expensive within it.
    costly = {NumberKind.COSTLY} if in_allowed_area else {NumberKind.COSTLY, NumberKind.SATELLITE}
    if number.kind in costly:
        return Refusal(Reason.NUMBER_COSTLY, str(number))
    if not in_allowed_area and number.country not in rules.countries:
        return Refusal(Reason.NUMBER_FOREIGN, f"{number}, of {number.country}")
    return None


def _longest(prefixes: Iterable[str], number: Number) -> int:
    """Return the length of the longest prefix that fits."""
    fitting = (len(one) for one in prefixes if number.e164.startswith(one))
    return max(fitting, default=_NO_PREFIX)
