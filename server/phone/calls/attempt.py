"""Sans-I/O: one attempt at a call, from dialling to its end.

What is known of an attempt are facts that are only ever added: it rang, it was answered, its
sound flows, the provider says how it ended, we asked to end it. Its status is read from the facts.
So the status only grows, and the same reports lead to the same end in whatever order they arrive,
however often and however late. A report that contradicts an end comes too late and changes nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from server.phone.calls.attempt_events import (
    AskProvider,
    AttemptAction,
    AttemptEnd,
    AttemptTiming,
    EndAtProvider,
    ProviderReport,
    earlier,
)
from server.phone.calls.media_watch import MediaWatch
from server.phone.calls.status import (
    DESCRIPTIONS,
    AnsweredBy,
    CallPhase,
    CallStatus,
    Direction,
    EndReason,
)

_ENDS: Final = {CallPhase.TRANSFERRING: EndReason.TRANSFERRED}
"""Why a call ended that the other side hung up, by what went on in it."""


class _Due(enum.Enum):
    """What the passing of time brings, other than that we hang up."""

    SETTLE = enum.auto()
    """The provider's word holds."""

    ASK = enum.auto()
    GIVE_UP = enum.auto()
    """The end is ours to decide."""


@dataclass(slots=True)
class _Ending:
    """We want the attempt to be over."""

    reason: EndReason
    sent: CallStatus | None = None
    """What the provider was told."""

    until: float = 0.0
    """When it should have reported the end."""

    asked: bool = False
    """Whether it was asked since."""


