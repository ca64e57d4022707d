"""Plays conversations captured from real gateways to a live client.

The client's requests take the place of the captured ones of the same kind, and its ids and keys
take theirs in everything that the gateway said. What it said comes in the captured order, each
part as soon as the client has asked all that was asked before it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.openclaw_client.captured import frames
from tests.peers.gateway_hub import GatewayHub, Request, Visit

Row = dict[str, Any]

_TURNS = frozenset({"agent", "chat.send"})
"""Which of the two a client uses depends on the protocol; what follows is the same."""

_OF_OTHERS = frozenset({"sessions.list", "device.pair.approve"})
"""What another client asked in the captures."""


def play(
    hub: GatewayHub, version: str, scenario: str, secrets: Mapping[str, str] | None = None
) -> Replay:
    """Have a hub play a captured scenario, after the handshake of the same version.

    Args:
        hub: Is set to do so.
        version: Of the gateway.
        scenario: Name of the capture.
        secrets: What to put in place of what was blotted out.

    """
    rows = _ours(frames(version, scenario))
    if not _is_challenge(rows[0]):
        rows = _ours(frames(version, "handshake_backend")) + rows
    rows = _renamed(rows, secrets or {})
    handshakes = Handshakes(rows)
    hub.welcome, hub.greet = handshakes.welcome, handshakes.greet
    replay = Replay(hub, handshakes.rest)
    hub.replies |= dict.fromkeys(replay.methods, replay.receive)
    return replay


class Handshakes:
    """The captured handshakes, one after the other; the last one stays."""

    def __init__(self, rows: Sequence[Row]) -> None:
        starts = [at for at, row in enumerate(rows) if _is_challenge(row)]
        ends = [*starts[1:], len(rows)]
        sections = [rows[start:end] for start, end in zip(starts, ends, strict=True)]
        # A challenge, our connect, its answer, and what follows: a close, or requests.
        self._greetings = [(one[0]["frame"], one[2]["frame"], one[3:4]) for one in sections]
        self.rest = [row for row in sections[-1][3:] if row["dir"] != "close"]

    async def welcome(self, visit: Visit) -> None:
        await visit.send(json.dumps(self._greeting(visit)[0]))

    async def greet(self, visit: Visit, request: Request) -> None:
        _, answer, after = self._greeting(visit)
        await visit.send(json.dumps({**answer, "id": request["id"]}))
        for row in after:
            if row["dir"] == "close":
                await visit.close(row["frame"]["code"], row["frame"]["reason"])

    def _greeting(self, visit: Visit) -> tuple[Row, Row, Sequence[Row]]:
        return self._greetings[min(visit.number, len(self._greetings) - 1)]


class Replay:
    """What was said after the handshake."""

    def __init__(self, hub: GatewayHub, rows: Sequence[Row]) -> None:
        self._hub = hub
        self._rows = rows
        self._next = 0
        self._asked: set[int] = set()
        self._names: dict[str, str] = {}
        self._turn_taking = asyncio.Lock()
        kinds = {_kind(row["frame"]["method"]) for row in rows if row["dir"] == "out"}
        self.methods = {
            method for kind in kinds for method in (_TURNS if kind == "turn" else {kind})
        }

    def bind(self, request: Request) -> None:
        """Let a request take the place of the first captured one of its kind, unanswered yet."""
        place = self._place(request)
        if place is not None:
            self._bind(place, request)

    async def receive(self, visit: Visit, request: Request) -> None:
        """Answer a request as it was answered then; what was not asked then, as usual."""
        place = self._place(request)
        if place is None:
            await self._hub.usual(visit, request)
            return
        self._asked.add(place)
        self._bind(place, request)
        async with self._turn_taking:
            await self._go_on(visit)

    def _place(self, request: Request) -> int | None:
        kind = _kind(request["method"])
        for at, row in enumerate(self._rows):
            free = row["dir"] == "out" and at not in self._asked
            if free and _kind(row["frame"]["method"]) == kind:
                return at
        return None

    def _bind(self, place: int, request: Request) -> None:
        captured = self._rows[place]["frame"]
        self._names[captured["id"]] = request["id"]
        for name in ("idempotencyKey", "sessionKey", "runId"):
            if name in captured["params"] and name in request["params"]:
                self._names[captured["params"][name]] = request["params"][name]

    async def _go_on(self, visit: Visit) -> None:
        while self._next < len(self._rows):
            row = self._rows[self._next]
            if row["dir"] == "out" and self._next not in self._asked:
                return
            self._next += 1
            if row["dir"] == "in":
                await visit.send(json.dumps(_renamed(row["frame"], self._names)))
            elif row["dir"] == "close":
                await visit.close(row["frame"]["code"], row["frame"]["reason"])


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Put other names in place of these, wherever they stand."""
    match value:
        case dict():
            return {key: _renamed(one, names) for key, one in value.items()}
        case list():
            return [_renamed(one, names) for one in value]
        case str():
            name, colon, role = value.partition(":user")
            return names.get(name, name) + colon + role
        case _:
            return value


def _ours(rows: Sequence[Row]) -> list[Row]:
    """Leave out what another client asked, and what it was answered."""
    theirs = {
        row["frame"]["id"]
        for row in rows
        if row["dir"] == "out" and row["frame"]["method"] in _OF_OTHERS
    }
    return [row for row in rows if row["frame"].get("id") not in theirs]


def _is_challenge(row: Row) -> bool:
    return row["dir"] == "in" and row["frame"].get("event") == "connect.challenge"


def _kind(method: str) -> str:
    return "turn" if method in _TURNS else method
