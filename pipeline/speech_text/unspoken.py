"""Takes out of a reply what is neither spoken nor posted: reasoning, tool noise, directives.

What looks like any of these inside code is code, and stays.
"""

from __future__ import annotations

import unicodedata

from pipeline.speech_text.directives import (
    LONGEST_DIRECTIVE,
    Bracket,
    CallDirective,
    VoiceDirective,
    read_bracket,
    read_voice_line,
    weigh_bracket,
)

_TAGS = (
    *("think", "thinking", "thought", "thoughts", "reasoning", "reflection", "scratchpad"),
    *("analysis", "antthinking", "tool_call", "tool_calls", "tool_result", "tool_response"),
    *("function_calls", "function_results", "invoke", "system-reminder"),
)
"""Elements in which models reason, or call tools in plain text."""

_MEDIA = "MEDIA:"
"""Begins a line with which an OpenClaw agent attaches a file."""

_ALONE = ("NO_REPLY", "HEARTBEAT_OK")
"""What an OpenClaw agent answers, on a line of its own, when it has nothing to say."""

_CITATION_END = "\ue201"
"""Ends a citation that is meant for a program; one that is never closed ends with its line."""

_REGIONS = {
    **{f"<{tag}>": f"</{tag}>" for tag in _TAGS},
    **{f"<{tag} ": f"</{tag}>" for tag in _TAGS},
    "[think]": "[/think]",
    "[tool_calls]": "\n",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|channel|>analysis<|message|>": "<|end|>",
    "<|channel|>commentary": "<|end|>",
    _MEDIA: "\n",
    "\ue200": _CITATION_END,
}
"""How a region begins that nobody shall hear, in lower case, and how it ends."""

_STRAYS = (
    *(f"</{tag}>" for tag in _TAGS),
    *("[/think]", "◁/think▷", "<|start|>assistant", "<|channel|>final<|message|>", "<|message|>"),
    *("<|end|>", "<|return|>", "<|end_of_thought|>", "<|begin_of_solution|>"),
    *("<|end_of_solution|>", "<|im_end|>", "<|eot_id|>"),
)
"""Signs of a model's template that are left where a region has ended."""

_OPENINGS = (*_REGIONS, *_STRAYS)
_FIRST = frozenset(opening[0] for opening in _OPENINGS if opening != _MEDIA) | {"["}
_FIRST_OF_LINE = frozenset(opening[0] for opening in (_MEDIA, *_ALONE))

_NO_TEXT = frozenset(("Cc", "Cs", "Co"))
"""Categories of control characters, of halves of characters, and of private use."""

_VOICED_ONLY = "[[tts:text]]"
_VOICED_ONLY_END = "[[/tts:text]]"


