"""Discord's voice gateway, version 8: the bot's WebSockets of voice channels."""

from __future__ import annotations

import itertools
import secrets
from typing import Protocol

from aiohttp import web

from tests.peers.discord.connection import Connection, Message, RefusedError
from tests.peers.discord.mls import MlsError
from tests.peers.discord.opcodes import VoiceClose, VoiceOp
from tests.peers.discord.room import Room
from tests.peers.discord.rtp import MODES, EncryptionMode
from tests.peers.discord.udp import MediaSocket
from tests.peers.discord.voice_session import VoiceSession, VoiceTicket
from tests.peers.discord.world import BOT_ID, Json

VERSION = "8"


class Discord(Protocol):
    """What the voice gateway asks of the rest of the fake."""

    def room(self, channel_id: int) -> Room:
        """Return the media session of a voice channel."""

    def bot_may_hear(self, session: VoiceSession) -> bool:
        """Return whether the bot gets audio: not when it is deafened."""


class VoiceGateway:
    """All voice connections that the bot has or had."""

    def __init__(self, discord: Discord, media: MediaSocket) -> None:
        self._discord = discord
        self._media = media
        self.sessions: list[VoiceSession] = []
        """Every one there ever was, the newest last."""

        self.modes: tuple[EncryptionMode, ...] = MODES
        """How packets may be encrypted, in the order they are offered."""

        self.heartbeat_seconds = 2.0
        self.answers_heartbeats = True
        self.answers_resume = True
        """Whether sessions can be resumed; otherwise: 4006."""

        self.idle_limit: float | None = None
        """Given to every new session."""

        self._tickets: dict[str, VoiceTicket] = {}
        self._ssrcs = itertools.count(secrets.randbelow(90_000) + 1000, 7)
        self._connections: dict[Connection, VoiceSession | None] = {}

    def next_ssrc(self) -> int:
        return next(self._ssrcs)

    def invite(self, session_id: str, guild_id: int, channel_id: int) -> VoiceTicket:
        """Make what the bot connects with."""
        ticket = VoiceTicket(secrets.token_hex(8), session_id, guild_id, channel_id)
        self._tickets[ticket.token] = ticket
        return ticket

    def current(self, guild_id: int) -> VoiceSession | None:
        """Return the bot's connection in a guild, whatever its state."""
        sessions = (one for one in reversed(self.sessions) if one.ticket.guild_id == guild_id)
        return next((one for one in sessions if self._is_in_room(one)), None)

    async def close(self, code: int = 1000) -> None:
        """Close all WebSockets."""
        for connection in list(self._connections):
            await connection.close(code)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Talk with one connection of the bot to its end."""
        connection = await Connection.accept(request)
        self._connections[connection] = None
        interval = {"v": int(VERSION), "heartbeat_interval": int(self.heartbeat_seconds * 1000)}
        connection.send_json({"op": VoiceOp.HELLO, "d": interval})
        try:
            await connection.serve(self._receive)
        finally:
            session = self._connections.pop(connection)
            # A client that says goodbye is gone; one that is lost may resume its session.
            said_goodbye = connection.close_code == 1000
            if said_goodbye and session is not None and session.connection is connection:
                session.room.leave(session)
        return connection.response

    def _is_in_room(self, session: VoiceSession) -> bool:
        return session.room.members.get(session.user_id) is session

    async def _receive(self, connection: Connection, message: Message | bytes) -> None:
        session = self._connections[connection]
        match message:
            case Message(op=VoiceOp.IDENTIFY):
                if session is not None:
                    raise RefusedError(VoiceClose.ALREADY_AUTHENTICATED, "Already authenticated.")
                self._identify(connection, message.data)
            case Message(op=VoiceOp.RESUME):
                self._resume(connection, message.data)
            case Message(op=VoiceOp.HEARTBEAT):
                self._heartbeat(connection, session, message.data)
            case _ if session is None:
                raise RefusedError(VoiceClose.NOT_AUTHENTICATED, "Not authenticated.")
            case Message():
                session.traffic.messages.append((message.op, message.data))
                self._receive_json(session, message)
            case bytes():
                session.traffic.messages.append((message[0], message[1:]))
                _receive_binary(session, message[0], message[1:])

    def _heartbeat(self, connection: Connection, session: VoiceSession | None, data: Json) -> None:
        if session is not None:
            session.traffic.heartbeats += 1
            session.acknowledge(data.get("seq_ack", -1))
        if self.answers_heartbeats:
            connection.send_json({"op": VoiceOp.HEARTBEAT_ACK, "d": {"t": data["t"]}})

    def _identify(self, connection: Connection, data: Json) -> None:
        ticket = self._tickets.get(data["token"])
        if ticket is None:
            raise RefusedError(VoiceClose.AUTHENTICATION_FAILED, "Authentication failed.")
        if ticket.session_id != data["session_id"] or int(data["server_id"]) != ticket.guild_id:
            raise RefusedError(VoiceClose.SESSION_NO_LONGER_VALID, "Session is no longer valid.")
        room = self._discord.room(ticket.channel_id)
        if room.dave and not data.get("max_dave_protocol_version"):
            raise RefusedError(VoiceClose.E2EE_REQUIRED, "E2EE/DAVE protocol required.")
        former = self.current(ticket.guild_id)
        if former is not None:
            former.room.leave(former)
        session = VoiceSession(ticket, room, BOT_ID, self.next_ssrc(), connection)
        session.idle_limit = self.idle_limit
        session.transmit = self._media.send
        session.may_hear = lambda: self._discord.bot_may_hear(session)
        self.sessions.append(session)
        self._connections[connection] = session
        host, port = self._media.address
        ready = {"ssrc": session.ssrc, "ip": host, "port": port, "modes": list(self.modes)}
        session.send_once(VoiceOp.READY, {**ready, "experiments": [], "streams": []})

    def _resume(self, connection: Connection, data: Json) -> None:
        token, session_id = data["token"], data["session_id"]
        for session in self.sessions if self.answers_resume else ():
            wanted = session.ticket.token == token and session.ticket.session_id == session_id
            if wanted and self._is_in_room(session):
                self._connections[connection] = session
                session.resume(connection, data.get("seq_ack", -1))
                return
        raise RefusedError(VoiceClose.SESSION_NO_LONGER_VALID, "Session is no longer valid.")

    def _receive_json(self, session: VoiceSession, message: Message) -> None:
        data = message.data
        match message.op:
            case VoiceOp.SELECT_PROTOCOL:
                self._select_protocol(session, data)
            case VoiceOp.SPEAKING:
                session.traffic.speaking.append(data["speaking"])
            case VoiceOp.DAVE_TRANSITION_READY:
                session.room.on_ready(session, data["transition_id"])
            case VoiceOp.MLS_INVALID_COMMIT_WELCOME:
                session.room.on_invalid(session, data["transition_id"])
            case VoiceOp.VIDEO:
                pass
            case op:
                raise RefusedError(VoiceClose.UNKNOWN_OPCODE, f"Unknown opcode {op}.")

    def _select_protocol(self, session: VoiceSession, data: Json) -> None:
        if data["protocol"] != "udp":
            raise RefusedError(VoiceClose.UNKNOWN_PROTOCOL, "Unknown protocol.")
        if data["data"]["mode"] not in self.modes:
            raise RefusedError(VoiceClose.UNKNOWN_ENCRYPTION_MODE, "Unknown encryption mode.")
        mode = EncryptionMode(data["data"]["mode"])
        session.select(mode)
        session.room.join(session)
        description = {
            "mode": mode,
            "secret_key": list(session.key),
            "audio_codec": "opus",
            "video_codec": "H264",
            "media_session_id": secrets.token_hex(16),
            "dave_protocol_version": session.room.version,
        }
        session.send_once(VoiceOp.SESSION_DESCRIPTION, description)
        session.room.introduce(session)


def _receive_binary(session: VoiceSession, op: int, body: bytes) -> None:
    try:
        match op:
            case VoiceOp.MLS_KEY_PACKAGE:
                session.room.on_key_package(session, body)
            case VoiceOp.MLS_COMMIT_WELCOME:
                session.room.on_commit(session, body)
            case _:
                raise RefusedError(VoiceClose.UNKNOWN_OPCODE, f"Unknown opcode {op}.")
    except MlsError as error:
        raise RefusedError(VoiceClose.BAD_REQUEST, str(error)) from error
