"""Telephone numbers, as people write them and as attackers do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.phone.security.numbers import (
    INTERNATIONAL,
    Number,
    NumberKind,
    masked,
    parse_caller,
    parse_number,
)
from server.phone.security.refusals import Reason, Refusal


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("+12125550123", None, "+12125550123"),
        (" +49 (30) 123-456 ", None, "+4930123456"),
        ("2125550123", "US", "+12125550123"),
        ("(212) 555.0123", "US", "+12125550123"),
        ("12125550123", "US", "+12125550123"),
        ("011 44 20 7123 4567", "US", "+442071234567"),
        ("030 123456", "DE", "+4930123456"),
        ("+15550002222", None, "+15550002222"),
    ],
)
def test_numbers_come_out_in_international_form(text: str, country: str | None, e164: str) -> None:
    number = parse_number(text, country)
    assert isinstance(number, Number)
    assert number.e164 == e164


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("", "US"),
        ("+", "US"),
        ("12", "US"),
        ("911", "US"),
        ("112", "DE"),
        ("555-0123", "US"),
        ("+1911", None),
        ("2125550123", None),
        ("+1234567890123456", None),
        ("+0123456789", None),
        ("1-800-FLOWERS", "US"),
        ("+1 212 555 0123 ext 5", None),
        ("+12125550123;phone-context=x", None),
        ("tel:+12125550123", None),
        ("sip:alice@example.com", None),
        ("*67 2125550123", "US"),
        ("+1212555012\n3", None),
        ("+12125550123\x00", None),
        ("\uff0b12125550123", None),
        ("\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "US"),
        ("+\u0664\u066930123456", None),
        ("+1\u200b2125550123", None),
        ("+1" + " " * 40 + "2125550123", None),
        ("1" * 1_000_000, "US"),
    ],
)
def test_anything_else_is_no_number(text: str, country: str | None) -> None:
    refusal = parse_number(text, country)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.NOT_A_NUMBER
    assert refusal.note.isprintable()


@pytest.mark.parametrize(
    ("text", "country", "kind"),
    [
        ("+12125550123", "US", NumberKind.ORDINARY),
        ("+18005551212", "US", NumberKind.ORDINARY),
        ("+18765551234", "JM", NumberKind.ORDINARY),
        ("+18095551234", "DO", NumberKind.ORDINARY),
        ("+14165551234", "CA", NumberKind.ORDINARY),
        ("+15550002222", "US", NumberKind.ORDINARY),
        ("+19005551234", "US", NumberKind.COSTLY),
        ("+447012345678", "GB", NumberKind.COSTLY),
        ("+33899123456", "FR", NumberKind.COSTLY),
        ("+979123456789", INTERNATIONAL, NumberKind.COSTLY),
        ("+870773111632", INTERNATIONAL, NumberKind.SATELLITE),
        ("+88213000000", INTERNATIONAL, NumberKind.SATELLITE),
        ("+80012345678", INTERNATIONAL, NumberKind.ORDINARY),
    ],
)
def test_country_and_cost_are_known(text: str, country: str, kind: NumberKind) -> None:
    assert parse_number(text) == Number(text, country, kind)


@pytest.mark.parametrize(
    "claimed",
    [
        "",
        "Anonymous",
        "+266696687",
        "+7378742883",
        "+2562533",
        "+8656696",
        "+86282452253",
        "client:alice",
        "sip:+12125550123@example.com",
        "12125550123",
        "+1 2125550123",
        "+1212555012\u0663",
        "+12125550123\n",
        "+" + "1" * 100_000,
    ],
)
def test_callers_without_a_number_have_none(claimed: str) -> None:
    assert parse_caller(claimed) is None


def test_caller_with_a_number_has_it() -> None:
    caller = parse_caller("+4930123456")
    assert caller is not None
    assert (caller.e164, caller.country) == ("+4930123456", "DE")


def test_logs_show_too_little_of_a_number_to_call_it() -> None:
    number = parse_number("+12125550123")
    assert str(number) == "+1212…23"
    assert masked("+1911") == "…"


@given(st.text(max_size=64), st.sampled_from([None, "US", "DE", "ZZ"]))
def test_no_text_gets_through_that_is_not_e164(text: str, country: str | None) -> None:
    number = parse_number(text, country)
    if isinstance(number, Number):
        assert number.e164[0] == "+"
        assert set(number.e164[1:]) <= set("0123456789")
        assert 7 <= len(number.e164) - 1 <= 15
