"""Sans-I/O: replies as 20 ms frames of mu-law for Twilio, and what of them was really heard.

Tell :class:`Playout` what to say, which marks came back, and when; take out what to send. Sound is
sent as it is played, a little ahead, so that an interruption has little to throw away: Twilio holds
:attr:`Playout.lead` seconds at most. Lowering the volume takes back even that: Twilio is told to
throw it away, and it goes out again from the sample that was heard last.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.fades import FADE, ramp
from pipeline.interfaces import DUCK, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger
from server.phone.audio.far_end import FarEnd
from server.phone.audio.g711 import PHONE_RATE, decode_ulaw, encode_ulaw
from server.phone.audio.reply_sound import ReplySound

FRAME: Final = 160
"""Samples of a frame: 20 ms."""

LEAD: Final = 0.2
"""Seconds sent ahead of what is played: a network may stall so long before it is heard."""

MARK_EVERY: Final = 0.1
"""Seconds between marks."""

NEARLY_DRY: Final = 0.04
"""Seconds left to play when what does not fill a frame is sent, filled up with silence."""

JOINING: Final = 0.04
"""Seconds that what does not fill a frame waits for more, even when nothing is left to play."""

MOST_UNACKNOWLEDGED: Final = 1.5
"""Seconds sent without a mark coming back, beyond which nothing more is sent: Twilio, or the
network, holds what it cannot play."""

MARK_PATIENCE: Final = 5.0
"""Seconds after which a mark that does not come back is given up: the stream is broken."""

_EPSILON: Final = 1e-6  # seconds; a timer set for a moment must find that it has come
_FADE: Final = round(FADE * PHONE_RATE)
_LOUDNESS: Final = {Volume.FULL: 1.0, Volume.DUCKED: DUCK, Volume.HELD: 0.0}


@dataclass(frozen=True, slots=True)
class SendSound:
    """Send a ``media`` message."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class SendMark:
    """Send a ``mark`` message."""

    name: str


@dataclass(frozen=True, slots=True)
class SendClear:
    """Send a ``clear`` message."""


PlayoutStep: TypeAlias = SendSound | SendMark | SendClear
"""Something to send; in the order given."""


@dataclass(frozen=True, slots=True)
class PlayedSound:
    """Some of a reply as it was heard, for the recording."""

    at: float
    """When its first sample was played, in seconds on the conversation clock."""

    samples: Samples
    """At :data:`~server.phone.audio.g711.PHONE_RATE`, as loud as it was."""


@dataclass(slots=True)
class _Frame:
    start: int
    reply: Samples
    """Of the reply; what is missing of a frame was filled up with silence."""

    sent: Samples
    """As loud as it was sent."""

    heard: int = 0
    """Samples of it that were played."""


