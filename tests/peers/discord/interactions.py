"""What members do with the bot's commands and buttons, and how it answers."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from http import HTTPStatus
from typing import Any

from aiohttp import web

from tests.peers.discord.messages import checked_message, message_json
from tests.peers.discord.rest import RestApi, RestError, unknown
from tests.peers.discord.world import Account, Json, snowflake

ANSWER_WITHIN = 3.0
"""Seconds in which Discord takes the first answer."""

EPHEMERAL = 1 << 6
LOADING = 1 << 7


class InteractionKind(IntEnum):
    """What a member did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4


class CallbackKind(IntEnum):
    """How a bot answers first."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


@dataclass(frozen=True, slots=True)
class Response:
    """One thing the bot did about an interaction."""

    how: str
    """``callback``, ``followup``, ``edit`` or ``delete``."""

    at: float
    """When it came, on the event loop's clock."""

    data: Json
    kind: CallbackKind | None = None
    message_id: str | None = None

    @property
    def ephemeral(self) -> bool:
        return bool(self.data.get("flags", 0) & EPHEMERAL)


@dataclass
class Interaction:
    """A command, a click or a half-typed option, with everything that came of it."""

    kind: InteractionKind
    data: Json
    channel_id: int
    at: float
    """When it was sent to the bot, on the event loop's clock."""

    source: Json | None = None
    """The message whose button was pressed."""

    id: str = field(default_factory=lambda: str(snowflake()))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    responses: list[Response] = field(default_factory=list)
    messages: dict[str, Json] = field(default_factory=dict)
    """What the member sees now, by message id; the first answer is the first."""

    original_id: str | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def callback(self) -> Response | None:
        """The first answer."""
        return next((one for one in self.responses if one.how == "callback"), None)

    @property
    def delay(self) -> float | None:
        """Seconds until the first answer."""
        return None if self.callback is None else self.callback.at - self.at

    @property
    def deferred(self) -> bool:
        kinds = {CallbackKind.DEFERRED_MESSAGE, CallbackKind.DEFERRED_UPDATE}
        return self.callback is not None and self.callback.kind in kinds

    @property
    def ephemeral(self) -> bool:
        """Whether only the member sees the first answer."""
        return self.callback is not None and self.callback.ephemeral

    @property
    def choices(self) -> list[Any]:
        """The values that were offered for a half-typed option."""
        offered = self.callback.data.get("choices", ()) if self.callback else ()
        return [choice["value"] for choice in offered]

    @property
    def text(self) -> str:
        """All the text the member sees now: of every message, and of what is embedded in it."""
        return "\n".join(filter(None, map(_text, self.messages.values())))

    async def until(self, condition: Callable[[Interaction], object]) -> None:
        """Wait until a condition holds; looked at after each response. Cancelling is safe."""
        while not condition(self):
            self._changed.clear()
            await self._changed.wait()

    async def answered(self) -> Response:
        """Wait for the first answer. Cancelling is safe."""
        await self.until(lambda self: self.callback)
        assert self.callback is not None
        return self.callback

    async def finished(self) -> str:
        """Wait for the first answer with content, which may follow a deferred one.

        Returns:
            The text the member sees. Cancelling is safe.

        """
        await self.until(lambda self: self.text)
        return self.text

    def note(self, response: Response) -> None:
        self.responses.append(response)
        self._changed.set()


def _text(message: Json) -> str:
    parts = [message.get("content") or ""]
    for embed in message.get("embeds", ()):
        parts += [embed.get("title", ""), embed.get("description", "")]
        parts += [f"{one['name']}: {one['value']}" for one in embed.get("fields", ())]
        parts.append(embed.get("footer", {}).get("text", ""))
    parts += _component_texts(message.get("components", ()))
    return "\n".join(filter(None, parts))


def _component_texts(components: list[Json]) -> list[str]:
    nested = (_component_texts(one.get("components", [])) for one in components)
    own = [one["content"] for one in components if "content" in one]
    return [*own, *itertools.chain.from_iterable(nested)]


