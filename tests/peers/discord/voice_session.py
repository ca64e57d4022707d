"""A connection of the bot to a voice channel: what it is told, and what it sent."""

from __future__ import annotations

import asyncio
import json
import secrets
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.peers.discord.connection import Connection
from tests.peers.discord.opcodes import VoiceClose, VoiceOp
from tests.peers.discord.room import Room
from tests.peers.discord.rtp import (
    Cipher,
    EncryptionMode,
    RtpPacket,
    TransportError,
    open_packet,
    receiver_report,
)

Address = tuple[str, int]

JUNK = (
    b"",
    b"\x80",
    bytes(8),
    b"\x80\x78" + b"x" * 60,
    b"\x90\x78" + b"\xff" * 12,
    b"\xbf\x78" + b"\xff" * 20,
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
)
"""Datagrams that are no packet of a call."""


@dataclass(frozen=True, slots=True)
class VoiceTicket:
    """What the bot was given to connect with (VOICE_SERVER_UPDATE)."""

    token: str
    session_id: str
    guild_id: int
    channel_id: int


@dataclass
class Traffic:
    """What came from the bot."""

    messages: list[tuple[int, Any]] = field(default_factory=list)
    """Every message on the WebSocket: operation, and data or body."""

    speaking: list[int] = field(default_factory=list)
    """The flags of every op 5."""

    heartbeats: int = 0
    keepalives: int = 0
    """UDP keepalives, which are echoed."""

    packets: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Packets that were not passed on, by reason."""

    discoveries: int = 0
    """Requests for the own address, answered or not."""

    last_datagram_at: float = 0.0


class VoiceSession:
    """One identified voice connection, over all its WebSockets.

    It is what a Room knows as the bot.
    """

    def __init__(
        self, ticket: VoiceTicket, room: Room, user_id: int, ssrc: int, connection: Connection
    ) -> None:
        self.ticket = ticket
        self.room = room
        self.user_id = user_id
        self.ssrc = ssrc
        self.connection = connection
        self.cipher: Cipher | None = None
        """Set when the bot selected a protocol."""

        self.address: Address | None = None
        """Where it was heard from last by IP discovery."""

        self.traffic = Traffic()
        self.resumes = 0
        self.idle_limit: float | None = None
        """Seconds without a datagram from the bot after which it gets none any more, as the
        state of a NAT on the way expires."""

        self.may_hear: Callable[[], bool] = lambda: True
        self.transmit: Callable[[bytes, Address], None] = _nowhere
        self.garbled_op: int | None = None
        """The next binary message of this operation is of no use to the bot."""

        self._sequence = 0
        self._sent: list[tuple[int, str | bytes]] = []
        self._nonce = 0
        self._late_ops: frozenset[int] = frozenset()
        self._late: list[Callable[[], None]] = []

    @property
    def connected(self) -> bool:
        """Whether the bot can hear and speak."""
        return self.cipher is not None and not self.connection.closed

    @property
    def key(self) -> bytes:
        return b"" if self.cipher is None else self.cipher.key

    def select(self, mode: EncryptionMode) -> None:
        self.cipher = Cipher(mode, secrets.token_bytes(32))

    def send_json(self, op: int, data: object) -> None:
        """Send a message that is sent again after a resume."""
        if op in self._late_ops:
            self._late.append(lambda: self.send_json(op, data))
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._buffer(json.dumps({"op": op, "d": data, "seq": self._sequence}))

    def send_binary(self, op: int, body: bytes) -> None:
        """Send a message of MLS, which is sent again after a resume."""
        if op in self._late_ops:
            self._late.append(lambda: self.send_binary(op, body))
            return
        if op == self.garbled_op:
            self.garbled_op = None
            body = body[:-1] + bytes([body[-1] ^ 0xFF])
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._buffer(struct.pack(">HB", self._sequence, op) + body)

    def hold(self, *ops: int) -> None:
        """Keep messages of these operations back, until :meth:`release`."""
        self._late_ops = frozenset(ops)

    def release(self) -> None:
        """Send what was held back, in order."""
        self._late_ops = frozenset()
        late, self._late = self._late, []
        for send in late:
            send()

    def send_once(self, op: int, data: object) -> None:
        """Send a message that belongs to this WebSocket only."""
        self.connection.send_json({"op": op, "d": data})

    def acknowledge(self, sequence: int) -> None:
        """Forget what the bot has received."""
        self._sent = [(number, data) for number, data in self._sent if number > sequence]

    def resume(self, connection: Connection, after: int) -> None:
        """Go on over a new WebSocket."""
        self.connection = connection
        self.resumes += 1
        for number, data in self._sent:
            if number > after:
                connection.send(data)
        self.send_once(VoiceOp.RESUMED, None)

    async def close(self, code: int = VoiceClose.DISCONNECTED) -> None:
        """Close the WebSocket with a code."""
        await self.connection.close(code)

    def drop(self) -> None:
        """Break the WebSocket without a word."""
        self.connection.abort()

    def send_rtp(self, packet: RtpPacket) -> None:
        """Send a packet of somebody in the room, unless the bot may not hear it."""
        if self.cipher is not None and self.may_hear():
            self._transmit(packet.seal(self.cipher, self._next_nonce()))

    def send_rtcp(self, ssrc: int) -> None:
        """Send a report about somebody's audio."""
        if self.cipher is not None:
            self._transmit(receiver_report(ssrc, self.ssrc, self.cipher, self._next_nonce()))

    def send_junk(self) -> None:
        """Send datagrams that are no packet of a call."""
        for junk in JUNK:
            self._transmit(junk)

    def receive(self, data: bytes) -> RtpPacket | None:
        """Take a packet from the bot; ``None`` when it is not passed on."""
        if self.cipher is None:
            self.traffic.refused["before a protocol was selected"] += 1
            return None
        try:
            packet = open_packet(data, self.cipher)
        except TransportError as error:
            self.traffic.refused[str(error)] += 1
            return None
        if packet.ssrc != self.ssrc:
            self.traffic.refused["another SSRC"] += 1
        elif not self.traffic.speaking:
            self.traffic.refused["before op 5"] += 1
        else:
            self.traffic.packets += 1
            return packet
        return None

    def _transmit(self, data: bytes) -> None:
        now = asyncio.get_running_loop().time()
        idle = self.idle_limit is not None and now - self.traffic.last_datagram_at > self.idle_limit
        if self.address is not None and not idle:
            self.transmit(data, self.address)

    def _next_nonce(self) -> int:
        self._nonce = (self._nonce + 1) & 0xFFFFFFFF
        return self._nonce

    def _buffer(self, data: str | bytes) -> None:
        self._sent.append((self._sequence, data))
        self.connection.send(data)


def _nowhere(_data: bytes, _address: Address) -> None:
    """Send nothing: there is no socket."""
