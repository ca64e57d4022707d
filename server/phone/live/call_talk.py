"""What is said in one call: when the engine begins, and when it has to come to its end."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from server.phone.calls.record import CallRecord
from server.phone.calls.status import AnsweredBy, EndReason
from server.phone.calls.watch import CallWatch, SayGoodbye, WrapUp
from server.phone.engines.engine import CallDesk, EngineEnd, EngineSession
from server.phone.line.transport import PhoneTransport
from server.phone.live.call_memory import with_earlier_calls
from server.phone.live.kit import CallKit, CallPlan

logger = logging.getLogger(__name__)


class CallTalk:
    """Has an engine talk: :meth:`begin`, then :meth:`run`.

    Args:
        kit: What all calls share.
        plan: How this one is meant.
        record: The call as it was kept first.
        line: Its sound.
        desk: The call, as the engine sees it.

    """

    def __init__(
        self,
        kit: CallKit,
        plan: CallPlan,
        record: CallRecord,
        line: PhoneTransport,
        desk: CallDesk,
    ) -> None:
        self._kit = kit
        self._plan = plan
        self._record = record
        self._line = line
        self._desk = desk
        self._sound = asyncio.Event()
        self._verdict = asyncio.Event()
        self._leaves_message = False
        self._watch: CallWatch | None = None
        self.session: EngineSession | None = None
        """What talks; ``None`` before its time."""

    def begin_sound(self) -> None:
        """Take in that the call's sound flows. Harmless twice."""
        self._sound.set()

    def receive_answered_by(self, answered_by: AnsweredBy) -> bool:
        """Take in who answered; returns whether there is anything to say to them."""
        leaves_message = answered_by.takes_message and bool(self._plan.voicemail)
        if not leaves_message and not answered_by.is_person:
            return False
        self._leaves_message = leaves_message
        if leaves_message and self.session is not None:
            self.session.finish(self._plan.voicemail, EndReason.VOICEMAIL)
        self._verdict.set()
        return True

    async def begin(self) -> None:
        """Wait until there is somebody to talk with, and open the engine's session."""
        call, taking = self._plan.engine_call, self._plan.messages
        engine = self._kit.engine if taking is None else taking.engine
        if taking is None:
            call = await with_earlier_calls(self._kit, self._record, call)
        await self._sound.wait()
        await self._wait_for_verdict()
        if self._leaves_message or self._plan.notice:
            call = replace(call, opening="")
        self.session = engine.open(call, self._line, self._desk)
        if self._leaves_message:
            self.session.finish(self._plan.voicemail, EndReason.VOICEMAIL)
        elif self._plan.notice:
            self.session.finish(self._plan.notice, EndReason.AGENT)

    async def run(self) -> EngineEnd:
        """Have the engine talk to its end."""
        if self.session is None:
            raise AssertionError("the talk has not begun")
        try:
            end = await self.session.run()
        except Exception:  # a bug of the engine must not leave the line open
            logger.exception("call:%s: the engine broke", self._plan.engine_call.id)
            end = EngineEnd(EndReason.ENGINE)
        if end.error is not None:
            logger.error("call:%s: %s", self._plan.engine_call.id, end.error)
        return end

    def deadline(self) -> float | None:
        """Return when to :meth:`step` next, if nothing happens before."""
        if self._watch is None:
            return None
        return self._watch.deadline() or self._watch.provider_limit

    @property
    def until(self) -> float:
        """When the call has to be over, in seconds on the clock."""
        now = self._kit.clock.now()
        return now + self._plan.longest if self._watch is None else self._watch.end

    def step(self) -> bool:
        """Bring a call that has lasted long enough to its end; returns whether to hang up.

        That is when the goodbye should long have been said: whatever keeps the engine, or whoever
        took the call over, nobody talks for longer.
        """
        if self.session is None:
            return False
        now = self._kit.clock.now()
        if self._watch is None:
            self._watch = CallWatch(self._kit.config.limits, self._plan.longest, now)
            self._watch.agent_is_busy()  # silence is the engine's to notice
        for action in self._watch.step(now):
            if isinstance(action, WrapUp):
                self.session.inform(f"The call ends in {action.left:.0f} seconds: wrap up.")
            elif isinstance(action, SayGoodbye):
                self.session.finish(self._plan.goodbye, action.reason)
        return now >= self._watch.provider_limit

    async def _wait_for_verdict(self) -> None:
        """Say nothing until it is known who answered, or for as long as the settings say.

        A machine would record the beginning of what is not meant for it. What a person says
        meanwhile, which is hello, is not for the engine: it begins, and does not answer.
        """
        if not self._plan.hold_opening:
            return
        clock = self._kit.clock
        timer = clock.call_at(clock.now() + self._plan.hold_opening, self._verdict.set)
        try:
            await self._verdict.wait()
        finally:
            timer.cancel()
        self._line.forget_heard()
