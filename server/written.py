"""Settings that are written in a certain form, and an error in words where they are not."""

from __future__ import annotations

import re

from pydantic import AfterValidator


def written_as(pattern: str, how: str) -> AfterValidator:
    """Return a rule for a text.

    Args:
        pattern: What all of it has to match.
        how: What is told when it does not: "should be …".

    """
    rule = re.compile(pattern)

    def check(text: str) -> str:
        if not rule.fullmatch(text):
            raise ValueError(how)
        return text

    return AfterValidator(check)


def bare_off(value: object) -> object:
    """Take ``off`` without quotes, which YAML reads as false."""
    return "off" if value is False else value
