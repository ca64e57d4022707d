"""The words of a reply, each of them once.

Gateways send the whole text so far with every event. Events get lost, repeated and reordered,
connections break and come back; and when the stream of a model breaks, the gateway takes the
text back and begins again, up to nine times. What was handed out may already have been heard,
so it is never handed out again.
"""

from __future__ import annotations

LONGEST_REPLY = 200_000
"""Characters after which a reply is cut off: about four hours of speech."""


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
        new from the beginning of the first word that differs.
        """
        self._whole = whole[:LONGEST_REPLY]
        if self._given.startswith(self._whole):
            return ""
        before, self._given = self._given, self._whole
        if self._whole.startswith(before):
            return self._whole[len(before) :]
        pairs = zip(before, self._whole, strict=False)
        same = next((at for at, (old, new) in enumerate(pairs) if old != new), len(before))
        new = self._whole[_word_start(self._whole, same) :]
        return new if before[-1].isspace() or new[0].isspace() else " " + new


def _word_start(text: str, at: int) -> int:
    while at > 0 and not text[at - 1].isspace():
        at -= 1
    return at
