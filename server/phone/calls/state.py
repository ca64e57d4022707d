"""Sans-I/O: a call over all its attempts.

::

    queued > dialing > ringing > in-progress > ending > completed | busy | no-answer | failed
                                                      | canceled
                                                      | retry-wait > dialing …

Nothing but the way from ``retry-wait`` to the next attempt leads back, and a final status sticks.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.phone.calls.attempt import Attempt
from server.phone.calls.attempt_events import AttemptAction, AttemptEnd, AttemptTiming
from server.phone.calls.status import CallPhase, CallStatus, Direction, EndReason


@dataclass(frozen=True, slots=True)
class DialAgain:
    """The wait is over: the next attempt has begun and shall be dialled."""

    attempt: int
    """Its number, from 1."""


@dataclass(frozen=True, slots=True)
class Conclude:
    """The attempt is over: :meth:`CallState.conclude` shall be told whether there is another."""

    end: AttemptEnd


CallAction = AttemptAction | DialAgain | Conclude


class CallState:
    """One call. Feed :attr:`attempt` what happens; after each, and at :meth:`deadline`, ``step``.

    All times are seconds on one clock of the caller's choice.

    Args:
        direction: Whose call it is.
        now: When it came in, or was accepted.
        timing: How long an attempt waits for what.
        provider_id: The provider's id, where it is known: of inbound calls.
        media: Whether its sound shall come to us.
        earlier: Attempts before a restart of the service, which only the record knows.

    """

    def __init__(
        self,
        direction: Direction,
        now: float,
        timing: AttemptTiming | None = None,
        *,
        provider_id: str | None = None,
        media: bool = True,
        earlier: int = 0,
    ) -> None:
        self.earlier = earlier
        self._direction = direction
        self._timing = timing
        self._media = media
        self._attempts = [
            Attempt(direction, now, timing, provider_id=provider_id, media=media),
        ]
        self._announced = 0
        self._retry_at: float | None = None
        self._end: AttemptEnd | None = None

    @classmethod
    def waiting(
        cls, retry_at: float, earlier: int, timing: AttemptTiming | None = None
    ) -> CallState:
        """Return a call that waits to be dialled again, as before a restart of the service."""
        state = cls("outbound", retry_at, timing, earlier=earlier)
        state._attempts.clear()
        state._retry_at = retry_at
        return state

    @property
    def attempt(self) -> Attempt:
        """The attempt of now, or the last one. After :meth:`waiting` there is none at first."""
        return self._attempts[-1]

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """All attempts so far, without those before a restart."""
        return tuple(self._attempts)

    @property
    def status(self) -> CallStatus:
        """How the call stands."""
        if self._end is not None:
            return self._end.status
        if self._retry_at is not None:
            return CallStatus.RETRY_WAIT
        if self.attempt.end is not None:
            return CallStatus.ENDING
        return self.attempt.status

    @property
    def phase(self) -> CallPhase | None:
        """What goes on in it; ``None`` unless it is in progress."""
        return self.attempt.phase if self._attempts else None

    @property
    def end(self) -> AttemptEnd | None:
        """How the call ended."""
        return self._end

    @property
    def retry_at(self) -> float | None:
        """When it is dialled again."""
        return self._retry_at

    def attempt_of(self, provider_id: str) -> Attempt | None:
        """Return the attempt that the provider knows by this id, for what is reported of it."""
        found = (one for one in self._attempts if one.provider_id == provider_id)
        return next(found, None)

    def conclude(self, retry_at: float | None) -> None:
        """Answer a :class:`Conclude`: dial again then, or never."""
        if self._end is not None or self.attempt.end is None:
            return
        if retry_at is None:
            self._end = self.attempt.end
        else:
            self._retry_at = retry_at

    def hang_up(self, reason: EndReason, now: float) -> None:
        """End the call, also when it only waits to be dialled again."""
        if self._end is not None:
            return
        if self._retry_at is not None:
            self._retry_at = None
            self._end = AttemptEnd(CallStatus.CANCELED, reason, now)
        elif self.attempt.end is not None:
            self._end = self.attempt.end  # and no other attempt
        else:
            self.attempt.hang_up(reason, now)

    def step(self, now: float) -> tuple[CallAction, ...]:
        """Let time pass, and return what shall be done."""
        if self._end is not None:
            return ()
        if self._retry_at is not None:
            return self._dial_again(now) if self._retry_at <= now else ()
        actions: tuple[CallAction, ...] = self.attempt.step(now)
        end = self.attempt.end
        if end is not None and self._announced < len(self._attempts):
            self._announced = len(self._attempts)
            return (*actions, Conclude(end))
        return actions

    def deadline(self) -> float | None:
        """Return when to :meth:`step` next, if nothing happens before."""
        if self._end is not None:
            return None
        return self.attempt.deadline() if self._retry_at is None else self._retry_at

    def _dial_again(self, now: float) -> tuple[CallAction, ...]:
        self._retry_at = None
        self._attempts.append(Attempt(self._direction, now, self._timing, media=self._media))
        return (DialAgain(self.earlier + len(self._attempts)),)
