"""The line of a call as the conversation in it has it: it can be ended from within."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from pipeline.clock import Clock
from pipeline.interfaces import AudioTransport, HeardEvent, Participant, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger
from pipeline.waiting_sounds import NO_PIECE
from server.phone.line.sound_queue import SoundQueue

FIRST_ANNOUNCED: Final = 1 << 30
"""Number of the first piece of what is no reply: a conversation that counts from 1 never comes so
far."""


class TalkLine:
    """Passes a line on, until it is hung up or :meth:`end`, and measures what is said on it.

    An :class:`~pipeline.interfaces.AudioTransport`.

    Args:
        line: The line.
        clock: The conversation clock.

    """

    def __init__(self, line: AudioTransport, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._heard = SoundQueue[HeardEvent]()
        self._began: float | None = None
        self._played_before = 0.0
        self._skipping = False
        self.ended = asyncio.Event()
        """Set when nobody listens any more, on either side."""

    @property
    def ledger(self) -> PlaybackLedger:
        """What was really played, up to now."""
        return self._line.ledger

    @property
    def is_silent(self) -> bool:
        """Whether nothing of ours is being heard."""
        return self.ledger.seconds_waiting <= 0.0

    async def run(self) -> None:
        """Listen until the call is over. Cancelling is safe."""
        async for event in self._line.events():
            self._heard.put(event)
        self.end()

    def end(self) -> None:
        """Listen no more: the conversation comes to its end."""
        self._heard.close()
        self.ended.set()

    def skip(self) -> None:
        """Break off the reply that is heard; what is still made of it is not played."""
        self._skipping = self._began is not None
        self._line.stop()

    def take_reply(self) -> tuple[float, float]:
        """Return when the last reply was first heard, and seconds that were; begin a new one."""
        began = self._clock.now() if self._began is None else self._began
        played = 0.0 if self._began is None else self.ledger.played - self._played_before
        self._began = None
        self._skipping = False
        return began, played

    # What the conversation does.

    def participants(self) -> Sequence[Participant]:
        """Return the other side."""
        return self._line.participants()

    def events(self) -> AsyncIterator[HeardEvent]:
        """Return the caller's voice, until the end."""
        return self._heard.take()

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio; see :meth:`pipeline.interfaces.AudioTransport.play`."""
        of_reply = NO_PIECE < audio.piece < FIRST_ANNOUNCED
        if of_reply and self._began is None:
            self._began, self._played_before = self._clock.now(), self.ledger.played
        if not (of_reply and self._skipping):
            await self._line.play(audio)

    async def drain(self) -> None:
        """Wait until all was heard or dropped."""
        await self._line.drain()

    def set_volume(self, volume: Volume) -> None:
        """Change how loud replies are."""
        self._line.set_volume(volume)

    def stop(self) -> None:
        """Drop queued audio."""
        self._line.stop()
