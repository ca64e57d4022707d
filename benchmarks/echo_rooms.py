"""Made-up rooms: how a reply comes back through someone's open microphone.

From what was played to what is heard: the network's delay and jitter, a small
loudspeaker that is driven too hard, a room with reverberation, the person who
may speak in it, noise, the client's own echo canceller and voice gate, and the
codec on the way back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from discord_bot.opus import OpusDecoder, OpusEncoder, OpusLibrary
from pipeline.audio import HEARING_RATE, SPEECH_RATE, Resampler, Samples

Floats = npt.NDArray[np.float64]
Codec = Literal["opus", "telephone"]

TELEPHONE_RATE = 8000
_FRAME = SPEECH_RATE // 50
_BITRATE_OPTION, _BITRATE = 4002, 24_000  # OPUS_SET_BITRATE
_DIRECT_TO_REVERBERANT = 4.0  # dB, someone at arm's length from a laptop
_MU = 255.0


@dataclass(frozen=True, slots=True)
class Room:
    """Where someone listens, with loudspeakers and an open microphone."""

    gain: float
    """Level of the echo against the reply as played, in dB; ``-inf`` for headphones."""

    delay: float
    """Seconds from playing to hearing."""

    jitter: float = 0.02
    """Seconds by which jitter buffers move the delay now and then, either way."""

    reverberation: float = 0.3
    """Seconds in which the room's sound falls by 60 dB."""

    snr: float = 20.0
    """Level of what is heard against the noise, in dB."""

    band: tuple[float, float] = (150.0, 7500.0)
    """Hertz that the loudspeaker and the microphone carry."""

    drive: float = 1.0
    """How hard the loudspeaker is driven: at 1 it hardly distorts, at 5 it clips all the time."""

    codec: Codec = "opus"
    """On the way back, and for the telephone on the way there too."""

    canceller: bool = False
    """The client cancels echo, and leaves bursts of it."""


def come_back(played: Samples, room: Room, random: np.random.Generator) -> Floats:
    """Return what the microphone picks up of a reply.

    Args:
        played: At :data:`~pipeline.audio.SPEECH_RATE`.
        room: Where.
        random: For what chance decides.

    Returns:
        At :data:`~pipeline.audio.HEARING_RATE`, delayed, as long as ``played``.

    """
    sound = resample(played, SPEECH_RATE, HEARING_RATE).astype(np.float64)
    if np.isneginf(room.gain):
        return np.zeros_like(sound)
    if room.codec == "telephone":
        sound = by_telephone(sound.astype(np.int16)).astype(np.float64)
    peak = np.abs(sound).max() + 1.0
    sound = np.tanh(sound / peak * room.drive) / np.tanh(room.drive) * peak
    sound = _convolve(_limit(sound, room.band), _impulse_response(room, random))
    sound = _jitter(sound, room, random)
    if room.canceller:
        sound = _cancel(sound, random)
    sound *= 10.0 ** (room.gain / 20.0)
    return sound


def pick_up(
    echo: Floats, voice: Floats, room: Room, library: OpusLibrary, random: np.random.Generator
) -> Samples:
    """Return what reaches us of an echo and a voice in the same room.

    Args:
        echo: As :func:`come_back` gives it.
        voice: The person's own, as long; zeros when they are silent.
        room: Where.
        library: libopus.
        random: For the noise.

    """
    sound = echo + voice
    noise = random.standard_normal(len(sound))
    noise = _limit(noise, (60.0, 5000.0)) + 0.3 * noise
    level = active_level(sound) if np.any(sound) else 300.0
    sound = sound + noise / noise.std() * level * 10.0 ** (-room.snr / 20.0)
    pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return by_telephone(pcm) if room.codec == "telephone" else by_opus(pcm, library)


def active_level(sound: Floats) -> float:
    """Return the root mean square of a sound where it is not silent."""
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    power = (frames**2).mean(axis=1)
    active = power[power > power.max() * 1e-3]
    return float(np.sqrt(active.mean()))


