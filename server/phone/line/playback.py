"""Says replies to one caller, over one media stream after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from pipeline.clock import Clock, Timer
from pipeline.errors import AudioError
from pipeline.interfaces import ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger
from server.phone.audio.playout import LEAD, PlayedSound, Playout, PlayoutStep

LOOKAHEAD: Final = 0.5
"""Seconds that wait to be sent, before :meth:`PhonePlayback.play` waits."""

_OVER: Final = "the call is over; what was left to say was dropped"
_LOST: Final = (
    "Twilio no longer says what it plays; what was left to say was dropped. Look for its errors"
    " 31930 and 31951 in the console of the account"
)


class CallOverError(AudioError):
    """The call is over, and nothing can be said in it any more: nothing went wrong."""


class PhonePlayback:
    """The shell of a :class:`~server.phone.audio.playout.Playout`: its timer, and who waits for it.

    Between two streams nothing is lost: what was not heard waits, as while it is held.

    Args:
        clock: The conversation clock.
        on_played: Gets what was heard, in order.
        lead: Seconds sent ahead of what is played.

    """

    def __init__(
        self, clock: Clock, on_played: Callable[[PlayedSound], None], lead: float = LEAD
    ) -> None:
        self._clock = clock
        self._on_played = on_played
        self._playout = Playout(lead)
        self._steps: deque[PlayoutStep] = deque()
        self._to_send = asyncio.Event()
        self._moved = asyncio.Event()
        self._timer: Timer | None = None
        self._volume = Volume.FULL
        self._connected = False
        self._closed = False
        self._apply_volume()

    @property
    def ledger(self) -> PlaybackLedger:
        """What was heard, up to now."""
        ledger = self._playout.ledger(self._clock.now())
        self._take_played()
        return ledger

    @property
    def finished(self) -> bool:
        """Whether all was heard, or dropped."""
        return self._playout.finished

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio of the pipeline; returns when less than :data:`LOOKAHEAD` is waiting.

        Raises:
            AudioError: The call is over, or its sound no longer arrives.

        """
        self._check_open()
        self._playout.queue(audio, self._clock.now())
        self._go_on()
        await self._until(lambda: self._playout.seconds_waiting <= LOOKAHEAD)

    def play_ulaw(self, piece: int, ulaw: bytes, *, text: str = "") -> None:
        """Queue sound that is mu-law already; nothing is waited for.

        Args:
            piece: Number of the piece; grows over the call.
            ulaw: The sound.
            text: The words of the whole piece, where they are known.

        """
        if not self._closed:
            self._playout.queue_ulaw(piece, ulaw, self._clock.now(), text=text)
            self._go_on()

    async def drain(self) -> None:
        """Wait until all queued audio was heard or dropped. Cancelling is safe.

        Raises:
            AudioError: It never will be.

        """
        await self._until(lambda: self._playout.finished)

    def set_volume(self, volume: Volume) -> None:
        """Change how loud it is, from the next sample heard on."""
        self._volume = volume
        self._apply_volume()

    def stop(self) -> None:
        """Drop everything that was not heard; what comes next has full volume."""
        self._playout.stop(self._clock.now())
        self.set_volume(Volume.FULL)

    # What the media stream does.

    def connect(self) -> None:
        """Take in that there is a stream: what waits is sent."""
        self._connected = True
        self._apply_volume()

    def disconnect(self) -> None:
        """Take in that there is none: what was not heard waits."""
        self._connected = False
        self._apply_volume()
        self._steps.clear()

    def receive_mark(self, name: str) -> None:
        """Take in a mark that came back."""
        self._playout.receive_mark(name, self._clock.now())
        self._go_on()

    async def next_step(self) -> PlayoutStep:
        """Wait for the next thing to send. Cancelling loses none."""
        while not self._steps:
            self._to_send.clear()
            await self._to_send.wait()
        return self._steps.popleft()

    def close(self) -> None:
        """Say nothing more: the call is over. Harmless twice."""
        self.disconnect()
        self._playout.stop(self._clock.now())
        self._closed = True
        self._go_on()

    def _apply_volume(self) -> None:
        volume = self._volume if self._connected else Volume.HELD
        self._playout.set_volume(volume, self._clock.now())
        self._go_on()

    def _go_on(self) -> None:
        """Take out what the playout decided, and arm its timer."""
        while (step := self._playout.next_step()) is not None:
            if self._connected:
                self._steps.append(step)
                self._to_send.set()
        self._take_played()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._closed and (at := self._playout.get_timer()) is not None:
            self._timer = self._clock.call_at(at, partial(self._let_time_pass, at))
        self._moved.set()

    def _let_time_pass(self, due: float) -> None:
        # An event loop may fire a timer up to one clock resolution early.
        self._playout.handle_timer(max(self._clock.now(), due))
        self._go_on()

    def _take_played(self) -> None:
        while (played := self._playout.next_played()) is not None:
            self._on_played(played)

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self._check_open()
            if self._playout.lost:
                self.stop()
                raise AudioError(_LOST)
            self._moved.clear()
            await self._moved.wait()
        self._check_open()

    def _check_open(self) -> None:
        if self._closed:
            raise CallOverError(_OVER)
