"""A small gateway on loopback whose answers each test writes itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import websockets
from websockets.asyncio.server import ServerConnection, serve

from tests.openclaw_client.captured import answer, challenge, event, hello, refusal

GUARD = 20.0
"""Seconds after which a test that hangs is given up."""


class Visit:
    """One connection to the gateway."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self._seq = 0

    async def answer(self, request_id: str, payload: dict[str, Any]) -> None:
        await self.socket.send(answer(request_id, payload))

    async def refuse(self, request_id: str, code: str, message: str, **more: Any) -> None:
        await self.socket.send(refusal(request_id, code, message, **more))

    async def event(self, name: str, payload: dict[str, Any]) -> None:
        self._seq += 1
        await self.socket.send(event(name, payload, self._seq))

    async def chat(self, run_id: str, state: str, text: str | None = None, **more: Any) -> None:
        message = {"message": {"content": [{"type": "text", "text": text}]}}
        payload = {"runId": run_id, "sessionKey": "s", "state": state, **more}
        await self.event("chat", payload if text is None else {**payload, **message})


Reply = Callable[[Visit, dict[str, Any]], Awaitable[None]]


async def echo(visit: Visit, request: dict[str, Any]) -> None:
    """Answer a turn with its own words, in two pieces."""
    params = request["params"]
    key, text = params["idempotencyKey"], "echo " + params["message"]
    await visit.answer(request["id"], {"runId": key, "status": "accepted"})
    await visit.chat(key, "delta", "echo", seq=1)
    await visit.chat(key, "final", text, seq=2)


class SmallGateway:
    """What it was asked, and what it answers."""

    def __init__(self) -> None:
        self.hello: dict[str, Any] = hello()
        self.greet: Reply = self._greet
        self.replies: dict[str, Reply] = {"agent": echo, "chat.send": echo}
        self.agents = ["main", "jarvis"]
        self.requests: list[dict[str, Any]] = []
        self.visits: list[Visit] = []
        self.url = ""

    def asked(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of all requests of one method."""
        return [one["params"] for one in self.requests if one["method"] == method]

    def drop(self) -> None:
        """Break all connections."""
        for visit in self.visits:
            visit.socket.transport.abort()

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[SmallGateway]:
        async with serve(self._receive, "127.0.0.1", port, compression=None) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def _receive(self, socket: ServerConnection) -> None:
        visit = Visit(socket)
        self.visits.append(visit)
        async with asyncio.TaskGroup() as tasks:
            with contextlib.suppress(websockets.ConnectionClosed):
                await socket.send(challenge())
                async for text in socket:
                    request = json.loads(text)
                    self.requests.append(request)
                    reply = self._reply(request["method"])
                    tasks.create_task(self._answered(reply, visit, request))
            self.visits.remove(visit)

    async def _answered(self, reply: Reply, visit: Visit, request: dict[str, Any]) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            await reply(visit, request)

    def _reply(self, method: str) -> Reply:
        if method in self.replies:
            return self.replies[method]
        usual = {
            "connect": self.greet,
            "agents.list": self._list,
            "chat.history": self._no_history,
            "chat.abort": self._abort,
        }
        return usual.get(method, self._done)

    async def _greet(self, visit: Visit, request: dict[str, Any]) -> None:
        await visit.answer(request["id"], self.hello)

    async def _list(self, visit: Visit, request: dict[str, Any]) -> None:
        agents = [{"id": agent, "name": agent.title()} for agent in self.agents]
        await visit.answer(request["id"], {"defaultId": "main", "agents": agents})

    async def _no_history(self, visit: Visit, request: dict[str, Any]) -> None:
        await visit.answer(request["id"], {"messages": []})

    async def _abort(self, visit: Visit, request: dict[str, Any]) -> None:
        run_id = request["params"]["runId"]
        await visit.chat(run_id, "aborted", stopReason="rpc")
        await visit.answer(request["id"], {"ok": True, "aborted": True, "runIds": [run_id]})

    async def _done(self, visit: Visit, request: dict[str, Any]) -> None:
        await visit.answer(request["id"], {"ok": True})


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another task or the peer brings about."""
    async with asyncio.timeout(GUARD):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.005)
