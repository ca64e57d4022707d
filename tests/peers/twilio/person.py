"""Sans-I/O: what the person at the other end of the line does, frame by frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, assert_never

from tests.peers.telephone_sound import (
    FRAME_BYTES,
    FRAME_MS,
    SILENCE,
    Sound,
    decode_g711,
    loudness,
    to_ulaw,
)
from tests.peers.twilio.network import Network

FRAME_SECONDS = FRAME_MS / 1000
AUDIBLE = 200.0
"""Loudness of a frame from which it counts as the program's voice."""


@dataclass(frozen=True, slots=True)
class Speak:
    sound: Sound


@dataclass(frozen=True, slots=True)
class Quiet:
    seconds: float


@dataclass(frozen=True, slots=True)
class Hear:
    """Be silent until the program's voice was heard for so long."""

    seconds: float = 0.02
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class HearEnd:
    """Be silent until the program has spoken, and has then been silent for so long."""

    quiet: float = 0.6
    timeout: float = 20.0


@dataclass(frozen=True, slots=True)
class Press:
    digits: str


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


@dataclass(frozen=True, slots=True)
class DropSocket:
    """Lose the media socket without a word, as when a network breaks."""


Step: TypeAlias = Speak | Quiet | Hear | HearEnd | Press | HangUp | DropSocket


class Outcome(StrEnum):
    """What becomes of a call to somebody."""

    ANSWER = "answer"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a telephone. Their steps begin when the program first listens."""

    steps: Sequence[Step] = ()
    outcome: Outcome = Outcome.ANSWER
    ring: float = 0.04
    """Seconds until they pick up."""

    answered_by: str = "human"
    """What Twilio's detection finds: ``human``, ``machine_end_beep``, ``fax``, …"""

    detection: float = 0.1
    """Seconds that takes."""

    sip_response: int | None = None
    network: Network = field(default_factory=Network)


@dataclass(frozen=True, slots=True)
class Moment:
    """What somebody does within one frame."""

    sound: bytes = SILENCE
    digits: str = ""
    leaving: HangUp | DropSocket | None = None


class Performance:
    """Plays the steps of one person through one call."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = deque(steps)
        self._step: Step | None = None
        self._since = 0.0
        self._sound = b""
        self._heard = self._silence = 0.0
        self.timed_out: list[Step] = []
        """Steps that waited for the program's voice in vain."""

    def hear(self, frame: bytes) -> None:
        """Take in what the ear got in this frame."""
        if loudness(decode_g711(frame)) > AUDIBLE:
            self._heard += FRAME_SECONDS
            self._silence = 0.0
        else:
            self._silence += FRAME_SECONDS

    def next(self, now: float) -> Moment:
        """Return what they do in the frame at ``now`` seconds of the call."""
        if self._step is not None and self._done(self._step, now):
            self._step = None
        if self._step is None and self._steps:
            self._begin(self._steps.popleft(), now)
        match self._step:
            case HangUp() | DropSocket() as leaving:
                self._step = None
                return Moment(leaving=leaving)
            case Press(digits):
                self._step = None
                return Moment(digits=digits)
            case Speak():
                frame, self._sound = self._sound[:FRAME_BYTES], self._sound[FRAME_BYTES:]
                return Moment(frame + SILENCE[len(frame) :])
            case Quiet() | Hear() | HearEnd() | None:
                return Moment()
            case _:
                assert_never(self._step)

    def _begin(self, step: Step, now: float) -> None:
        self._step, self._since = step, now
        self._heard = self._silence = 0.0
        if isinstance(step, Speak):
            self._sound = to_ulaw(step.sound)

    def _done(self, step: Step, now: float) -> bool:
        waited = now - self._since
        match step:
            case Speak():
                return not self._sound
            case Quiet(seconds):
                return waited >= seconds - FRAME_SECONDS / 2
            case Hear(seconds, timeout):
                return self._heard >= seconds - FRAME_SECONDS / 2 or self._late(waited, timeout)
            case HearEnd(quiet, timeout):
                ended = self._heard > 0 and self._silence >= quiet - FRAME_SECONDS / 2
                return ended or self._late(waited, timeout)
            case Press() | HangUp() | DropSocket():
                return True
            case _:
                assert_never(step)

    def _late(self, waited: float, timeout: float) -> bool:
        if waited < timeout:
            return False
        if self._step is not None:
            self.timed_out.append(self._step)
        return True
