"""Sans-I/O: what the model wants to be done, and what it is told of it."""

from __future__ import annotations

import json
from typing import Final

from server.phone.calls.report import Report
from server.phone.engines.engine import CallReported
from server.phone.engines.realtime.client_events import add_message, add_result
from server.phone.engines.realtime.memory import Memory
from server.phone.engines.realtime.responses import Responses
from server.phone.engines.realtime.server_events import FunctionCall
from server.phone.engines.realtime.steps import Outbox, UseTool
from server.phone.engines.realtime.tool_calls import ToolCalls
from server.phone.engines.realtime.tools import DIGITS, AskOpenClaw, EndCall, ToolError, read_tool

DONE: Final = json.dumps({"done": True})
"""What the model is told of a wish that was granted."""

_BRIDGE: Final = {
    "instructions": "Tell the person in three to six words, in their language, that you are looking"
    " it up. Say nothing else.",
    "tool_choice": "none",
}

_TAKES_LONGER: Final = (
    "There is no answer yet. Tell the person that it takes longer than expected and that you will"
    " say so when the answer is there; go on with the conversation."
)


class ModelTools:
    """The functions that the model calls in one call.

    Args:
        outbox: Where steps go.
        responses: Where answers to results are asked for.
        memory: What another session has to know.
        patience: Seconds for which the model waits for an answer.

    """

    def __init__(
        self, outbox: Outbox, responses: Responses, memory: Memory, patience: float
    ) -> None:
        self._outbox = outbox
        self._responses = responses
        self._memory = memory
        self._calls = ToolCalls(patience)

    @property
    def waiting(self) -> bool:
        """Whether the model waits for something."""
        return self._calls.waiting

    def lose(self) -> None:
        """Take in that the session is gone that has called."""
        self._calls.lose()

    def call(self, function: FunctionCall, now: float, *, announced: bool) -> EndCall | None:
        """Take in that the model calls a function.

        Args:
            function: The call.
            now: The time.
            announced: Whether the model has said something before.

        Returns:
            That the call is to be ended, if it is.

        """
        try:
            tool = read_tool(function)
        except ToolError as error:
            self._give(function.call_id, json.dumps({"error": str(error)}))
            return None
        match tool:
            case EndCall():
                return tool
            case Report():
                self._outbox.tell(CallReported(tool))
                return EndCall("reported")
            case _:
                announced = announced or not isinstance(tool, AskOpenClaw)
                self._calls.begin(function.call_id, function.name, now, announced=announced)
                self._outbox.put(UseTool(function.call_id, tool))
                return None

    def receive_result(self, call_id: str, text: str, now: float, *, ready: bool) -> None:
        """Take in what came of a function.

        Args:
            call_id: Of :class:`~server.phone.engines.realtime.steps.UseTool`.
            text: What the model is told.
            now: The time.
            ready: Whether there is a session now.

        """
        answered = self._calls.finish(call_id, text, now)
        if answered is None:
            return
        self._outbox.tell(answered.used)
        note = f"{answered.used.name} has answered: {text}"
        self._memory.add(now, "system", note)
        if not answered.late:
            # Whoever presses keys waits for what the other side says then.
            listens = answered.used.name == DIGITS and text == DONE
            self._give(call_id, text, listens=listens)
        elif ready:
            item_id = self._outbox.new_id("note")
            self._outbox.send(add_message(item_id, "system", note))
            self._responses.want(items=[item_id])
        else:
            self._responses.want()

    def handle_timer(self, now: float, *, silent: bool) -> None:
        """Let time pass.

        Args:
            now: The time.
            silent: Whether nobody speaks and nothing is being prepared.

        """
        for call_id in self._calls.overdue(now):
            self._give(call_id, _TAKES_LONGER)
        if self._calls.wants_bridge(now) and silent:
            self._responses.want(_BRIDGE)

    def deadline(self) -> float | None:
        """Return when to :meth:`handle_timer`."""
        return self._calls.deadline()

    def _give(self, call_id: str, text: str, *, listens: bool = False) -> None:
        item_id = self._outbox.new_id("result")
        self._outbox.send(add_result(item_id, call_id, text))
        if not listens:
            self._responses.want(items=[item_id])
