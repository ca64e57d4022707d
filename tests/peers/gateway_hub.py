"""A scripted OpenClaw Gateway on loopback, for the unmodified client.

It does what the real one will not do on demand. To each method a test gives the coroutine that
answers it; :func:`performs` makes one of steps. Real conversations, captured from gateways of
three versions, are played by :mod:`tests.peers.gateway_replay`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, assert_never

import websockets
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.openclaw_client.captured import answer, challenge, event, hello, refusal

GUARD = 20.0
"""Seconds after which a test that hangs is given up."""

LARGEST = 25 * 2**20
"""Bytes of the largest message that a gateway takes."""

# The library's own logger would print what the client sends, and with it the client's secrets.
_LOG = logging.getLogger(__name__)
_LOG.setLevel(logging.INFO)


class Visit:
    """One connection to the hub."""

    def __init__(self, socket: ServerConnection, number: int) -> None:
        self.socket = socket
        self.number = number
        """How many there were before it."""

        self._seq = 0

    async def send(self, data: str | bytes) -> None:
        await self.socket.send(data)

    async def answer(self, request_id: str, payload: dict[str, Any]) -> None:
        await self.send(answer(request_id, payload))

    async def refuse(self, request_id: str, code: str, message: str, **more: Any) -> None:
        await self.send(refusal(request_id, code, message, **more))

    async def event(self, name: str, payload: dict[str, Any]) -> None:
        self._seq += 1
        await self.send(event(name, payload, self._seq))

    async def chat(self, run_id: str, state: str, text: str | None = None, **more: Any) -> None:
        message = {"message": {"content": [{"type": "text", "text": text}]}}
        payload = {"runId": run_id, "sessionKey": "s", "state": state, **more}
        await self.event("chat", payload if text is None else {**payload, **message})

    async def close(self, code: int, reason: str = "") -> None:
        """Close with a code; 1006, which nobody can send, breaks the connection."""
        if code == websockets.CloseCode.ABNORMAL_CLOSURE:
            self.drop()
        else:
            await self.socket.close(code, reason)

    def drop(self) -> None:
        """Break the connection without a word."""
        self.socket.transport.abort()


Request: TypeAlias = dict[str, Any]
Reply: TypeAlias = Callable[[Visit, Request], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ack:
    """The (first) answer to a turn."""

    run_id: str | None = None
    """``None``: the idempotency key, as gateways have it."""

    status: str = "accepted"


@dataclass(frozen=True, slots=True)
class Chat:
    """News of a run."""

    state: str
    text: str | None = None
    seq: int | None = None
    run_id: str | None = None
    """``None``: the idempotency key."""

    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The second answer to a turn by method ``agent``."""

    text: str = ""
    status: str = "ok"


@dataclass(frozen=True, slots=True)
class Raw:
    """Any message at all."""

    data: str | bytes


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the connection."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Until:
    """Nothing, until something else has happened."""

    happened: asyncio.Event


Step: TypeAlias = Ack | Chat | Result | Raw | Close | Until


def performs(*steps: Step) -> Reply:
    """Return a reply to a turn that consists of these steps."""

    async def reply(visit: Visit, request: Request) -> None:
        for step in steps:
            await _perform(step, visit, request)

    return reply


async def _perform(step: Step, visit: Visit, request: Request) -> None:
    key = request["params"].get("idempotencyKey", "")
    match step:
        case Ack():
            ack = {"runId": step.run_id or key, "status": step.status}
            await visit.answer(request["id"], ack)
        case Chat():
            seq = {} if step.seq is None else {"seq": step.seq}
            await visit.chat(step.run_id or key, step.state, step.text, **seq, **step.more)
        case Result():
            result = {"payloads": [{"text": step.text, "mediaUrl": None}] if step.text else []}
            answer = {"runId": key, "status": step.status, "result": result}
            await visit.answer(request["id"], answer)
        case Raw():
            await visit.send(step.data)
        case Close():
            await visit.close(step.code, step.reason)
        case Until():
            await step.happened.wait()
        case _:
            assert_never(step)


def by_turn(*replies: Reply) -> Reply:
    """Return a reply that answers each turn by the next of these; the last one stays."""
    left = list(replies)

    async def reply(visit: Visit, request: Request) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(visit, request)

    return reply


async def echo(visit: Visit, request: Request) -> None:
    """Answer a turn with its own words, in two pieces."""
    text = "echo " + request["params"]["message"]
    steps = (Ack(), Chat("delta", "echo", 1), Chat("final", text, 2))
    await performs(*steps)(visit, request)


async def silence(visit: Visit, request: Request) -> None:
    """Answer nothing."""


class GatewayHub:
    """What it was asked, and what it answers."""

    def __init__(self) -> None:
        self.hello: dict[str, Any] = hello()
        self.welcome: Callable[[Visit], Awaitable[None]] = self._challenge
        """What a connection is told before it has said anything."""

        self.greet: Reply = self._greet
        self.replies: dict[str, Reply] = {"agent": echo, "chat.send": echo}
        self.agents = ["main", "jarvis"]
        self.requests: list[Request] = []
        self.visits: list[Visit] = []
        self.visited = 0
        self.url = ""

    def asked(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of all requests of one method."""
        return [one["params"] for one in self.requests if one["method"] == method]

    def drop(self) -> None:
        """Break all connections."""
        for visit in self.visits:
            visit.drop()

    @asynccontextmanager
    async def running(
        self, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[GatewayHub]:
        async with serve(
            self._receive,
            "127.0.0.1",
            port,
            ssl=tls,
            compression=None,
            max_size=self.hello["policy"].get("maxPayload", LARGEST),
            close_timeout=0.2,
            logger=_LOG,
        ) as server:
            scheme = "wss" if tls else "ws"
            self.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def usual(self, visit: Visit, request: Request) -> None:
        """Answer as a gateway does in which nothing has happened yet."""
        match request["method"]:
            case "agents.list":
                agents = [{"id": agent, "name": agent.title()} for agent in self.agents]
                await visit.answer(request["id"], {"defaultId": "main", "agents": agents})
            case "chat.history":
                await visit.answer(request["id"], {"messages": []})
            case "chat.abort":
                run_id = request["params"]["runId"]
                await visit.chat(run_id, "aborted", stopReason="rpc")
                payload = {"ok": True, "aborted": True, "runIds": [run_id]}
                await visit.answer(request["id"], payload)
            case _:
                await visit.answer(request["id"], {"ok": True})

    async def _receive(self, socket: ServerConnection) -> None:
        visit = Visit(socket, self.visited)
        self.visited += 1
        self.visits.append(visit)
        async with asyncio.TaskGroup() as tasks:
            replies: set[asyncio.Task[None]] = set()
            with contextlib.suppress(ConnectionClosed):
                await self.welcome(visit)
                async for text in socket:
                    request = json.loads(text)
                    self.requests.append(request)
                    replies.add(tasks.create_task(self._answer(visit, request)))
            for reply in replies:
                reply.cancel()
        self.visits.remove(visit)

    async def _answer(self, visit: Visit, request: Request) -> None:
        method = request["method"]
        usual = self.greet if method == "connect" else self.usual
        with contextlib.suppress(ConnectionClosed):
            await self.replies.get(method, usual)(visit, request)

    async def _challenge(self, visit: Visit) -> None:
        await visit.send(challenge())

    async def _greet(self, visit: Visit, request: Request) -> None:
        await visit.answer(request["id"], self.hello)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another task or the peer brings about."""
    async with asyncio.timeout(GUARD):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.005)
