"""Writes down what was said in a message."""

from __future__ import annotations

import asyncio
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.audio import HEARING_RATE, VAD_WINDOW, Samples
from pipeline.config import VadConfig
from pipeline.errors import AudioError
from pipeline.interfaces import Segment, SpeechToText, Transcript, VoiceActivityDetector
from pipeline.speech_gate import SpeechGate, Voiced
from server.phone.audio.resampler import to_hearing
from server.phone.audio.stereo import Side
from server.phone.messages.pieces import SpeechPiece, cut_pieces

AROUND: Final = 0.2
"""Seconds of sound that the speech model gets before and after a piece."""

_WINDOW: Final = VAD_WINDOW / HEARING_RATE


@dataclass(frozen=True, slots=True)
class Written:
    """What was said."""

    text: str
    """The words; "" when none were made out."""

    language: str | None
    """ISO 639-1 code; ``None`` without words."""


class Transcriber:
    """Listens to recordings with the ears of live conversations, a piece at a time behind them.

    Args:
        vad: Finds speech.
        stt: Makes it words.
        config: When a sound counts as speech.

    """

    def __init__(self, vad: VoiceActivityDetector, stt: SpeechToText, config: VadConfig) -> None:
        self._vad = vad
        self._stt = stt
        self._config = config

    async def write_down(self, path: Path, speaker: str) -> Written:
        """Return what the caller says in a recording of a call.

        Args:
            path: The recording.
            speaker: Id of the caller.

        Raises:
            StageError: It cannot be read, or a model failed.

        Cancelling is safe.

        """
        samples = await asyncio.to_thread(_caller_of, path)
        pieces = cut_pieces(await self._speech(samples))
        heard = [await self._recognise(samples, piece, speaker) for piece in pieces]
        said = [one for one in heard if one.text]
        return Written(" ".join(one.text for one in said), said[0].language if said else None)

    async def _speech(self, samples: Samples) -> list[Voiced]:
        gate, voice = SpeechGate(self._config), self._vad.open()
        speech: list[Voiced] = []
        try:
            for number in range(len(samples) // VAD_WINDOW):
                first, start = number * VAD_WINDOW, number * _WINDOW
                probability = await voice.score(samples[first : first + VAD_WINDOW])
                speech += gate.receive(probability, start=start, end=start + _WINDOW)
        finally:
            voice.close()
        return speech

    async def _recognise(self, samples: Samples, piece: SpeechPiece, speaker: str) -> Transcript:
        first = max(0, round((piece.start - AROUND) * HEARING_RATE))
        last = round((piece.end + AROUND) * HEARING_RATE)
        segment = Segment(speaker, piece.start, piece.end, piece.voiced)
        recognition = self._stt.start(samples[first:last], segment)
        recognition.commit()
        try:
            return await recognition.transcript()
        finally:
            recognition.cancel()


def _caller_of(path: Path) -> Samples:
    """Read the caller's side of a recording, as the pipeline hears it. Blocks."""
    try:
        with wave.open(str(path)) as file:
            channels = file.getnchannels()
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    except (OSError, EOFError, wave.Error) as error:
        raise AudioError(f"the recording {path.name} cannot be read: {error}") from error
    resampler = to_hearing()
    caller = np.ascontiguousarray(sound.reshape(-1, channels)[:, Side.CALLER], np.int16)
    # The windows of the voice activity model have to be whole, the last one too.
    silence = np.zeros(VAD_WINDOW, np.int16)
    return np.concatenate([resampler.push(caller), resampler.end(), silence])