class Attempt:
    """One attempt. Feed it what happens; after each, and at :meth:`deadline`, do :meth:`step`.

    All times are seconds on one clock of the caller's choice.

    Args:
        direction: Whose call it is.
        now: When it came in, or was accepted.
        timing: How long it waits for what.
        provider_id: The provider's id of it, where it is known: of inbound calls.
        media: Whether its sound shall come to us. Not when a caller is only told something.

    """

    def __init__(
        self,
        direction: Direction,
        now: float,
        timing: AttemptTiming | None = None,
        *,
        provider_id: str | None = None,
        media: bool = True,
    ) -> None:
        inbound = direction == "inbound"
        self._inbound = inbound
        self._timing = timing or AttemptTiming()
        self._progress = CallStatus.RINGING if inbound else CallStatus.QUEUED
        self._dialed_at = now if inbound else None
        self._told: ProviderReport | None = None
        self._told_at = 0.0
        self._media = MediaWatch(self._timing, expected=media)
        self._ending: _Ending | None = None
        self._phase = CallPhase.CONNECTING
        self.began_at = now
        self.provider_id = provider_id
        self.answered_at: float | None = None
        self.answered_by: AnsweredBy | None = None
        self.seconds: int | None = None
        self.end: AttemptEnd | None = None

    @property
    def status(self) -> CallStatus:
        """How it stands."""
        if self.end is not None:
            return self.end.status
        if self._told is not None or self._ending is not None:
            return CallStatus.ENDING
        return self._progress

    @property
    def phase(self) -> CallPhase | None:
        """What goes on in it; ``None`` unless it is in progress."""
        return self._phase if self.status is CallStatus.IN_PROGRESS else None

    @property
    def had_media(self) -> bool:
        """Whether its sound ever came to us."""
        return self._media.ever

    def dial(self, now: float) -> None:
        """Take in that the provider is being asked to dial."""
        self._dialed_at = now
        self._advance(CallStatus.DIALING, now)

    def accept(self, provider_id: str) -> None:
        """Take in the provider's id of it, from its answer or from what it reports first."""
        self.provider_id = provider_id

    def refuse(self, error: str, now: float) -> None:
        """Take in that the provider does not dial, and why, for people."""
        if self.end is not None or self.provider_id is not None:
            return  # it has told of the call: only the answer to our request was lost
        if self._ending is not None:
            self._end(self._our_verdict(), now)
        else:
            self.end = AttemptEnd(CallStatus.FAILED, EndReason.NOT_PLACED, now, error)

    def receive_report(self, report: ProviderReport, now: float) -> None:
        """Take in what the provider says. In any order, as often as it comes."""
        self.answered_by = report.answered_by or self.answered_by
        if self.seconds is None:
            self.seconds = report.seconds
        if self.end is not None:
            return
        if not report.status.is_final:
            self._advance(report.status, now)
            return
        if report.status is CallStatus.COMPLETED:
            self._advance(CallStatus.IN_PROGRESS, now)
        if self._told is None:
            self._told_at = now
        if self._told is None or earlier(report, self._told):
            self._told = report
        self._settle(now)

    def receive_answered_by(self, answered_by: AnsweredBy, now: float) -> None:
        """Take in who answered, which machine detection tells by itself."""
        self.answered_by = answered_by
        if self.end is None:
            self._advance(CallStatus.IN_PROGRESS, now)

    def start_stream(self, stream_id: str, now: float) -> None:
        """Take in that the sound flows: also the proof that somebody answered."""
        if not self._media.start(stream_id, now):
            return
        if self._phase is CallPhase.CONNECTING:
            self._phase = CallPhase.GREETING
        self._advance(CallStatus.IN_PROGRESS, now)
        self._settle(now)

    def receive_media(self, now: float) -> None:
        """Take in that a frame of sound came."""
        self._media.receive(now)

    def stop_stream(self, stream_id: str, now: float) -> None:
        """Take in that the provider ended the stream: the call is over, or on its way elsewhere."""
        self._media.stop(stream_id, now)

    def lose_stream(self, stream_id: str, now: float) -> None:
        """Take in that the media socket broke without a word."""
        self._media.lose(stream_id, now)

    def enter(self, phase: CallPhase) -> None:
        """Take in what goes on in the call now."""
        self._phase = phase

    def hang_up(self, reason: EndReason, now: float) -> None:
        """End the call; the first reason given is the one that stands."""
        if self.end is not None or self._ending is not None:
            return
        self._ending = _Ending(reason)
        if self._progress is CallStatus.QUEUED:
            self._end(CallStatus.CANCELED, now)

    def step(self, now: float) -> tuple[AttemptAction, ...]:
        """Let time pass, and return what the provider shall be asked."""
        asked = [self._happen(due, now) for at, due in tuple(self._timers()) if at <= now]
        actions: list[AttemptAction] = [action for action in asked if action is not None]
        if (end := self._end_at_provider(now)) is not None:
            actions.append(end)
        return tuple(actions)

    def deadline(self) -> float | None:
        """Return when to :meth:`step` next, if nothing happens before."""
        return min((at for at, _ in self._timers()), default=None)

    def _timers(self) -> Iterator[tuple[float, _Due | EndReason]]:
        """What is due when, unless something else happens before."""
        if self.end is not None:
            return
        if self._told is not None:
            yield self._told_at + self._timing.reconnect, _Due.SETTLE
        elif self._ending is not None:
            if self._ending.sent is None:
                return  # without an id, whether it is dialled at all has to be known first
            yield self._ending.until, _Due.GIVE_UP if self._ending.asked else _Due.ASK
        elif self.answered_at is not None:
            yield self.answered_at + self._timing.blind, EndReason.TOO_LONG
            if self._phase is not CallPhase.TRANSFERRING:
                yield from self._media.timers(self.answered_at)
        elif self._dialed_at is not None:
            patience = self._timing.ring + self._timing.reaper
            yield self._dialed_at + patience, EndReason.NEVER_ANSWERED

    def _happen(self, due: _Due | EndReason, now: float) -> AskProvider | None:
        match due:
            case _Due.SETTLE:
                self._end(CallStatus.FAILED, now)
            case _Due.GIVE_UP:
                self._end(self._our_verdict(), now)
            case _Due.ASK:
                if self._ending is not None:
                    self._ending.asked = True
                    self._ending.until = now + self._timing.report
                if self.provider_id is not None:
                    return AskProvider(self.provider_id)
            case EndReason():
                self.hang_up(due, now)
        return None

    def _end_at_provider(self, now: float) -> EndAtProvider | None:
        """Return what to send when the provider has not been asked to end the call, or not so."""
        ending = self._ending
        if self.end is not None or ending is None or self.provider_id is None:
            return None
        answered = self._inbound or self.answered_at is not None
        status = CallStatus.COMPLETED if answered else CallStatus.CANCELED
        # Answered in the moment in which it was cancelled: it has to be ended in the other way.
        if ending.sent in {status, CallStatus.COMPLETED}:
            return None
        ending.sent = status
        ending.until = now + self._timing.report
        return EndAtProvider(self.provider_id, status, answered and _says_nothing(ending.reason))

    def _advance(self, status: CallStatus, now: float) -> None:
        if self._dialed_at is None and status.rank > CallStatus.QUEUED.rank:
            self._dialed_at = now
        if status is CallStatus.IN_PROGRESS and self.answered_at is None:
            self.answered_at = now
        self._progress = max(self._progress, status, key=lambda one: one.rank)

    def _settle(self, now: float) -> None:
        """End as the provider says, where nothing has to be waited for."""
        told = self._told
        if told is None or self.end is not None:
            return
        overtaken = told.status is CallStatus.COMPLETED and self._media.missing
        if overtaken and self._ending is None:
            return  # the callback may be faster than the stream's beginning
        self._end(self._judged(told.status), now)

    def _our_verdict(self) -> CallStatus:
        """Return how it ended, when the provider does not say."""
        answered = self.answered_at is not None
        return self._judged(CallStatus.COMPLETED if answered else CallStatus.CANCELED)

    def _judged(self, status: CallStatus) -> CallStatus:
        """Return what the provider's final status means, when it was we who ended it."""
        match status, self._ending.reason if self._ending is not None else None:
            case CallStatus.COMPLETED, EndReason.MEDIA_DEAD if self._media.missing:
                return CallStatus.FAILED
            case CallStatus.CANCELED, EndReason.NEVER_ANSWERED:
                return CallStatus.NO_ANSWER
            case _:
                return status

    def _end(self, status: CallStatus, now: float) -> None:
        if self.end is not None:
            return
        reason = self._reason(status)
        error = self._told.error if self._told is not None else None
        self.end = AttemptEnd(status, reason, now, error or DESCRIPTIONS.get(reason))

    def _reason(self, status: CallStatus) -> EndReason:
        match status:
            case CallStatus.BUSY:
                return EndReason.BUSY
            case CallStatus.FAILED:
                told_failed = self._told is not None and self._told.status is CallStatus.FAILED
                return EndReason.FAILED if told_failed else EndReason.MEDIA_NEVER_CONNECTED
            case _ if self._ending is not None:
                return self._ending.reason
            case CallStatus.NO_ANSWER:
                return EndReason.NO_ANSWER
            case CallStatus.CANCELED:
                return EndReason.CANCELED
            case _:
                return _ENDS.get(self._phase, EndReason.HUNG_UP)


def _says_nothing(reason: EndReason) -> bool:
    """Return whether what speaks in a call is the very thing that failed."""
    return reason is EndReason.ENGINE
