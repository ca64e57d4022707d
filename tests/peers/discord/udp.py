"""The UDP side of Discord's media servers."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterable
from typing import cast

from tests.peers.discord.rtp import RtpPacket
from tests.peers.discord.voice_session import Address, VoiceSession

DISCOVERY, DISCOVERED = 1, 2
DISCOVERY_LENGTH = 74
KEEPALIVE_LENGTH = 8


class MediaSocket(asyncio.DatagramProtocol):
    """One UDP socket for all voice channels.

    Args:
        sessions: Finds the voice connections there are, the newest last.
        forward: Takes what a connection said.

    """

    def __init__(
        self,
        sessions: Callable[[], Iterable[VoiceSession]],
        forward: Callable[[VoiceSession, RtpPacket], None],
    ) -> None:
        self._sessions = sessions
        self._forward = forward
        self._transport: asyncio.DatagramTransport | None = None
        self.lost_discoveries = 0
        """How many of the next requests for the own address are lost on the way."""

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    @property
    def address(self) -> Address:
        assert self._transport is not None, "the socket is not open"
        host, port = self._transport.get_extra_info("sockname")
        return host, port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not by isinstance: asyncio's own datagram transport is no subclass of it before 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def send(self, data: bytes, address: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if len(data) == DISCOVERY_LENGTH:
            kind, _length, ssrc = struct.unpack_from(">HHI", data)
            if kind == DISCOVERY:
                self._discover(ssrc, addr)
                return
        session = self._session_at(addr)
        if session is None:
            return
        session.traffic.last_datagram_at = asyncio.get_running_loop().time()
        if len(data) == KEEPALIVE_LENGTH:
            session.traffic.keepalives += 1
            self.send(data, addr)
            return
        packet = session.receive(data)
        if packet is not None:
            self._forward(session, packet)

    def _discover(self, ssrc: int, address: Address) -> None:
        session = next((one for one in self._sessions() if one.ssrc == ssrc), None)
        if session is None:
            return
        session.traffic.discoveries += 1
        if self.lost_discoveries:
            self.lost_discoveries -= 1
            return
        session.address = address
        session.traffic.last_datagram_at = asyncio.get_running_loop().time()
        host, port = address
        answer = struct.pack(">HHI64sH", DISCOVERED, 70, ssrc, host.encode(), port)
        self.send(answer, address)

    def _session_at(self, address: Address) -> VoiceSession | None:
        found = None
        for session in self._sessions():
            if session.address == address:
                found = session
        return found
