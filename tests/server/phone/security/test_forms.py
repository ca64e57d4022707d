"""Forms of webhooks."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.phone.security.forms import MOST_FIELDS, Form, parse_form
from server.phone.security.refusals import Reason, Refusal


def test_empty_and_repeated_fields_are_kept() -> None:
    form = parse_form(b"From=%2B1&Empty=&A=1&A=2&City=New+York")
    assert form == Form(
        (("From", "+1"), ("Empty", ""), ("A", "1"), ("A", "2"), ("City", "New York"))
    )
    assert parse_form(b"") == Form()


def test_a_field_with_two_values_has_none() -> None:
    form = parse_form(b"To=%2B1&To=%2B2&Same=x&Same=x")
    assert isinstance(form, Form)
    assert [form.get(name) for name in ("To", "Same", "Missing")] == ["", "x", ""]


@pytest.mark.parametrize(
    "body",
    [
        b"From",
        b"From=1&&To=2",
        b"\xff\xfe=1",
        b"From=%ff",
        "From=ü".encode(),
        b"&".join(b"a=1" for _ in range(MOST_FIELDS + 1)),
        b'{"From": "x"}',
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    refusal = parse_form(body)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.BAD_REQUEST


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), min_size=1, max_size=20))
def test_forms_come_back_as_they_were_sent(fields: list[tuple[str, str]]) -> None:
    fields = [(k, v) for k, v in fields if not _has_surrogates(k + v)]
    assert parse_form(urlencode(fields).encode()) == Form(tuple(fields))


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= one <= "\udfff" for one in text)
