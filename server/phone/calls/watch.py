"""Sans-I/O: how long one call may last, and how long nobody may say anything in it."""

from __future__ import annotations

from dataclasses import dataclass

from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import EndReason

PROVIDER_MARGIN = 15.0
"""Seconds by which the provider's own limit is later than ours: it holds even when we are gone."""


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The agent shall come to an end."""

    left: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class AskWhetherSomebodyIsThere:
    """Nobody has said anything for a while."""

    time: int
    """The how manieth time, from 1."""


@dataclass(frozen=True, slots=True)
class SayGoodbye:
    """The call shall be ended, with a goodbye."""

    reason: EndReason


WatchAction = WrapUp | AskWhetherSomebodyIsThere | SayGoodbye


class CallWatch:
    """Watches one call from the moment its sound flows. ``step`` after each input, and when due.

    All times are seconds on one clock of the caller's choice.

    Args:
        limits: How long is too long.
        longest: Seconds that this call may last.
        now: When it was answered.

    """

    def __init__(self, limits: LimitsConfig, longest: float, now: float) -> None:
        self._silence = limits.silence
        self._prompts = limits.silence_prompts
        self.end = now + longest
        """When it has lasted as long as it may."""

        # A call too short to wrap up is not told to at once.
        self._wrap_up: float | None = (
            self.end - limits.wrap_up if limits.wrap_up < longest / 2 else None
        )
        self._quiet_since: float | None = now
        self._asked = 0
        self._said_goodbye = False

    @property
    def provider_limit(self) -> float:
        """When the provider shall end the call by itself, whatever we do."""
        return self.end + PROVIDER_MARGIN

    def caller_speaks(self) -> None:
        """Take in that the other side speaks, or presses a key."""
        self._quiet_since = None
        self._asked = 0

    def agent_is_busy(self) -> None:
        """Take in that the agent speaks, thinks or works: no silence of the caller's."""
        self._quiet_since = None

    def nobody_speaks(self, now: float) -> None:
        """Take in that nobody speaks any more, and nothing is being prepared."""
        if self._quiet_since is None:
            self._quiet_since = now

    def step(self, now: float) -> tuple[WatchAction, ...]:
        """Let time pass, and return what shall be done; after a goodbye, nothing more."""
        if self._said_goodbye:
            return ()
        if now >= self.end:
            return self._goodbye(EndReason.TOO_LONG)
        actions: list[WatchAction] = []
        if self._wrap_up is not None and now >= self._wrap_up:
            self._wrap_up = None
            actions.append(WrapUp(self.end - now))
        if self._quiet_since is not None and now >= self._quiet_since + self._silence:
            if self._asked >= self._prompts:
                return self._goodbye(EndReason.SILENCE)
            self._asked += 1
            self._quiet_since = now  # also when the question is never heard
            actions.append(AskWhetherSomebodyIsThere(self._asked))
        return tuple(actions)

    def deadline(self) -> float | None:
        """Return when to :meth:`step` next, if nothing happens before."""
        if self._said_goodbye:
            return None
        quiet = None if self._quiet_since is None else self._quiet_since + self._silence
        return min(at for at in (self.end, self._wrap_up, quiet) if at is not None)

    def _goodbye(self, reason: EndReason) -> tuple[WatchAction, ...]:
        self._said_goodbye = True
        return (SayGoodbye(reason),)
