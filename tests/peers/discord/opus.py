"""Opus as Discord's clients use it: 48 kHz stereo, packets of 20 ms.

By PyAV, so that the fake does not share a codec binding with the program under test.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

RATE = 48_000
FRAME = 960
"""Samples of a channel in one packet."""

FRAME_SECONDS = FRAME / RATE
SILENCE = b"\xf8\xff\xfe"
"""The packet that stands for silence; clients send five when they stop talking."""

Stereo = npt.NDArray[np.int16]
"""PCM at 48 kHz, shape ``(n, 2)``."""

Sound = npt.NDArray[np.int16] | Path
"""What somebody is to say: PCM, shape ``(n,)`` or ``(n, 2)``, or an audio file."""


def load(sound: Sound, rate: int) -> Stereo:
    """Return any sound as 48 kHz stereo; a file knows its own rate."""
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    if isinstance(sound, Path):
        with av.open(str(sound)) as container:
            pieces = [
                piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)
            ]
    else:
        samples = sound if sound.ndim == 2 else np.stack([sound, sound], axis=1)
        if rate == RATE:
            return samples.astype(np.int16)
        frame = _frame(samples, rate)
        pieces = resampler.resample(frame)
    pieces += resampler.resample(None)
    return np.concatenate([piece.to_ndarray().reshape(-1, 2) for piece in pieces])


def encode(samples: Stereo, application: str = "audio") -> list[bytes]:
    """Encode what somebody says, filled up to whole packets.

    Args:
        samples: What to encode.
        application: ``voip`` filters low tones out: fine for speech, but then what is heard
            cannot be compared with what was said sample by sample.

    """
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = RATE
    encoder.layout = "stereo"
    encoder.format = "s16"
    encoder.bit_rate = 64_000
    encoder.options = {"application": application, "frame_duration": "20"}
    packets = []
    padding = np.zeros((-len(samples) % FRAME, 2), np.int16)
    samples = np.concatenate([samples, padding])
    for start in range(0, len(samples), FRAME):
        frame = _frame(samples[start : start + FRAME], RATE)
        frame.pts = start
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [bytes(packet) for packet in packets]


class Decoder:
    """Decodes one speaker's packets in the order they were sent."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "r")
        self._codec.sample_rate = RATE
        self._codec.layout = "stereo"

    def decode(self, packet: bytes) -> Stereo:
        """Return the sound of one packet."""
        frames = self._codec.decode(av.Packet(packet))
        return np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])


def _frame(samples: Stereo, rate: int) -> av.AudioFrame:
    packed = np.ascontiguousarray(samples, np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
    frame.sample_rate = rate
    return frame
