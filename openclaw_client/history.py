"""Reading a session's transcript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    aborted: bool = False
    """Whether somebody stopped the assistant in the middle of it."""

    @property
    def over(self) -> bool:
        """Whether nothing of an assistant's message is to come any more."""
        return self.finished or self.aborted


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
    def find(cls, payload: Json, key: str, message: str, run_id: str = "") -> TurnInHistory | None:
        """Look for a turn; ``None`` when the session never got it.

        Args:
            payload: The answer of ``chat.history``.
            key: The idempotency key of the turn.
            message: What was sent, for gateways whose history does not tell the keys: there the
                last message of a user is the turn, if it has these words.
            run_id: Id of its run, where that is another than the key.

        """
        messages = read_history(payload)
        place = _place_of(messages, key, message)
        if place is None:
            return None
        resumed, runs = "", {"", key, run_id}
        replies: list[HistoryMessage] = []
        for row in messages[place + 1 :]:
            if row.role == "user":
                if not row.text.startswith(_RESUMED):
                    break
                resumed = row.idempotency_key
                runs.add(resumed)
                replies.clear()
            elif row.role == "assistant":
                if row.run_id not in runs:
                    break  # the agent said it by itself, later; what woke it is not shown
                if not resumed or row.run_id in {"", resumed} or row.over:
                    replies.append(row)  # and not the failure of what was sent once more
        # A run in flight may have said something before it used a tool.
        ended = bool(replies) and replies[-1].over and not payload.get("inFlightRun")
        text = "\n\n".join(one.text for one in replies if one.text.strip())
        return cls(reply=text if ended else None, resumed_as=resumed)


def _place_of(messages: Sequence[HistoryMessage], key: str, message: str) -> int | None:
    users = [at for at, one in enumerate(messages) if one.role == "user"]
    if any(messages[at].idempotency_key for at in users):
        return next((at for at in reversed(users) if messages[at].idempotency_key == key), None)
    return users[-1] if users and messages[users[-1]].text.strip() == message.strip() else None


def _messages(rows: list[Any]) -> Iterator[HistoryMessage]:
    for row in rows:
        message = as_dict(row)
        role, text = as_text(message.get("role")), text_of(message)
        aborted = as_dict(message.get("openclawAbort")).get("aborted") is True
        if role and text is not None:
            yield HistoryMessage(
                role=role,
                text=text,
                idempotency_key=as_text(message.get("idempotencyKey")).removesuffix(":user"),
                run_id=as_text(as_dict(message.get("__openclaw")).get("runId")),
                # The reason of one that was aborted by request is "stop" all the same.
                finished=as_text(message.get("stopReason")) not in _UNFINISHED and not aborted,
                aborted=aborted,
            )
