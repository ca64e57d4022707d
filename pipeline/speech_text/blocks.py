"""The block structure of a reply as it streams in: what each line is, read off the parser's tokens.

At each line the parser is given the lines it needs to understand this one: those
on which an open list item or quotation began, and those of the open paragraph,
table or code. So the work for a line does not grow with the reply. Text is let
through within a line as soon as the line can only be text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from markdown_it.token import Token

from pipeline.speech_text.block_parser import make_block_parser
from pipeline.speech_text.marks import DONE, NOTE, NUMBER, OPEN


class LeftOut(Enum):
    """What is seen and not spoken."""

    CODE = auto()
    TEXT = auto()
    """A draft or the like between fences."""
    DIAGRAM = auto()
    DATA = auto()
    TABLE = auto()
    FORMULA = auto()
    PICTURE = auto()
    LINK = auto()
    SPOILER = auto()
    TIME = auto()
    """A time that every reader sees in their own zone."""
    REST = auto()
    """Of an answer too long to be spoken."""


class BlockEnd(Enum):
    """What is over, and with it the sentence."""

    PARAGRAPH = auto()
    ITEM = auto()
    """A list item, heading or note: it is over although no full stop says so."""
    TAKEN_BACK = auto()
    """It was the heading of a table, which follows."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, all of it."""

    rows: tuple[tuple[str, ...], ...]
    """Cells as inline markdown; the first row is the heading."""


BlockEvent = str | BlockEnd | LeftOut | Table
"""Inline markdown of the current block, or what became of a block."""

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

_DIAGRAMS = frozenset(("mermaid", "plantuml", "puml", "dot", "graphviz"))
_DATA = frozenset(("json", "jsonc", "json5", "yaml", "yml", "toml", "csv", "xml", "ndjson"))
_PROSE = frozenset(("text", "txt", "plaintext", "plain", "markdown", "md", "email"))
_UNHEARD_HTML = re.compile(r"<(?:script|style|pre|textarea|!--|\?|!\[CDATA)", re.IGNORECASE)
_DEEP_QUOTATION = re.compile(r"((?:[ \t]{0,3}>){8})(?:[ \t]{0,3}>)+")
_DEEP_ITEM = re.compile(r"[ \t]{16,}(?=(?:[-+*]|\d{1,9}[.)])[ \t])")
"""What is nested deeper is read as if it were not: the ear hears no difference."""

_FENCE = 3
_BOXES = frozenset((" ", "x", "X"))
LONGEST_LABEL = 200
"""Characters for which the end of a bracket at the beginning of a line is waited for."""

LONGEST_BEGINNING = 1000
"""Characters after which a line is text that may still have been something else."""

_MARKUP = frozenset(">-*_=+#`~ \t")
"""Signs that say nothing new where so much has come before them."""

_DATA_START = re.compile(r"\{|\[\s*[\[{\"]|\[$")


class _Kind(Enum):
    NOTHING = auto()
    TEXT = auto()
    HEADING = auto()
    UNHEARD = auto()
    TABLE = auto()


@dataclass(frozen=True, slots=True)
class _Line:
    """What the parser makes of the last line it was given."""

    kind: _Kind = _Kind.NOTHING
    begins: bool = True
    """Whether a new block begins with it."""
    text: str = ""
    item: str | None = None
    """What introduces the list item that begins with it: ``1. `` or nothing."""
    cells: tuple[tuple[str, ...], ...] = ()
    left_out: LeftOut | None = None
    needed: tuple[int, ...] = ()
    """Lines without which the next one cannot be understood."""
    open: int = 0
    """How many of those began quotations and list items that are still open."""


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
        self._flowing = line.kind is _Kind.TEXT and not _DATA_START.match(line.text)
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
        if row and not (line.kind is _Kind.TABLE and line.begins):
            self._row = ""
            yield row
        if flowed:
            yield from self._end_flow()
        else:
            yield from self._whole_line(line)
        self._row_begins = bool(self._row) and line.begins
        region = self._region()
        self._before = [region[number] for number in line.needed]
        self._open_lines = line.open
        self._line = ""

    def _end_flow(self) -> Iterator[BlockEvent]:
        if self._row:
            self._row += "\n"
        else:
            yield "\n"

    def _whole_line(self, line: _Line) -> Iterator[BlockEvent]:
        match line.kind:
            case _Kind.NOTHING:
                yield from self._end_block()
            case _Kind.TEXT:
                yield from self._begin(line)
                yield from self._text_line(line)
            case _Kind.HEADING:
                yield from self._begin(line)
                self._open = BlockEnd.ITEM
                yield line.text
                yield from self._end_block()
            case _Kind.UNHEARD:
                yield from self._unheard_line(line)
            case _Kind.TABLE:
                yield from self._table_line(line)

    def _text_line(self, line: _Line) -> Iterator[BlockEvent]:
        if self._data:
            self._data += line.text + "\n"
        elif "|" in line.text:
            self._row = line.text + "\n"
        else:
            yield line.text + "\n"

    def _unheard_line(self, line: _Line) -> Iterator[BlockEvent]:
        if line.begins:
            yield from self._end_block()
            self._left_out = line.left_out
            if line.left_out is not None:
                yield line.left_out

    def _table_line(self, line: _Line) -> Iterator[BlockEvent]:
        if line.begins:
            self._row = ""
            self._open = BlockEnd.TAKEN_BACK if self._row_begins else self._open
            yield from self._end_block()
            self._table += line.cells
        else:
            self._table += line.cells[-1:]

    def _begin(self, line: _Line) -> Iterator[BlockEvent]:
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
        last = _DEEP_ITEM.sub(" " * 16, self._line, count=1)
        return [*self._before, _DEEP_QUOTATION.sub(r"\1", last, count=1)]

    def _read(self) -> _Line:
        region = self._region()
        tokens = self._parser.parse("\n".join(region) + "\n")
        return _read_last(tokens, region, self._open_lines)