def by_opus(pcm: Samples, library: OpusLibrary) -> Samples:
    """Return 16 kHz sound as it comes out of Opus at 24 kb/s, as long as it was."""
    encoder, decoder = OpusEncoder(library), OpusDecoder(library)
    library.opus_encoder_ctl(encoder._state, _BITRATE_OPTION, _BITRATE)  # noqa: SLF001 - ours is fixed at 64
    wide = resample(pcm, HEARING_RATE, SPEECH_RATE)
    wide = np.pad(wide, (0, -len(wide) % _FRAME))
    parts = [decoder.decode(encoder.encode(part)) for part in wide.reshape(-1, _FRAME)]
    return np.concatenate(parts)[: len(pcm)]


def by_telephone(pcm: Samples) -> Samples:
    """Return 16 kHz sound as it comes out of a telephone line (8 kHz, mu-law)."""
    narrow = resample(pcm, HEARING_RATE, TELEPHONE_RATE) / 32768.0
    code = np.sign(narrow) * np.log1p(_MU * np.abs(narrow)) / np.log1p(_MU)
    code = np.rint(code * 127.0) / 127.0
    narrow = np.sign(code) * np.expm1(np.abs(code) * np.log1p(_MU)) / _MU
    wide = resample((narrow * 32767.0).astype(np.int16), TELEPHONE_RATE, HEARING_RATE)
    return np.pad(wide, (0, max(0, len(pcm) - len(wide))))[: len(pcm)]


def resample(pcm: Samples, source: int, target: int) -> Samples:
    """Return a whole sound at another rate."""
    resampler = Resampler(source, target)
    return np.concatenate([resampler.push(pcm), resampler.flush()])


def _impulse_response(room: Room, random: np.random.Generator) -> Floats:
    """Return a direct path, a colour, and a tail of noise that falls exponentially."""
    times = np.arange(round(room.reverberation * HEARING_RATE)) / HEARING_RATE
    tail = random.standard_normal(len(times)) * 10.0 ** (-3.0 * times / room.reverberation)
    tail[: round(0.004 * HEARING_RATE)] = 0.0
    tail *= 10.0 ** (-_DIRECT_TO_REVERBERANT / 20.0) / np.sqrt((tail**2).sum())
    direct = np.zeros(len(times))
    direct[0] = 1.0
    for at in random.integers(2, 40, 6):  # desk, screen, casing: what colours the sound
        direct[at] += random.normal(0.0, 0.35)
    return direct + tail


def _limit(sound: Floats, band: tuple[float, float]) -> Floats:
    """Return a sound without what lies outside a band, at about 12 dB an octave."""
    frequencies = np.fft.rfftfreq(len(sound), 1.0 / HEARING_RATE)
    low, high = band
    response = 1.0 / (1.0 + (low / np.maximum(frequencies, 1.0)) ** 2)
    response /= 1.0 + (frequencies / high) ** 4
    limited: Floats = np.fft.irfft(np.fft.rfft(sound) * response, len(sound))
    return limited


def _convolve(sound: Floats, response: Floats) -> Floats:
    size = len(sound) + len(response)
    product = np.fft.rfft(sound, size) * np.fft.rfft(response, size)
    return np.fft.irfft(product, size)[: len(sound)]


def _jitter(sound: Floats, room: Room, random: np.random.Generator) -> Floats:
    """Return a sound delayed, by another delay every few seconds."""
    out = np.zeros_like(sound)
    at = 0
    while at < len(sound):
        length = round(random.uniform(1.0, 5.0) * HEARING_RATE)
        delay = max(0.0, room.delay + random.uniform(-room.jitter, room.jitter))
        shift = round(delay * HEARING_RATE)
        end = min(len(sound), at + length)
        first = max(at, shift)
        if first < end:
            out[first:end] = sound[first - shift : end - shift]
        at = end
    return out


def _cancel(sound: Floats, random: np.random.Generator) -> Floats:
    """Return a sound of which an adapting canceller leaves the first moment, and then bursts."""
    step = HEARING_RATE // 50
    gains = np.full(len(sound) // step + 1, 0.01)
    heard = np.flatnonzero(np.abs(sound) > np.abs(sound).max() * 0.05)
    if len(heard):
        first = heard[0] // step
        gains[first : first + random.integers(5, 50)] = 0.7
    at = 0
    while at < len(gains):
        at += int(random.exponential(60.0)) + 1
        gains[at : at + random.integers(3, 20)] = random.uniform(0.1, 0.6)
    smooth = np.interp(np.arange(len(sound)) / step, np.arange(len(gains)), gains)
    cancelled: Floats = sound * smooth
    return cancelled
