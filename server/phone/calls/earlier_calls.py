"""Sans-I/O: what is told of earlier calls with a number, when another one begins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

from server.phone.calls.record import CallRecord
from server.phone.calls.session_note import one_line

CHARACTERS_A_TOKEN: Final = 4
"""About how many characters make a token of a language model."""

LONGEST_CALL: Final = 2000
"""Characters of one call of which nothing was reported: its end, as it was said."""

_HEAD: Final = "Earlier telephone calls with this number, the last one first:"


def may_be_told(earlier: CallRecord, now: CallRecord, agent: str) -> bool:
    """Return whether a call may be told of in another one.

    Not the calls of other agents, nor those of which it was surer who spoke than it is now: a
    number is easily forged, and what somebody said to be them is not for whoever shows it.

    Args:
        earlier: The call that is over.
        now: The one that begins.
        agent: Who talks in it.

    """
    own_agent = (earlier.session_key or "").startswith(f"agent:{agent}:")
    same_person = earlier.identity is None or earlier.identity == now.identity
    return earlier.status.is_final and earlier.id != now.id and own_agent and same_person


def told(calls: Iterable[CallRecord], max_tokens: int, zone: tzinfo) -> str:
    """Return what to tell of earlier calls, as text.

    Args:
        calls: They, with their transcripts, the last one first; those without a word are left out.
        max_tokens: About how much at most; what is older than fits is left out.
        zone: In which times are told.

    """
    left = max_tokens * CHARACTERS_A_TOKEN - len(_HEAD)
    texts: list[str] = []
    for call in calls:
        if not (text := _text(call, zone)):
            continue
        left -= len(text) + 1
        if left < 0:
            break
        texts.append(text)
    return "\n".join((_HEAD, *texts)) if texts else ""


def _text(call: CallRecord, zone: tzinfo) -> str:
    words = _summary(call) or _words(call)
    if not words:
        return ""
    verb = "they called" if call.direction == "inbound" else "you called them"
    task = f" Task: {one_line(call.task)}" if call.task else ""
    return f"- {call.started_at.astimezone(zone):%Y-%m-%d %H:%M}, {verb}.{task} {words}"


def _summary(call: CallRecord) -> str:
    if call.report is None:
        return ""
    steps = "".join(f" Next: {one_line(step)}" for step in call.report.next_steps)
    return f"Result ({call.report.outcome}): {one_line(call.report.summary)}{steps}"


def _words(call: CallRecord) -> str:
    names = {"user": "They", "assistant": "You"}
    said = [
        f"{names[row.role]}: {text}"
        for row in call.transcript
        if row.role in names and (text := one_line(row.text))
    ]
    if not any(row.role == "user" and row.text.strip() for row in call.transcript):
        return ""
    whole = " / ".join(said)
    return whole if len(whole) <= LONGEST_CALL else f"… {whole[-LONGEST_CALL:]}"
