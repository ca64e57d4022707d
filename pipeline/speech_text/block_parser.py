"""The parser of blocks: CommonMark with tables, and formulas that stand for themselves."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference

DEEPEST = 60
"""Levels of blocks within blocks; what lies deeper is lost."""


def make_block_parser() -> MarkdownIt:
    """Make a parser of blocks alone; what is inside them is read elsewhere."""
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    interrupts = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "formula", _formula, {"alt": interrupts})
    parser.block.ruler.at("reference", _reference)
    return parser


def _reference(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - as below
    """Take the definition of a link out of the text, and leave that of a footnote in."""
    if state.src.startswith("[^", state.bMarks[first] + state.tShift[first]):
        return False
    return reference(state, first, end, silent)


_FORMULA_ENDS = {"$$": "$$", "\\[": "\\]"}


def _formula(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    """Recognise a formula that stands for itself, as a rule of the parser."""
    start = state.bMarks[first] + state.tShift[first]
    closing = _FORMULA_ENDS.get(state.src[start : start + 2])
    if closing is None or state.is_code_block(first):
        return False
    if silent:
        return True
    line, found = first, state.src.find(closing, start + 2, state.eMarks[first]) >= 0
    while not found and line + 1 < end:
        line += 1
        found = closing in state.src[state.bMarks[line] : state.eMarks[line]]
    state.line = line + 1
    token = state.push("formula", "math", 0)
    token.map = [first, state.line]
    return True
