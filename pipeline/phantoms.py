"""The sentences that Whisper invents where nobody speaks, from the subtitles it learnt on.

In all languages at once: on noise it changes language, and nobody says them to
a voice agent in any. Sans I/O, but for the list, which is part of the program.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

from pipeline.spoken_units import split_clauses, split_units


def is_phantom(text: str) -> bool:
    """Return whether only subtitles say this: the end of a video, or who made the subtitles."""
    said = _joined(text)
    if said in _phrases("whole") or _has_mark(said):
        return True
    # Not within a word: "subtitles bypassed".
    if any(f"{said} ".startswith(f"{opening} ") for opening in _phrases("openings")):
        return True
    return not _phrases("whole").isdisjoint(_clauses(text)) and is_everyday_phantom(text)


def is_everyday_phantom(text: str) -> bool:
    """Return whether this is what Whisper likes to invent, but what people say, too."""
    known = _phrases("whole") | _phrases("everyday")
    clauses = _clauses(text)
    return _joined(text) in known or (bool(clauses) and clauses <= known)


def _has_mark(said: str) -> bool:
    # A mark may end within a word: "swr 20" is in "swr 2021".
    return any(f" {mark}" in f" {said}" for mark in _phrases("marks"))


def _clauses(text: str) -> set[str]:
    return {_joined(clause) for clause in split_clauses(text)}


def _joined(text: str) -> str:
    return " ".join(split_units(text))


@functools.cache
def _phrases(kind: str) -> frozenset[str]:
    """Return what the lists of all languages hold of one kind."""
    lists = _word_lists().values()
    phrases = (_joined(phrase) for words in lists for phrase in words.get(kind, "").split(","))
    return frozenset(filter(None, phrases))


@functools.cache
def _word_lists() -> Mapping[str, Mapping[str, str]]:
    file = resources.files("pipeline") / "word_lists" / "phantoms.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
