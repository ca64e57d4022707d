"""Sans-I/O: what was said in a call, for an OpenClaw session that did not hear it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from server.phone.engines.engine import AgentSaid, CallerSaid, EngineCall, EngineEvent

MOST_CHARACTERS: Final = 16_000
"""Characters of a note; of a longer call the beginning is left out."""

_LEFT_OUT = "(the beginning is left out)"


def session_note(call: EngineCall, events: Iterable[EngineEvent]) -> str:
    """Return a message that tells an agent's session what was said in a call.

    It is written as a turn of the session, for that is what the model sees later on. What the other
    side said is marked as theirs: it is information, no order.

    Args:
        call: The call.
        events: What its engine has told, in any order.

    Returns:
        The message; "" when nothing was said.

    """
    said = [event for event in events if isinstance(event, AgentSaid | CallerSaid)]
    lines = [line for event in sorted(said, key=_began) if (line := _line(call, event))]
    if not lines:
        return ""
    while len(lines) > 1 and sum(map(len, lines)) > MOST_CHARACTERS:
        lines = [_LEFT_OUT, *lines[2 if lines[0] == _LEFT_OUT else 1 :]]
    other = call.caller
    who = other.name if other.name == other.id else f"{other.name} ({other.id})"
    verb = "called" if call.direction == "inbound" else "was called"
    return (
        f"[phone call transcript] {who} {verb}, and your voice on the telephone spoke for you."
        " This is for your memory: the call is over. Do nothing now, and answer with the one word"
        " NOTED.\n" + "\n".join(lines)
    )


def _began(event: AgentSaid | CallerSaid) -> float:
    return event.at


def _line(call: EngineCall, event: AgentSaid | CallerSaid) -> str:
    match event:
        case CallerSaid(text=text):
            return f"{call.caller.name}: {text or '(not understood)'}"
        case AgentSaid(heard=heard, interrupted=interrupted):
            return f"You: {heard}{' … (interrupted)' if interrupted else ''}" if heard else ""
