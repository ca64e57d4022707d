"""The file of replies, each with what a listener wants to hear of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.speech_text import ReplyText, SpokenPiece

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
"""When all of them are spoken."""

FILE = Path(__file__).with_name("spoken_replies.toml")


@dataclass(frozen=True, slots=True)
class Reply:
    name: str
    text: str
    spoken: str
    language: str = "en"
    channel: bool = True
    posted: bool = False
    """Whether there is more to read than was spoken."""
    voice: dict[str, Any] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)

    def begin(self) -> ReplyText:
        return ReplyText(language=self.language, in_channel=self.channel, now=NOW)

    def joined(self, pieces: list[SpokenPiece]) -> str:
        return ("" if self.language == "ja" else " ").join(piece.text for piece in pieces)


def load_replies() -> list[Reply]:
    return [Reply(**entry) for entry in tomllib.loads(FILE.read_text(encoding="utf-8"))["reply"]]
