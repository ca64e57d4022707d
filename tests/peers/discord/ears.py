"""What a fake user heard of the bot, packet by packet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import av
import av.error
import numpy as np
import numpy.typing as npt

from tests.peers.discord.opus import FRAME, FRAME_SECONDS, RATE, SILENCE, Decoder, Stereo
from tests.peers.discord.rtp import RtpPacket

AUDIBLE = 100
"""Highest sample of a packet, out of 32767, from which somebody would say they hear something."""

STALL = 0.2
"""Seconds without a packet that count as a pause; less may be a busy machine."""

Mono = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class HeardPacket:
    """20 ms of the bot's voice."""

    at: float
    """When it arrived, on the event loop's clock."""

    sequence: int
    timestamp: int
    opus: bytes
    """Opened, not decoded."""

    @property
    def is_silence(self) -> bool:
        return self.opus == SILENCE


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something the bot said without a pause."""

    start: float
    """When its first audible packet arrived, on the event loop's clock."""

    end: float
    """When its last audible packet had sounded."""

    samples: Mono
    """48 kHz mono."""


class Ears:
    """Everything one fake user heard of the bot.

    Sound is decoded when it is asked for, so that listening costs a running test next to nothing.
    """

    def __init__(self) -> None:
        self.packets: list[HeardPacket] = []
        self.errors: list[str] = []
        """What could not be opened, and why."""

        self._decoded: list[Stereo] = []
        self._audible: list[int] = []  # places of audible packets among the decoded
        self._decoder = Decoder()
        self._arrived = asyncio.Event()

    def hear(self, packet: RtpPacket, opus: bytes) -> None:
        now = asyncio.get_running_loop().time()
        self.packets.append(HeardPacket(now, packet.sequence, packet.timestamp, opus))
        self._arrived.set()

    def fail(self, reason: str) -> None:
        self.errors.append(reason)

    def clear(self) -> None:
        """Forget what was heard; the next packet is heard with fresh ears."""
        self.packets.clear()
        self.errors.clear()
        self._decoded.clear()
        self._audible.clear()
        self._decoder = Decoder()

    def pcm(self, rate: int = RATE) -> Mono:
        """Return all packets one after another, mono, pauses left out."""
        return _mono(self._sounds(), rate)

    def track(self, rate: int = RATE) -> tuple[float, Mono]:
        """Return what was heard with its pauses.

        Returns:
            When the first packet arrived, and mono PCM from then on.

        """
        if not self.packets:
            return 0.0, np.empty(0, np.int16)
        start = self.packets[0].at
        pieces: list[Stereo] = []
        filled = 0
        for packet, sound in zip(self.packets, self._sounds(), strict=True):
            place = round((packet.at - start) * RATE)
            if place - filled > STALL * RATE:
                pieces.append(np.zeros((place - filled, 2), np.int16))
                filled = place
            pieces.append(sound)
            filled += len(sound)
        return start, _mono(pieces, rate)

    def utterances(self, pause: float = 0.5) -> list[Utterance]:
        """Return what the bot said, cut where it was not heard for ``pause`` seconds."""
        audible = self._audible_places()
        cuts = [
            after
            for after, (left, right) in enumerate(pairwise(audible), 1)
            if self.packets[right].at - self.packets[left].at > pause
        ]
        spans = zip([0, *cuts], [*cuts, len(audible)], strict=True)
        return [self._utterance(audible[start:end]) for start, end in spans if start < end]

    def silent_since(self) -> float | None:
        """Return when the last audible packet had sounded; ``None`` when there was none."""
        audible = self._audible_places()
        return self.packets[audible[-1]].at + FRAME_SECONDS if audible else None

    async def until_audible(self) -> float:
        """Wait until the bot is heard, now or next.

        Returns:
            When the first audible packet arrived. Cancelling is safe.

        """
        while True:
            if audible := self._audible_places():
                return self.packets[audible[0]].at
            self._arrived.clear()
            await self._arrived.wait()

    async def until_quiet(self, pause: float = 0.5) -> float:
        """Wait until the bot was heard, and then not for ``pause`` seconds.

        Returns:
            When its last audible packet had sounded. Cancelling is safe.

        """
        await self.until_audible()
        loop = asyncio.get_running_loop()
        while True:
            silent_since = self.silent_since()
            if silent_since is not None and (left := silent_since + pause - loop.time()) > 0:
                await asyncio.sleep(left)
            elif silent_since is not None:
                return silent_since

    def _audible_places(self) -> list[int]:
        self._sounds()
        return self._audible

    def _utterance(self, places: Sequence[int]) -> Utterance:
        first, last = places[0], places[-1]
        samples = _mono(self._sounds()[first : last + 1], RATE)
        end = self.packets[last].at + FRAME_SECONDS
        return Utterance(self.packets[first].at, end, samples)

    def _sounds(self) -> list[Stereo]:
        for place in range(len(self._decoded), len(self.packets)):
            try:
                sound = self._decoder.decode(self.packets[place].opus)
            except av.error.FFmpegError as error:
                self.errors.append(f"not Opus: {error}")
                sound = np.zeros((FRAME, 2), np.int16)
            self._decoded.append(sound)
            if np.abs(sound.astype(np.int32)).max(initial=0) >= AUDIBLE:
                self._audible.append(place)
        return self._decoded


def _mono(sounds: Sequence[Stereo], rate: int) -> Mono:
    samples = np.concatenate([np.zeros((0, 2), np.int16), *sounds])
    mono: Mono = samples.mean(axis=1).astype(np.int16)
    if rate == RATE or not len(mono):
        return mono
    frame = av.AudioFrame.from_ndarray(mono.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = RATE
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    pieces = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([piece.to_ndarray().reshape(-1) for piece in pieces])
