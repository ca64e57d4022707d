"""A Discord voice channel as the pipeline sees it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

from discord_bot.playback import Playback
from pipeline.audio import AudioFrame
from pipeline.interfaces import HeardEvent, Participant, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger

FRAMES_WAITING = 2000
"""Frames that may wait for the conversation (10 speakers for 4 s); beyond it the oldest go."""


class EventQueue:
    """What was heard, on its way to the conversation. On the event loop only."""

    def __init__(self) -> None:
        self._events: deque[HeardEvent] = deque()
        self._news = asyncio.Event()
        self._closed = False
        self.dropped = 0
        """Frames that the conversation was too slow for."""

    def put(self, event: HeardEvent) -> None:
        """Take in what was heard."""
        if self._closed:
            return
        if len(self._events) >= FRAMES_WAITING and isinstance(event, AudioFrame):
            self._drop_oldest_frame()
        self._events.append(event)
        self._news.set()

    async def take(self) -> AsyncIterator[HeardEvent]:
        """Give everything out, until :meth:`close`. Cancelling is safe."""
        while not self._closed:
            while self._events:
                yield self._events.popleft()
            self._news.clear()
            if not self._closed:
                await self._news.wait()

    def close(self) -> None:
        """Take and give nothing more."""
        self._closed = True
        self._events.clear()
        self._news.set()

    def _drop_oldest_frame(self) -> None:
        # Who left must be told, however far the conversation is behind.
        for index, event in enumerate(self._events):
            if isinstance(event, AudioFrame):
                del self._events[index]
                self.dropped += 1
                return


class DiscordTransport:
    """People talk in a voice channel, and hear the bot there.

    An :class:`~pipeline.interfaces.AudioTransport`. Nothing is delivered for who
    is silent: their clients send nothing either, and silence is the passing of time.

    Args:
        heard: What was received.
        playback: Says replies.
        people: Tells who is in the channel now; bots are not people.

    """

    def __init__(
        self, heard: EventQueue, playback: Playback, people: Callable[[], Sequence[Participant]]
    ) -> None:
        self._heard = heard
        self._playback = playback
        self._people = people

    @property
    def ledger(self) -> PlaybackLedger:
        """What the media server was sent, up to now."""
        return self._playback.ledger

    def participants(self) -> Sequence[Participant]:
        """People who are in the channel now."""
        return self._people()

    def events(self) -> AsyncIterator[HeardEvent]:
        """Everyone's voice, until :meth:`close`. Cancelling is safe."""
        return self._heard.take()

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio; returns when there is room for more.

        Raises:
            AudioError: The voice connection is lost.

        Cancelling leaves what was queued before.

        """
        await self._playback.play(audio)

    async def drain(self) -> None:
        """Wait until all queued audio was sent or dropped. Cancelling is safe.

        Raises:
            AudioError: The voice connection is lost.

        """
        await self._playback.drain()

    def set_volume(self, volume: Volume) -> None:
        """Change how loud replies are, within one frame."""
        self._playback.set_volume(volume)

    def stop(self) -> None:
        """Drop queued audio now, within one frame."""
        self._playback.stop()

    def close(self) -> None:
        """End the conversation: :meth:`events` returns, nothing more is played."""
        self._heard.close()
        self._playback.close()
