"""The link to one gateway: connects, connects again, asks, and passes events on."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from typing import Never, Protocol

import websockets
from websockets.asyncio.client import ClientConnection

from openclaw_client.answers import PendingAnswers
from openclaw_client.backoff import RECONNECT, WAIT_FOR_PEOPLE
from openclaw_client.config import OpenClawConfig
from openclaw_client.credentials import Credentials
from openclaw_client.dialing import CLOSING, closing_error, dial
from openclaw_client.errors import (
    GatewayConnectionError,
    Retry,
    UnavailableError,
    UnreachableError,
)
from openclaw_client.frames import Json
from openclaw_client.handshake import Hello
from openclaw_client.protocol import (
    AgentEvent,
    Answered,
    GatewayProtocol,
    ProtocolEvent,
    Ready,
    Refused,
    SequenceGap,
    ShuttingDown,
)
from openclaw_client.runs import ChatEvent
from openclaw_client.stats import LinkState

_LOG = logging.getLogger(__name__)

STEADY = 10.0
"""Seconds a connection must last before its loss counts as the first again."""


IMPATIENCE = 1.0
"""Seconds that a connection which is wanted may be waited for after many failures."""


class LinkListener(Protocol):
    """Whoever uses a link. None of these may block or raise."""

    def connected(self, hello: Hello) -> None:
        """Requests can be made; a new connection knows nothing of the one before."""

    def disconnected(self) -> None:
        """The connection is gone."""

    def receive(self, event: ChatEvent | AgentEvent) -> None:
        """Something happened in a run."""

    def receive_answer(self, answer: Answered) -> None:
        """An answer came that no request waits for (any more)."""


class GatewayLink:
    """One connection at a time to one gateway, for as long as :meth:`run` runs.

    Args:
        config: Where the gateway is, and how long to wait.
        credentials: Who we are.
        listener: Is told what happens.

    """

    def __init__(
        self, config: OpenClawConfig, credentials: Credentials, listener: LinkListener
    ) -> None:
        self.state = LinkState.IDLE
        self.error: GatewayConnectionError | None = None
        self.connections = 0
        self.lost_events = 0
        self._config = config
        self._credentials = credentials
        self._listener = listener
        self._protocol: GatewayProtocol | None = None
        self._writable = asyncio.Event()
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._answers = PendingAnswers()
        self._failures = 0
        self._down_since: float | None = None

    @property
    def hello(self) -> Hello | None:
        """What the gateway said of itself; ``None`` while there is no connection."""
        return self._protocol.hello if self._protocol else None

    async def run(self) -> Never:
        """Keep a connection. Cancelling closes it."""
        try:
            while True:
                self._set_state(LinkState.CONNECTING, self.error)
                error = await self._connection()
                if self._credentials.failed(error):
                    continue
                _log_failure(error, self.error)
                refused = error.retry is Retry.NEVER
                self._set_state(LinkState.REFUSED if refused else LinkState.WAITING, error)
                await self._pause(error)
        finally:
            self._set_state(LinkState.CLOSED, self.error)

    async def ready(self, within: float) -> Hello:
        """Wait for a connection.

        Waits ``within`` seconds from when the connection was lost, and for the outcome of one
        attempt in any case. What needs somebody to mend it is not waited for.

        Raises:
            GatewayConnectionError: There is none.

        Cancelling is safe.

        """
        attempts, clock = self._failures, asyncio.get_running_loop()
        self._wanted.set()
        patience = (self._down_since or clock.time()) + within
        # One attempt opens a socket, is greeted, and closes it again.
        attempt = 2 * self._config.connect_timeout + CLOSING
        give_up = max(patience, clock.time() + attempt)
        while (hello := self.hello) is None:
            error = self.error
            if self.state is LinkState.CLOSED:
                raise UnreachableError("the connection to the gateway was closed")
            until = patience if error and self._failures != attempts else give_up
            late = clock.time() >= until
            if error and (late or error.retry is not Retry.SOON):
                raise error.with_traceback(None)
            if late:
                raise UnreachableError("there was no connection to the gateway in time")
            await self._next_change(until)
        return hello

    def send(self, method: str, params: Json) -> tuple[str, asyncio.Future[Json]]:
        """Make a request; return its id and its answer to come.

        Raises:
            UnreachableError: There is no connection.

        """
        if self._protocol is None:
            raise UnreachableError("there is no connection to the gateway")
        request_id = self._protocol.request(method, params)
        self._writable.set()
        return request_id, self._answers.expect(request_id)

    def post(self, method: str, params: Json) -> None:
        """Make a request whose answer does not matter; without a connection, none."""
        if self.hello and self._protocol:
            self._protocol.request(method, params)
            self._writable.set()

    async def request(self, method: str, params: Json) -> Json:
        """Make a request and wait for its answer.

        Raises:
            AgentError: It was refused, not answered in time, or the connection was lost.

        Cancelling drops the answer, not the request.

        """
        request_id, answer = self.send(method, params)
        return await self.answer(request_id, answer)

    async def answer(self, request_id: str, answer: asyncio.Future[Json]) -> Json:
        """Wait for the answer of :meth:`send`; raises and is cancelled as :meth:`request`."""
        try:
            async with asyncio.timeout(self._config.request_timeout):
                return await answer
        except TimeoutError:
            raise UnavailableError("the gateway did not answer a request in time") from None
        finally:
            self._answers.forget(request_id)

    def update(self, config: OpenClawConfig, credentials: Credentials) -> None:
        """Use other settings from the next attempt on, which comes at once if none is up."""
        self._config, self._credentials = config, credentials
        self.error = None
        self._failures = 0
        self._wanted.set()

    async def _connection(self) -> GatewayConnectionError:
        """Hold one connection to its end; return why it ended."""
        clock = asyncio.get_running_loop()
        started = clock.time()
        if self._down_since is None:
            self._down_since = started
        try:
            greeting = self._credentials.greeting()
            async with dial(self._config) as socket:
                self._protocol = GatewayProtocol(
                    greeting, clock.time(), patience=self._config.connect_timeout
                )
                started = clock.time()
                return await self._converse(socket, self._protocol)
        except GatewayConnectionError as error:
            return error
        finally:
            self._lose(steady=clock.time() - started >= STEADY)

    async def _converse(
        self, socket: ClientConnection, protocol: GatewayProtocol
    ) -> GatewayConnectionError:
        self._writable.clear()
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write(socket, protocol))
            try:
                await self._read(socket, protocol)
            except GatewayConnectionError as error:
                return error
            finally:
                writer.cancel()

    async def _read(self, socket: ClientConnection, protocol: GatewayProtocol) -> Never:
        clock = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout_at(protocol.deadline()):
                    data = await socket.recv()
            except TimeoutError:
                protocol.check(clock.time())
                continue
            except websockets.ConnectionClosed as closed:
                raise closing_error(closed, greeted=protocol.hello is not None) from None
            for event in protocol.receive(data, clock.time()):
                self._receive(event)
            self._writable.set()

    async def _write(self, socket: ClientConnection, protocol: GatewayProtocol) -> None:
        try:
            while True:
                await self._writable.wait()
                self._writable.clear()
                for text in protocol.texts_to_send():
                    await socket.send(text)
        except websockets.ConnectionClosed:
            return  # the reader tells why

    def _receive(self, event: ProtocolEvent) -> None:
        match event:
            case Answered():
                if not self._answers.settle(event):
                    self._listener.receive_answer(event)
            case ChatEvent() | AgentEvent():
                self._listener.receive(event)
            case Ready():
                self._greeted(event)
            case Refused():
                raise event.error
            case SequenceGap():
                self.lost_events += event.lost
            case ShuttingDown():
                _LOG.info("The gateway is shutting down: %s", event.reason)

    def _greeted(self, ready: Ready) -> None:
        hello = ready.hello
        self._credentials.accepted(ready.device_token)
        self.connections += 1
        self._down_since = None
        _LOG.info(
            "Connected to gateway %s, protocol %d", hello.server_version or "?", hello.protocol
        )
        self._listener.connected(hello)
        self._set_state(LinkState.READY, None)

    def _lose(self, *, steady: bool) -> None:
        """Forget the connection; whoever waits for an answer is told."""
        protocol, self._protocol = self._protocol, None
        was_ready = protocol is not None and protocol.hello is not None
        if protocol:
            protocol.close()
        if was_ready and self._down_since is None:
            self._down_since = asyncio.get_running_loop().time()
        self._failures = 1 if was_ready and steady else self._failures + 1
        self._answers.lose()
        if was_ready:
            self._listener.disconnected()

    async def _pause(self, error: GatewayConnectionError) -> None:
        """Wait before the next attempt; in a refused state, for other settings."""
        self._wanted.clear()
        if self.state is LinkState.REFUSED:
            while self.error is error:
                await self._wanted.wait()
                self._wanted.clear()
            return
        pause = pause_before(error, self._failures)
        await asyncio.sleep(pause.least)
        try:
            async with asyncio.timeout(pause.longest - pause.least):
                await self._wanted.wait()
        except TimeoutError:
            return

    async def _next_change(self, until: float) -> None:
        try:
            async with asyncio.timeout_at(until):
                await self._changed.wait()
        except TimeoutError:
            return

    def _set_state(self, state: LinkState, error: GatewayConnectionError | None) -> None:
        self.state, self.error = state, error
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _log_failure(error: GatewayConnectionError, before: GatewayConnectionError | None) -> None:
    """Say it once, not with every attempt."""
    news = str(before) != str(error)
    _LOG.log(logging.WARNING if news else logging.DEBUG, "Gateway: %s", error)


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds before the next attempt."""

    least: float
    """However much a connection is wanted."""

    longest: float
    """If nobody wants one."""


def pause_before(error: GatewayConnectionError, failures: int) -> Pause:
    """Return how long to wait after so many failures, the last of which was this one.

    After the first, a connection that is wanted is made at once. Later ones keep a gateway that
    lets us in and breaks with every turn from being asked as fast as it can break.
    """
    policy = RECONNECT if error.retry is Retry.SOON else WAIT_FOR_PEOPLE
    delay = policy.delay(failures, random.random())  # noqa: S311 - spreads load
    asked = error.retry_after if isinstance(error, UnavailableError) else None
    if asked is not None:
        return Pause(max(delay, asked), max(delay, asked))
    return Pause(min(delay, IMPATIENCE) if failures > 1 else 0.0, delay)
