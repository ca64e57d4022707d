"""The fake service: sessions over WebSocket, and the REST API beside them."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Self

from aiohttp import web

from tests.peers.openai_realtime.problems import ProblemError
from tests.peers.openai_realtime.script import Script, Step, Turn
from tests.peers.openai_realtime.session import RealtimeSession
from tests.peers.openai_realtime.sip import SipCall, SipCalls, SipState

GUARD = 20.0
"""Seconds after which a test that hangs is given up."""

LONGEST_MESSAGE = 16 << 20
REFUSED = 4000
DEFAULT_MODEL = "gpt-realtime-2.1"
MODELS: list[dict[str, Any]] = [
    {"id": DEFAULT_MODEL, "object": "model", "created": 1, "owned_by": "openai"},
    {
        "id": "gpt-realtime",
        "object": "model",
        "created": 1,
        "owned_by": "openai",
        "shutdown_date": "2027-01-20",
    },
]


class FakeOpenAI:
    """The service on loopback; ``async with FakeOpenAI(script) as openai:`` runs it."""

    def __init__(
        self,
        script: Sequence[Step | Turn] = (),
        *,
        heard: Sequence[str] = (),
        api_key: str = "sk-fake",
        speed: float = 1.0,
        delta_ms: int = 100,
        delta_pause: float = 0.0,
    ) -> None:
        self._script = Script(script)
        self.heard = iter(heard)
        """What the caller's turns are transcribed as."""

        self.api_key = api_key
        self.speed = speed
        self.delta_ms = delta_ms
        """Milliseconds of sound in one event."""

        self.delta_pause = delta_pause
        """Seconds between two such events; at speed 8 an eighth of them."""

        self.calls = SipCalls(self.wall_time)
        self.sessions: list[RealtimeSession] = []
        self.handshakes: list[tuple[dict[str, str], dict[str, str]]] = []
        """Headers and query of each attempt to connect."""

        self.port = 0
        self._refusals: list[int] = []
        self._new_sessions: asyncio.Queue[RealtimeSession] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []
        application = web.Application()
        application.router.add_get("/v1/realtime", self._connect)
        application.router.add_post("/v1/realtime/calls/{id}/{verb}", self._act_on_call)
        application.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen; ``port`` 0 is any free one."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every session and stop listening.

        Raises:
            BaseExceptionGroup: The fake itself failed.

        """
        for session in self.sessions:
            await session.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._runner.cleanup()
        if self._failures:
            raise BaseExceptionGroup("the fake OpenAI failed", self._failures)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1"

    async def next_session(self) -> RealtimeSession:
        """Wait for the program's next session."""
        async with asyncio.timeout(GUARD):
            return await self._new_sessions.get()

    def refuse(self, status: int = 429) -> None:
        """Refuse the next attempt to connect."""
        self._refusals.append(status)

    def next_turn(self) -> Turn:
        return self._script.next_turn()

    def wall_time(self) -> float:
        return time.time()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.append(error)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        self.handshakes.append((dict(request.headers), dict(request.query)))
        if self._refusals:
            return _refused(self._refusals.pop(0), "Refused on demand.", "rate_limit_exceeded")
        if not self._authorised(request):
            return _refused(401, "Incorrect API key provided.", "invalid_api_key")
        call: SipCall | None = None
        if "call_id" in request.query:
            call = self.calls.all.get(request.query["call_id"])
            if call is None or call.state is not SipState.ACCEPTED:
                return _refused(404, "No session found for the call_id.", "call_id_not_found")
        socket = web.WebSocketResponse(max_msg_size=LONGEST_MESSAGE)
        await socket.prepare(request)
        problem = _handshake_problem(request, call)
        if problem is not None:
            await _close(socket, *problem)
            return socket
        model = request.query.get("model") or (call.accepted["model"] if call else DEFAULT_MODEL)
        session = RealtimeSession(self, socket, model, call)
        self.sessions.append(session)
        self._new_sessions.put_nowait(session)
        await session.run(request.transport)
        return socket

    def _authorised(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.api_key}"

    async def _act_on_call(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return _refused(401, "Incorrect API key provided.", "invalid_api_key")
        call = self.calls.all.get(request.match_info["id"])
        if call is None:
            return _refused(404, "No session found for the call_id.", "call_id_not_found")
        try:
            call.carry_out(request.match_info["verb"], json.loads(await request.text() or "{}"))
        except ProblemError as problem:
            return web.json_response({"error": problem.body}, status=400)
        if call.is_over:
            for session in self.sessions:
                if session.call is call:
                    self.spawn(session.close())
        return web.Response()

    async def _models(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return _refused(401, "Incorrect API key provided.", "invalid_api_key")
        return web.json_response({"object": "list", "data": MODELS})


def _handshake_problem(request: web.Request, call: SipCall | None) -> tuple[str, str] | None:
    """Return code and message of what is only told once the socket is open."""
    if request.headers.get("OpenAI-Beta", "").startswith("realtime"):
        message = "The Realtime Beta API is no longer supported. Please use the GA API."
        return "beta_api_shape_disabled", message
    if call is None and "model" not in request.query:
        return "missing_model", "You must provide a model parameter."
    return None


async def _close(socket: web.WebSocketResponse, code: str, message: str) -> None:
    error = {
        "type": "invalid_request_error",
        "code": code,
        "message": message,
        "param": None,
        "event_id": None,
    }
    event = {"type": "error", "event_id": f"event_{secrets.token_hex(8)}", "error": error}
    await socket.send_str(json.dumps(event))
    await socket.close(code=REFUSED, message=f"invalid_request_error.{code}".encode())


def _refused(status: int, message: str, code: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)
