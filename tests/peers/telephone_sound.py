"""Sound of the telephone network for the peers: G.711, as FFmpeg codes it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import av
import numpy as np
import numpy.typing as npt

RATE = 8_000
FRAME_MS = 20
FRAME_BYTES = RATE * FRAME_MS // 1000
SILENCE = b"\xff" * FRAME_BYTES
"""One frame of mu-law silence."""

Mono: TypeAlias = npt.NDArray[np.int16]
Law: TypeAlias = Literal["pcm_mulaw", "pcm_alaw"]
Sound: TypeAlias = Path | Mono | bytes
"""A file that PyAV reads, PCM at 8 kHz, or mu-law."""


def decode_g711(data: bytes, law: Law = "pcm_mulaw") -> Mono:
    return _decoded(law)[np.frombuffer(data, np.uint8)]


def encode_g711(samples: Mono, law: Law = "pcm_mulaw") -> bytes:
    return _encoded(law)[np.ascontiguousarray(samples, np.int16).view(np.uint16)].tobytes()


def resample(samples: Mono, source: int, target: int) -> Mono:
    """Change the rate of a whole sound."""
    if source == target or not len(samples):
        return samples
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = source
    resampler = av.AudioResampler(format="s16", layout="mono", rate=target)
    parts = [
        part.to_ndarray()[0] for part in (*resampler.resample(frame), *resampler.resample(None))
    ]
    return np.concatenate(parts).astype(np.int16)


def to_ulaw(sound: Sound) -> bytes:
    """Return any sound as mu-law at 8 kHz."""
    if isinstance(sound, bytes):
        return sound
    return encode_g711(_read(sound) if isinstance(sound, Path) else sound)


def tone(seconds: float, hertz: float = 500.0, rate: int = RATE) -> Mono:
    time = np.arange(round(seconds * rate)) / rate
    samples: Mono = (8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
    return samples


def loudness(samples: Mono) -> float:
    """Return the root mean square; speech is above 200, silence is near 0."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def _read(path: Path) -> Mono:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        frames = [one for frame in container.decode(audio=0) for one in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([one.to_ndarray()[0] for one in frames]).astype(np.int16)


@cache
def _decoded(law: Law) -> Mono:
    decoder = _codec(law, "r")
    (frame,) = decoder.decode(av.Packet(bytes(range(256))))
    table: Mono = frame.to_ndarray()[0].copy()
    return table


@cache
def _encoded(law: Law) -> npt.NDArray[np.uint8]:
    """Return the code of each sample, found by its bits."""
    encoder = _codec(law, "w")
    every = np.arange(1 << 16, dtype=np.uint16).view(np.int16)
    frame = av.AudioFrame.from_ndarray(every[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = RATE
    packets = [bytes(one) for one in (*encoder.encode(frame), *encoder.encode(None))]
    return np.frombuffer(b"".join(packets), np.uint8)


def _codec(law: Law, mode: Literal["r", "w"]) -> av.AudioCodecContext:
    codec = av.CodecContext.create(law, mode)
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate = RATE
    codec.layout = "mono"
    codec.format = "s16"
    return codec
