"""The parser of inline markdown: CommonMark, and what chat programs and models add to it.

Unlike in CommonMark, what has not ended yet is a token of its own, ``open``: its end
may still come.
"""

from __future__ import annotations

import json
import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from pipeline.speech_text.marks import CHANNEL

_SCHEME = re.compile(r"(?:https?|ftp|wss?|file|mailto|tel|ssh|git)$", re.IGNORECASE)
_WIDE = r"\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef"
_ADDRESS = re.compile(rf"[^\s<>{_WIDE}]*[^\s<>.,;:!?)\]}}'\"*_~{_WIDE}]")
_MENTION = re.compile(
    r"<(?:@[!&]?\d+|#\d+|a?:\w+:\d+|t:(?P<time>-?\d+(?::\w)?)|(?P<command>/[^>\n]+):\d+|id:\w+)>"
)
_CITATION = re.compile(r"\^[^\]]*|\d{1,3}(?:\s*[,\u2013-]\s*\d{1,3})?")
_CALLOUT = re.compile(r"!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)")
_REFERENCE = re.compile(r"\[[^\[\]]*\]")
_SHRUG = re.compile(r"\u00af[\\_]*\(\u30c4\)[\\_]*/\u00af")
_TEXT = re.compile(r"[^\n!#$%&*+\-:<=>@\[\\\]^_`{}~|\u00af]+")
"""What no rule begins with, the bar of a spoiler among it."""

_FORMULA_ENDS = {"\\(": "\\)", "\\[": "\\]"}


def make_inline_parser() -> MarkdownIt:
    """Make a parser of what stands inside a block."""
    parser = MarkdownIt("commonmark", {"html": True})
    rules = parser.inline.ruler
    rules.at("text", _text)
    rules.at("emphasis", _emphasis)
    rules.before("escape", "math", _math)
    rules.before("backticks", "open_code", _open_code)
    rules.after("image", "brackets", _brackets)
    rules.before("autolink", "mention", _mention)
    rules.push("address", _address, {"alt": []})
    rules.push("spoiler", _spoiler, {"alt": []})
    rules.push("data", _data, {"alt": []})
    rules.push("shrug", _shrug, {"alt": []})
    rules.push("open", _open, {"alt": []})
    return parser


# The rules: each reads what stands at ``state.pos``, or declines.


