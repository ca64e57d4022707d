"""The client of one OpenClaw Gateway: asks agents, and hears what they say."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from types import TracebackType
from typing import Never, Self

from openclaw_client.agents import AgentInfo, read_agents
from openclaw_client.config import AgentTier, OpenClawConfig
from openclaw_client.credentials import Credentials
from openclaw_client.device import DeviceStore
from openclaw_client.errors import NoReplyError, RequestError
from openclaw_client.handshake import Hello
from openclaw_client.history import HistoryMessage, read_history
from openclaw_client.link import GatewayLink
from openclaw_client.measured import TurnTimes, gateway_stats, measured
from openclaw_client.session_key import agent_of, checked_key, known_agent, warm_up_key
from openclaw_client.spontaneous import SpontaneousRun
from openclaw_client.stats import GatewayStats
from openclaw_client.switchboard import Switchboard
from openclaw_client.turn import Turn, TurnLimits, TurnRequest

LAST_ABORTS = 0.5
"""Seconds for aborting what is still going on when the connection is closed."""

_SILENT_WORD = "NOTED"
_TRANSCRIPT_STYLE = (
    "The next message is the record of a conversation that already took place by voice, kept here"
    " so that you remember it. Do nothing about it and use no tool; answer with the one word"
    f" {_SILENT_WORD}."
)
_WARM_UP_STYLE = "This is a test of the connection. Use no tool; answer with the one word OK."


class GatewayClient:
    """One connection to a gateway, kept for as long as the ``async with`` block lasts.

    Instead of the block, :meth:`run` may be run in a task of the caller's. Several turns, in one
    session or in many, may be under way at a time.

    Args:
        config: Where the gateway is, and how to ask.
        device: The identity of this device; ``None`` to go without, which only a gateway on the
            same machine accepts.
        version: Of this program.
        on_spontaneous: Is told what agents say by themselves in sessions of ours, if the settings
            allow that; must not block or raise.

    """

    def __init__(
        self,
        config: OpenClawConfig,
        *,
        device: DeviceStore | None = None,
        version: str = "0",
        on_spontaneous: Callable[[SpontaneousRun], None] | None = None,
    ) -> None:
        self._config = config
        self._device = device
        self._version = version
        self._board = Switchboard(config, on_spontaneous)
        self._link = GatewayLink(config, Credentials(config, device, version), self._board)
        self._board.link = self._link
        self._times = TurnTimes()
        self._agents: tuple[AgentInfo, ...] = ()
        self._block: asyncio.TaskGroup | None = None
        self._keeper: asyncio.Task[Never] | None = None

    async def __aenter__(self) -> Self:
        self._block = asyncio.TaskGroup()
        await self._block.__aenter__()
        self._keeper = self._block.create_task(self.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        block, self._block = self._block, None
        if self._keeper:
            self._keeper.cancel()
        if block:
            # An error of the block itself goes on by itself, not as one of a group.
            await block.__aexit__(None, None, None)

    async def run(self) -> Never:
        """Keep the connection.

        Cancelling closes it; turns under way end with an error, and their runs are aborted.
        """
        async with asyncio.TaskGroup() as tasks:
            keepers = [tasks.create_task(one.run()) for one in (self._board, self._link)]
            try:
                while True:
                    await asyncio.Event().wait()
            finally:
                await self._board.settle(LAST_ABORTS)
                for keeper in keepers:
                    keeper.cancel()

    async def connected(self, within: float = 0.0) -> Hello:
        """Wait for a connection, at most ``within`` seconds, but one attempt in any case.

        Raises:
            GatewayConnectionError: There is none, for this reason.

        Cancelling is safe.

        """
        return await self._link.ready(within)

    async def ask(
        self,
        session_key: str,
        message: str,
        *,
        idempotency_key: str = "",
        heard: str | None = None,
        thinking: str | None = None,
        within: float | None = None,
        on_tool: Callable[[str], None] | None = None,
    ) -> AsyncGenerator[str]:
        """Ask the agent that the session key names; stream its reply in whatever pieces it comes.

        A turn that is cut off by a broken connection is found again or sent again, within
        ``retry_timeout``; no word is yielded twice.

        Args:
            session_key: See :mod:`openclaw_client.session_key`.
            message: ``<display name>: <text>``.
            idempotency_key: Under the same key it is not answered again; "" for a new one.
            heard: When the last reply was cut off: the words of it that were really heard. A
                gateway tells its agent nothing of what an aborted run had said.
            thinking: Thinking level; ``None`` for that of the settings.
            within: Seconds until the first words; ``None`` for the timeout of the settings.
            on_tool: Gets the name of every tool as the agent begins to use it, where the gateway
                tells.

        Raises:
            AgentError: No reply, or it broke off; what was yielded stands.

        Closing the generator, or cancelling, aborts the run at the gateway.

        """
        if heard is not None:
            message = f"{_interruption(heard)}\n{message}"
        config = self._config
        request = turn_request(config, session_key, message, idempotency_key)
        request = replace(request, instructions=config.spoken_style, on_tool=on_tool)
        if thinking is not None:
            request = replace(request, thinking=thinking)
        async with aclosing(self._turn(request, within)) as pieces:
            async for piece in pieces:
                yield piece

    async def steer(
        self, session_key: str, message: str, *, heard: str | None = None
    ) -> AsyncGenerator[str]:
        """Give the agent something else to consider while it is answering; stream its reply.

        The run under way is stopped, its stream ends without an error, and the message is
        asked in its place. A gateway cannot put it into the run itself: runs of method ``agent``
        take nothing up, and answer it later under an id that nobody knows.

        Args:
            session_key: See :mod:`openclaw_client.session_key`.
            message: ``<display name>: <text>``.
            heard: The words of the stopped reply that were really heard, if any was.

        Raises:
            AgentError: As :meth:`ask`.

        Closing the generator, or cancelling, aborts the run at the gateway.

        """
        await self._board.steer(checked_key(session_key))
        async with aclosing(self.ask(session_key, message, heard=heard)) as pieces:
            async for piece in pieces:
                yield piece

    async def agents(self) -> tuple[AgentInfo, ...]:
        """Return the agents that the gateway knows.

        Raises:
            AgentError: It could not be reached, or refused.

        Cancelling is safe.

        """
        await self._link.ready(self._config.retry_timeout)
        self._agents = read_agents(await self._link.request("agents.list", {}))
        return self._agents

    async def history(self, session_key: str, limit: int = 50) -> tuple[HistoryMessage, ...]:
        """Return the last messages of a session, oldest first.

        Raises:
            AgentError: It could not be reached, or refused.

        Cancelling is safe.

        """
        await self._link.ready(self._config.retry_timeout)
        return read_history(await self._board.history(checked_key(session_key), limit))

    async def add_transcript(
        self, session_key: str, text: str, *, idempotency_key: str = ""
    ) -> None:
        """Add what was said elsewhere, such as a phone call, to a session.

        It becomes a real turn, for that alone reaches the model later; its answer is not for
        ears and is dropped.

        Raises:
            AgentError: It may not have been added.

        Cancelling may leave it added.

        """
        message = f"[transcript]\n{text}"
        request = turn_request(self._config, session_key, message, idempotency_key)
        await self._drop_reply(replace(request, instructions=_TRANSCRIPT_STYLE))

    async def warm_up(self, agent: str) -> None:
        """Ask an agent something unspoken, for a gateway's first turn takes 4 to 6 s.

        Raises:
            AgentError: It did not answer.

        Cancelling aborts the run.

        """
        request = turn_request(self._config, warm_up_key(agent), "Connection test.")
        await self._drop_reply(replace(request, instructions=_WARM_UP_STYLE))

    def follow(self, session_key: str) -> None:
        """Hear what agents say by themselves in this session, also before anything was asked.

        Raises:
            SessionKeyError: It is no session key.

        """
        self._board.follow(checked_key(session_key))

    def update(self, config: OpenClawConfig) -> None:
        """Use other settings: a new token, another address. A refused client tries again."""
        self._config = config
        self._agents = ()
        self._board.update(config)
        self._link.update(config, Credentials(config, self._device, self._version))

    def stats(self) -> GatewayStats:
        """Return what is known of the connection."""
        return gateway_stats(self._link, self._times)

    async def _drop_reply(self, request: TurnRequest) -> None:
        try:
            async with aclosing(self._turn(request)) as pieces:
                async for _ in pieces:
                    pass
        except NoReplyError:
            return  # it has taken the words, and silence is what we asked for

    async def _turn(self, request: TurnRequest, within: float | None = None) -> AsyncGenerator[str]:
        await self._check_agent(agent_of(request.session_key))
        config = self._config
        limits = TurnLimits(
            first_words=within or config.timeout,
            stall=config.stall_timeout,
            whole=config.max_reply,
            reconnect=config.retry_timeout,
        )
        turn = Turn(self._board, request, limits)
        async with aclosing(measured(turn, self._times)) as pieces:
            async for piece in pieces:
                yield piece

    async def _check_agent(self, agent: str) -> None:
        """Refuse an agent that the gateway does not know: old ones let another answer."""
        if agent in {known.id.lower() for known in self._agents}:
            return
        try:
            agents = await self.agents()
        except RequestError:
            return  # it does not tell; it may refuse the turn itself
        if agents:
            known_agent(agent, (known.id for known in agents))


def _interruption(heard: str) -> str:
    words = " ".join(heard.split())
    if not words:
        return "[You were interrupted before anything of your last reply was heard.]"
    return f'[You were interrupted. Of your last reply only this was heard: "{words}"]'


def turn_request(
    config: OpenClawConfig, session_key: str, message: str, key: str = ""
) -> TurnRequest:
    """Return what is asked, as the settings of the session's agent have it.

    Raises:
        SessionKeyError: It is no session key.

    """
    session_key = checked_key(session_key)
    tier = config.agents.get(agent_of(session_key), AgentTier())
    return TurnRequest(
        session_key=session_key,
        message=message,
        key=key or str(uuid.uuid4()),
        thinking=tier.thinking or "",
    )
