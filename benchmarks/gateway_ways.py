"""The ways of talking with a gateway that :mod:`benchmarks.gateway` measures.

As a program, with the name of a way: reads a :class:`Job` and then messages from its standard
input, a line each, and prints one line of figures for each.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.side_by_side import quiet_pipecat
from openclaw_client import GatewayClient, OpenClawConfig
from openclaw_client.config import SPOKEN_STYLE


@dataclass(frozen=True, slots=True)
class Job:
    """Where to talk, and in which session."""

    url: str
    token: str = field(repr=False)
    session: str


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one turn, from when the message is given."""

    first: float
    """Until the first words of the reply."""

    final: float
    """Until the reply is known to be whole."""

    cpu: float
    """Processor time of the client until then."""


class Stopwatch:
    """Runs from when it is made until the reply is whole."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._began = time.perf_counter()
        self._first: float | None = None
        self.times: Times | None = None

    def words(self) -> None:
        """Note that there are words of the reply."""
        if self._first is None:
            self._first = time.perf_counter()

    def whole(self) -> None:
        """Note that the reply is whole."""
        now, cpu = time.perf_counter(), time.process_time()
        first = now if self._first is None else self._first
        spans = (first - self._began, now - self._began, cpu - self._cpu)
        self.times = Times(*(1000 * span for span in spans))


Ask = Callable[[str, Stopwatch], Awaitable[None]]
"""Asks an agent something, and tells the watch when the reply comes."""

Way = Callable[[Job], AbstractAsyncContextManager[Ask]]


@asynccontextmanager
async def ours(job: Job) -> AsyncIterator[Ask]:
    """Talk through the client of this project."""

    async def ask(message: str, watch: Stopwatch) -> None:
        async with aclosing(client.ask(job.session, message)) as pieces:
            async for _ in pieces:
                watch.words()
        watch.whole()

    config = OpenClawConfig(base_url=job.url, auth_token=SecretStr(job.token))
    async with GatewayClient(config) as client:
        await client.connected()
        yield ask


@asynccontextmanager
async def bare(job: Job) -> AsyncIterator[Ask]:
    """Send and read the same messages as ours over a WebSocket that is kept."""

    async def ask(message: str, watch: Stopwatch) -> None:
        request = await _ask(socket, "agent", {**params, "message": message}, watch)
        await _response(socket, request)  # the second one

    params = {"sessionKey": job.session, "deliver": False, "extraSystemPrompt": SPOKEN_STYLE}
    async with _greeted(job, "session-scoped-events", "tool-events") as socket:
        subscription = {"key": job.session}
        await _response(socket, await _send(socket, "sessions.messages.subscribe", subscription))
        yield ask


@asynccontextmanager
async def reconnecting(job: Job) -> AsyncIterator[Ask]:
    """Open a WebSocket for every message. Closing it is not timed: the reply is whole before."""

    async def ask(message: str, watch: Stopwatch) -> None:
        params = {"sessionKey": job.session, "message": message}
        async with _greeted(job) as socket:
            await _ask(socket, "chat.send", params, watch)

    yield ask


@asynccontextmanager
async def pipecat(job: Job) -> AsyncIterator[Ask]:
    """Talk through pipecat's client."""
    quiet_pipecat()
    from pipecat.services.openclaw.client import (  # noqa: PLC0415 - may be absent
        OpenClawGatewayClient,
    )

    async def ask(message: str, watch: Stopwatch) -> None:
        async with aclosing(client.events(await client.start(message))) as events:
            async for event in events:
                match event.kind:
                    case "text_delta":
                        watch.words()
                    case "completed":
                        watch.whole()
                    case _:
                        raise RuntimeError(f"pipecat's run is {event.kind}: {event.text}")

    client = OpenClawGatewayClient(url=job.url, token=job.token, session_key=job.session)
    await client.connect()
    try:
        yield ask
    finally:
        await client.disconnect()


WAYS: dict[str, Way] = {
    "bare": bare,
    "ours": ours,
    "reconnecting": reconnecting,
    "pipecat": pipecat,
}


@asynccontextmanager
async def _greeted(job: Job, *capabilities: str) -> AsyncIterator[ClientConnection]:
    """Open a WebSocket and do the gateway's handshake."""
    client = {"id": "gateway-client", "version": "0", "platform": "linux", "mode": "backend"}
    params = {
        "minProtocol": 3,
        "maxProtocol": 4,
        "client": client,
        "role": "operator",
        "scopes": ["operator.read", "operator.write"],
        "caps": capabilities,
        "auth": {"token": job.token},
    }
    async with connect(job.url, compression=None, max_size=None) as socket:
        await socket.recv()  # the challenge, which only a device has to answer
        await _response(socket, await _send(socket, "connect", params))
        yield socket


async def _ask(
    socket: ClientConnection, method: str, params: dict[str, Any], watch: Stopwatch
) -> str:
    """Ask, and read until the reply is whole; return the id of the request."""
    key = str(uuid.uuid4())
    request = await _send(socket, method, {**params, "idempotencyKey": key})
    while watch.times is None:
        frame = _checked(json.loads(await socket.recv()))
        if frame.get("event") != "chat" or frame["payload"]["runId"] != key:
            continue
        match frame["payload"]["state"]:
            case "delta":
                watch.words()
            case "final":
                watch.whole()
            case "error" | "aborted":
                raise RuntimeError(f"the agent does not answer: {frame}")
    return request


async def _send(socket: ClientConnection, method: str, params: dict[str, Any]) -> str:
    """Make a request; return its id."""
    request = str(uuid.uuid4())
    frame = {"type": "req", "id": request, "method": method, "params": params}
    await socket.send(json.dumps(frame))
    return request


async def _response(socket: ClientConnection, request: str) -> None:
    """Read until a request is answered."""
    while _checked(json.loads(await socket.recv())).get("id") != request:
        pass


def _checked(frame: dict[str, Any]) -> dict[str, Any]:
    if not frame.get("ok", True):
        raise RuntimeError(f"the gateway refuses: {frame['error']}")
    return frame


async def talk(way: Way) -> None:
    """Do what the lines of the standard input say."""
    job = Job(**json.loads(sys.stdin.readline()))
    async with way(job) as ask:
        # In a thread, for connections have to be kept alive meanwhile.
        while message := (await asyncio.to_thread(sys.stdin.readline)).strip():
            watch = Stopwatch()
            await ask(message, watch)
            if watch.times is None:
                raise RuntimeError("the reply did not end")
            print(json.dumps(asdict(watch.times)), flush=True)


if __name__ == "__main__":
    asyncio.run(talk(WAYS[sys.argv[1]]))