def _text(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    """Take all that no rule begins with."""
    found = _TEXT.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True


def _spoiler(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Recognise what is hidden until somebody wants to see it."""
    if not state.src.startswith("||", state.pos):
        return False
    end = state.src.find("||", state.pos + 2)
    if end < 0:
        return _push(state, "open", "||", 2, silent=silent)
    return _push(state, "spoiler", "", end + 2 - state.pos, silent=silent)


def _data(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Recognise an object of JSON."""
    source = state.src[state.pos :]
    if source[:1] != "{" or source[1:].lstrip()[:1] not in {'"', "'", ""}:
        return False
    try:
        _, length = json.JSONDecoder().raw_decode(source)
    except (ValueError, RecursionError):
        if source.count("{") > source.count("}"):
            return _push(state, "open", "{", 1, silent=silent)
        return False
    return _push(state, "data", "", length, silent=silent)


def _shrug(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Drop a figure that shrugs, which has no words and looks like Japanese."""
    if state.src[state.pos] != "\u00af":
        return False
    found = _SHRUG.match(state.src, state.pos)
    if found is None:
        begins = re.compile(r"\u00af[\\_]+").match(state.src, state.pos)
        return begins is not None and _push(state, "open", "\u00af", 1, silent=silent)
    state.pos = found.end()
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Drop signs of emphasis where they open or close, whether or not the other end comes."""
    sign = state.src[state.pos]
    if sign not in "*_~":
        return False
    run = state.scanDelims(state.pos, sign != "_")
    before, after = state.src[: state.pos][-1:], state.src[state.pos + run.length :][:1]
    is_times = sign == "*" and before.isdigit() and after.isdigit()
    if is_times or not (run.can_open or run.can_close):
        return False
    if sign == "~":
        return run.length > 1 and _strike(state, run.length, silent=silent)
    state.pos += run.length
    return True


def _strike(state: StateInline, length: int, *, silent: bool) -> bool:
    """Drop what was struck out, once its end is there."""
    end = state.src.find("~~", state.pos + length)
    if end < 0:
        return _push(state, "open", "", length, silent=silent)
    state.pos = end + 2
    return True


def _open_code(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Recognise code that has not ended yet."""
    if state.src[state.pos] != "`":
        return False
    run = re.compile("`+").match(state.src, state.pos)
    length = len(run[0]) if run else 1
    if re.compile(f"(?<!`)`{{{length}}}(?!`)").search(state.src, state.pos + length):
        return False
    return _push(state, "open", "", length, silent=silent)


def _math(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Recognise an inline formula, between dollars or escaped brackets."""
    source, start = state.src, state.pos
    if closing := _FORMULA_ENDS.get(source[start : start + 2]):
        end = source.find(closing, start + 2)
        if end < 0:
            return _push(state, "open", "", 2, silent=silent)
        return _push(state, "math_inline", source[start + 2 : end], end + 2 - start, silent=silent)
    after = source[start + 1 :][:1]
    if source[start] != "$" or not (after.isalpha() or after == "\\"):
        return False
    end = source.find("$", start + 1)
    if end < 0:
        return _push(state, "open", "$", 1, silent=silent)
    if source[end - 1].isspace() or source[end + 1 :][:1].isdigit():
        return False
    return _push(state, "math_inline", source[start + 1 : end], end + 1 - start, silent=silent)


def _mention(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Recognise Discord's mentions: of a channel, a command and a time; others are dropped."""
    mention = _MENTION.match(state.src, state.pos)
    if mention is None:
        return False
    for kind, token in (("command", "code_inline"), ("time", "time")):
        if content := mention[kind]:
            return _push(state, token, content, len(mention[0]), silent=silent)
    if mention[0].startswith("<#"):
        return _push(state, "text", CHANNEL, len(mention[0]), silent=silent)
    state.pos = mention.end()
    return True


def _brackets(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Read brackets that are no link: references by their label, citations not at all."""
    if state.src[state.pos] != "[":
        return False
    end = state.md.helpers.parseLinkLabel(state, state.pos)
    if end < 0 or state.src[end + 1 : end + 2] == "(":
        return False
    label = state.src[state.pos + 1 : end]
    if callout := _CALLOUT.fullmatch(label):
        said = f"{callout[1].capitalize()}:"
        return _push(state, "text", said, end + 1 - state.pos, silent=silent)
    if silent or _CITATION.fullmatch(label):
        state.pos = end + 1
        return True
    return _label(state, end)


def _label(state: StateInline, end: int) -> bool:
    """Read what stands between brackets, and drop the reference behind them."""
    maximum = state.posMax
    state.pos, state.posMax = state.pos + 1, end
    state.md.inline.tokenize(state)
    state.pos, state.posMax = end + 1, maximum
    if state.src[end + 1 : end + 2] != "[":
        return True
    reference = _REFERENCE.match(state.src, end + 1)
    if reference is None:
        return _push(state, "open", "", 0, silent=False)
    return _push(state, "reference", "", len(reference[0]), silent=False)


def _address(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Recognise an address that is written out, from its colon on."""
    if state.src[state.pos] != ":":
        return False
    scheme = _SCHEME.search(state.pending)
    rest = _ADDRESS.match(state.src, state.pos + 1)
    if scheme is None or rest is None or silent:
        return False
    if scheme[0].lower() not in {"mailto", "tel"} and not rest[0].startswith("//"):
        return False
    state.pending = state.pending[: scheme.start()]
    end = _behind_brackets(state.src, state.pos, rest.end())
    return _push(state, "address", "", end - state.pos, silent=silent)


def _behind_brackets(text: str, start: int, end: int) -> int:
    """Return where an address ends when brackets that began in it are closed."""
    opened = text.count("(", start, end) - text.count(")", start, end)
    while opened > 0 and text[end : end + 1] == ")":
        opened, end = opened - 1, end + 1
    return end


def _open(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Recognise what no other rule could read, because its end has not come yet."""
    sign, after = state.src[state.pos], state.src[state.pos + 1 :][:1]
    if sign == "[" or (sign == "<" and (after.isalpha() or after in "/!@#:")):
        return _push(state, "open", "" if sign == "[" else sign, 1, silent=silent)
    return False


def _push(state: StateInline, kind: str, content: str, length: int, *, silent: bool) -> bool:
    if not silent:
        token = state.push(kind, "", 0)
        token.content = content
    state.pos += length
    return True
