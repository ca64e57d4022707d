"""Supertonic's own server with espeak-ng behind it, for ``benchmarks.speech_server --peer``.

Runs in a virtual environment of its own, beside this repository::

    pip install "supertonic[serve]" espeakng-loader av pydantic-settings soxr

Its routes, schema, locks and encoding are Supertonic's; only the engine is replaced, by the one
that our server has, so that the two servers are compared and not their voices.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import numpy as np
import soxr
import uvicorn
from supertonic.server import ServerState, create_app

from pipeline.audio import Samples
from server.speech.espeak_library import Segment
from server.speech.espeak_thread import Espeak

RATE = 44_100


class EspeakSynthesizer:
    """What Supertonic's server asks of its engine."""

    sample_rate = RATE
    voice_style_names = ("M1", "F1")

    def __init__(self) -> None:
        self._espeak = Espeak()

    def get_voice_style(self, name: str) -> str:
        return name

    def get_voice_style_from_path(self, path: object) -> str:
        return str(path)

    def synthesize(self, text: str, voice_style: str, speed: float = 1.0, **_: Any) -> Any:
        segment = Segment(text, self._espeak.languages["en-us"], round(175 * speed))
        samples = asyncio.run(self._speak(segment)).astype(np.float32) / 32_768
        sound = soxr.resample(samples, self._espeak.sample_rate, RATE)
        return sound[None, :], np.array([len(sound) / RATE])

    async def _speak(self, segment: Segment) -> Samples:
        return np.concatenate([piece.samples async for piece in self._espeak.speak(segment)])


if __name__ == "__main__":
    state = ServerState(model="supertonic-3", tts=EspeakSynthesizer())
    uvicorn.run(create_app(state=state), port=int(sys.argv[1]), log_level="error")
