"""The words of a reply, each of them once.

Gateways send the whole text so far with every event. Events get lost, repeated and reordered,
connections break and come back; and when the stream of a model breaks, the gateway takes the
text back and begins again, up to nine times. What was handed out may already have been heard,
so it is never handed out again.
"""

from __future__ import annotations

import re

LONGEST_REPLY = 200_000
"""Characters after which a reply is cut off: about four hours of speech."""


_WORD = re.compile(r"\S+")


class ReplyText:
    """One reply as it grows."""

    def __init__(self) -> None:
        self._given = ""
        self._whole = ""

    @property
    def given(self) -> str:
        """What was handed out, as it would stand if the reply ended now."""
        return self._given

    def extend(self, delta: str) -> str:
        """Take the next part, from an event that has only that; return what is new."""
        return self.become(self._whole + delta)

    def restart(self) -> None:
        """The text was taken back and begins again."""
        self._whole = ""

    def become(self, whole: str) -> str:
        """Take the whole text so far; return what is new in it.

        A text that only repeats what was given is nothing new. One that turns away from it is
        new from the beginning of the first word that differs; other spaces are no difference.
        """
        self._whole = whole[:LONGEST_REPLY]
        if self._given.startswith(self._whole):
            return ""
        before = self._given
        if self._whole.startswith(before):
            new = self._whole[len(before) :]
        elif new := self._whole[_end_of_common_words(before, self._whole) :]:
            new = new if before[-1].isspace() or new[0].isspace() else " " + new
        else:
            return ""  # the same words, fewer of them, between other spaces
        self._given = self._whole
        return new


def _end_of_common_words(one: str, other: str) -> int:
    """Return where in ``other`` the words end that both begin with."""
    end = 0
    for word, its in zip(_WORD.finditer(one), _WORD.finditer(other), strict=False):
        if word.group() != its.group():
            return its.start()
        end = its.end()
    return end