class InteractionDesk:
    """All interactions, and the endpoints by which the bot answers them."""

    def __init__(self, bot: Account) -> None:
        self._bot = bot
        self.all: list[Interaction] = []

    def register(self, rest: RestApi) -> None:
        """Add the endpoints."""
        rest.route("POST", "/interactions/{id}/{token}/callback", self._callback)
        rest.route("POST", "/webhooks/{app}/{token}", self._follow_up)
        message = "/webhooks/{app}/{token}/messages/{message}"
        rest.route("GET", message, self._get)
        rest.route("PATCH", message, self._edit)
        rest.route("DELETE", message, self._delete)

    def open(
        self, kind: InteractionKind, data: Json, channel_id: int, source: Json | None = None
    ) -> Interaction:
        """Begin an interaction; the caller sends it."""
        interaction = Interaction(kind, data, channel_id, _now(), source)
        self.all.append(interaction)
        return interaction

    def _callback(self, request: web.Request, body: Any) -> Json | None:
        interaction = self._find(request, "interaction", 10062)
        if interaction.callback is not None:
            problem = "Interaction has already been acknowledged."
            raise RestError(HTTPStatus.BAD_REQUEST, problem, 40060)
        if _now() - interaction.at > ANSWER_WITHIN:
            raise unknown("interaction", 10062)
        kind, data = CallbackKind(body["type"]), body.get("data") or {}
        message = self._first_message(interaction, kind, data)
        if message is not None:
            interaction.original_id = message["id"]
        response = Response("callback", _now(), data, kind, interaction.original_id)
        interaction.note(response)
        if request.query.get("with_response") not in {"1", "true"}:
            return None
        return _callback_json(interaction, kind, message)

    def _first_message(
        self, interaction: Interaction, kind: CallbackKind, data: Json
    ) -> Json | None:
        """Return the message that a callback makes or changes, if any."""
        flags = data.get("flags", 0)
        match kind:
            case CallbackKind.MESSAGE:
                checked_message(data)
                message = self._message(interaction, data)
            case CallbackKind.DEFERRED_MESSAGE:
                return self._message(interaction, {**data, "flags": flags | LOADING})
            case CallbackKind.UPDATE | CallbackKind.DEFERRED_UPDATE if interaction.source:
                message = interaction.source
                message.update(data)
            case _:
                return None
        interaction.messages[message["id"]] = message
        return message

    def _follow_up(self, request: web.Request, body: Any) -> Json:
        interaction = self._acknowledged(request)
        checked_message(body)
        message = self._message(interaction, body)
        loading = interaction.original_id not in {None, *interaction.messages}
        if loading and _is_deferred_message(interaction):
            # The first follow-up takes the place of "… is thinking".
            message["id"] = interaction.original_id
        interaction.messages[message["id"]] = message
        interaction.note(Response("followup", _now(), body, message_id=message["id"]))
        return message

    def _get(self, request: web.Request, _body: Any) -> Json:
        interaction = self._acknowledged(request)
        message_id = _message_id(request, interaction)
        if message_id in interaction.messages:
            return interaction.messages[message_id]
        if message_id != interaction.original_id:
            raise unknown("message", 10008)
        flags = LOADING | (EPHEMERAL if interaction.ephemeral else 0)
        return {**self._message(interaction, {"flags": flags}), "id": message_id}

    def _edit(self, request: web.Request, body: Any) -> Json:
        interaction = self._acknowledged(request)
        former = self._get(request, None)
        message = {**former, **body, "flags": former["flags"] & ~LOADING}
        checked_message(message)
        interaction.messages[message["id"]] = message
        interaction.note(Response("edit", _now(), body, message_id=message["id"]))
        return message

    def _delete(self, request: web.Request, _body: Any) -> None:
        interaction = self._acknowledged(request)
        message_id = _message_id(request, interaction)
        interaction.messages.pop(message_id, None)
        interaction.note(Response("delete", _now(), {}, message_id=message_id))

    def _message(self, interaction: Interaction, body: Json) -> Json:
        return message_json(self._bot, interaction.channel_id, body)

    def _acknowledged(self, request: web.Request) -> Interaction:
        interaction = self._find(request, "Webhook", 10015)
        if interaction.callback is None:
            raise unknown("Webhook", 10015)
        return interaction

    def _find(self, request: web.Request, what: str, code: int) -> Interaction:
        token = request.match_info["token"]
        for interaction in self.all:
            if interaction.token == token:
                return interaction
        raise unknown(what, code)


def _is_deferred_message(interaction: Interaction) -> bool:
    callback = interaction.callback
    return callback is not None and callback.kind is CallbackKind.DEFERRED_MESSAGE


def _message_id(request: web.Request, interaction: Interaction) -> str:
    message_id = request.match_info["message"]
    if message_id != "@original":
        return message_id
    if interaction.original_id is None:
        raise unknown("message", 10008)
    return interaction.original_id


def _callback_json(interaction: Interaction, kind: CallbackKind, message: Json | None) -> Json:
    """Describe what became of a callback, for who asks by ``with_response``."""
    loading = kind in {CallbackKind.DEFERRED_MESSAGE, CallbackKind.DEFERRED_UPDATE}
    answer: Json = {
        "interaction": {
            "id": interaction.id,
            "type": int(interaction.kind),
            "response_message_id": interaction.original_id,
            "response_message_loading": loading,
            "response_message_ephemeral": interaction.ephemeral,
        },
        "resource": {"type": int(kind)},
    }
    if message is not None:
        answer["resource"]["message"] = message
    return answer


def _now() -> float:
    return asyncio.get_running_loop().time()
