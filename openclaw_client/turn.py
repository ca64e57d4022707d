"""One turn: from the words that were said to the words of the reply, whatever happens between.

When the connection breaks in between, the turn is found again on the next one: by the events of
its run if that still goes on, in the session's history if it ended meanwhile or the gateway
took it up again by itself, and else by sending it once more. The idempotency key keeps a
gateway from answering twice; a gateway that restarted has forgotten the keys, but still
knows from its history which turns it got.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from openclaw_client.errors import (
    NoReplyError,
    ReplyTimeoutError,
    RequestError,
    RunError,
    ScopeMissingError,
    UnreachableError,
)
from openclaw_client.frames import Json, as_text
from openclaw_client.handshake import Hello
from openclaw_client.history import TurnInHistory
from openclaw_client.runs import Outcome, Run, result_text

AGENT_METHOD_PROTOCOL = 4
"""From here on turns are sent by ``agent``: it takes words as words and has a place for
instructions. On protocol 3 its runs cannot be aborted, so ``chat.send`` it is."""

VOICE_MARK = "[voice] "
"""Before every message on protocol 3, where there is no place for instructions."""

_HISTORY_ROWS = 30

_STARTING_PAUSE = 0.5
"""Seconds; a gateway greets us a moment before it can tell a session's history."""

_RESUME_LOOKS = 12
_RESUME_PAUSE = 1.0
"""A restarted gateway takes broken turns up 5 to 6 s after it is ready."""


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """What is asked."""

    session_key: str
    message: str
    key: str
    """The idempotency key."""

    instructions: str = ""
    """How to answer; not part of the conversation."""

    thinking: str = ""
    """Thinking level; "" for the agent's own."""

    on_tool: Callable[[str], None] | None = field(default=None, compare=False, repr=False)
    """Gets the name of every tool as the agent begins to use it."""

    def params(self, hello: Hello) -> tuple[str, dict[str, Any]]:
        """Return the method and its parameters for this gateway."""
        params: dict[str, Any] = {"sessionKey": self.session_key, "idempotencyKey": self.key}
        if self.thinking:
            params["thinking"] = self.thinking
        if hello.protocol < AGENT_METHOD_PROTOCOL:
            return "chat.send", {**params, "message": VOICE_MARK + quoted_words(self.message)}
        if self.instructions:
            params["extraSystemPrompt"] = self.instructions
        return "agent", {**params, "message": self.message, "deliver": False}


def quoted_words(message: str) -> str:
    """Return the message with its words in quotes, behind the speaker's name.

    ``chat.send`` carries out "stop", "/new" and the like as commands, also behind a name, but
    not in quotes.
    """
    before, line, last = message.rpartition("\n")
    name, colon, words = last.partition(": ")
    return before + line + (f'{name}: "{words}"' if colon else f'"{last}"')


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """How long to wait for what, in seconds. Time in which our caller is busy does not count."""

    first_words: float
    stall: float
    """Between words."""

    whole: float
    reconnect: float


class Desk(Protocol):
    """What a turn needs of its client."""

    async def ready(self, within: float) -> Hello:
        """Wait for a connection; see :meth:`openclaw_client.link.GatewayLink.ready`."""

    async def prepare(self, session_key: str, hello: Hello) -> None:
        """Make ready for a turn in this session: its events have to reach us."""

    async def submit(self, run: Run, method: str, params: Json) -> Json:
        """Send a turn; return the acknowledgement.

        Raises:
            AgentError: It was refused, or the connection was lost.

        """

    async def history(self, session_key: str, limit: int) -> Json:
        """Return the answer of ``chat.history``; raises as ``submit``."""

    def register(self, turn: Turn) -> None:
        """Tell the turn of its run's news from now on."""

    def rename(self, run: Run, run_id: str) -> None:
        """The gateway goes on with the run under this id."""

    def take_up(self, run: Run, run_id: str) -> None:
        """The gateway took the turn up by itself, as another run than the one we sent."""

    def leave(self, turn: Turn) -> None:
        """The turn is over, or nobody wants its reply any more: then its run is aborted."""


