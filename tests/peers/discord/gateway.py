"""Discord's main gateway, version 10: sessions of the bot, and the events they receive."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from aiohttp import web

from tests.peers.discord.connection import Connection, Message, RefusedError
from tests.peers.discord.opcodes import (
    LAST_INTENT,
    PRIVILEGED,
    GatewayClose,
    GatewayOp,
    Intent,
)
from tests.peers.discord.world import Json

VERSION = "10"
RESUME_URL = "wss://gateway-fake-1.discord.gg"

Payload: TypeAlias = Json | Callable[["GatewaySession"], Json]
"""The content of an event, the same for all sessions or made for each."""


class Discord(Protocol):
    """What the gateway asks of the rest of the fake."""

    token: str

    def ready_json(self, session: GatewaySession) -> Json:
        """Describe bot and guilds, as READY does."""

    def guilds_for(self, session: GatewaySession) -> list[Json]:
        """Describe the guilds of a session's shard, as GUILD_CREATE does."""

    def on_voice_state_request(self, session: GatewaySession, data: Json) -> None:
        """Take the bot in or out of a voice channel (op 4)."""

    def members_chunk(self, data: Json) -> Json:
        """Answer a request for members (op 8)."""

    def on_session_ended(self, session: GatewaySession) -> None:
        """Forget what lives no longer than a session: its voice connections."""


@dataclass
class GatewaySession:
    """One process of the bot, over all its connections."""

    id: str
    intents: Intent
    shard: tuple[int, int]
    connection: Connection
    sequence: int = 0
    resumes: int = 0
    presence: Json | None = None
    events: list[tuple[int, str, Json]] = field(default_factory=list)
    """Everything sent, for a resume."""

    def send(self, event: str, data: Json) -> None:
        self.sequence += 1
        self.events.append((self.sequence, event, data))
        self._send(self.sequence, event, data)

    def replay(self, after: int) -> None:
        """Send again what the client missed, then RESUMED."""
        for sequence, event, data in list(self.events):
            if sequence > after:
                self._send(sequence, event, data)
        self.send("RESUMED", {})

    def has_guild(self, guild_id: int) -> bool:
        number, count = self.shard
        return (guild_id >> 22) % count == number

    def _send(self, sequence: int, event: str, data: Json) -> None:
        message = {"op": GatewayOp.DISPATCH, "t": event, "s": sequence, "d": data}
        self.connection.send_json(message)


