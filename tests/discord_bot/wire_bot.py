"""A bot that speaks the wire protocol by hand, for what discord.py never sends."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp

from tests.peers.discord import FakeDiscord, GatewayOp, VoiceOp

GATEWAY = "wss://gateway.discord.gg/?v=10&encoding=json"
VOICE_INTENTS = (1 << 0) | (1 << 7)
MODE = "aead_aes256_gcm_rtpsize"


class Wire:
    """One WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, op: int, data: Any) -> None:
        await self._socket.send_json({"op": int(op), "d": data})

    async def receive(self, op: int, event: str | None = None) -> dict[str, Any]:
        """Return the next message of a kind; binary ones are passed over."""
        while True:
            message = await self._socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                content = message.json()
                if content["op"] == op and event in {None, content.get("t")}:
                    return content
            elif message.type is not aiohttp.WSMsgType.BINARY:
                raise ConnectionError(f"closed with {self._socket.close_code}")

    async def closed(self) -> int | None:
        """Wait until the other side closes; returns its code."""
        while not self._socket.closed:
            await self._socket.receive()
        return self._socket.close_code

    async def break_off(self) -> None:
        """Go away without a goodbye."""
        connection = self._socket._conn
        assert connection is not None
        assert connection.transport is not None
        connection.transport.abort()


class WireBot:
    """A logged-in bot."""

    def __init__(self, session: aiohttp.ClientSession, gateway: Wire, session_id: str) -> None:
        self._session = session
        self.gateway = gateway
        self.session_id = session_id
        self.endpoint = ""
        """Of the voice channel asked for last."""

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[Wire]:
        """Open another WebSocket."""
        async with self._session.ws_connect(url) as socket:
            yield Wire(socket)

    async def voice_ticket(self, guild_id: int, channel_id: int) -> dict[str, Any]:
        """Ask for a voice channel; returns the content of an op 0."""
        wanted = {"guild_id": str(guild_id), "channel_id": str(channel_id)}
        await self.gateway.send(GatewayOp.VOICE_STATE, wanted)
        update = await self.gateway.receive(GatewayOp.DISPATCH, "VOICE_SERVER_UPDATE")
        server = update["d"]
        self.endpoint = f"wss://{server['endpoint']}/?v=8"
        return {
            "server_id": str(guild_id),
            "user_id": "1",
            "session_id": self.session_id,
            "token": server["token"],
            "max_dave_protocol_version": 1,
        }


@asynccontextmanager
async def wire_bot(fake: FakeDiscord) -> AsyncIterator[WireBot]:
    """Log in."""
    async with (
        aiohttp.ClientSession(connector=fake.connector()) as session,
        session.ws_connect(GATEWAY) as connection,
    ):
        gateway = Wire(connection)
        await gateway.receive(GatewayOp.HELLO)
        identify = {"token": fake.token, "intents": VOICE_INTENTS, "properties": {}}
        await gateway.send(GatewayOp.IDENTIFY, identify)
        ready = await gateway.receive(GatewayOp.DISPATCH, "READY")
        yield WireBot(session, gateway, ready["d"]["session_id"])


@contextmanager
def udp_socket(host: str, port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media:
        media.setblocking(False)
        media.connect((host, port))
        yield media


async def discover(media: socket.socket, ssrc: int, *, tries: int = 1) -> tuple[str, int]:
    """Ask for the own address, again when nothing comes."""
    loop = asyncio.get_running_loop()
    for left in reversed(range(tries)):
        await loop.sock_sendall(media, struct.pack(">HHI66x", 1, 70, ssrc))
        try:
            async with asyncio.timeout(0.1 if left else 5):
                answer = await loop.sock_recv(media, 100)
        except TimeoutError:
            continue
        kind, length, same, host, port = struct.unpack(">HHI64sH", answer)
        assert (kind, length, same) == (2, 70, ssrc)
        return host.rstrip(b"\0").decode(), port
    raise TimeoutError("no answer to IP discovery")


async def select(wire: Wire, address: tuple[str, int], mode: str = MODE) -> None:
    data = {"address": address[0], "port": address[1], "mode": mode}
    await wire.send(VoiceOp.SELECT_PROTOCOL, {"protocol": "udp", "data": data})
