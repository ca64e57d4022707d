"""The shell of a Realtime call: its socket, its sound, its timer, and what the model asks for."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, assert_never

import websockets
from websockets.asyncio.client import ClientConnection

from openclaw_client.backoff import Backoff
from pipeline.clock import Clock
from pipeline.errors import StageError
from pipeline.interfaces import Agent, Question
from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import EndReason
from server.phone.config_providers import OpenAIConfig
from server.phone.engines.engine import (
    CallDesk,
    EngineCall,
    EngineEnd,
    EngineLine,
    SendDigits,
    Transfer,
    Wish,
    WishRefusedError,
)
from server.phone.engines.realtime.dialing import RealtimeConnectionError, closing_error, dial
from server.phone.engines.realtime.model_tools import DONE
from server.phone.engines.realtime.protocol import RealtimeProtocol
from server.phone.engines.realtime.replies import Sound
from server.phone.engines.realtime.steps import (
    End,
    Reconnect,
    Send,
    Step,
    StopSound,
    Tell,
    UseTool,
)
from server.phone.engines.realtime.tools import AskOpenClaw

logger = logging.getLogger(__name__)

MOST_TRIES: Final = 6
"""Sessions in a row that fail at once, at which the call is given up: nobody waits for longer."""

LASTING: Final = 10.0
"""Seconds after which a session that ends was a good one."""

MOST_UNSENT: Final = 1000
"""Events that wait to be sent, at which a connection counts as broken: 20 s of sound."""

LONGEST_ANSWER: Final = 8000
"""Characters of OpenClaw's answer that the model gets."""

