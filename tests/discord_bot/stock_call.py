"""What the stock bot and people hear of each other in a call on the fake Discord."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import davey
import numpy as np

from pipeline.audio import Samples
from tests.discord_bot.stock_bot import Scene
from tests.peers.discord import FakeUser, correlation, speech_like, until
from tests.peers.discord.opus import SILENCE, Decoder
from tests.peers.discord.rtp import OPUS, RtpPacket, TransportError, open_packet

PAUSE = 0.2
"""Seconds after which the bot has ended what it said."""


class Datagrams:
    """Everything that reaches the bot's UDP socket, from now on."""

    def __init__(self, stage: Scene) -> None:
        self._stage = stage
        self._client = stage.bot.call
        self._loop = asyncio.get_running_loop()
        self.raw: list[bytes] = []
        self._client._connection.add_socket_listener(self._take)

    def _take(self, data: bytes) -> None:
        self._loop.call_soon_threadsafe(self.raw.append, data)

    def packets(self) -> list[RtpPacket]:
        """Return the audio packets, opened with the key of the call."""
        cipher = self._stage.discord.voice[-1].cipher
        assert cipher is not None
        packets = []
        for data in self.raw:
            with suppress(TransportError):
                packets.append(open_packet(data, cipher))
        return [one for one in packets if one.payload_type == OPUS]

    def heard(self, speaker: FakeUser) -> Samples:
        """Decrypt and decode what somebody said, in order of sequence numbers."""
        session, decoder = self._client._connection.dave_session, Decoder()
        found = {one.sequence: one for one in self.packets() if one.ssrc == speaker.ssrc}
        start = min(found, default=0)
        pieces = []
        for packet in sorted(found.values(), key=lambda one: (one.sequence - start) & 0xFFFF):
            frame = packet.payload
            if frame != SILENCE and session is not None:
                frame = session.decrypt(speaker.user_id, davey.MediaType.audio, frame)
            pieces.append(decoder.decode(frame)[:, 0])
        return np.concatenate(pieces)


async def hear_bot(stage: Scene, *listeners: FakeUser, seed: int = 1) -> list[float]:
    """Let the bot speak and return how much of it each listener heard."""
    said = speech_like(0.6, seed)
    for listener in listeners:
        listener.ears.clear()
    stage.bot.say(said)
    for listener in listeners:
        await listener.ears.until_quiet(PAUSE)
    return [correlation(said, one.heard_pcm()) for one in listeners]


async def hear_user(stage: Scene, user: FakeUser, seed: int = 2, **how: object) -> float:
    """Let somebody speak and return how much of it reached the bot."""
    said = speech_like(0.6, seed)
    datagrams = Datagrams(stage)
    await user.say(said, speed=4, **how)  # type: ignore[arg-type] # passed on as they are
    await until(lambda: len(datagrams.packets()) >= len(said) // 960 + 5)
    return correlation(said, datagrams.heard(user))
