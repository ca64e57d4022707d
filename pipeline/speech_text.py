"""What of an agent's text is spoken: words in whole sentences, as the text streams in.

Three stages, each fed by the one before: lines (headings, lists, code blocks,
tables), inline markdown, sentences. All three go character by character or word
by word, so the pieces do not depend on how the text was cut when it arrived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto

from markdown_it import MarkdownIt
from markdown_it.token import Token
from sentence_stream import SentenceBoundaryDetector

LONGEST_PIECE = 300
"""Characters after which a sentence is cut at a clause, else at a space."""

LONGEST_MARKUP = 2000
"""Characters for which the end of a link or an emphasis is waited for."""


class SpeakableText:
    """Cuts one reply into speakable pieces.

    A piece is a sentence, a heading or a list item as plain words. Emphasis,
    links and inline code are spoken as their text; code blocks, tables, URLs
    and emoji are left out.

    Args:
        longest: Characters a piece has at most.

    """

    def __init__(self, longest: int = LONGEST_PIECE) -> None:
        self._lines = _Lines()
        self._words = _Words()
        self._sentences = _Sentences(longest)

    def push(self, delta: str) -> list[str]:
        """Take in the next part of the text; returns the pieces it completes."""
        pieces: list[str] = []
        for character in delta:
            for text in self._lines.push(character):
                pieces += self._take(text)
        return pieces

    def flush(self) -> list[str]:
        """Return the last pieces; the text is over, and a new one may begin."""
        pieces: list[str] = []
        for text in self._lines.flush():
            pieces += self._take(text)
        return pieces

    def _take(self, text: str | _BlockEnd) -> Iterator[str]:
        if isinstance(text, str):
            for character in text:
                yield from self._sentences.push(self._words.push(character))
        else:
            yield from self._sentences.push(self._words.flush())
            yield from self._sentences.flush()


class _BlockEnd(Enum):
    """A paragraph, heading or list item is over, and with it the sentence."""

    BLOCK_END = auto()


_UNDECIDED = re.compile(
    r"[-+*_=\s]{0,200}"  # bullet, emphasis or rule
    r"|\#{1,6}\s*"  # heading
    r"|\d{1,9}(?:[.)]\s*)?"  # numbered item, or just a number
    r"|[`~]{1,200}"  # code fence, inline code or strikethrough
    r"|\[(?:[ xX](?:\]\s*)?)?"  # task box, or a link
    r"|\|.{0,2000}"  # table row, up to its end
)
"""Beginnings of a line that may still become one thing or another."""

_MARKER = re.compile(r"[-+*]\s+|\#{1,6}\s+|>\s?|\[[ xX]\]\s+|(?P<number>\d{1,9})[.)]\s+")
_FENCE = re.compile(r"`{3,}|~{3,}")
_RULE = re.compile(r"[-*_=+#\s]*")
_TABLE_ROW = re.compile(r"\|.*\|\s*")


class _LineState(Enum):
    START = auto()
    """At the beginning of a line, which is held until it is clear what it is."""
    TEXT = auto()
    HEADING = auto()
    """Text that ends with its line."""
    CODE = auto()


class _Lines:
    """Takes the block structure of markdown away."""

    def __init__(self) -> None:
        self._state = _LineState.START
        self._held = ""
        self._fence = ""
        self._heading = False

    def push(self, character: str) -> Iterator[str | _BlockEnd]:
        """Take in a character; yields text of the current block, and the ends of blocks."""
        if self._state is _LineState.CODE:
            self._skip_code(character)
        elif character == "\n":
            yield from self._end_line()
        elif self._state is not _LineState.START:
            yield character
        elif self._held or not character.isspace():  # indentation says nothing to the ear
            self._held += character
            yield from self._decide()

    def flush(self) -> Iterator[str | _BlockEnd]:
        """End the text."""
        if self._state is not _LineState.CODE:
            yield from self._end_line()
        self._state, self._held = _LineState.START, ""
        yield _BlockEnd.BLOCK_END

    def _decide(self) -> Iterator[str | _BlockEnd]:
        """Find out what the line is, if its beginning tells."""
        while not _UNDECIDED.fullmatch(self._held):
            if fence := _FENCE.match(self._held):
                self._state, self._fence, self._held = _LineState.CODE, fence[0], ""
                yield _BlockEnd.BLOCK_END
                return
            marker = _MARKER.match(self._held)
            if marker is None:
                yield from self._begin_text()
                return
            yield _BlockEnd.BLOCK_END
            self._heading = marker[0].startswith("#")
            if number := marker["number"]:
                yield f"{number}: "
            self._held = self._held[marker.end() :]

    def _begin_text(self) -> Iterator[str]:
        self._state = _LineState.HEADING if self._heading else _LineState.TEXT
        held, self._held = self._held, ""
        yield held

    def _end_line(self) -> Iterator[str | _BlockEnd]:
        held, self._held = self._held, ""
        heading, self._heading = self._heading, False
        state, self._state = self._state, _LineState.START
        if state is _LineState.TEXT:
            yield " "  # a line break inside a paragraph
        elif fence := _FENCE.fullmatch(held):
            self._state, self._fence = _LineState.CODE, fence[0]
            yield _BlockEnd.BLOCK_END
        elif _RULE.fullmatch(held) or _TABLE_ROW.fullmatch(held):
            yield _BlockEnd.BLOCK_END
        elif heading:
            yield held
            yield _BlockEnd.BLOCK_END
        else:
            yield held + " "

    def _skip_code(self, character: str) -> None:
        if character != "\n":
            self._held += character
            return
        line, self._held = self._held.strip(), ""
        if line.startswith(self._fence) and not line.strip(self._fence[0]):
            self._state = _LineState.START


_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]")
"""Scripts without spaces: every character may be the end of a word."""

_OPEN = re.compile(
    r"`|\[[^\]]*$|\]\([^)]*$"  # code or a link without its end
    r"|<[A-Za-z/!][^>]*$"  # a tag without its end
    r"|(?:^|(?<=[\s\"'(\[]))(?:\*+|_+|~~+)(?=[^\s*_~])"  # emphasis without its end
)
"""What in plain text shows that inline markup has not ended yet."""

_URL = re.compile(r"\s*<?(?:https?://|www\.)[^\s>]*[^\s>.,;:!?)\]}'\"*_]>?")
_EMOJI = re.compile(
    "\\s*(?:<a?:\\w+:\\d+>"  # one of Discord's own
    "|[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23fa]"
    "[\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*)+"
    "|\ufe0f?\u20e3|\ufe0f"
)
_STRAY = re.compile(
    r"(?:^|(?<=[\s\"'(\[]))(?:\*+|_+|~~+)(?=[^\s*_~])|(?<=[^\s*_~])(?:\*+|_+|~~+)(?!\w)|`+"
)
"""Markup that was opened and never closed, or the other way round."""
_BAR = re.compile(r"\s*\|")


class _Words:
    """Takes inline markdown away, word by word; a link or emphasis is one word."""

    def __init__(self) -> None:
        self._markdown = MarkdownIt("commonmark").enable("strikethrough")
        self._held = ""

    def push(self, character: str) -> str:
        """Take in a character; returns plain text, if any is certain now."""
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
        self._held = ""
        return plain

    def _release(self) -> str:
        plain, is_open = self._read()
        if is_open and len(self._held) < LONGEST_MARKUP:
            return ""
        self._held = ""
        return plain

    def _read(self) -> tuple[str, bool]:
        """Return what is held as plain text, and whether markup in it is still open."""
        if not self._held:
            return "", False
        plain, is_open = "", False
        for block in self._markdown.parseInline(self._held):
            for token in block.children or ():
                is_open = is_open or (token.type == "text" and bool(_OPEN.search(token.content)))
                plain += _spoken(token)
        return plain, is_open


def _spoken(token: Token) -> str:
    match token.type:
        case "text":
            words = _URL.sub("", token.content)
            words = _EMOJI.sub("", words)
            return _BAR.sub(",", _STRAY.sub("", words))
        case "code_inline" | "image":
            return token.content
        case "softbreak" | "hardbreak":
            return " "
        case "html_inline":
            return " " if token.content.startswith("<br") else ""
        case _:  # the beginnings and ends of emphasis and links
            return ""


_CLAUSE_END = re.compile(r"[,;:\u2013\u2014)\u3001\uff0c\uff1b]\s*")

_ASTERISK = "\ue000"
"""Stands for an asterisk in the detector, which would take it for markup and drop it."""


class _Sentences:
    """Cuts plain text into sentences."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._detector = SentenceBoundaryDetector()
        self._pending = 0

    def push(self, text: str) -> Iterator[str]:
        """Take in words; yields the sentences they complete."""
        if not text:
            return
        self._pending += len(text)
        for sentence in self._detector.add_chunk(text.replace("*", _ASTERISK)):
            self._pending = 0
            yield from self._pieces(sentence)
        if self._pending > self._longest:
            *pieces, rest = self._cut(self._detector.finish())
            for piece in pieces:
                yield from self._pieces(piece)
            self._pending = len(rest)
            for sentence in self._detector.add_chunk(rest):
                yield from self._pieces(sentence)

    def flush(self) -> Iterator[str]:
        """End the sentence."""
        self._pending = 0
        yield from self._pieces(self._detector.finish())

    def _pieces(self, sentence: str) -> Iterator[str]:
        """Yield a sentence, or the parts of a long one, as they are spoken."""
        for part in self._cut(sentence):
            piece = " ".join(part.replace(_ASTERISK, "*").split())
            if any(character.isalnum() for character in piece):
                yield piece

    def _cut(self, text: str) -> list[str]:
        parts: list[str] = []
        while len(text) > self._longest:
            clauses = [match.end() for match in _CLAUSE_END.finditer(text, 0, self._longest)]
            late = [end for end in clauses if end > self._longest // 2]
            cut = late[-1] if late else text.rfind(" ", 1, self._longest) + 1 or self._longest
            parts.append(text[:cut])
            text = text[cut:]
        return [*parts, text]
