"""Where recordings are cut."""

from __future__ import annotations

import pytest

from pipeline.speech_gate import Voiced
from server.phone.messages.pieces import LONGEST, cut_pieces

WINDOW = 0.032


def speech(*spans: tuple[float, float]) -> list[Voiced]:
    windows = []
    for first, last in spans:
        count = round((last - first) / WINDOW)
        windows += [Voiced(first + n * WINDOW, first + (n + 1) * WINDOW, 0.9) for n in range(count)]
    return windows


def test_silence_has_no_pieces() -> None:
    assert cut_pieces([]) == []


def test_short_sentences_stay_together_and_their_speech_is_counted() -> None:
    [piece] = cut_pieces(speech((0.5, 2.1), (3.0, 4.6)))
    assert (piece.start, piece.end) == pytest.approx((0.5, 4.6))
    assert piece.voiced == pytest.approx(3.2)


def test_a_long_message_is_cut_at_its_pauses() -> None:
    pieces = cut_pieces(speech((0.0, 9.6), (10.4, 16.0), (16.2, 20.0), (21.0, 22.6)))
    assert [piece.start for piece in pieces] == pytest.approx([0.0, 10.4, 21.0])


def test_who_never_pauses_is_cut_all_the_same() -> None:
    pieces = cut_pieces(speech((0.0, 64.0)))
    assert len(pieces) == 4
    assert max(piece.end - piece.start for piece in pieces) <= LONGEST
    assert sum(piece.voiced for piece in pieces) == pytest.approx(64.0)
