"""Carries out what the state of a call asks of Twilio."""

from __future__ import annotations

import logging
from typing import assert_never

from server.phone.calls.attempt_events import AskProvider, EndAtProvider, ProviderReport
from server.phone.calls.limits import Spent
from server.phone.calls.request import CallRefusedError
from server.phone.calls.retry import AttemptResult
from server.phone.calls.state import CallAction, CallState, Conclude, DialAgain
from server.phone.calls.store import attempt_id
from server.phone.live.book import CallBook
from server.phone.live.handing_over import HandingOver
from server.phone.live.kit import CallKit, CallPlan
from server.phone.live.permission import check_now, dialable
from server.phone.provider.twilio import ProviderError
from server.phone.security.twiml import say_and_hang_up

logger = logging.getLogger(__name__)


class Attempts:
    """The attempts at one call.

    Args:
        kit: What all calls share.
        plan: How this one is meant.
        state: Its state; is told what came of everything.
        book: Its record.

    """

    def __init__(self, kit: CallKit, plan: CallPlan, state: CallState, book: CallBook) -> None:
        self._kit = kit
        self._plan = plan
        self._state = state
        self._book = book
        self._code: int | None = None
        self.handing_over = HandingOver(kit)
        """To somebody else."""

    @property
    def number(self) -> int:
        """The number of the attempt of now, from 1."""
        return self._state.earlier + len(self._state.attempts)

    async def perform(self, action: CallAction) -> None:
        """Do what the state asks for."""
        match action:
            case EndAtProvider():
                await self._end_at_provider(action)
            case AskProvider(provider_id):
                await self._ask(provider_id)
            case Conclude():
                self._conclude()
            case DialAgain():
                await self._dial_again()
            case _:
                assert_never(action)

    async def dial(self) -> None:
        """Have Twilio dial, unless the call was given up before."""
        attempt, now = self._state.attempt, self._kit.clock.now()
        if attempt.end is not None:
            return
        attempt.dial(now)
        spent = attempt_id(self._book.record.id, self.number)
        self._kit.limits.begin(
            Spent(spent, self._book.record.peer, "outbound", self._kit.now(), self._plan.longest)
        )
        await self._book.save(self._state)
        numbers = (self._book.record.from_, self._book.record.to)
        try:
            made = await self._kit.provider.create(
                self._kit.outbound(self._plan, self._book.record.id, self.number, numbers)
            )
        except ProviderError as error:
            self._code = error.code
            attempt.refuse(str(error), self._kit.clock.now())
        else:
            attempt.accept(made.provider_id)

    async def _dial_again(self) -> None:
        """Dial, unless what may be called now does not allow it: it may be so the next time."""
        try:
            dialable(self._kit, self._book.record.to)
            check_now(self._kit, self._book.record.to)
        except CallRefusedError as error:
            self._state.attempt.refuse(str(error), self._kit.clock.now())
            return
        left = self._kit.limits.longest_call(self._kit.now(), self._book.record.to, "outbound")
        self._plan = self._plan.lasting(min(self._plan.longest, left))
        await self.dial()

    async def _end_at_provider(self, action: EndAtProvider) -> None:
        provider, config = self._kit.provider, self._kit.config
        words = config.greeting.failed if action.unexplained else ""
        try:
            if words:
                twiml = say_and_hang_up(words, config.defaults.locale)
                await provider.send_elsewhere(action.provider_id, twiml)
            else:
                await provider.end(action.provider_id, action.status)
        except ProviderError as error:
            logger.warning("call:%s could not be ended: %s", self._book.record.id, error)

    async def _ask(self, provider_id: str) -> None:
        try:
            call = await self._kit.provider.fetch(provider_id)
        except ProviderError as error:
            logger.warning("call:%s: how it stands is not known: %s", self._book.record.id, error)
            return
        report = ProviderReport(call.status, None, call.seconds, call.answered_by)
        self._state.attempt.receive_report(report, self._kit.clock.now())

    def _conclude(self) -> None:
        """Account for an attempt that is over, and decide whether there is another."""
        attempt, end = self._state.attempt, self._state.attempt.end
        if end is None:  # it has ended, or nothing would be concluded
            raise AssertionError(self._book.record.id)
        seconds = _seconds(attempt.seconds, attempt.answered_at, end.at)
        self._kit.limits.end(attempt_id(self._book.record.id, self.number), seconds)
        self.handing_over.end()
        result = AttemptResult(
            self.number,
            self._book.record.direction,
            end.status,
            end.reason,
            attempt.answered_by,
            attempt.had_media,
            self._code,
        )
        at = self._kit.retry.next_attempt(result, self._kit.wall_time(end.at), self._kit.chance())
        self._state.conclude(None if at is None else self._kit.clock_time(at))
        if at is not None:
            wait = (at - self._kit.now()).total_seconds()
            logger.info(
                "call:%s: %s, called again in %.0f s", self._book.record.id, end.status, wait
            )


def _seconds(told: int | None, answered_at: float | None, ended_at: float) -> float:
    if told is not None:
        return float(told)
    return 0.0 if answered_at is None else ended_at - answered_at
