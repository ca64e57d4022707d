"""People of the fake Discord: they join calls, speak, listen, write and use commands."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import davey
import numpy as np

from tests.peers.discord import opus
from tests.peers.discord.dave_client import DaveClient
from tests.peers.discord.ears import Ears
from tests.peers.discord.interactions import Interaction
from tests.peers.discord.opcodes import VoiceOp
from tests.peers.discord.opus import FRAME, FRAME_SECONDS, RATE, SILENCE, Sound
from tests.peers.discord.room import Room
from tests.peers.discord.rtp import VIDEO, Impairments, RtpPacket
from tests.peers.discord.voice_session import VoiceSession
from tests.peers.discord.voice_states import client_session
from tests.peers.discord.world import Account, Json

if TYPE_CHECKING:
    from tests.peers.discord.server import FakeDiscord

CLOSING_SILENCE = 5
"""Packets of silence that follow speech."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """When something was said, on the event loop's clock."""

    start: float
    end: float
    """When the last sample of it had been sent; the silence that follows is not counted."""


class FakeUser:
    """Somebody on Discord, with a real DAVE session and real Opus while in a call."""

    def __init__(self, discord: FakeDiscord, account: Account) -> None:
        self.discord = discord
        self.account = account
        self.user_id = account.id
        self.voice_session_id = client_session()
        self.network = Impairments()
        """What happens to their packets on the way to the bot."""

        self.camera = False
        """Whether a picture is sent along with what they say; see :meth:`turn_camera`."""

        self.commit_delay: float | None = 0.0
        """Seconds this client takes to commit proposals; ``None``: it never does."""

        self.clock_runs_in_silence = True
        """Whether RTP timestamps go on while nothing is said; clients differ in it."""

        self.opus_application = "audio"
        self.ears = Ears()
        self.ssrc = 0
        self.room: Room | None = None
        self._dave: DaveClient | None = None
        self._microphone = _Microphone()

    @property
    def name(self) -> str:
        """What others see."""
        return self.account.display_name or self.account.username

    # In and out

    async def join(self, channel_id: int) -> None:
        """Join a voice channel, or move to it; returns when the bot was told."""
        self.discord.voice_states.enter(self, channel_id)
        await self.discord.gateway.drain()

    async def leave(self) -> None:
        """Leave voice; returns when the bot was told."""
        self.discord.voice_states.exit(self)
        await self.discord.gateway.drain()

    def entered(self, room: Room) -> None:
        self.room = room
        self.ssrc = self.discord.voice_gateway.next_ssrc()
        self._dave = DaveClient(self, room, self.commit_delay)
        self._dave.start()

    def left(self) -> None:
        if self._dave is not None:
            self._dave.close()
        self.room = self._dave = None
        self.camera = False

    async def turn_camera(self, *, on: bool) -> None:
        """Switch the camera; it sends pictures while they speak."""
        self.camera = on
        place = self.discord.voice_states.place(self.user_id)
        assert place is not None, f"{self.name} is in no voice channel"
        guild, state = place
        state.self_video = on
        self.discord.voice_states.announce(guild, state)
        for call in self._calls():
            call.send_json(VoiceOp.VIDEO, self._video_json())
        await self.discord.gateway.drain()

    # End-to-end encryption

    @property
    def session(self) -> davey.DaveSession | None:
        return None if self._dave is None else self._dave.session

    @property
    def e2ee(self) -> bool:
        """Whether what they say is encrypted from end to end."""
        return self._dave is not None and self._dave.ready

    def send_json(self, op: int, data: Any) -> None:
        """Receive a message of the voice server."""
        if self._dave is not None:
            self._dave.receive_json(op, data)

    def send_binary(self, op: int, body: bytes) -> None:
        """Receive an MLS message of the voice server."""
        if self._dave is not None:
            self._dave.receive_binary(op, body)

    # Speaking

    async def say(
        self,
        sound: Sound,
        *,
        rate: int = RATE,
        speed: float = 1.0,
        announce: bool = True,
        end_silence: bool = True,
        impair: Impairments | None = None,
    ) -> Spoken:
        """Say something, a packet every 20 ms. Cancelling falls silent at once.

        Args:
            sound: An audio file, or PCM of ``rate``.
            rate: Hertz of PCM.
            speed: How many times faster than real time.
            announce: Whether others are told who speaks (op 5), as they are on Discord.
            end_silence: Whether five packets of silence follow, as they should.
            impair: What happens to the packets; :attr:`network` when ``None``.

        Raises:
            ValueError: They are in no voice channel.

        """
        if self.room is None:
            raise ValueError(f"{self.name} is in no voice channel")
        samples = opus.load(sound, rate)
        packets = await asyncio.to_thread(opus.encode, samples, self.opus_application)
        loop = asyncio.get_running_loop()
        start = loop.time()
        if self.clock_runs_in_silence:
            self._microphone.pause_until(start)
        if announce:
            self.announce()
        ending = [SILENCE] * CLOSING_SILENCE if end_silence else []
        network = impair or self.network
        for number, packet in enumerate([*packets, *ending], 1):
            self.send_opus(packet, impair=network)
            await asyncio.sleep(max(0.0, start + number * FRAME_SECONDS / speed - loop.time()))
        self._deliver(network.flush())
        self._microphone.paused_at = loop.time()
        return Spoken(start, start + len(samples) / RATE / speed)

    async def send_silence(self, seconds: float, *, speed: float = 1.0) -> None:
        """Send packets of silence, as clients with a camera on do without end."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range(1, round(seconds / FRAME_SECONDS) + 1):
            self.send_opus(SILENCE)
            await asyncio.sleep(max(0.0, start + number * FRAME_SECONDS / speed - loop.time()))

    def announce(self, speaking: int = 1) -> None:
        """Tell the bot that this SSRC is theirs (op 5)."""
        data = {"user_id": str(self.user_id), "ssrc": self.ssrc, "speaking": speaking}
        for call in self._calls():
            call.send_json(VoiceOp.SPEAKING, data)

    def send_opus(
        self, packet: bytes, *, impair: Impairments | None = None, plain: bool = False
    ) -> None:
        """Send one Opus packet; ``plain`` leaves it without end-to-end encryption."""
        encrypted = self._dave is not None and not plain
        payload = self._dave.encrypt(packet) if encrypted and self._dave else packet
        network = impair or self.network
        sequence, timestamp = self._microphone.next()
        rtp = network.dress(sequence, timestamp, self.ssrc, payload)
        self._deliver(network.apply(rtp))
        if self.camera:
            self._send_picture(timestamp)

    def _send_picture(self, timestamp: int) -> None:
        picture = secrets.token_bytes(900)
        sequence = self._microphone.sequence
        for part in range(2):
            number = (2 * sequence + part) & 0xFFFF
            ssrc = self.ssrc + 1
            clock = (timestamp * 15 // 8) & 0xFFFFFFFF  # video ticks at 90 kHz
            video = RtpPacket(number, clock, ssrc, picture, VIDEO, marker=part == 1)
            self._deliver([video])
        for call in self._calls():
            call.send_rtcp(self.ssrc)

    def _deliver(self, packets: Any) -> None:
        for packet in packets:
            for call in self._calls():
                call.send_rtp(packet)

    def _calls(self) -> list[VoiceSession]:
        """Return the bot's connections to the room."""
        members = () if self.room is None else self.room.members.values()
        return [one for one in members if isinstance(one, VoiceSession)]

    def _video_json(self) -> Json:
        video, again = (self.ssrc + 1, self.ssrc + 2) if self.camera else (0, 0)
        stream = {
            "type": "video",
            "rid": "100",
            "ssrc": video,
            "rtx_ssrc": again,
            "active": self.camera,
            "quality": 100,
            "max_bitrate": 2_500_000,
            "max_framerate": 30,
            "max_resolution": {"type": "fixed", "width": 1280, "height": 720},
        }
        return {
            "user_id": str(self.user_id),
            "audio_ssrc": self.ssrc,
            "video_ssrc": video,
            "rtx_ssrc": again,
            "streams": [stream] if self.camera else [],
        }

    # Listening

    def hear(self, sender_id: int, packet: RtpPacket) -> None:
        """Receive a packet of the bot."""
        if self._dave is None:
            return
        opened = packet.payload
        if opened != SILENCE:  # clients let it through whatever the encryption
            try:
                opened = self._dave.decrypt(sender_id, opened)
            except ValueError as error:
                self.ears.fail(str(error))
                return
        self.ears.hear(packet, opened)

    def heard_pcm(self, rate: int = RATE) -> np.ndarray:
        """Return what they heard of the bot, mono, pauses left out."""
        return self.ears.pcm(rate)

    # Text

    async def run(
        self, command: str, *, channel_id: int | None = None, **options: Any
    ) -> Interaction:
        """Run a slash command; ``"group sub"`` runs a subcommand.

        Args:
            command: Its name.
            channel_id: Where; the guild's first text channel when ``None``.
            **options: Its options; channels and users by id.

        Returns:
            The interaction, as soon as the bot was told.

        """
        return await self.discord.input.run(self, command, channel_id, options)

    async def complete(
        self, command: str, option: str, typed: str, *, channel_id: int | None = None
    ) -> Interaction:
        """Type into an option that completes itself; returns as soon as the bot was told."""
        return await self.discord.input.complete(self, command, channel_id, option, typed)

    async def click(self, message: Json, custom_id: str, *values: str) -> Interaction:
        """Press a button, or choose values of a menu."""
        return await self.discord.input.click(self, message, custom_id, values)

    async def write(self, channel_id: int, content: str) -> Json:
        """Write a message."""
        return await self.discord.input.write(self, channel_id, content)


class _Microphone:
    """Sequence numbers and timestamps of what somebody sends."""

    def __init__(self) -> None:
        self.sequence = secrets.randbelow(1 << 16)
        self.paused_at: float | None = None
        self._timestamp = secrets.randbelow(1 << 32)

    def next(self) -> tuple[int, int]:
        """Return sequence number and timestamp of the next packet."""
        current = self.sequence, self._timestamp
        self.sequence = (self.sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        return current

    def pause_until(self, now: float) -> None:
        """Let the timestamp go on for as long as nothing was said."""
        if self.paused_at is None:
            return
        frames = max(0, round((now - self.paused_at) / FRAME_SECONDS))
        self._timestamp = (self._timestamp + frames * FRAME) & 0xFFFFFFFF