class Playout:
    """Says replies to one caller.

    After every call drain :meth:`next_step` and :meth:`next_played`, and arm a timer for
    :meth:`get_timer`.

    Args:
        lead: Seconds sent ahead of what is played.

    """

    def __init__(self, lead: float = LEAD) -> None:
        self.lead = lead
        self._ledger = PlaybackLedger()
        self._sound = ReplySound()
        self._far_end = FarEnd()
        self._frames: deque[_Frame] = deque()
        self._steps: deque[PlayoutStep] = deque()
        self._played: deque[PlayedSound] = deque()
        self._volume = Volume.FULL
        self._loudness = 1.0
        self._unmarked = 0
        self._queued_at = 0.0
        self._now = 0.0
        self._lost = False

    @property
    def seconds_waiting(self) -> float:
        """Sound that was not sent yet."""
        return self._sound.waiting / PHONE_RATE

    def ledger(self, now: float) -> PlaybackLedger:
        """Return the account of what was heard, up to now."""
        self._account(self._far_end.played(now))
        return self._ledger

    def queue(self, audio: ReplyAudio, now: float) -> None:
        """Take in sound of the pipeline, to be played after what is queued."""
        self._ledger.queue(audio.piece, audio.text, len(audio.samples) / SPEECH_RATE)
        self._sound.put(audio.samples)
        self._go_on(now)

    def queue_ulaw(self, piece: int, ulaw: bytes, now: float, *, text: str = "") -> None:
        """Take in sound that is mu-law already, to be played after what is queued.

        Args:
            piece: Number of the piece; grows over the conversation.
            ulaw: The sound.
            now: The time.
            text: The words of the whole piece, where they are known.

        """
        self._ledger.queue(piece, text, len(ulaw) / PHONE_RATE)
        self._sound.put_phone(decode_ulaw(ulaw))
        self._go_on(now)

    def receive_mark(self, name: str, now: float) -> None:
        """Take in a mark that came back; one of an earlier generation tells nothing."""
        self._far_end.receive_mark(name, now)
        self.handle_timer(now)

    def set_volume(self, volume: Volume, now: float) -> None:
        """Change how loud it is: lower from the next sample heard on, higher from the next sent."""
        lower = _LOUDNESS[volume] < _LOUDNESS[self._volume]
        self._volume = volume
        if lower:
            self._take_back(now)
        self.handle_timer(now)

    def stop(self, now: float) -> None:
        """Drop everything that was not heard; what comes next has full volume."""
        self._take_back(now)
        self._sound.clear()
        self._ledger.drop()
        self._volume, self._loudness = Volume.FULL, 1.0

    def next_step(self) -> PlayoutStep | None:
        """Take the next thing to send out, or ``None``."""
        return self._steps.popleft() if self._steps else None

    def next_played(self) -> PlayedSound | None:
        """Take out the next sound that was heard, or ``None``."""
        return self._played.popleft() if self._played else None

    @property
    def finished(self) -> bool:
        """Whether all was heard, or dropped, and Twilio has said so."""
        return self._sound.empty and not self._frames and self._far_end.mark_due is None

    @property
    def lost(self) -> bool:
        """Whether Twilio has not said for :data:`MARK_PATIENCE` that it played what it has."""
        return self._lost

    def get_timer(self) -> float | None:
        """When to call :meth:`handle_timer`, in seconds; ``None`` for when something comes."""
        mark_due = self._far_end.mark_due
        if self._lost:
            return None
        times = [self._send_due(), None if mark_due is None else mark_due + MARK_PATIENCE]
        if self._frames:
            played = self._far_end.time_of(self._frames[0].start + FRAME)
            # While a mark is overdue nothing counts as played.
            times.append(max(played, self._now + FRAME / PHONE_RATE))
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Let time pass: what was played is accounted, what is due is sent."""
        self._now = now
        due = self._far_end.mark_due
        self._lost = due is not None and now >= due + MARK_PATIENCE - _EPSILON
        self._account(self._far_end.played(now))
        while (due := self._send_due()) is not None and now >= due - _EPSILON:
            self._send(now)

    def _go_on(self, now: float) -> None:
        self._queued_at = now
        self.handle_timer(now)

    def _send_due(self) -> float | None:
        """Return when the next frame is to be sent."""
        stuck = self._far_end.unacknowledged > (self.lead + MOST_UNACKNOWLEDGED) * PHONE_RATE
        if self._sound.empty or self._volume is Volume.HELD or stuck:
            return None
        dry = self._far_end.ahead(0.0)
        if self._sound.waiting >= FRAME:
            return dry + FRAME / PHONE_RATE - self.lead
        return max(dry - NEARLY_DRY, self._queued_at + JOINING)

    def _send(self, now: float) -> None:
        if self._sound.waiting < FRAME:
            self._sound.end()
        if len(reply := self._sound.take(FRAME)):
            self._send_frame(reply, now)
        if self._unmarked >= MARK_EVERY * PHONE_RATE or (self._unmarked and self._sound.empty):
            self._unmarked = 0
            self._steps.append(SendMark(self._far_end.mark()))

    def _send_frame(self, reply: Samples, now: float) -> None:
        loudness = _LOUDNESS[self._volume]
        sent = np.zeros(FRAME, np.int16)
        sent[: len(reply)] = ramp(reply, self._loudness, loudness, _FADE)
        self._loudness = loudness
        start = self._far_end.sent
        self._far_end.send(FRAME, now)
        self._frames.append(_Frame(start, reply, sent))
        self._steps.append(SendSound(encode_ulaw(sent)))
        self._unmarked += FRAME

    def _account(self, played: int) -> None:
        """Take in how many samples of this generation were played."""
        while self._frames and played > (frame := self._frames[0]).start + frame.heard:
            heard = min(FRAME, played - frame.start)
            self._report(frame, heard)
            if heard < FRAME:
                return
            self._frames.popleft()
        if not self._frames and self._sound.empty:
            # The resampler rounds to whole samples; nothing is left for it to be right about.
            self._ledger.play(self._ledger.seconds_waiting)

    def _report(self, frame: _Frame, heard: int) -> None:
        of_reply = min(heard, len(frame.reply)) - min(frame.heard, len(frame.reply))
        self._ledger.play(of_reply / PHONE_RATE)
        at = self._far_end.time_of(frame.start + frame.heard)
        self._played.append(PlayedSound(at, frame.sent[frame.heard : heard]))
        frame.heard = heard

    def _take_back(self, now: float) -> None:
        """Have thrown away what was sent and not heard, and let it wait again."""
        self._lost = False
        self._account(self._far_end.played_at_clear(now))
        if not self._frames and self._far_end.mark_due is None:
            return
        unheard = [frame.reply[frame.heard :] for frame in self._frames]
        self._frames.clear()
        if unheard:
            self._sound.put_back(np.concatenate(unheard))
        self._far_end.clear()
        self._unmarked = 0
        self._loudness = 0.0  # what was cut goes on out of silence, without a click
        self._steps.append(SendClear())
