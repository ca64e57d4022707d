"""Between the link and the turns: brings every event to the turn whose run it belongs to."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Never

from openclaw_client.config import OpenClawConfig
from openclaw_client.errors import AgentError, GatewayConnectionError, RequestError
from openclaw_client.frames import Json, as_dict, as_text, quoted
from openclaw_client.handshake import Hello
from openclaw_client.link import GatewayLink
from openclaw_client.protocol import AgentEvent, Answered
from openclaw_client.runs import ChatEvent, Run, Runs, result_text
from openclaw_client.session_key import agent_of
from openclaw_client.spontaneous import SpontaneousRun, SpontaneousRuns
from openclaw_client.turn import AGENT_METHOD_PROTOCOL, Turn

_LOG = logging.getLogger(__name__)

MOST_SESSIONS = 256
"""Sessions whose events we ask for; the one that was used least recently is given up."""

ABORT_PAUSES = (0.0, 0.1, 0.3, 0.6, 1.0, 2.0)
"""Seconds before each try to abort a run: one that has only just been sent is not known yet."""

_UNDER_WAY = frozenset({"", "accepted", "started", "in_flight"})
"""Status of an answer that is no result; a gateway may give it more than once."""

_SUBSCRIBE = "sessions.messages.subscribe"
_UNSUBSCRIBE = "sessions.messages.unsubscribe"


class Switchboard:
    """Knows all runs and turns of one client.

    Args:
        config: Models of the agents, and what may be spoken.
        on_spontaneous: Is told what agents say by themselves.

    """

    link: GatewayLink
    """Set once, right after both were made."""

    def __init__(
        self, config: OpenClawConfig, on_spontaneous: Callable[[SpontaneousRun], None] | None
    ) -> None:
        self._config = config
        self._on_spontaneous = on_spontaneous
        self._spontaneous = SpontaneousRuns()
        self._runs = Runs()
        self._turns: dict[Run, Turn] = {}
        self._results: dict[str, Run] = {}
        self._sessions: OrderedDict[str, None] = OrderedDict()
        self._models: dict[str, str] = {}
        self._freed = asyncio.Event()
        self._aborts: asyncio.TaskGroup | None = None
        self._aborting: set[asyncio.Task[None]] = set()

    async def run(self) -> Never:
        """Carry out what turns leave behind: aborts. Cancelling drops them."""
        async with asyncio.TaskGroup() as tasks:
            self._aborts = tasks
            try:
                while True:
                    await asyncio.Event().wait()
            finally:
                self._aborts = None

    async def settle(self, within: float) -> None:
        """Abort what is still going on, before the connection is closed.

        Args:
            within: Seconds that this may take.

        Cancelling drops what was not aborted yet.

        """
        if self.link.hello is None:
            return
        for turn in self._turns.values():
            if turn.sent and not turn.run.outcome:
                turn.run.abandoned = True
                self._begin_abort(turn.run)
        if self._aborting:
            await asyncio.wait(self._aborting, timeout=within)

    def update(self, config: OpenClawConfig) -> None:
        """Use other settings."""
        self._config = config

    def follow(self, session_key: str) -> None:
        """Have the events of a session sent to us."""
        known = session_key in self._sessions
        self._sessions[session_key] = None
        self._sessions.move_to_end(session_key)
        if not known:
            self._post(_SUBSCRIBE, session_key)
        if len(self._sessions) > MOST_SESSIONS:
            oldest, _ = self._sessions.popitem(last=False)
            self._post(_UNSUBSCRIBE, oldest)

    # What the link tells.

    def connected(self, hello: Hello) -> None:
        """A new connection knows nothing of the one before."""
        now = asyncio.get_running_loop().time()
        self._spontaneous.connected(now, first=self.link.connections == 1)
        for session_key in self._sessions:
            self._post(_SUBSCRIBE, session_key)

    def disconnected(self) -> None:
        """Turns under way have to be found again."""
        self._results.clear()
        for turn in list(self._turns.values()):
            turn.lose()

    def receive(self, event: ChatEvent | AgentEvent) -> None:
        """Bring news to the turn it is for."""
        match event:
            case ChatEvent():
                self._receive_chat(event)
            case AgentEvent():
                self._receive_agent(event)

    def receive_answer(self, answer: Answered) -> None:
        """Take the second answer to a turn, or the first one when nobody waits for it now."""
        run = self._results.get(answer.request_id)
        if run is None or run.outcome:
            return
        status = as_text(answer.payload.get("status"))
        if isinstance(answer.error, RequestError):
            run.fail(answer.error.reason)
        elif answer.error:
            run.fail(str(answer.error))
        elif status == "ok":
            run.finish(result_text(answer.payload))
        elif status not in _UNDER_WAY:
            run.fail(quoted(as_text(answer.payload.get("summary")) or status))
        elif not run.acknowledged:
            self.rename(run, as_text(answer.payload.get("runId")))
        self._tell(run)

    # What turns need.

    async def ready(self, within: float) -> Hello:
        """Wait for a connection; see :meth:`GatewayLink.ready`."""
        return await self.link.ready(within)

    async def prepare(self, session_key: str, hello: Hello) -> None:
        """Make a session ready for a turn. Cancelling is safe."""
        self.follow(session_key)
        tier = self._config.agents.get(agent_of(session_key))
        if tier and tier.model and self._models.get(session_key) != tier.model:
            self._models[session_key] = tier.model
            await self._choose_model(session_key, tier.model)
        if hello.protocol < AGENT_METHOD_PROTOCOL:
            # There, a turn sent into a run is answered within it or under an unknown id.
            while any(run in self._sent() for run in self._runs.in_session(session_key)):
                await self._freed.wait()

    async def submit(self, run: Run, method: str, params: Json) -> Json:
        """Send a turn; return the acknowledgement. Cancelling drops that, not the turn."""
        request_id, answer = self.link.send(method, params)
        self._results[request_id] = run
        return await self.link.answer(request_id, answer)

    async def history(self, session_key: str, limit: int) -> Json:
        """Return the answer of ``chat.history``. Cancelling is safe."""
        return await self.link.request("chat.history", {"sessionKey": session_key, "limit": limit})

    def register(self, turn: Turn) -> None:
        """Tell the turn of its run's news from now on."""
        self._turns[turn.run] = turn
        self._runs.add(turn.run)

    def rename(self, run: Run, run_id: str) -> None:
        """The gateway goes on with the run under this id."""
        self._runs.acknowledge(run, run_id)

    def take_up(self, run: Run, run_id: str) -> None:
        """The gateway took the turn up by itself, as another run than the one we sent.

        Ours may yet fail beside it: what is answered to our request does not count any more.
        """
        self._drop_results(run)
        self._runs.acknowledge(run, run_id)

    def leave(self, turn: Turn) -> None:
        """The turn is over, or nobody wants its reply any more."""
        run = turn.run
        self._turns.pop(run, None)
        if not turn.sent or run.outcome or not self._begin_abort(run):
            self._forget(run)

    async def steer(self, session_key: str) -> None:
        """Stop what our runs in a session are doing, for another turn that takes their place.

        Cancelling may leave them going on.
        """
        for run in self._runs.in_session(session_key):
            if run in self._turns and self._turns[run].sent:
                run.steered = True
                await self._stop(run)

    def _begin_abort(self, run: Run) -> bool:
        """Abort a run beside everything else; return whether that is possible."""
        if self._aborts is None:
            return False
        task = self._aborts.create_task(self._abort(run))
        self._aborting.add(task)
        task.add_done_callback(self._aborting.discard)
        return True

    async def _abort(self, run: Run) -> None:
        try:
            await self._stop(run)
        finally:
            self._forget(run)

    async def _stop(self, run: Run) -> None:
        for pause in ABORT_PAUSES:
            await asyncio.sleep(pause)
            if run.outcome or await self._aborted(run):
                return
        _LOG.warning("A run could not be aborted; the agent may go on with it")

    async def _aborted(self, run: Run) -> bool:
        """Abort once; return whether nothing more can be done."""
        try:
            await self.link.ready(self._config.retry_timeout)
            answer = await self.link.request(
                "chat.abort", {"sessionKey": run.session_key, "runId": run.run_id}
            )
        except RequestError:
            return True
        except GatewayConnectionError:
            return False
        return answer.get("aborted") is True

    async def _choose_model(self, session_key: str, model: str) -> None:
        try:
            await self.link.request("sessions.patch", {"key": session_key, "model": model})
        except AgentError as error:
            if isinstance(error, GatewayConnectionError):
                self._models.pop(session_key, None)
            _LOG.warning("Agent %s keeps its model: %s", agent_of(session_key), error)

    def _receive_chat(self, event: ChatEvent) -> None:
        if run := self._runs.receive(event):
            self._tell(run)
        elif said := self._spontaneous.receive_chat(event):
            self._receive_spontaneous(said)

    def _receive_spontaneous(self, said: SpontaneousRun) -> None:
        allowed = self._config.spontaneous and said.session_key in self._sessions
        if allowed and self._on_spontaneous:
            self._on_spontaneous(said)

    def _receive_agent(self, event: AgentEvent) -> None:
        run = self._runs.find(event.run_id)
        if run is None:
            self._spontaneous.receive_agent(event, asyncio.get_running_loop().time())
        elif event.stream == "tool" and event.data.get("phase") == "start":
            run.receive_tool(as_text(event.data.get("name")), as_dict(event.data.get("args")))

    def _tell(self, run: Run) -> None:
        if turn := self._turns.get(run):
            turn.tell()

    def _forget(self, run: Run) -> None:
        self._runs.remove(run)
        self._drop_results(run)
        freed, self._freed = self._freed, asyncio.Event()
        freed.set()

    def _drop_results(self, run: Run) -> None:
        for request_id in [one for one, of in self._results.items() if of is run]:
            del self._results[request_id]

    def _sent(self) -> set[Run]:
        """Return the runs that the gateway may be busy with."""
        waiting = {turn.run for turn in self._turns.values() if not turn.sent}
        return {run for run in self._results.values() if run not in waiting}

    def _post(self, method: str, session_key: str) -> None:
        hello = self.link.hello
        if hello and method in hello.methods:
            self.link.post(method, {"key": session_key})
