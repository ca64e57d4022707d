"""A speech server's response, as bytes arrive, to sound as the pipeline plays it. Sans-I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Literal

import numpy as np

from pipeline.audio import SPEECH_RATE, Resampler, Samples
from pipeline.speech_audio import RATES, PcmDecoder, SpeechAudioError, SpeechDecoder, WavDecoder
from pipeline.tts_events import MEDIA_TYPE, SpeechEvents
from pipeline.word_times import WordStart

AudioFormat = Literal["pcm", "wav"]
"""``response_format`` in which servers are asked to speak."""

PORTION = SPEECH_RATE // 50
"""Samples given out at once at least (20 ms), however small the server's chunks are."""

_MAGIC = 4
"""Bytes by which kinds of audio are told."""

_COMPRESSED = (b"ID3", b"OggS", b"fLaC")
"""First bytes of MP3, Ogg and FLAC files."""

_FRAMES = (b"\xff\xf1", b"\xff\xf9", b"\xff\xfb", b"\xff\xf3")
"""First bytes of AAC and MP3 streams; raw samples may be these, too."""

_MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """Some of the sound of a text."""

    samples: Samples
    """Mono PCM at :data:`pipeline.audio.SPEECH_RATE`."""

    words: tuple[WordStart, ...] = ()
    """Words that begin in it, where the server tells."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a response says of itself."""

    kind: str
    """The media type in lower case, without parameters."""

    rate: int | None
    """Hertz; ``None`` when it does not say, or nonsense."""

    channels: int

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Announced:
        """Read the headers of a response (found in any case of letters)."""
        message = Message()
        message["Content-Type"] = headers.get("Content-Type", "audio/unknown")
        said = (message.get_param("rate"), headers.get("X-Sample-Rate"))
        rate = next((rate for text in said if (rate := _number(text)) in RATES), None)
        channels = _number(message.get_param("channels"))
        return cls(
            message.get_content_type(), rate, channels if 0 < channels <= _MOST_CHANNELS else 1
        )

    @property
    def may_be_audio(self) -> bool:
        """Whether sound follows, and no text."""
        return self.kind.startswith("audio/") or self.kind in {
            "application/octet-stream",
            MEDIA_TYPE,
        }


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - digits


class SpeechSound:
    """Decodes one response to :data:`pipeline.audio.SPEECH_RATE`.

    Args:
        announced: What its headers say.
        audio_format: What was asked for.
        usual_rate: Hertz of raw PCM that says no rate.

    """

    def __init__(self, announced: Announced, audio_format: AudioFormat, usual_rate: int) -> None:
        self._announced = announced
        self._audio_format = audio_format
        self._usual_rate = usual_rate
        self._events = SpeechEvents() if announced.kind == MEDIA_TYPE else None
        self._start = b""
        self._decoder: SpeechDecoder | None = None
        self._resampler: Resampler | None = None
        self._held: list[Samples] = []

    @property
    def begun(self) -> bool:
        """Whether any sound has come."""
        return self._resampler is not None

    @property
    def complete(self) -> bool:
        """Whether all sound that was announced has come, as far as that is known."""
        if self._events is not None and not self._events.complete:
            return False
        return self._decoder is not None and self._decoder.complete

    @property
    def tells_its_end(self) -> bool:
        """Whether a server that has said all says so, in what it sends."""
        return self._events is not None

    def push(self, data: bytes) -> Samples:
        """Take in bytes and return the sound that is ready: :data:`PORTION`, or none.

        Raises:
            SpeechAudioError: It is no sound that can be decoded.

        """
        self._decode(data if self._events is None else self._events.push(data))
        return self._portion(PORTION)

    def take_words(self) -> tuple[WordStart, ...]:
        """Return the words that have begun since the last call; none where nothing tells."""
        return () if self._events is None else self._events.take_words()

    def flush(self) -> Samples:
        """Return the last of it; the response is over.

        Raises:
            SpeechAudioError: It was no sound that can be decoded.

        """
        if self._decoder is None and self._start:
            self._open(self._start)
        if self._resampler is not None:
            self._held.append(self._resampler.flush())
        return self._portion(0)

    def _decode(self, data: bytes) -> None:
        if self._decoder is None:
            self._start += data
            if len(self._start) >= _MAGIC:
                self._open(self._start)
        else:
            self._take(self._decoder, data)

    def _open(self, start: bytes) -> None:
        self._decoder = self._chosen(start)
        self._take(self._decoder, start)

    def _take(self, decoder: SpeechDecoder, data: bytes) -> None:
        samples = decoder.push(data)
        if len(samples):
            self._resampler = self._resampler or Resampler(decoder.rate, SPEECH_RATE)
            self._held.append(self._resampler.push(samples))

    def _chosen(self, start: bytes) -> SpeechDecoder:
        """Choose a decoder by what the server says and by the first bytes."""
        announced = self._announced
        if start.startswith(b"RIFF"):
            return WavDecoder()
        # Events do not tell what sound they carry.
        raw = "pcm" in announced.kind or (self._events is not None and self._audio_format == "pcm")
        if start.startswith(_COMPRESSED if raw else _COMPRESSED + _FRAMES):
            raise SpeechAudioError(
                f"compressed audio ({announced.kind}) where {self._audio_format} was asked for; "
                "let it send pcm or wav"
            )
        if "wav" in announced.kind or self._audio_format == "wav":
            return WavDecoder()
        return PcmDecoder(announced.rate or self._usual_rate, announced.channels)

    def _portion(self, least: int) -> Samples:
        if not self._held or sum(map(len, self._held)) < least:
            return np.empty(0, np.int16)
        portion: Samples = np.concatenate(self._held)
        self._held = []
        return portion
