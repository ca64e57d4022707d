"""Inline markdown as it streams in: what of it is words, read off the parser's tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from markdown_it.token import Token

from pipeline.speech_text.block_events import LeftOut
from pipeline.speech_text.formulas import say_formula
from pipeline.speech_text.inline_parser import make_inline_parser
from pipeline.speech_text.marks import (
    CODE,
    DATA,
    FORMULA,
    LINK,
    NAME,
    NAME_END,
    NO,
    SPOILER,
    YES,
)
from pipeline.speech_text.moments import write_moment

LONGEST_MARKUP = 2000
"""Characters for which the end of a link or of code is waited for."""

LONGEST_NAME = 40
"""Characters of inline code that are still spoken as a name or a command."""

_LETTER_AHEAD = 2
"""Length of a space and a letter."""

_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]")
"""Scripts without spaces: every character may be the end of a word."""

_ENDS_MARKUP = frozenset("])>`$}|\u00af")
"""Signs that may end what is open; until one comes, nothing has changed."""


class InlineText:
    """Takes inline markdown away, word by word; a link or code is one word.

    Args:
        now: Time at the listener's place, by which times of the chat are told; without it
            they are left out.

    Attributes:
        left_out: What was not put into words.

    """

    def __init__(self, now: datetime | None = None) -> None:
        self.left_out: set[LeftOut] = set()
        self._now = now
        self._parser = make_inline_parser()
        self._held = ""
        self._is_open = False

    @property
    def ahead(self) -> str:
        """The first letter of the word that is held, and what stands before it."""
        return self._held if len(self._held) == _LETTER_AHEAD and self._held[1].isalnum() else ""

    def push(self, character: str) -> str:
        """Take in a character; returns plain text, if any is certain now."""
        if character in _ENDS_MARKUP:
            self._is_open = False
        if character.isspace():
            ready = "" if self._held == " " else self._release()
            self._held += "" if self._held == " " else " "
            return ready
        self._held += character
        may_end = _CJK.match(character) or len(self._held) >= LONGEST_MARKUP
        return self._release() if may_end else ""

    def flush(self) -> str:
        """Return the rest, in which what is open will not be closed."""
        plain, _ = self._read()
        self._held, self._is_open = "", False
        return plain

    def read(self, markdown: str) -> str:
        """Return a whole inline text, such as the cell of a table, as plain text."""
        return "".join(map(self.push, markdown)) + self.flush()

    def _release(self) -> str:
        if not self._held:
            return ""
        too_long = len(self._held) >= LONGEST_MARKUP
        if self._is_open and not too_long:
            return ""
        plain, self._is_open = self._read()
        if self._is_open and not too_long:
            return ""
        self._held, self._is_open = "", False
        return plain

    def _read(self) -> tuple[str, bool]:
        """Return what is held as plain text, and whether markup in it is still open."""
        tokens: list[Token] = []
        self._parser.inline.parse(self._held, self._parser, {}, tokens)
        return "".join(self._words(tokens)), any(token.type == "open" for token in tokens)

    def _words(self, tokens: Sequence[Token]) -> Iterator[str]:
        written_out = False
        for token in tokens:
            match token.type:
                case "link_open":
                    written_out = token.info == "auto" and not _is_mail(token)
                    yield self._leave_out(LeftOut.LINK, LINK if written_out else "")
                case "link_close":
                    written_out = False
                case _ if not written_out:
                    yield self._say(token)

    def _say(self, token: Token) -> str:
        match token.type:
            case "text" | "text_special" | "open":
                said = _without_pictures(token.content)
            case "code_inline":
                said = self._code(token.content)
            case "math_inline":
                said = self._formula(token.content)
            case "time":
                said = self._time(token.content)
            case "image":
                said = self._leave_out(LeftOut.PICTURE, token.content)
            case kind if kind in _NOT_SAID:
                said = self._leave_out(*_NOT_SAID[kind])
            case kind:
                is_break = kind in {"softbreak", "hardbreak"} or token.content.startswith("<br")
                said = " " if is_break else ""
        return said

    def _leave_out(self, what: LeftOut, words: str) -> str:
        self.left_out.add(what)
        return words

    def _code(self, content: str) -> str:
        if _ADDRESS_START.match(content):
            return self._leave_out(LeftOut.LINK, LINK)
        if _NAME.fullmatch(content) and len(content) <= LONGEST_NAME:
            return f"{NAME}{content}{NAME_END}"
        if not any(sign.isalnum() for sign in content):
            return ""
        return self._leave_out(LeftOut.CODE, CODE)

    def _time(self, content: str) -> str:
        moment = write_moment(content, self._now) if self._now else ""
        return moment or self._leave_out(LeftOut.TIME, "")

    def _formula(self, content: str) -> str:
        plain = say_formula(content)
        return self._leave_out(LeftOut.FORMULA, FORMULA) if plain is None else plain


_NOT_SAID = {
    "address": (LeftOut.LINK, LINK),
    "reference": (LeftOut.LINK, ""),
    "data": (LeftOut.DATA, DATA),
    "spoiler": (LeftOut.SPOILER, SPOILER),
}
"""What tokens are that have no words of their own, and what stands for them."""

_NAME = re.compile(r"</?[\w-]+ ?/?>|[\w./~@:\\+#,' -]*[\w/](?:\(\))?[!?.:,-]?")
"""Inline code that can be said: a name, a path, a command with its words."""

_ADDRESS_START = re.compile(r"(?:https?|ftp|wss?|file)://", re.IGNORECASE)
_PICTURES = re.compile(
    "\\s*(?:[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23fa\u2b1b\u2b1c]"
    "[\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*)+"
    "|\ufe0f?\u20e3|\ufe0f"
)
_KEYCAP = re.compile("([1-9])\ufe0f?\u20e3")
_CIRCLED_ONE = 0x2460
_YES = re.compile("[\u2705\u2714\u2713\u2611]\ufe0f?")
_NO = re.compile("[\u274c\u2718\u2717\u274e\u2716]\ufe0f?")


def _without_pictures(text: str) -> str:
    """Take emoji out; ticks and crosses become marks, for they may be the message."""
    text = _KEYCAP.sub(lambda m: chr(_CIRCLED_ONE + int(m[1]) - 1), text)
    return _PICTURES.sub("", _NO.sub(NO, _YES.sub(YES, text)))


def _is_mail(token: Token) -> bool:
    return str(token.attrs.get("href", "")).startswith("mailto:")
