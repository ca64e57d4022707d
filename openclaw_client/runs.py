"""Runs: one answer of an agent each, found again by their run id.

A run's id is normally our idempotency key. It may be another one, and its first events may come
before the acknowledgement that tells so: these are kept and replayed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from openclaw_client.frames import Json, as_dict, as_text, quoted, text_of
from openclaw_client.reply_text import ReplyText

EARLY_RUNS = 16
"""Runs with unknown ids whose events are kept while one of ours awaits its id."""

EARLY_EVENTS = 64
"""Events that are kept of each; the last ones, as each holds the whole text."""


class ChatState(Enum):
    """What a ``chat`` event says of its run."""

    STATUS = "status"
    DELTA = "delta"
    FINAL = "final"
    ABORTED = "aborted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """News of a run."""

    run_id: str
    session_key: str
    state: ChatState
    seq: int | None = None
    """Number within the run. A final may have that of the delta before it."""

    text: str | None = None
    """The whole text so far; ``None`` when the event has none."""

    delta: str = ""
    """The part of the text that is new."""

    replace: bool = False
    """Whether the text begins again."""

    reason: str = ""
    """Why it failed or was aborted."""


def read_chat(payload: Json) -> ChatEvent | None:
    """Read the payload of a ``chat`` event; ``None`` when it is of no use to us."""
    run_id, seq = payload.get("runId"), payload.get("seq")
    try:
        state = ChatState(payload.get("state"))
    except ValueError:
        return None
    if not isinstance(run_id, str) or not run_id:
        return None
    return ChatEvent(
        run_id=run_id,
        session_key=as_text(payload.get("sessionKey")),
        state=state,
        seq=seq if isinstance(seq, int) and not isinstance(seq, bool) else None,
        text=text_of(payload.get("message")),
        delta=as_text(payload.get("deltaText")),
        replace=payload.get("replace") is True,
        reason=quoted(as_text(payload.get("errorMessage")) or as_text(payload.get("stopReason"))),
    )


class Outcome(Enum):
    """How a run ended."""

    FINISHED = "finished"
    ABORTED = "aborted"
    FAILED = "failed"


class Run:
    """One answer that we asked for.

    Args:
        key: The idempotency key of the request.
        session_key: The session it belongs to.
        on_tool: Gets the name of every tool as the agent begins to use it.

    """

    def __init__(
        self, key: str, session_key: str, on_tool: Callable[[str], None] | None = None
    ) -> None:
        self._on_tool = on_tool
        self.key = key
        self.session_key = session_key
        self.run_id = key
        self.acknowledged = False
        self.steered = False
        """Stopped by ourselves, for another turn in its place."""
        self.abandoned = False
        """Stopped by ourselves, because the connection is closed."""
        self.outcome: Outcome | None = None
        self.reason = ""
        self._text = ReplyText()
        self._new: list[str] = []
        self._seq = -1
        self._spoken_by_tool = ""

    def take(self) -> str:
        """Return the words that came since the last call."""
        new = "".join(self._new)
        self._new.clear()
        return new

    @property
    def said(self) -> bool:
        """Whether there were any words yet."""
        return bool(self._text.given.strip())

    def receive(self, event: ChatEvent) -> None:
        """Take news of this run."""
        if self.outcome:
            return
        match event.state:
            case ChatState.STATUS:
                return
            case ChatState.DELTA:
                self._receive_delta(event)
            case ChatState.FINAL:
                self.finish(event.text or "")
            case ChatState.ABORTED:
                self._become(event.text)
                self.outcome, self.reason = Outcome.ABORTED, event.reason
            case ChatState.ERROR:
                self.fail(event.reason)

    def finish(self, text: str) -> None:
        """End the run with its whole text; "" leaves what was said."""
        if self.outcome:
            return
        self._become(text)
        if not self.said:
            self._become(self._spoken_by_tool)
        self.outcome = Outcome.FINISHED

    def fail(self, reason: str) -> None:
        """End the run without success."""
        if not self.outcome:
            self.outcome, self.reason = Outcome.FAILED, reason

    def receive_tool(self, name: str, arguments: Json) -> None:
        """The agent uses a tool.

        What it gives its own text-to-speech tool would be played nowhere, and often leaves the
        reply itself empty: then these words are the reply.
        """
        if name == "tts":
            self._spoken_by_tool = as_text(arguments.get("text"))
        if self._on_tool is not None and not self.outcome:
            self._on_tool(name)

    def rename(self, run_id: str) -> None:
        """Go on as another run: the gateway took the turn up again by itself."""
        self.run_id = run_id
        self.begin_again()

    def begin_again(self) -> None:
        """Expect the events and the text from their beginning."""
        self._seq = -1
        self._text.restart()

    def _receive_delta(self, event: ChatEvent) -> None:
        seq = self._seq if event.seq is None else event.seq
        if seq < self._seq or (event.text is None and seq == self._seq and event.seq is not None):
            return  # late or repeated
        self._seq = seq
        if event.replace:
            self._text.restart()
        if event.text is None:
            self._add(self._text.extend(event.delta))
        else:
            self._become(event.text)

    def _become(self, text: str | None) -> None:
        if text:
            self._add(self._text.become(text))

    def _add(self, new: str) -> None:
        if new:
            self._new.append(new)


class Runs:
    """All runs that we wait for."""

    def __init__(self) -> None:
        self._by_id: dict[str, Run] = {}
        self._early: OrderedDict[str, list[ChatEvent]] = OrderedDict()

    def add(self, run: Run) -> None:
        """Wait for a run."""
        self._by_id[run.run_id] = run

    def remove(self, run: Run) -> None:
        """Wait for it no more."""
        self._drop(run)
        if not self._any_unacknowledged():
            self._early.clear()

    def find(self, run_id: str) -> Run | None:
        """Return the run with this id, if it is one of ours."""
        return self._by_id.get(run_id)

    def in_session(self, session_key: str) -> list[Run]:
        """Return those of one session that have not ended."""
        runs = self._by_id.values()
        return [run for run in runs if run.session_key == session_key and not run.outcome]

    def acknowledge(self, run: Run, run_id: str) -> None:
        """The gateway gave the run its id; what came early under it counts now."""
        run.acknowledged = True
        if run_id and run_id != run.run_id:
            self._drop(run)
            run.rename(run_id)
            self._by_id[run_id] = run
        for event in self._early.pop(run.run_id, ()):
            run.receive(event)
        if not self._any_unacknowledged():
            self._early.clear()

    def receive(self, event: ChatEvent) -> Run | None:
        """Take news of a run; return the run if it is one of ours."""
        if run := self._by_id.get(event.run_id):
            run.receive(event)
            return run
        if self._any_unacknowledged():
            self._keep(event)
        return None

    def _drop(self, run: Run) -> None:
        if self._by_id.get(run.run_id) is run:  # and not another turn under the same key
            del self._by_id[run.run_id]

    def _keep(self, event: ChatEvent) -> None:
        events = self._early.setdefault(event.run_id, [])
        if events and _supersedes(event, events[-1]):
            events.pop()  # a long reply need not be kept as often as it grew
        events.append(event)
        del events[:-EARLY_EVENTS]
        if len(self._early) > EARLY_RUNS:
            self._early.popitem(last=False)

    def _any_unacknowledged(self) -> bool:
        return any(not run.acknowledged for run in self._by_id.values())


def _supersedes(event: ChatEvent, before: ChatEvent) -> bool:
    """Return whether one event makes the one before it needless: it holds the whole text too."""
    deltas = event.state is before.state is ChatState.DELTA
    later = (event.seq or 0) >= (before.seq or 0)
    return deltas and later and event.text is not None and not before.replace


def result_text(payload: Json) -> str:
    """Return the words in the second response of ``agent``, which holds the whole result."""
    payloads = as_dict(payload.get("result")).get("payloads")
    parts = payloads if isinstance(payloads, list) else []
    return "\n\n".join(text for part in parts if (text := as_text(as_dict(part).get("text"))))