class Gateway:
    """All sessions of the bot; there may be several processes with one token."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self.sessions: dict[str, GatewaySession] = {}
        """Sessions that go on or can be resumed, by id, the oldest first."""

        self.allowed_intents = PRIVILEGED
        """The privileged intents that are switched on in the developer portal."""

        self.heartbeat_seconds = 41.25
        self.answers_heartbeats = True
        self.identifies: list[Json] = []
        """Every IDENTIFY, without its token."""

        self.identifies_left: int | None = None
        """How often the bot may still IDENTIFY today; beyond, Discord withdraws its token."""

        self.heartbeats = 0
        self.closes: list[int | None] = []
        """With which codes connections ended."""

        self._connections: dict[Connection, GatewaySession | None] = {}

    @property
    def connected(self) -> list[GatewaySession]:
        """Sessions with an open connection."""
        return [one for one in self.sessions.values() if not one.connection.closed]

    def dispatch(
        self,
        event: str,
        data: Payload,
        *,
        guild_id: int | None = None,
        intent: Intent | None = None,
        only: str | None = None,
    ) -> None:
        """Send an event to every session that is to have it.

        Args:
            event: Its name.
            data: Its content.
            guild_id: Goes to the shard of this guild only.
            intent: Goes only to who asked for this group of events.
            only: Goes only to the session of this id.

        """
        for session in list(self.sessions.values()):
            if intent is not None and not session.intents & intent:
                continue
            if guild_id is not None and not session.has_guild(guild_id):
                continue
            if only is None or session.id == only:
                session.send(event, data(session) if callable(data) else data)

    async def drain(self) -> None:
        """Wait until the bot was sent everything."""
        for session in self.connected:
            await session.connection.drain()

    async def close(self, code: int = GatewayClose.UNKNOWN_ERROR) -> None:
        """Close all connections; sessions can be resumed."""
        for connection in list(self._connections):
            await connection.close(code)

    def drop(self) -> None:
        """Break all connections; sessions can be resumed."""
        for connection in list(self._connections):
            connection.abort()

    def request_reconnect(self) -> None:
        """Ask every client to connect anew and resume (op 7)."""
        for session in self.connected:
            session.connection.send_json({"op": GatewayOp.RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False, keep_voice: bool = False) -> None:
        """Declare all sessions invalid (op 9).

        Args:
            resumable: Whether the client may resume them all the same.
            keep_voice: Leave the bot in its voice channels; Discord takes it out of them with
                the session.

        """
        for session in self.connected:
            session.connection.send_json({"op": GatewayOp.INVALID_SESSION, "d": resumable})
            if not resumable:
                self._end(session, keep_voice=keep_voice)

    def expire(self) -> None:
        """End the sessions whose clients are gone, as Discord does after some minutes."""
        for session in list(self.sessions.values()):
            if session.connection.closed:
                self._end(session)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Talk with one connection of the bot to its end."""
        compress = request.query.get("compress") == "zlib-stream"
        connection = await Connection.accept(request, compress=compress)
        self._connections[connection] = None
        interval = {"heartbeat_interval": int(self.heartbeat_seconds * 1000)}
        connection.send_json({"op": GatewayOp.HELLO, "s": None, "t": None, "d": interval})
        refusal = None
        if request.query.get("v") != VERSION:
            refusal = RefusedError(GatewayClose.INVALID_VERSION, "Invalid API version.")
        try:
            await connection.serve(self._receive, refusal)
        finally:
            self._left(connection)
        return connection.response

    def _left(self, connection: Connection) -> None:
        session = self._connections.pop(connection)
        self.closes.append(connection.close_code)
        ended = session is not None and session.connection is connection
        # A client that says goodbye ends its session; one that is lost may resume it.
        if ended and session is not None and connection.close_code in {1000, 1001}:
            self._end(session)

    def _end(self, session: GatewaySession, *, keep_voice: bool = False) -> None:
        if self.sessions.pop(session.id, None) is None:
            return
        if session.connection in self._connections:
            self._connections[session.connection] = None
        if not keep_voice:
            self._discord.on_session_ended(session)

    async def _receive(self, connection: Connection, message: Message | bytes) -> None:
        if isinstance(message, bytes):
            raise RefusedError(GatewayClose.DECODE_ERROR, "Error while decoding payload.")
        match message.op:
            case GatewayOp.HEARTBEAT:
                self.heartbeats += 1
                if self.answers_heartbeats:
                    connection.send_json({"op": GatewayOp.HEARTBEAT_ACK})
            case GatewayOp.IDENTIFY:
                self._identify(connection, message.data)
            case GatewayOp.RESUME:
                self._resume(connection, message.data)
            case _:
                self._receive_in_session(connection, message)

    def _receive_in_session(self, connection: Connection, message: Message) -> None:
        session = self._connections[connection]
        if session is None:
            raise RefusedError(GatewayClose.NOT_AUTHENTICATED, "Not authenticated.")
        match message.op:
            case GatewayOp.VOICE_STATE:
                self._discord.on_voice_state_request(session, message.data)
            case GatewayOp.REQUEST_MEMBERS:
                session.send("GUILD_MEMBERS_CHUNK", self._discord.members_chunk(message.data))
            case GatewayOp.PRESENCE:
                session.presence = message.data
            case op:
                raise RefusedError(GatewayClose.UNKNOWN_OPCODE, f"Unknown opcode {op}.")

    def _identify(self, connection: Connection, data: Json) -> None:
        if self._connections[connection] is not None:
            raise RefusedError(GatewayClose.ALREADY_AUTHENTICATED, "Already authenticated.")
        self._authenticate(data)
        self.identifies.append({name: data[name] for name in data if name != "token"})
        shard = _shard(data)
        session_id = secrets.token_hex(16)
        session = GatewaySession(session_id, self._intents(data), shard, connection)
        self._spend_identify()
        self.sessions[session.id] = session
        self._connections[connection] = session
        session.send("READY", self._discord.ready_json(session))
        for guild in self._discord.guilds_for(session) if session.intents & Intent.GUILDS else ():
            session.send("GUILD_CREATE", guild)

    def _resume(self, connection: Connection, data: Json) -> None:
        self._authenticate(data)
        session = self.sessions.get(data["session_id"])
        if session is None:
            connection.send_json({"op": GatewayOp.INVALID_SESSION, "d": False})
            return
        if not 0 <= data["seq"] <= session.sequence:
            raise RefusedError(GatewayClose.INVALID_SEQUENCE, "Invalid seq.")
        session.connection = connection
        session.resumes += 1
        self._connections[connection] = session
        session.replay(data["seq"])

    def _authenticate(self, data: Json) -> None:
        if data.get("token", "").removeprefix("Bot ") != self._discord.token:
            raise RefusedError(GatewayClose.AUTHENTICATION_FAILED, "Authentication failed.")

    def _intents(self, data: Json) -> Intent:
        bits = data.get("intents")
        if not isinstance(bits, int) or bits < 0 or bits >> (LAST_INTENT + 1):
            raise RefusedError(GatewayClose.INVALID_INTENTS, "Invalid intent(s).")
        intents = Intent(bits)
        if intents & PRIVILEGED & ~self.allowed_intents:
            raise RefusedError(GatewayClose.DISALLOWED_INTENTS, "Disallowed intent(s).")
        return intents

    def _spend_identify(self) -> None:
        if self.identifies_left is None:
            return
        self.identifies_left -= 1
        if self.identifies_left < 0:
            self._discord.token = "withdrawn." + secrets.token_hex(8)
            raise RefusedError(GatewayClose.AUTHENTICATION_FAILED, "Authentication failed.")


def _shard(data: Json) -> tuple[int, int]:
    number, count = data.get("shard", (0, 1))
    if not 0 <= number < count:
        raise RefusedError(GatewayClose.INVALID_SHARD, "Invalid shard.")
    return number, count


def intent_flags(allowed: Intent) -> int:
    """Return the application flags that show which privileged intents are switched on."""
    flags: dict[Any, int] = {
        Intent.GUILD_PRESENCES: 1 << 13,
        Intent.GUILD_MEMBERS: 1 << 15,
        Intent.MESSAGE_CONTENT: 1 << 19,
    }
    return sum(flag for intent, flag in flags.items() if intent & allowed)
