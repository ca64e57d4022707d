"""A transport that tells what was really played, and when: the echo of it may come back."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.clock import Clock
from pipeline.interfaces import (
    DUCK,
    AudioTransport,
    HeardEvent,
    Participant,
    ReplyAudio,
    Volume,
)
from pipeline.ledger import PlaybackLedger

SENTENCES_KEPT = 4
"""Sentences that may come back as words."""


class TappedTransport:
    """Another transport, whose ledger is read beside it. An :class:`AudioTransport` itself.

    Args:
        transport: Where people talk.
        clock: The conversation clock.
        on_played: Gets the samples that were played, as loud as they were, and the time of the
            first of them.

    """

    def __init__(
        self,
        transport: AudioTransport,
        clock: Clock,
        on_played: Callable[[Samples, float], None],
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._on_played = on_played
        self._queued: deque[Samples] = deque()
        self._told = 0.0
        self._volume = Volume.FULL
        self._sentences: deque[tuple[int, str]] = deque(maxlen=SENTENCES_KEPT)

    @property
    def said(self) -> str:
        """The last sentences that were played, or are about to be."""
        return " ".join(text for _, text in self._sentences)

    @property
    def ledger(self) -> PlaybackLedger:
        """What was really played."""
        return self._transport.ledger

    def tell_played(self) -> None:
        """Tell what was played since the last call; right in time when called often."""
        if not self._queued:
            return
        played = self._transport.ledger.played
        count = round((played - self._told) * SPEECH_RATE)
        self._told += count / SPEECH_RATE
        at = self._clock.now() - count / SPEECH_RATE
        while count > 0 and self._queued:
            samples = self._queued.popleft()
            heard, rest = samples[:count], samples[count:]
            if len(rest):
                self._queued.appendleft(rest)
            self._on_played(self._as_loud(heard), at)
            at += len(heard) / SPEECH_RATE
            count -= len(heard)

    def participants(self) -> Sequence[Participant]:
        """People who are there now."""
        return self._transport.participants()

    def events(self) -> AsyncIterator[HeardEvent]:
        """Everyone's voice, until the transport closes."""
        return self._transport.events()

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio; see :meth:`pipeline.interfaces.AudioTransport.play`."""
        if not self._queued:
            self._told = self._transport.ledger.played
        self._queued.append(audio.samples)
        sentence = audio.piece, audio.text
        if audio.text and (not self._sentences or self._sentences[-1] != sentence):
            self._sentences.append(sentence)
        await self._transport.play(audio)

    async def drain(self) -> None:
        """Wait until all queued audio was heard or dropped. Cancelling is safe."""
        await self._transport.drain()

    def set_volume(self, volume: Volume) -> None:
        """Change how loud replies are."""
        self.tell_played()
        self._volume = volume
        self._transport.set_volume(volume)

    def stop(self) -> None:
        """Drop queued audio now."""
        self.tell_played()
        self._queued.clear()
        self._volume = Volume.FULL
        self._transport.stop()

    def _as_loud(self, samples: Samples) -> Samples:
        if self._volume is Volume.FULL:
            return samples
        return np.asarray(samples * DUCK, np.int16)  # of what is held nothing is played
