"""Sans-I/O: what becomes of a reply that people talk over.

Who begins to talk over the reply makes it quieter at once. Most of what is said
then is a nod or a laugh, and the reply rises again. What goes on for longer
holds the reply: it falls silent and loses nothing. Then either the words tell
(a stop word stops it, a nod lets it go on from where it was), or the sheer
length does.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import assert_never

from pipeline.config import TurnsConfig
from pipeline.interfaces import Volume

WORDS_PATIENCE = 0.8
"""Seconds after speech over the reply in which its words are waited for, before it counts as
nothing; a stop word that comes later still stops."""


SAME_BREATH = 0.25
"""Seconds after a sound without words within which more sound is the rest of it: an onset that is
quiet at first is heard in bits and pieces."""

STIR_PATIENCE = 0.1
"""Seconds for which the reply is quieter after a sound that may yet turn out to be speech."""


class Meaning(enum.Enum):
    """What words said over the reply want."""

    NO_WORDS = enum.auto()
    """Nothing was made out: the reply goes on, unless more follows in the same breath."""

    NOTHING = enum.auto()
    """A nod: the reply goes on."""

    STOP = enum.auto()
    """The reply shall stop, and nothing else is wanted."""

    UNCLEAR = enum.auto()
    """What may be the cut beginning of a nod or a stop: more is waited for."""

    SPEECH = enum.auto()
    """Something is said: the reply stops and makes room."""


_ROUNDING = 1e-6  # seconds; sums of 0.032 are not exact

_ORDER = (Volume.FULL, Volume.DUCKED, Volume.HELD)


@dataclass(slots=True)
class _Voice:
    """Someone over the reply."""

    since: float
    """When they began, or began again after something that meant nothing."""

    last: float = 0.0
    """When they were heard last."""

    voiced: float = 0.0
    """Seconds of speech between the two."""

    until: float | None = None
    """When the wait for their words is over; ``None`` while they talk."""


class BargeIn:
    """Decides over one reply.

    Args:
        config: When the reply is held, and when it is stopped.

    """

    def __init__(self, config: TurnsConfig) -> None:
        self._config = config
        self._voices: dict[int, _Voice] = {}
        self._wordless: dict[int, _Voice] = {}
        self._stirs_until: float | None = None
        self.stopped = False
        """Whether the reply must stop."""

        self.silenced = False
        """Whether somebody only wants silence."""

    @property
    def volume(self) -> Volume:
        """How loud the reply shall be now."""
        levels = [self._volume(voice) for voice in self._voices.values()]
        if self._stirs_until is not None:
            levels.append(Volume.DUCKED)
        return max(levels, key=_ORDER.index, default=Volume.FULL)

    def receive_stir(self, at: float) -> None:
        """Take in a sound that may yet turn out to be speech.

        Args:
            at: Seconds; up to when it was heard.

        """
        self._stirs_until = at + STIR_PATIENCE

    def receive_speech(self, turn: int, *, start: float, end: float) -> None:
        """Take in more speech of a turn that began over the reply.

        Args:
            turn: Its number.
            start: Seconds; when it began.
            end: Seconds; up to when it was heard.

        """
        voice = self._voices.get(turn)
        if voice is None:
            voice = self._voices[turn] = self._begin(turn, start)
        voice.until = None
        voice.last = end
        voice.voiced += end - start
        if voice.voiced >= self._config.interruption - _ROUNDING:
            self.stopped = True

    def receive_silence(self, turn: int, at: float) -> None:
        """Take in that they fell silent: the words are on their way."""
        if (voice := self._voices.get(turn)) is not None and voice.until is None:
            voice.until = at + WORDS_PATIENCE

    def receive_words(self, turn: int, meaning: Meaning) -> None:
        """Take in what a turn says; a stop word counts late, too, and from everybody."""
        match meaning:
            case Meaning.NO_WORDS:
                if (voice := self._voices.pop(turn, None)) is not None:
                    self._wordless[turn] = voice
            case Meaning.NOTHING:
                self.forget(turn)
            case Meaning.UNCLEAR:
                pass
            case Meaning.SPEECH:
                self._receive_speech(turn)
            case Meaning.STOP:
                self.stopped = self.silenced = True
            case _:
                assert_never(meaning)

    def _receive_speech(self, turn: int) -> None:
        """Stop for words, unless the sound was too short to hold any: recognisers make some up."""
        voice = self._voices.get(turn)
        if voice is None:
            return
        if voice.voiced >= self._config.min_speech - _ROUNDING:
            self.stopped = True
        else:
            self.forget(turn)

    def forget(self, turn: int) -> None:
        """Take in that a turn was nothing; more of it begins anew."""
        self._voices.pop(turn, None)
        self._wordless.pop(turn, None)

    def get_timer(self) -> float | None:
        """When to call :meth:`handle_timer`, in seconds; ``None`` for never."""
        waits = [self._stirs_until, *(voice.until for voice in self._voices.values())]
        return min((at for at in waits if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Let time pass: words that do not come are none, nor is what only stirred speech."""
        if self._stirs_until is not None and self._stirs_until <= now:
            self._stirs_until = None
        for turn, voice in list(self._voices.items()):
            if voice.until is not None and voice.until <= now:
                self.forget(turn)

    def _begin(self, turn: int, start: float) -> _Voice:
        """Return the voice of who begins to be heard, or goes on in the same breath."""
        before = self._wordless.pop(turn, None)
        if before is not None and start - before.last <= SAME_BREATH:
            return before
        return _Voice(start)

    def _volume(self, voice: _Voice) -> Volume:
        # From the first sound to the last: a voice that is low at first comes and goes for the VAD.
        lasts = voice.last - voice.since
        return Volume.HELD if lasts >= self._config.barge_in - _ROUNDING else Volume.DUCKED
