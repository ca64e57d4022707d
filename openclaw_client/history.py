"""Reading a session's transcript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openclaw_client.frames import Json, as_dict, as_text, text_of

_RESUMED = "[System] Your previous turn was interrupted by a gateway restart"
"""How a restarted gateway begins the message by which it takes a broken turn up again."""

_UNFINISHED = frozenset({"toolUse", "aborted", "error"})


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """One message of a session."""

    role: str
    """``user``, ``assistant`` or ``system``."""

    text: str
    idempotency_key: str = ""
    """Of a user's message: the key of its turn."""

    run_id: str = ""
    """Of an assistant's message: the run that wrote it, where the gateway tells."""

    finished: bool = True
    """Whether an assistant's message ended by itself: no tool call, no abort."""


def read_history(payload: Json) -> tuple[HistoryMessage, ...]:
    """Read the answer of ``chat.history``, oldest message first."""
    rows = payload.get("messages")
    return tuple(_messages(rows if isinstance(rows, list) else []))


@dataclass(frozen=True, slots=True)
class TurnInHistory:
    """What a session knows of a turn that it got."""

    reply: str | None = None
    """The whole reply; ``None`` while there is none."""

    resumed_as: str = ""
    """Id of the run by which the gateway took it up again; "" when it did not."""

    @classmethod
    def find(cls, payload: Json, key: str) -> TurnInHistory | None:
        """Look for the turn with this idempotency key; ``None`` when the session never got it."""
        messages = read_history(payload)
        places = [at for at, one in enumerate(messages) if one.idempotency_key == key]
        if not places:
            return None
        resumed = ""
        replies: list[HistoryMessage] = []
        for message in messages[places[-1] + 1 :]:
            if message.role == "user":
                if not message.text.startswith(_RESUMED):
                    break
                resumed = message.idempotency_key
                replies.clear()
            elif message.role == "assistant":
                replies.append(message)
        # A run in flight may have said something before it used a tool.
        ended = bool(replies) and replies[-1].finished and not payload.get("inFlightRun")
        text = "\n\n".join(one.text for one in replies if one.text.strip())
        return cls(reply=text if ended else None, resumed_as=resumed)


def _messages(rows: list[Any]) -> Iterator[HistoryMessage]:
    for row in rows:
        message = as_dict(row)
        role, text = as_text(message.get("role")), text_of(message)
        if role and text is not None:
            yield HistoryMessage(
                role=role,
                text=text,
                idempotency_key=as_text(message.get("idempotencyKey")).removesuffix(":user"),
                run_id=as_text(as_dict(message.get("__openclaw")).get("runId")),
                finished=as_text(message.get("stopReason")) not in _UNFINISHED,
            )
