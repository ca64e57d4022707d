from __future__ import annotations

from server.speech.espeak_library import Clause
from server.speech.sentences import portions


def cut(*clauses: tuple[str, str], longest: int = 100) -> list[str]:
    return list(portions([Clause(*clause) for clause in clauses], longest))


def test_clauses_are_joined_to_sentences_with_their_marks() -> None:
    assert cut(("one", ","), ("two", "."), ("three", "?"), ("four", ";"), ("five", "!")) == [
        "one, two.",
        "three?",
        "four; five!",
    ]


def test_a_text_without_an_end_is_spoken_to_its_end() -> None:
    assert cut(("one", "."), ("two", ",")) == ["one.", "two,"]
    assert cut() == []


def test_a_long_first_clause_is_spoken_by_itself() -> None:
    long = "x" * 30
    assert cut((long, ","), (long, ","), ("end", "."), (long, ","), (long, ".")) == [
        f"{long},",
        f"{long}, end.",
        f"{long}, {long}.",
    ]


def test_what_is_too_long_is_divided_between_clauses_and_words() -> None:
    clauses = (("aaaa bbbb", ","), ("cccc dddd eeee", ","), ("f" * 25, "."))
    parts = cut(*clauses, longest=12)
    assert all(len(part) <= 12 for part in parts)
    assert "".join(parts).replace(" ", "") == f"aaaabbbb,ccccddddeeee,{'f' * 25}."
    assert "cccc dddd" in " ".join(parts)