def _read_last(tokens: Sequence[Token], region: Sequence[str], open_lines: int) -> _Line:
    """Read off the tokens what the last line is.

    Args:
        tokens: Of the region.
        region: The lines that are needed to understand the last of them.
        open_lines: How many of them, from the first, began what was open before the last.

    """
    last = len(region) - 1
    containers: set[int] = set()
    item: Token | None = None
    for number, token in enumerate(tokens):
        if token.map is None or not token.map[0] <= last < token.map[1]:
            continue
        if token.type in {"blockquote_open", "list_item_open"}:
            containers.add(token.map[0])
            item = token
        elif token.type not in _WRAPPERS:
            line = _read_leaf(tokens[number:], token.map, last)
            if line.begins and item is not None and item.type == "list_item_open":
                line = _introduced(line, item, last)
            needed = _needed(line, token.map, containers, last)
            return replace(line, needed=needed, open=len(containers))
    if not region[last].strip():
        return _Line(needed=(*range(open_lines), last), open=open_lines)
    return _Line(needed=tuple(sorted(containers | {last})), open=len(containers))


_WRAPPERS = frozenset(("bullet_list_open", "ordered_list_open", "paragraph_open"))


def _needed(line: _Line, lines: Sequence[int], containers: set[int], last: int) -> tuple[int, ...]:
    kept = containers | {lines[0], last}
    return tuple(sorted(kept | {lines[0] + 1} if line.kind is _Kind.TABLE else kept))


def _read_leaf(tokens: Sequence[Token], lines: Sequence[int], last: int) -> _Line:
    """Read the innermost block, whose tokens are the first of these."""
    token = tokens[0]
    line = _Line(begins=lines[0] == last)
    match token.type:
        case "inline":
            return replace(line, kind=_Kind.TEXT, text=token.content.rsplit("\n", 1)[-1])
        case "heading_open":
            is_underline = token.markup in {"=", "-"}
            text = "" if is_underline else tokens[1].content
            return replace(line, kind=_Kind.HEADING, text=text)
        case "fence" | "code_block" | "formula":
            return replace(line, kind=_Kind.UNHEARD, left_out=_left_out(token))
        case "html_block":
            return _read_html(token.content, line)
        case "table_open":
            begins = last == lines[0] + 1
            return replace(line, kind=_Kind.TABLE, begins=begins, cells=_read_cells(tokens))
        case _:  # a rule
            return line


def _read_html(html: str, line: _Line) -> _Line:
    """Read a block that begins with a tag: what is between its tags is text."""
    if hidden := _UNHEARD_HTML.match(html):
        left_out = None if hidden[0] in {"<!--", "<?"} else LeftOut.CODE
        return replace(line, kind=_Kind.UNHEARD, left_out=left_out)
    return replace(line, kind=_Kind.TEXT, text=html.rstrip().rsplit("\n", 1)[-1].strip())


def _introduced(line: _Line, item: Token, last: int) -> _Line:
    """Add what introduces a list item, if the line is its first."""
    if item.map is None or item.map[0] != last:
        return line
    number = f"{NUMBER}{item.info}{item.markup} " if item.info else ""
    for box, mark in (("[ ]", OPEN), ("[x]", DONE), ("[X]", DONE)):
        if line.text.startswith(box):
            return replace(line, text=line.text[len(box) :].lstrip(), item=number + mark)
    return replace(line, item=number)


def _read_cells(tokens: Sequence[Token]) -> tuple[tuple[str, ...], ...]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(token.content)
        elif token.type == "table_close":
            break
    return tuple(tuple(row) for row in rows)


def _left_out(token: Token) -> LeftOut:
    """Say what a block of code is, by the word behind its first fence."""
    if token.type == "formula":
        return LeftOut.FORMULA
    word = (token.info.split() or [""])[0].lower().strip("{}.")
    if word in _DIAGRAMS:
        return LeftOut.DIAGRAM
    if word in _DATA:
        return LeftOut.DATA
    return LeftOut.TEXT if word in _PROSE else LeftOut.CODE


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
    inside, end, rest = text[1:].partition("]")
    if not end or not rest:
        return len(text) < LONGEST_LABEL
    return rest[0] == ":" or (inside in _BOXES and rest.isspace())
