"""Sans-I/O: the forms that webhooks bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from server.phone.security.refusals import Reason, Refusal

CONTENT_TYPE: Final = "application/x-www-form-urlencoded"

MOST_FIELDS: Final = 256
"""Twilio sends about 40."""


@dataclass(frozen=True, slots=True)
class Form:
    """Fields in the order in which they came, empty ones and repeated ones included."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return a field; ``""`` when it is missing, or there with several values.

        Signatures do not cover the order of repeated fields, so neither value is the right one.
        """
        values = {value for key, value in self.fields if key == name}
        return values.pop() if len(values) == 1 else ""


def parse_form(body: bytes) -> Form | Refusal:
    """Read a form; strictly, since what is signed is the fields and not their encoding."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            encoding="utf-8",
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        return Refusal(Reason.BAD_REQUEST, "the body is no form")
    return Form(tuple(pairs))
