"""What is said while an answer lets people wait: short, and never more than is known. Sans I/O."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Occasion(enum.Enum):
    """What is known of a wait."""

    BEGUN = enum.auto()
    """The question was taken, nothing else."""

    LOOKING_UP = enum.auto()
    """The agent has begun to look something up."""

    LASTING = enum.auto()
    """It was spoken of before, and goes on."""


@dataclass(frozen=True, slots=True)
class _Fillers:
    begun: tuple[str, ...]
    looking_up: tuple[str, ...]
    lasting: tuple[str, ...]

    def of(self, occasion: Occasion) -> tuple[str, ...]:
        match occasion:
            case Occasion.BEGUN:
                return self.begun
            case Occasion.LOOKING_UP:
                return self.looking_up
            case Occasion.LASTING:
                return self.lasting


_BY_LANGUAGE = {
    "da": _Fillers(("Et øjeblik.",), ("Jeg slår det op.",), ("Det tager lidt længere.",)),
    "de": _Fillers(
        ("Einen Moment.", "Moment, bitte."), ("Ich schaue nach.",), ("Das dauert etwas länger.",)
    ),
    "en": _Fillers(
        ("One moment.", "Just a moment."), ("I'm looking it up.",), ("This takes a bit longer.",)
    ),
    "es": _Fillers(("Un momento.",), ("Lo estoy buscando.",), ("Esto tarda un poco más.",)),
    "fr": _Fillers(("Un instant.", "Un moment."), ("Je cherche.",), ("C'est un peu plus long.",)),
    "it": _Fillers(("Un momento.", "Un attimo."), ("Sto cercando.",), ("Ci vuole un po' di più.",)),
    "ja": _Fillers(("少々お待ちください。",), ("調べています。",), ("もう少しかかります。",)),
    "nb": _Fillers(("Et øyeblikk.",), ("Jeg slår det opp.",), ("Dette tar litt lenger tid.",)),
    "nl": _Fillers(
        ("Een moment.", "Een ogenblik."), ("Ik zoek het op.",), ("Dit duurt iets langer.",)
    ),
    "sv": _Fillers(("Ett ögonblick.",), ("Jag slår upp det.",), ("Det tar lite längre tid.",)),
}
_SAME = {"no": "nb", "nn": "nb"}

_LOOKS_UP = frozenset(
    {"web_search", "web_fetch", "memory_search", "memory_get", "read", "sessions_history"}
)


def looks_up(tool: str) -> bool:
    """Return whether a tool of the agent's finds something out and does nothing else."""
    return tool.lower() in _LOOKS_UP


def filler(language: str, occasion: Occasion, count: int) -> str:
    """Return what to say, "" in a language that none is known for.

    Args:
        language: ISO 639-1 code of the conversation, or a longer tag that begins with one.
        occasion: What is known.
        count: Any number: chooses among phrases that mean the same.

    """
    code = language.lower().replace("_", "-").partition("-")[0]
    fillers = _BY_LANGUAGE.get(_SAME.get(code, code))
    if fillers is None:
        return ""
    choices = fillers.of(occasion)
    return choices[count % len(choices)]
