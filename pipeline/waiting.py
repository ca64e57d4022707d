"""Decides what is heard while an answer lets people wait. Sans I/O: every time is an argument.

A sign that the turn was taken, at once, unless the answer will be there as soon. Then nothing,
while the wait is expected to be short; a soft sound, once it is expected to be long; a few words,
once it is expected to be so long that they are over before the answer comes. Expected is what the
agent's own figures say (:mod:`pipeline.wait_times`).

Nothing begins while somebody speaks, and what is heard when somebody begins to speak falls silent.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pipeline.config import SoundsConfig
from pipeline.fillers import Occasion, filler, looks_up
from pipeline.wait_times import Rest, WaitTimes

SIGN_WAIT = 0.5
"""Seconds more that an answer must be expected to take for a sign that the turn was taken."""

FIRST_FILL = 0.6
"""Seconds after a turn was taken before its wait is filled: shorter pauses are part of talking."""

AFTER_SPEECH = 0.4
"""Seconds of nobody speaking before anything begins."""

LONGEST_WORDS = 2.0
"""Seconds that words may take: what an answer that comes meanwhile may have to wait for."""


class Kind(enum.Enum):
    """What is heard."""

    SILENCE = enum.auto()
    """Nothing; what is heard now stops."""

    SIGN = enum.auto()
    """The earcon of a turn that was taken, once."""

    THINKING = enum.auto()
    """The thinking sound, until something else is decided."""

    WORDS = enum.auto()
    """Some words, once."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that shall be heard from now on, instead of what is heard."""

    kind: Kind
    text: str = ""
    """The words of :attr:`Kind.WORDS`."""


_SILENCE = Cue(Kind.SILENCE)


@dataclass(frozen=True, slots=True)
class Awaited:
    """An answer that is waited for."""

    agent: str
    """Id of the agent."""

    language: str
    """Of the conversation: an ISO 639-1 code."""

    asked: float
    """When the agent was asked, in seconds on the conversation clock."""

    since: float
    """When people began to wait for it, same clock: their turn was taken, and nothing else is
    answered before it."""


class Waiting:
    """One wait for one answer.

    Call :meth:`decide` every few hundredths of a second, and tell what happens.

    Args:
        awaited: The answer.
        config: What may be heard.
        times: How long agents take.

    """

    def __init__(self, awaited: Awaited, config: SoundsConfig, times: WaitTimes) -> None:
        self._awaited = awaited
        self._config = config
        self._times = times
        self._heard = Kind.SILENCE
        self._spoke = -float("inf")
        self._signed = False
        self._answered = False
        self._occasion = Occasion.BEGUN
        self._words_from = 0.0 if config.words else float("inf")

    @property
    def heard(self) -> Kind:
        """What is heard now."""
        return self._heard

    def decide(self, now: float, *, someone_speaks: bool) -> Cue | None:
        """Return what shall be heard from now on; ``None`` for what is heard already.

        Args:
            now: Seconds on the conversation clock.
            someone_speaks: Whether anybody speaks, or may.

        """
        if someone_speaks:
            self._spoke = now
            return None if self._heard is Kind.SILENCE else self._begin(_SILENCE)
        if self._answered or self._heard in {Kind.SIGN, Kind.WORDS}:
            return None
        if now - self._spoke < AFTER_SPEECH:
            return None
        if now - self._awaited.since >= FIRST_FILL:
            return self._fill(now)
        if self._signed or not self._config.earcons:
            return None
        self._signed = True
        # Before anything is known it is given, too: it promises nothing.
        rest = self._rest(now)
        long = rest is None or rest.median >= SIGN_WAIT
        return self._begin(Cue(Kind.SIGN)) if long else None

    def receive_ended(self) -> None:
        """Take in that what was heard is over, or could not be played."""
        self._heard = Kind.SILENCE

    def receive_words(self) -> None:
        """Take in that the first words of the answer are there: nothing new begins."""
        self._answered = True

    def receive_tool(self, name: str) -> None:
        """Take in that the agent has begun to use a tool."""
        if self._occasion is Occasion.BEGUN and looks_up(name):
            self._occasion = Occasion.LOOKING_UP

    def _fill(self, now: float) -> Cue | None:
        if now >= self._words_from and self._is_time_for_words(now):
            text = self._next_words(now)
            if text:
                return self._begin(Cue(Kind.WORDS, text))
        thinking = self._config.thinking and self._heard is not Kind.THINKING
        if thinking and self._is_long(now, self._config.thinking_wait):
            return self._begin(Cue(Kind.THINKING))
        return None

    def _begin(self, cue: Cue) -> Cue:
        self._heard = cue.kind
        return cue

    def _next_words(self, now: float) -> str:
        # Any number does that is not the same every time.
        text = filler(self._awaited.language, self._occasion, round(self._awaited.asked))
        self._occasion = Occasion.LASTING
        self._words_from = now + self._config.words_again
        return text

    def _is_time_for_words(self, now: float) -> bool:
        rest = self._rest(now)
        improbable = rest is None or rest.quartile >= LONGEST_WORDS  # that the answer comes first
        return improbable and self._is_long(now, self._config.words_wait)

    def _is_long(self, now: float, seconds: float) -> bool:
        """Return whether the answer is expected to take so many more seconds."""
        rest = self._rest(now)
        if rest is None:
            return now - self._awaited.since >= self._config.unknown_wait
        return rest.median >= seconds

    def _rest(self, now: float) -> Rest | None:
        return self._times.expect(self._awaited.agent, now - self._awaited.asked)
