"""The block structure of a reply as it streams in: what each line is, read off the parser's tokens.

At each line the parser is given the lines it needs to understand this one: those
on which an open list item or quotation began, and those of the open paragraph,
table or code. So the work for a line does not grow with the reply. Text is let
through within a line as soon as the line can only be text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pipeline.speech_text.block_events import BlockEnd, BlockEvent, LeftOut, Table
from pipeline.speech_text.block_lines import Kind, Line, read_last_line
from pipeline.speech_text.block_parser import make_block_parser
from pipeline.speech_text.marks import NOTE

_MARKERS = re.compile(
    r"(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])|\#{1,6}(?=[ \t])))*[ \t]*"
)
"""The beginning of a line as far as it says what block the line belongs to."""

_NOT_YET_TEXT = frozenset("-*_=+#>`~|:.)$0123456789 \t\u2013\u2014")
"""Signs of which a line may begin that are text or markup depending on what follows."""

_BULLET = re.compile(
    r"[\u2022\u2023\u25aa\u25cb\u25cf\u25e6\u30fb\u203b\u2460-\u2473]|[\u2013\u2014] |\d\ufe0f"
    r"|-# |\[\d+\](?: |$)"
    "|[\U0001f000-\U0001faff\u2600-\u27bf\u2b50]"
)
"""How a line begins that is an item to the eye, though not to markdown."""

_DEEP_QUOTATION = re.compile(r"\A((?:[ \t]{0,3}>){8})(?:[ \t]{0,3}>)+")
_DEEP_ITEM = re.compile(r"\A[ \t]{16,}(?=(?:[-+*]|\d{1,9}[.)])[ \t])")
"""What is nested deeper is read as if it were not: the ear hears no difference."""

_FENCE = 3
LONGEST_LABEL = 200
"""Characters for which the end of a bracket at the beginning of a line is waited for."""

LONGEST_BEGINNING = 1000
"""Characters after which a line is text that may still have been something else."""

_MARKUP = frozenset(">-*_=+#`~ \t")
"""Signs that say nothing new where so much has come before them."""

_DATA_START = re.compile(r"\{|\[\s*[\[{\"]|\[$")


class Blocks:
    """Reads one reply, character by character."""

    def __init__(self) -> None:
        self._parser = make_block_parser()
        self._before: list[str] = []
        self._open_lines = 0
        self._line = ""
        self._flowing = False
        self._is_whole = False
        self._open: BlockEnd | None = None
        self._table: list[tuple[str, ...]] = []
        self._row = ""
        self._row_begins = False
        self._data = ""
        self._left_out: LeftOut | None = None

    def push(self, character: str) -> Iterator[BlockEvent]:
        """Take in a character; yields what it makes certain."""
        if character == "\n":
            yield from self._end_line()
            return
        if self._flowing:
            self._line += character
            yield from self._flow(character)
            return
        is_long = len(self._line) >= LONGEST_BEGINNING and not self._waits_for_line
        if is_long and character in _MARKUP:
            return
        self._line += character
        if is_long or not (self._waits_for_line or _is_undecided(self._line)):
            yield from self._begin_flow()

    def flush(self) -> Iterator[BlockEvent]:
        """End the reply."""
        if self._line:
            yield from self._end_line()
        yield from self._end_block()
        self._before = []

    @property
    def _waits_for_line(self) -> bool:
        waits = self._is_whole or self._left_out or self._table or self._data or self._row
        return bool(waits)

    def _begin_flow(self) -> Iterator[BlockEvent]:
        """Let the line through from now on if it is text, else wait for all of it."""
        line = self._read()
        self._flowing = line.kind is Kind.TEXT and not _DATA_START.match(line.text)
        self._is_whole = not self._flowing
        if self._flowing:
            yield from self._begin(line)
            yield line.text

    def _flow(self, character: str) -> Iterator[BlockEvent]:
        """Let text through, up to a bar, which may be the heading of a table."""
        if self._row or character == "|":
            self._row += character
        else:
            yield character

    def _end_line(self) -> Iterator[BlockEvent]:
        line = self._read()
        flowed, self._flowing, self._is_whole = self._flowing, False, False
        row = self._row if not flowed else ""
        if row and not (line.kind is Kind.TABLE and line.begins):
            self._row = ""
            yield row
        if flowed:
            yield from self._end_flow()
        else:
            yield from self._whole_line(line)
        self._row_begins = bool(self._row) and line.begins
        region = self._region()
        self._before = [region[number][:LONGEST_BEGINNING] for number in line.needed]
        self._open_lines = line.open
        self._line = ""

    def _end_flow(self) -> Iterator[BlockEvent]:
        if self._row:
            self._row += "\n"
        else:
            yield "\n"

    def _whole_line(self, line: Line) -> Iterator[BlockEvent]:
        match line.kind:
            case Kind.NOTHING:
                yield from self._end_block()
            case Kind.TEXT:
                yield from self._begin(line)
                yield from self._text_line(line)
            case Kind.HEADING:
                yield from self._begin(line)
                self._open = BlockEnd.ITEM
                yield line.text
                yield from self._end_block()
            case Kind.UNHEARD:
                yield from self._unheard_line(line)
            case Kind.TABLE:
                yield from self._table_line(line)

    def _text_line(self, line: Line) -> Iterator[BlockEvent]:
        if self._data:
            self._data += line.text + "\n"
        elif "|" in line.text:
            self._row = line.text + "\n"
        else:
            yield line.text + "\n"

    def _unheard_line(self, line: Line) -> Iterator[BlockEvent]:
        if line.begins:
            yield from self._end_block()
            self._left_out = line.left_out
            if line.left_out is not None:
                yield line.left_out

    def _table_line(self, line: Line) -> Iterator[BlockEvent]:
        if line.begins:
            self._row = ""
            self._open = BlockEnd.TAKEN_BACK if self._row_begins else self._open
            yield from self._end_block()
            self._table += line.cells
        else:
            self._table += line.cells[-1:]

    def _begin(self, line: Line) -> Iterator[BlockEvent]:
        """Begin a block with a line of text, if one begins there."""
        note = line.text.startswith("[^") and "]:" in line.text
        bullet = _BULLET.match(line.text)
        if not (line.begins or note or bullet) and self._open is not None:
            return
        yield from self._end_block()
        self._open = BlockEnd.ITEM if note or bullet else BlockEnd.PARAGRAPH
        if note:
            yield NOTE
        elif line.item is not None:
            self._open = BlockEnd.ITEM
            yield line.item
        elif _DATA_START.match(line.text):
            self._data = "\n"

    def _end_block(self) -> Iterator[BlockEvent]:
        if self._table:
            yield Table(tuple(self._table))
        if self._data:
            yield LeftOut.DATA if _is_data(self._data) else self._data
        if self._row:
            yield self._row
        if self._open is not None:
            yield self._open
        self._table, self._data, self._row = [], "", ""
        self._open = self._left_out = None

    def _region(self) -> list[str]:
        """Return the lines that are needed to understand the last of them."""
        last = _DEEP_ITEM.sub(" " * 16, self._line)
        return [*self._before, _DEEP_QUOTATION.sub(r"\1", last)]

    def _read(self) -> Line:
        region = self._region()
        tokens = self._parser.parse("\n".join(region) + "\n")
        return read_last_line(tokens, region, self._open_lines)


def _is_data(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return '":' in text
    return True


def _is_undecided(line: str) -> bool:
    """Whether more of the line may show that it is no plain text."""
    marker = _MARKERS.match(line)
    rest = line[marker.end() :] if marker else line
    if not _NOT_YET_TEXT.issuperset(rest[:40]) and rest[0] not in "`~[<|$\\":
        return "|" in rest
    match rest[:1]:
        case "`" | "~":
            run = len(rest) - len(rest.lstrip(rest[0]))
            return run == len(rest) or run >= _FENCE
        case "[":
            return _is_undecided_bracket(rest)
        case "$" | "\\":
            return rest in {"$", "\\"} or rest.startswith(("$$", "\\["))
        case _:
            return True


def _is_undecided_bracket(text: str) -> bool:
    _, end, rest = text.partition("]")
    if not end or not rest:
        return len(text) < LONGEST_LABEL
    return rest[0] == ":" or rest.isspace()