class UnspokenText:
    """Lets through what is text, character by character.

    Attributes:
        voice: What the agent said about its voice, if anything.
        calls: What the telephone call shall do, in order.

    """

    def __init__(self) -> None:
        self.voice: VoiceDirective | None = None
        self.calls: list[CallDirective] = []
        self._written: list[str] = []
        self._held = ""
        self._region_end = ""
        self._seen = ""
        self._head = True
        self._voiced_only = False
        self._code = _CodeSpans()

    @property
    def written(self) -> str:
        """The reply as it is posted: all that was let through and is not for the ear alone."""
        return "".join(self._written)

    def push(self, character: str) -> str:
        """Take in a character; returns text that is certainly part of the answer."""
        if self._region_end:
            return self._skip(character)
        if not (character.isprintable() or character.isspace() or _is_text(character)):
            return ""
        if self._held or self._may_begin(character):
            self._held += character
            return self._decide()
        return self._let_through(character)

    def flush(self) -> str:
        """Return what is left; reasoning and directives that never end are dropped."""
        held, self._held = self._held, ""
        self._region_end = self._seen = ""
        if not held or (held.startswith("[[") and weigh_bracket(held) is Bracket.OPEN):
            return ""
        if self._head and held.startswith("{") and self._take_voice_line(held):
            return ""
        is_silence = held == _MEDIA or held.strip() in _ALONE
        return "" if is_silence else self._let_through(held)

    def _may_begin(self, character: str) -> bool:
        if self._code.inside:
            return False
        if self._head and character == "{":
            return True
        return character in _FIRST or (self._code.at_line_start and character in _FIRST_OF_LINE)

    def _decide(self) -> str:
        """Find out what is held, if it tells already."""
        held = self._held
        if self._head and held[0] == "{":
            return self._decide_voice_line()
        if held.startswith("[["):
            return self._decide_bracket()
        if held.strip() in _ALONE and held.endswith("\n"):
            return self._drop(rest="\n")
        key = _MEDIA if held == _MEDIA else held.lower()
        if key in _REGIONS:
            self._region_end = _REGIONS[key]
        if key in _REGIONS or key in _STRAYS:
            return self._drop()
        maybe = held == "[" or any(opening.startswith(key) for opening in _OPENINGS)
        maybe = maybe or any(word.startswith(held.rstrip(" ")) for word in (_MEDIA, *_ALONE))
        return "" if maybe else self._release()

    def _decide_bracket(self) -> str:
        match weigh_bracket(self._held):
            case Bracket.TEXT:
                return self._release()
            case Bracket.DIRECTIVE:
                return self._take_bracket()
            case Bracket.OPEN:
                one_line = "{" not in self._held and self._held.endswith("\n")
                if one_line or len(self._held) > LONGEST_DIRECTIVE:
                    return self._drop(rest="\n")
                return ""

    def _take_bracket(self) -> str:
        held = self._held.replace(" ", "")
        if held in {_VOICED_ONLY, _VOICED_ONLY_END}:
            self._voiced_only = held == _VOICED_ONLY
        match read_bracket(self._held):
            case VoiceDirective() as voice:
                self.voice = voice
            case CallDirective() as call:
                self.calls.append(call)
            case None:
                pass
        return self._drop()

    def _decide_voice_line(self) -> str:
        held = self._held
        if not held.endswith("\n") and len(held) <= LONGEST_DIRECTIVE:
            return ""
        return self._drop() if self._take_voice_line(held) else self._release()

    def _take_voice_line(self, line: str) -> bool:
        """Read the first line of the reply; there is one chance."""
        self._head = False
        voice = read_voice_line(line)
        self.voice = voice or self.voice
        return voice is not None

    def _skip(self, character: str) -> str:
        self._seen = (self._seen + character)[-len(self._region_end) :]
        if self._region_end == _CITATION_END and character == "\n":
            self._seen = self._region_end = character
        if self._seen.lower() != self._region_end:
            return ""
        end, self._region_end, self._seen = self._region_end, "", ""
        return self._let_through("\n") if end == "\n" else ""

    def _drop(self, rest: str = "") -> str:
        self._held = ""
        return self._let_through(rest)

    def _release(self) -> str:
        """Let the first character go; what follows it may still begin something."""
        first, rest = self._held[0], self._held[1:]
        self._held = ""
        text = self._let_through(first)
        for character in rest:
            text += self.push(character)
        return text

    def _let_through(self, text: str) -> str:
        for character in text:
            self._code.push(character)
        if text and not text.isspace():
            self._head = False
        if not self._voiced_only:
            self._written.append(text)
        return text


def _is_text(character: str) -> bool:
    """Whether a character that cannot be seen is kept, or begins something."""
    return character in _REGIONS or unicodedata.category(character) not in _NO_TEXT


_LONGEST_FENCE = 80
"""Characters of a line that may tell that it is a fence."""


class _CodeSpans:
    """Whether a text is inside code, between backticks or fences."""

    def __init__(self) -> None:
        self._line = ""
        self._run = 0
        self._span = 0
        self._fence = ""

    @property
    def inside(self) -> bool:
        return bool(self._fence or self._span or self._run)

    @property
    def at_line_start(self) -> bool:
        return not self._line.strip()

    def push(self, character: str) -> None:
        if character == "\n":
            self._end_line()
        elif character == "`":
            self._run += 1
        elif self._run:
            self._end_run()
        if character != "\n" and len(self._line) < _LONGEST_FENCE:
            self._line += character

    def _end_run(self) -> None:
        """A run of backticks begins a span of code, or ends the one of the same length."""
        run, self._run = self._run, 0
        if not self._fence and self._span in {0, run}:
            self._span = run - self._span

    def _end_line(self) -> None:
        line, self._line = self._line.strip(), ""
        self._end_run()
        fence = line[:3]
        if self._fence:
            self._fence = "" if line.startswith(self._fence) else self._fence
        elif fence in {"```", "~~~"} and "`" not in line[3:].lstrip("`"):
            self._fence, self._span = fence, 0
        if not line:
            self._span = 0  # no span goes beyond its paragraph
