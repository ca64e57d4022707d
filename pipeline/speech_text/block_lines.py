"""What a line is, read off the parser's tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from markdown_it.token import Token

from pipeline.speech_text.block_events import LeftOut
from pipeline.speech_text.marks import DONE, NUMBER, OPEN

_DIAGRAMS = frozenset(("mermaid", "plantuml", "puml", "dot", "graphviz"))
_DATA = frozenset(("json", "jsonc", "json5", "yaml", "yml", "toml", "csv", "xml", "ndjson"))
_PROSE = frozenset(("text", "txt", "plaintext", "plain", "markdown", "md", "email"))
_UNHEARD_HTML = re.compile(r"<(?:script|style|pre|textarea|!--|\?|!\[CDATA)", re.IGNORECASE)


class Kind(Enum):
    """What kind of block a line belongs to."""

    NOTHING = auto()
    TEXT = auto()
    HEADING = auto()
    UNHEARD = auto()
    TABLE = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """What the parser makes of the last line it was given."""

    kind: Kind = Kind.NOTHING
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


def read_last_line(tokens: Sequence[Token], region: Sequence[str], open_lines: int) -> Line:
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
        return Line(needed=(*range(open_lines), last), open=open_lines)
    return Line(needed=tuple(sorted(containers | {last})), open=len(containers))


_WRAPPERS = frozenset(("bullet_list_open", "ordered_list_open", "paragraph_open"))


def _needed(line: Line, lines: Sequence[int], containers: set[int], last: int) -> tuple[int, ...]:
    kept = containers | {lines[0], last}
    return tuple(sorted(kept | {lines[0] + 1} if line.kind is Kind.TABLE else kept))


def _read_leaf(tokens: Sequence[Token], lines: Sequence[int], last: int) -> Line:
    """Read the innermost block, whose tokens are the first of these."""
    token = tokens[0]
    line = Line(begins=lines[0] == last)
    match token.type:
        case "inline":
            return replace(line, kind=Kind.TEXT, text=token.content.rsplit("\n", 1)[-1])
        case "heading_open":
            is_underline = token.markup in {"=", "-"}
            text = "" if is_underline else tokens[1].content
            return replace(line, kind=Kind.HEADING, text=text)
        case "fence" | "code_block" | "formula":
            return replace(line, kind=Kind.UNHEARD, left_out=_left_out(token))
        case "html_block":
            return _read_html(token.content, line)
        case "table_open":
            begins = last == lines[0] + 1
            return replace(line, kind=Kind.TABLE, begins=begins, cells=_read_cells(tokens))
        case _:  # a rule
            return line


def _read_html(html: str, line: Line) -> Line:
    """Read a block that begins with a tag: what is between its tags is text."""
    if hidden := _UNHEARD_HTML.match(html):
        left_out = None if hidden[0] in {"<!--", "<?"} else LeftOut.CODE
        return replace(line, kind=Kind.UNHEARD, left_out=left_out)
    return replace(line, kind=Kind.TEXT, text=html.rstrip().rsplit("\n", 1)[-1].strip())


def _introduced(line: Line, item: Token, last: int) -> Line:
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