_RETRY = Backoff(first=0.25, longest=4.0)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of this kind have in common."""

    openai: OpenAIConfig
    limits: LimitsConfig
    """Of these only how long nobody may say anything."""

    agent: Agent
    """Answers what the model asks OpenClaw."""

    clock: Clock
    """The conversation clock, of the lines as well."""

    ask_timeout: float = 30.0
    """Seconds for which the model waits for an answer; a later one is told it when it comes."""


class _OverError(Exception):
    """The call is over: ends the tasks that belong to it."""


class RealtimeSession:
    """One call.

    Args:
        call: What is known of it.
        line: Its sound.
        desk: The rest of the telephone.
        around: What all calls have in common.

    """

    def __init__(
        self, call: EngineCall, line: EngineLine, desk: CallDesk, around: Surroundings
    ) -> None:
        self._call = call
        self._line = line
        self._desk = desk
        self._around = around
        self._clock = around.clock
        now = self._clock.now()
        self._protocol = RealtimeProtocol(
            call, around.openai, around.limits, around.ask_timeout, now
        )
        self._tasks: asyncio.TaskGroup | None = None
        self._reader: asyncio.Task[RealtimeConnectionError] | None = None
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        self._moved = asyncio.Event()
        self._replaced = ""
        self._end: EngineEnd | None = None

    async def run(self) -> EngineEnd:
        """Talk until the call is over. Cancelling stops it at once."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for work in (self._listen(), self._keep_time(), self._converse()):
                    tasks.create_task(work)
        except* _OverError:
            pass
        finally:
            self._line.stop()
            self._protocol.receive_stopped(self._line.ledger, self._clock.now())
            self._protocol.hang_up()
            self._do_steps()
        return self._end or EngineEnd(EndReason.HUNG_UP)

    # The rest of the telephone

    def press(self, digit: str) -> None:
        """Take in that the other side has pressed a key."""
        self._protocol.press(digit, self._clock.now())
        self._do_steps()

    def say(self, text: str, *, interrupt: bool = False) -> None:
        """Say something as it is, as soon as nobody speaks."""
        self._protocol.say(text, self._clock.now(), interrupt=interrupt)
        self._do_steps()

    def inform(self, text: str) -> None:
        """Let the model know something without saying it."""
        self._protocol.inform(text, self._clock.now())
        self._do_steps()

    def update(self, *, instructions: str | None = None, voice: str | None = None) -> None:
        """Change what the model is told, or its voice, from the next quiet moment on."""
        self._protocol.update(instructions, voice, self._clock.now())
        self._do_steps()

    def finish(self, words: str, reason: EndReason) -> None:
        """Break off, listen no more, say these words as they are, and end for this reason."""
        self._protocol.finish(words, reason, self._clock.now())
        self._do_steps()

    # The tasks of a call

    async def _listen(self) -> None:
        async for ulaw in self._line.caller_ulaw():
            if (event := self._protocol.hear(ulaw)) is not None:
                self._send(event)
        self._protocol.hang_up()
        self._do_steps()
        raise _OverError

    async def _keep_time(self) -> None:
        while self._end is None:
            self._moved.clear()
            at = self._protocol.deadline(self._line.ledger, self._clock.now())
            timer = None if at is None else self._clock.call_at(at, self._moved.set)
            try:
                await self._moved.wait()
            finally:
                if timer is not None:
                    timer.cancel()
            if self._end is None:
                self._protocol.handle_timer(self._line.ledger, self._clock.now())
                self._do_steps()
        raise _OverError

    async def _converse(self) -> None:
        """Hold one session after the other."""
        failed = 0
        while self._end is None:
            began = self._clock.now()
            error = await self._hold_one()
            now = self._clock.now()
            failed = 0 if now - began > LASTING else failed + 1
            if error.hopeless or failed >= MOST_TRIES:
                self._protocol.fail(str(error))
                self._do_steps()
                return
            # The tries that follow at once mostly fail for the same reason.
            level = logging.INFO if failed <= 1 else logging.DEBUG
            logger.log(level, "call:%s: %s; another session is opened", self._call.id, error)
            self._protocol.disconnect(now)
            self._do_steps()
            if failed:
                wait = max(error.wait, _RETRY.delay(failed, random.random()))  # noqa: S311 - spreads tries
                await self._clock.sleep_until(now + wait)

    async def _hold_one(self) -> RealtimeConnectionError:
        """Hold a session to its end, and return why it has ended."""
        try:
            async with dial(self._around.openai) as socket:
                return await self._hold(socket)
        except RealtimeConnectionError as error:
            return error

    async def _hold(self, socket: ClientConnection) -> RealtimeConnectionError:
        self._unsent = asyncio.Queue(MOST_UNSENT)
        async with asyncio.TaskGroup() as tasks:
            sender = tasks.create_task(_send_all(socket, self._unsent))
            self._reader = reader = tasks.create_task(self._read(socket))
            self._protocol.connect(self._clock.now())
            self._do_steps()
            await asyncio.wait({reader})
            sender.cancel()
        return RealtimeConnectionError(self._replaced) if reader.cancelled() else reader.result()

    async def _read(self, socket: ClientConnection) -> RealtimeConnectionError:
        try:
            while True:
                text = await socket.recv()
                self._protocol.receive(text, self._clock.now())
                self._do_steps()
        except websockets.ConnectionClosed as closed:
            return closing_error(closed)

    # Steps

    def _do_steps(self) -> None:
        while (step := self._protocol.next_step()) is not None:
            self._do(step)
        self._moved.set()

    def _do(self, step: Step) -> None:
        match step:
            case Send() | Reconnect():
                self._do_in_session(step)
            case Sound() | StopSound():
                self._do_on_line(step)
            case UseTool():
                if self._tasks is not None:
                    self._tasks.create_task(self._use(step))
            case Tell(event):
                self._desk.tell(event)
            case End(end):
                self._end = end
            case _:
                assert_never(step)

    def _do_in_session(self, step: Send | Reconnect) -> None:
        match step:
            case Send(text):
                self._send(text)
            case Reconnect(reason):
                self._drop_session(reason)
            case _:
                assert_never(step)

    def _do_on_line(self, step: Sound | StopSound) -> None:
        match step:
            case Sound(piece, ulaw):
                self._line.play_ulaw(piece, ulaw)
            case StopSound():
                self._line.stop()
                self._protocol.receive_stopped(self._line.ledger, self._clock.now())
            case _:
                assert_never(step)

    def _send(self, event: str) -> None:
        try:
            self._unsent.put_nowait(event)
        except asyncio.QueueFull:
            self._protocol.disconnect(self._clock.now())
            self._drop_session("its connection takes nothing any more")

    def _drop_session(self, reason: str) -> None:
        self._replaced = f"The session with OpenAI is given up: {reason}"
        if self._reader is not None:
            self._reader.cancel()

    async def _use(self, step: UseTool) -> None:
        match step.tool:
            case AskOpenClaw(request):
                text = await self._ask(request)
            case Transfer() | SendDigits():
                text = await self._grant(step.tool)
            case other:
                assert_never(other)
        self._protocol.receive_result(step.call_id, text, self._clock.now())
        self._do_steps()

    async def _ask(self, request: str) -> str:
        question = Question(
            request,
            self._call.caller,
            self._call.agent,
            conversation=f"call:{self._call.id}",
            session_key=self._call.session_key,
        )
        try:
            async with aclosing(self._around.agent.ask(question)) as pieces:
                answer = "".join([piece async for piece in pieces])
        except StageError as error:
            logger.warning("the agent did not answer a call's question: %s", error)
            return json.dumps({"error": error.spoken})
        return answer.strip()[:LONGEST_ANSWER] or json.dumps({"error": "There is no answer."})

    async def _grant(self, wish: Wish) -> str:
        try:
            await self._line.drain()
            await self._desk.grant(wish)
        except (StageError, WishRefusedError) as error:
            return json.dumps({"error": str(error)})
        return DONE


async def _send_all(socket: ClientConnection, events: asyncio.Queue[str]) -> None:
    try:
        while True:
            await socket.send(await events.get())
    except websockets.ConnectionClosed:
        pass  # the reader tells why