class Turn:
    """One turn on its way.

    Args:
        desk: The client.
        request: What is asked.
        limits: How long to wait.

    """

    def __init__(self, desk: Desk, request: TurnRequest, limits: TurnLimits) -> None:
        self.run = Run(request.key, request.session_key, request.on_tool)
        self.sent = False
        self.acknowledged_at: float | None = None
        self._desk = desk
        self._request = request
        self._limits = limits
        self._news = asyncio.Event()
        self._lost = False
        self._sent_again = False
        self._sent_message = ""
        self._waited = 0.0
        self._last_words = 0.0
        self._bringing = 0.0

    def tell(self) -> None:
        """There is news of the run."""
        self._news.set()

    def lose(self) -> None:
        """The connection is gone."""
        self._lost = True
        self._news.set()

    async def pieces(self) -> AsyncGenerator[str]:
        """Ask, and stream the reply as text in whatever pieces it arrives.

        Raises:
            AgentError: No reply, or it broke off; what was yielded stands.

        Closing the generator, or cancelling, aborts the run.

        """
        self._desk.register(self)
        try:
            await self._bring()
            while True:
                if text := self.run.take():
                    self._last_words, self._bringing = self._waited, 0.0
                    yield text
                elif self.run.outcome is None:
                    await self._wait()
                elif not await self._taken_up_again():
                    break
            self._raise_unless_finished()
        finally:
            self._desk.leave(self)

    async def _bring(self) -> None:
        """Bring the turn to the gateway, or find it there again."""
        clock = asyncio.get_running_loop()
        while self._bringing < self._limits.reconnect:
            started = clock.time()
            self._lost = False
            hello = await self._desk.ready(self._limits.reconnect)
            try:
                await self._submit(hello)
            except UnreachableError:
                continue
            else:
                return
            finally:
                self._bringing += clock.time() - started
        raise UnreachableError("the connection to the gateway broke with every try of the turn")

    async def _submit(self, hello: Hello) -> None:
        run, before = self.run, self.sent
        await self._desk.prepare(run.session_key, hello)
        method, params = self._request.params(hello)
        self._sent_message = params["message"]
        in_history = before and await self._found_in_history()
        if run.outcome or (in_history and run.run_id != run.key):
            return
        if before:
            run.begin_again()
        self.sent, self._sent_again = True, before
        try:
            answer = await self._desk.submit(run, method, params)
        except ScopeMissingError as error:
            run.fail(str(error))  # there is nothing to abort
            raise
        except RequestError as error:
            if not before or in_history or error.code != "UNAVAILABLE":
                run.fail(error.reason)
                raise
            await self._begin_anew(hello)
            return
        await self._acknowledged(answer, resent=before)

    async def _begin_anew(self, hello: Hello) -> None:
        """Ask under another key.

        A gateway that was killed before a turn got into the session remembers the key as one
        that it will not run, and the turn was not answered.
        """
        self.run.fail("not run")
        self._desk.leave(self)
        key = str(uuid.uuid4())
        self._request = replace(self._request, key=key)
        self.run = Run(key, self._request.session_key, self._request.on_tool)
        self._desk.register(self)
        method, params = self._request.params(hello)
        await self._acknowledged(await self._desk.submit(self.run, method, params), resent=False)

    async def _acknowledged(self, answer: Json, *, resent: bool) -> None:
        run_id = as_text(answer.get("runId"))
        if not run_id:
            self.run.fail("taken as a command")
            raise NoReplyError("the gateway took the words as a command, not as a turn")
        self._desk.rename(self.run, run_id)
        self.acknowledged_at = asyncio.get_running_loop().time()
        if as_text(answer.get("status")) != "ok":
            return
        # It had ended before we came back.
        if text := result_text(answer):
            self.run.finish(text)
        elif not resent or not await self._found_in_history() or not self.run.outcome:
            self.run.finish("")

    async def _found_in_history(self) -> bool:
        """Look whether the session got the turn, and take what it has of the reply."""
        found = await self._look()
        if found:
            self._take(found)
        return found is not None

    async def _look(self) -> TurnInHistory | None:
        run = self.run
        return TurnInHistory.find(await self._history(), run.key, self._sent_message, run.run_id)

    def _take(self, found: TurnInHistory) -> None:
        if found.resumed_as and found.resumed_as != self.run.run_id:
            self._desk.take_up(self.run, found.resumed_as)
        if found.reply is not None:
            self.run.finish(found.reply)

    async def _history(self) -> Json:
        """Return the session's history, once a gateway that is starting can tell it."""
        clock = asyncio.get_running_loop()
        give_up = clock.time() + self._limits.reconnect
        while True:
            try:
                return await self._desk.history(self.run.session_key, _HISTORY_ROWS)
            except RequestError as error:
                if error.code != "UNAVAILABLE" or clock.time() >= give_up:
                    raise
                await asyncio.sleep(error.retry_after or _STARTING_PAUSE)

    async def _taken_up_again(self) -> bool:
        """Look whether a turn that failed when it was sent again goes on all the same.

        A gateway that has just restarted may take a broken turn up by itself at the moment at
        which we send it again; then ours fails and the other one holds the reply.
        """
        if not self._sent_again or self.run.outcome is not Outcome.FAILED:
            return False
        self._sent_again = False
        self.run.acknowledged = False  # what comes under the other id is kept from now on
        for _ in range(_RESUME_LOOKS):
            found = await self._look()
            if found and (found.resumed_as or found.reply is not None):
                self.run.outcome, self.run.reason = None, ""
                self._take(found)
                return True
            await asyncio.sleep(_RESUME_PAUSE)
        return False

    async def _wait(self) -> None:
        """Wait for news; when the connection is lost, until the turn is found again."""
        clock = asyncio.get_running_loop()
        started = clock.time()
        # Both count from the last words, which at first are none.
        limit = self._limits.stall if self.run.said else self._limits.first_words
        limit = min(limit - (self._waited - self._last_words), self._limits.whole - self._waited)
        too_late = False
        try:
            async with asyncio.timeout(max(0.0, limit)):
                await self._news.wait()
        except TimeoutError:
            too_late = True
        self._waited += clock.time() - started
        if too_late:
            raise self._too_late()
        self._news.clear()
        if self._lost and not self.run.outcome:
            await self._bring()

    def _too_late(self) -> ReplyTimeoutError:
        if self._waited >= self._limits.whole:
            return ReplyTimeoutError("the agent's reply did not end; it was cut off")
        if self.run.said:
            return ReplyTimeoutError(f"the agent stopped in mid-reply for {self._limits.stall:g} s")
        return ReplyTimeoutError(
            f"the agent did not answer within {self._limits.first_words:g} s",
            fix="See the gateway's log; or raise openclaw.timeout",
        )

    def _raise_unless_finished(self) -> None:
        run = self.run
        match run.outcome:
            case Outcome.FAILED:
                raise RunError(f"the agent's run failed: {run.reason or 'no reason given'}")
            case Outcome.ABORTED if run.steered:
                return
            case Outcome.ABORTED if run.abandoned:
                raise UnreachableError("the connection to the gateway was closed")
            case Outcome.ABORTED:
                raise RunError("the agent's run was stopped by somebody else")
            case Outcome.FINISHED | None:
                if not run.said:
                    raise NoReplyError("the agent answered nothing")
