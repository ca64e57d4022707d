"""What happened on one media stream."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.peers.telephone_sound import FRAME_BYTES, Mono, decode_g711, loudness
from tests.peers.twilio.person import AUDIBLE
from tests.peers.twilio.stream_messages import Json


@dataclass(slots=True)
class StreamRecord:
    """One media stream, as Twilio saw it."""

    sid: str
    url: str
    parameters: dict[str, str]
    handshake_status: int | None = None
    """101 once the socket was open; what the program answered instead."""

    sent: list[Json] = field(default_factory=list)
    """All that Twilio sent, but for media."""

    received: list[str] = field(default_factory=list)
    """Events of the program, in their order."""

    violations: list[str] = field(default_factory=list)
    marks: list[tuple[str, int]] = field(default_factory=list)
    """Marks sent back, with milliseconds from the beginning of the stream."""

    cleared_ms: list[float] = field(default_factory=list)
    """How much sound each ``clear`` of the program threw away."""

    most_waiting_ms: float = 0.0
    """Most sound that the program was ahead of the ear."""

    caller_sound: bytearray = field(default_factory=bytearray)
    """What the caller said, before the network, mu-law."""

    heard_sound: bytearray = field(default_factory=bytearray)
    """What the caller heard, as long as the above."""

    frames_lost: int = 0
    close_code: int | None = None

    @property
    def heard(self) -> Mono:
        """What the caller heard, 8 kHz."""
        return decode_g711(bytes(self.heard_sound))

    @property
    def heard_ms(self) -> int:
        """Milliseconds of what the caller heard that were not silence."""
        frames = [
            self.heard_sound[start : start + FRAME_BYTES]
            for start in range(0, len(self.heard_sound), FRAME_BYTES)
        ]
        return 20 * sum(loudness(decode_g711(bytes(one))) > AUDIBLE for one in frames)

    @property
    def stereo(self) -> Mono:
        """Caller and program side by side, shape (n, 2)."""
        sides = [decode_g711(bytes(self.caller_sound)), self.heard]
        length = min(len(one) for one in sides)
        return np.stack([one[:length] for one in sides], axis=1)
