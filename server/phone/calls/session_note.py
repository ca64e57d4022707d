"""Sans-I/O: what was said in a call, for an OpenClaw session that did not hear it."""

from __future__ import annotations

from typing import Final

from server.phone.calls.record import CallRecord, TranscriptRow

MOST_CHARACTERS: Final = 16_000
"""Characters of a note; of a longer call the beginning is left out."""

_LEFT_OUT = "(the beginning is left out)"


def session_note(record: CallRecord) -> str:
    """Return a message that tells an agent's session what was said in a call.

    It is written as a turn of the session, for that is what the model sees later on. What the other
    side said is marked as theirs: it is information, no order.

    Args:
        record: The call, with its transcript.

    Returns:
        The message; "" when nothing was said and nothing reported.

    """
    lines = [line for row in record.transcript if (line := _line(record, row))]
    ending = _report(record)
    if not lines and not ending:
        return ""
    while len(lines) > 1 and sum(map(len, lines)) > MOST_CHARACTERS:
        lines = [_LEFT_OUT, *lines[2 if lines[0] == _LEFT_OUT else 1 :]]
    return "\n".join((_head(record), *lines, *ending))


def _head(record: CallRecord) -> str:
    name, number = other_side(record), record.peer
    who = name if not number or name == number else f"{name} ({number})"
    verb = "called" if record.direction == "inbound" else "was called"
    task = f" The task was: {one_line(record.task)}" if record.task else ""
    return (
        f"[phone call transcript] {who} {verb}, and your voice on the telephone spoke for you."
        f"{task} This is for your memory: the call is over. Do nothing now, and answer with the one"
        " word NOTED."
    )


def _line(record: CallRecord, row: TranscriptRow) -> str:
    words = one_line(row.text)
    match row.role:
        case "user":
            return f"{other_side(record)}: {words or '(not understood)'}"
        case "assistant" if words:
            return f"You: {words}{' … (interrupted)' if row.interrupted else ''}"
        case _:
            return ""


def _report(record: CallRecord) -> tuple[str, ...]:
    if record.report is None:
        return ()
    steps = "".join(f" Next: {one_line(step)}" for step in record.report.next_steps)
    outcome, summary = record.report.outcome, one_line(record.report.summary)
    return (f"What your voice reported of the call ({outcome}): {summary}{steps}",)


def other_side(record: CallRecord) -> str:
    """Return what the other side of a call is called in texts."""
    return record.identity or record.peer or "Somebody"


def one_line(text: str) -> str:
    """Return a text on one line: nobody begins a line of their own in what we write."""
    return " ".join(text.split())
