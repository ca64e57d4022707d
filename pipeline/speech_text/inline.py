"""Inline markdown as it streams in: what of it is words, read off the parser's tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from pipeline.speech_text.blocks import LeftOut
from pipeline.speech_text.marks import CHANNEL, CODE, FORMULA, LINK, NAME, NAME_END, NO, YES

LONGEST_MARKUP = 2000
"""Characters for which the end of a link or of code is waited for."""

LONGEST_NAME = 40
"""Characters of inline code that are still spoken as a name or a command."""

_LETTER_AHEAD = 2
"""Length of a space and a letter."""

_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]")
"""Scripts without spaces: every character may be the end of a word."""

_ENDS_MARKUP = frozenset("])>`$")
"""Signs that may end what is open; until one comes, nothing has changed."""


class InlineText:
    """Takes inline markdown away, word by word; a link or code is one word.

    Attributes:
        left_out: What was not put into words.

    """

    def __init__(self) -> None:
        self.left_out: set[LeftOut] = set()
        self._parser = _make_parser()
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
                return _without_pictures(token.content)
            case "address":
                return self._leave_out(LeftOut.LINK, LINK)
            case "code_inline":
                return self._code(token.content)
            case "math_inline":
                return self._formula(token.content)
            case "image":
                return self._leave_out(LeftOut.PICTURE, token.content)
            case kind:
                is_break = kind in {"softbreak", "hardbreak"} or token.content.startswith("<br")
                return " " if is_break else ""

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

    def _formula(self, content: str) -> str:
        if "\\" not in content and "{" not in content:
            return content
        return self._leave_out(LeftOut.FORMULA, FORMULA)


_NAME = re.compile(r"</?[\w-]+ ?/?>|[\w./~@:\\+#,' -]*[\w/](?:\(\))?[!?.:,-]?")
"""Inline code that can be said: a name, a path, a command with its words."""

_ADDRESS_START = re.compile(r"(?:https?|ftp|wss?|file)://", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?|ftp|wss?|file|mailto|tel|ssh|git)$", re.IGNORECASE)
_WIDE = r"\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef"
_ADDRESS = re.compile(rf"[^\s<>{_WIDE}]*[^\s<>.,;:!?)\]}}'\"*_~{_WIDE}]")
_MENTION = re.compile(r"<(?:@[!&]?\d+|#\d+|a?:\w+:\d+|t:-?\d+(?::\w)?|/[^>\n]+:\d+|id:\w+)>")
_CITATION = re.compile(r"\^[^\]]*|\d{1,3}(?:\s*[,\u2013-]\s*\d{1,3})?")
_PICTURES = re.compile(
    "\\s*(?:[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23fa\u2b1b\u2b1c]"
    "[\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*)+"
    "|\ufe0f?\u20e3|\ufe0f"
)
_YES = re.compile("[\u2705\u2714\u2713\u2611]\ufe0f?")
_NO = re.compile("[\u274c\u2718\u2717\u274e\u2716]\ufe0f?")


def _without_pictures(text: str) -> str:
    """Take emoji out; ticks and crosses become marks, for they may be the message."""
    return _PICTURES.sub("", _NO.sub(NO, _YES.sub(YES, text)))


def _is_mail(token: Token) -> bool:
    return str(token.attrs.get("href", "")).startswith("mailto:")


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True})
    rules = parser.inline.ruler
    rules.at("emphasis", _emphasis)
    rules.before("escape", "math", _math)
    rules.before("backticks", "open_code", _open_code)
    rules.after("image", "brackets", _brackets)
    rules.before("autolink", "mention", _mention)
    rules.push("address", _address, {"alt": []})
    rules.push("open", _open, {"alt": []})
    return parser


_FORMULA_ENDS = {"\\(": "\\)", "\\[": "\\]"}


# Rules of the parser: each reads what stands at ``state.pos``, or declines.


def _emphasis(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
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
    """Drop Discord's mentions, emoji and times, which are numbers to the ear."""
    mention = _MENTION.match(state.src, state.pos)
    if mention is None:
        return False
    if mention[0].startswith("<#"):
        return _push(state, "text", CHANNEL, len(mention[0]), silent=silent)
    state.pos = mention.end()
    return True


def _brackets(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as above
    """Read brackets that are no link: references by their label, footnotes not at all."""
    if state.src[state.pos] != "[":
        return False
    end = state.md.helpers.parseLinkLabel(state, state.pos)
    after = state.src[end + 1 :][:1]
    if end < 0 or after == "(":
        return False
    label, maximum = state.src[state.pos + 1 : end], state.posMax
    if silent or _CITATION.fullmatch(label):
        state.pos = end + 1
        return True
    state.pos, state.posMax = state.pos + 1, end
    state.md.inline.tokenize(state)
    state.pos, state.posMax = end + 1, maximum
    if after == "[" and (reference := re.compile(r"\[[^\[\]]*\]").match(state.src, end + 1)):
        state.pos = reference.end()
    elif after == "[":
        return _push(state, "open", "", 0, silent=silent)
    return True


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
    return _push(state, "address", "", rest.end() - state.pos, silent=silent)


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
