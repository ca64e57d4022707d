"""The items of a session."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tests.peers.openai_realtime.problems import ProblemError, unsupported

Json = dict[str, Any]
_CONTENT = {
    "user": ("input_text", "input_audio", "input_image"),
    "system": ("input_text",),
    "assistant": ("output_text",),
}


class Emit(Protocol):
    """Sends an event to the program."""

    def __call__(self, event_type: str, **fields: Any) -> Awaitable[None]: ...


Handler = Callable[[Json], Awaitable[None]]


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(8)}"


def without_sound(item: Json) -> Json:
    """Return an item as events carry it."""
    shown = copy.deepcopy(item)
    for part in shown.get("content") or []:
        if isinstance(part, dict):
            part.pop("audio", None)
    return shown


class Conversation:
    """Items in their order, and what the program does with them."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.items: dict[str, Json] = {}
        self.order: list[str] = []
        self.spoken_ms: dict[str, float] = {}
        """How much sound each item of the model has."""

        self.truncations: list[Json] = []

    @property
    def handlers(self) -> dict[str, Handler]:
        return {
            "conversation.item.create": self._create,
            "conversation.item.truncate": self._truncate,
            "conversation.item.delete": self._delete,
            "conversation.item.retrieve": self._retrieve,
        }

    @property
    def last_id(self) -> str | None:
        return self.order[-1] if self.order else None

    def previous_id(self, item_id: str) -> str | None:
        index = self.order.index(item_id)
        return self.order[index - 1] if index else None

    async def add(self, item: Json, previous_id: str | None = None, *, done: bool = True) -> None:
        """Put an item in its place, and tell the program."""
        item.setdefault("id", new_id("item"))
        item["object"] = "realtime.item"
        item.setdefault("status", "completed" if done else "in_progress")
        if previous_id == "root":
            index = 0
        elif previous_id is None:
            index = len(self.order)
        elif previous_id in self.items:
            index = self.order.index(previous_id) + 1
        else:
            message = f"Previous item '{previous_id}' not found."
            raise ProblemError(message, "invalid_value", "previous_item_id")
        self.order.insert(index, item["id"])
        self.items[item["id"]] = item
        before = self.order[index - 1] if index else None
        shown = without_sound(item)
        await self._emit("conversation.item.added", previous_item_id=before, item=shown)
        if done:
            await self._emit("conversation.item.done", previous_item_id=before, item=shown)

    async def _create(self, event: Json) -> None:
        item = dict(event["item"])
        if item["type"] == "function_call_output":
            self._check_call(item["call_id"])
        supported = _CONTENT.get(item.get("role", ""))
        for index, part in enumerate(item.get("content") or []):
            if supported and part.get("type") not in supported:
                raise unsupported(part.get("type"), supported, f"item.content[{index}].type")
        await self.add(item, event.get("previous_item_id"))

    def _check_call(self, call_id: str) -> None:
        calls = (one for one in self.items.values() if one["type"] == "function_call")
        if call_id not in {one["call_id"] for one in calls}:
            message = f"Tool call ID '{call_id}' not found in conversation."
            raise ProblemError(message, "invalid_tool_call_id", "item.call_id")

    async def _truncate(self, event: Json) -> None:
        item_id, end = event["item_id"], event["audio_end_ms"]
        item = self._find(item_id, "item_truncate_invalid_item_id")
        if item_id not in self.spoken_ms:
            message = "Only model output audio messages can be truncated"
            raise ProblemError(message, "unsupported_content_type")
        spoken = int(self.spoken_ms[item_id])
        if end > spoken:
            message = f"Audio content of {spoken}ms is already shorter than {end}ms"
            raise ProblemError(message, "invalid_value", "audio_end_ms")
        if end < 0:
            message = "Invalid 'audio_end_ms': integer below minimum value."
            raise ProblemError(message, "integer_below_min_value", "audio_end_ms")
        for part in item["content"]:
            part.pop("transcript", None)
        self.truncations.append(dict(event))
        await self._emit(
            "conversation.item.truncated",
            item_id=item_id,
            content_index=event["content_index"],
            audio_end_ms=end,
        )

    async def _delete(self, event: Json) -> None:
        item_id = event["item_id"]
        self._find(item_id, "item_delete_invalid_item_id")
        del self.items[item_id]
        self.order.remove(item_id)
        await self._emit("conversation.item.deleted", item_id=item_id)

    async def _retrieve(self, event: Json) -> None:
        item = self._find(event["item_id"], "item_retrieve_invalid_item_id")
        await self._emit("conversation.item.retrieved", item=item)

    def _find(self, item_id: str, code: str) -> Json:
        if item_id not in self.items:
            raise ProblemError(f"Item with item_id not found: {item_id}", code, "item_id")
        return self.items[item_id]
