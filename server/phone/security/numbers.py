"""Sans-I/O: telephone numbers, in international form only.

What a number is (its country, whether it costs extra) comes from Google's libphonenumber data, by
the ``phonenumbers`` package: +1 alone has 25 countries and changing premium ranges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from server.phone.security.refusals import Reason, Refusal

LONGEST_INPUT: Final = 32
"""Characters of a number as people write it: 15 digits, a plus, and room for how they group it."""

INTERNATIONAL: Final = "001"
"""The "country" of numbers that belong to none: satellites, international premium and freephone."""

_WRITTEN: Final = re.compile(r"\+?[0-9() ./-]+")
"""ASCII digits only: the parser would also take the digits of other scripts, and letters."""

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")

_ANONYMOUS: Final = frozenset(
    {
        "+266696687",  # ANONYMOUS on a telephone's keys
        "+7378742883",  # RESTRICTED
        "+2562533",  # BLOCKED
        "+8656696",  # UNKNOWN
        "+86282452253",  # UNAVAILABLE
    }
)
"""What Twilio sends in ``From`` when the caller hides their number: words, spelt on the keys."""


class NumberKind(StrEnum):
    """What calling a number costs."""

    ORDINARY = "ordinary"
    """A call: landlines, mobiles, internet telephony, freephone."""

    COSTLY = "costly"
    """More than a call, part of it to whoever owns the number: premium rate, shared cost,
    personal numbers, pagers."""

    SATELLITE = "satellite"
    """Of no country, and expensive: satellites and the like."""


_COSTLY: Final = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
    }
)


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number that can exist."""

    e164: str
    """``+`` and 7 to 15 digits."""

    country: str
    """ISO 3166 code of two letters, or :data:`INTERNATIONAL`."""

    kind: NumberKind

    def __str__(self) -> str:
        """Enough to recognise it in a log, not to call it."""
        return masked(self.e164)


def parse_number(text: str, country: str | None = None) -> Number | Refusal:
    """Read a number as people write it.

    Args:
        text: ``+49 30 123456``, or as it is dialled in ``country``: ``(212) 555-0123``.
        country: ISO code of where local numbers count from; ``None`` takes international ones only.

    Returns:
        The number, or a refusal with :attr:`Reason.NOT_A_NUMBER`.

    """
    if len(text) > LONGEST_INPUT or not _WRITTEN.fullmatch(text.strip()):
        return Refusal(Reason.NOT_A_NUMBER)
    try:
        parsed = phonenumbers.parse(text.strip(), country)
    except phonenumbers.NumberParseException:
        return Refusal(Reason.NOT_A_NUMBER, "no international number starting with +")
    # is_possible_number() would also take what is dialled without an area code.
    length = phonenumbers.is_possible_number_with_reason(parsed)
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if length != ValidationResult.IS_POSSIBLE or not _E164.fullmatch(e164):
        return Refusal(Reason.NOT_A_NUMBER, f"no number of {masked(e164)} has that length")
    return Number(e164, _country(parsed), _kind(parsed))


def parse_caller(text: str) -> Number | None:
    """Read who calls, from Twilio's ``From``.

    Returns:
        The number, or ``None`` when it is hidden, or no number (``client:…``, ``sip:…``).

    """
    if not _E164.fullmatch(text) or text in _ANONYMOUS:
        return None
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    return Number(text, _country(parsed), _kind(parsed))


def masked(number: str) -> str:
    """Hide the middle of a number: ``+1555…22``."""
    shortest = 8
    return f"{number[:5]}…{number[-2:]}" if len(number) >= shortest else "…"


def _country(number: phonenumbers.PhoneNumber) -> str:
    """Return the country of a number; of one in no known area, the largest of its calling code."""
    return phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )


def _kind(number: phonenumbers.PhoneNumber) -> NumberKind:
    kind = phonenumbers.number_type(number)
    if kind in _COSTLY:
        return NumberKind.COSTLY
    if _country(number) == INTERNATIONAL and kind != PhoneNumberType.TOLL_FREE:
        return NumberKind.SATELLITE
    return NumberKind.ORDINARY
