"""Which numbers may be called."""

from __future__ import annotations

import pytest

from server.phone.security.dialling import DiallingRules, check_dialling
from server.phone.security.numbers import Number, parse_number
from server.phone.security.refusals import Reason

US = frozenset({"US"})


def check(rules: DiallingRules, text: str) -> Reason | None:
    number = parse_number(text)
    assert isinstance(number, Number)
    refusal = check_dialling(rules, number)
    return None if refusal is None else refusal.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("+12125550123", None),
        ("+15550002222", None),
        ("+18005551212", None),
        ("+19005551234", Reason.NUMBER_COSTLY),
        ("+18765551234", Reason.NUMBER_FOREIGN),
        ("+14165551234", Reason.NUMBER_FOREIGN),
        ("+4930123456", Reason.NUMBER_FOREIGN),
        ("+21699999999", Reason.NUMBER_FOREIGN),
        ("+870773111632", Reason.NUMBER_COSTLY),
        ("+979123456789", Reason.NUMBER_COSTLY),
    ],
)
def test_only_ordinary_numbers_of_the_own_country_by_default(
    text: str, reason: Reason | None
) -> None:
    assert check(DiallingRules(US), text) == reason


def test_an_allowed_prefix_opens_an_area_and_not_what_is_costly_in_it() -> None:
    rules = DiallingRules(US, allowed_prefixes=("+44", "+1876"))
    assert check(rules, "+442071234567") is None
    assert check(rules, "+18765551234") is None
    assert check(rules, "+447012345678") is Reason.NUMBER_COSTLY
    assert check(rules, "+18095551234") is Reason.NUMBER_FOREIGN


def test_a_satellite_is_called_when_its_prefix_is_allowed() -> None:
    assert check(DiallingRules(US, allowed_prefixes=("+870",)), "+870773111632") is None


def test_the_longer_prefix_counts_and_of_equals_the_denied_one() -> None:
    rules = DiallingRules(
        US, allowed_prefixes=("+49", "+4930"), denied_prefixes=("+49", "+49301", "+1212")
    )
    assert check(rules, "+4930234567") is None
    assert check(rules, "+4930123456") is Reason.NUMBER_DENIED
    assert check(rules, "+4989123456") is Reason.NUMBER_DENIED
    assert check(rules, "+12125550123") is Reason.NUMBER_DENIED
    assert check(rules, "+12065550123") is None


def test_a_number_allowed_by_itself_may_be_costly() -> None:
    rules = DiallingRules(
        US, denied_prefixes=("+1900",), allowed_numbers=frozenset({"+19005551234"})
    )
    assert check(rules, "+19005551234") is None
    assert check(rules, "+19005551235") is Reason.NUMBER_DENIED


def test_nothing_is_called_without_a_country() -> None:
    assert check(DiallingRules(frozenset()), "+12125550123") is Reason.NUMBER_FOREIGN


def test_the_log_does_not_get_the_number() -> None:
    number = parse_number("+4930123456")
    assert isinstance(number, Number)
    refusal = check_dialling(DiallingRules(US), number)
    assert refusal is not None
    assert refusal.note == "+4930…56, of DE"
