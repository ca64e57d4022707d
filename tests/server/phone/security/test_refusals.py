"""Reasons for the log and answers for the other side."""

from __future__ import annotations

import pytest

from server.phone.security.refusals import Reason, Refusal, printable


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.BAD_REQUEST, 400),
        (Reason.NOT_A_NUMBER, 400),
        (Reason.TOO_SLOW, 408),
        (Reason.TOO_LARGE, 413),
        (Reason.TOO_MANY, 429),
        (Reason.FULL, 503),
        (Reason.WRONG_SIGNATURE, 403),
        (Reason.MEDIA_USED, 403),
        (Reason.NUMBER_COSTLY, 403),
        (Reason.PIN_LOCKED, 403),
    ],
)
def test_each_reason_has_its_status(reason: Reason, status: int) -> None:
    assert Refusal(reason).status == status


def test_strangers_who_guess_get_the_same_answer_whatever_was_wrong() -> None:
    guesses = [one for one in Reason if "sign" in one or "media token" in one]
    assert len(guesses) >= 6
    assert {Refusal(one).status for one in guesses} == {403}


def test_reads_as_one_line() -> None:
    assert str(Refusal(Reason.UNSIGNED)) == "without a signature"
    assert str(Refusal(Reason.PIN_LOCKED, "note")) == "too many wrong PINs (note)"


def test_what_strangers_send_cannot_forge_lines_of_the_log() -> None:
    forged = printable("x\n2026-01-01 INFO call accepted\x1b[2J\u2028\u202e")
    assert forged.isprintable()
    assert forged.startswith("x\N{REPLACEMENT CHARACTER}2026")
    assert printable("a" * 5000) == "a" * 80 + "…"
    assert printable("a" * 80) == "a" * 80
