"""Synthesized voices: what no human recording says."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import numpy as np

from benchmarks.offline_voice import OfflineVoice
from benchmarks.scenes import sound
from benchmarks.scenes.recordings import Recording
from pipeline.audio import HEARING_RATE

VOICES = ("en-us+f1", "en-gb+m3", "en-gb+f4", "en-us+m7", "en-gb+linda")
"""One for each person, told apart by sex, age and accent, and none the bot's own. The test fixture
understands all, and none has random breath in it: they sound the same every time."""

PACES = (1.0, 1.25, 1.5, 0.8, 1.8)
"""Tried one after another until a word is as long as wanted."""

_AROUND = 0.3  # seconds of silence before and after


class Voices:
    """The offline voice in many variants; one per process."""

    def __init__(self) -> None:
        self._voice = OfflineVoice()

    def __enter__(self) -> Self:
        """Open nothing: the engine is ready."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the engine's thread."""
        self._voice.close()

    def say(self, text: str, voice: str, *, pace: float = 1.0) -> Recording:
        """Return a sentence; where it begins and ends is told by its level.

        Args:
            text: What to say.
            voice: One of :data:`VOICES`.
            pace: 1 is the usual.

        """
        saying = self._voice.say(text, voice=voice, pace=pace, rate=HEARING_RATE)
        spoken = asyncio.run(saying)
        speech = sound.loud_part(spoken, below=40.0)
        samples = sound.join(sound.silence(_AROUND), sound.cut(spoken, speech))
        samples = np.concatenate([samples, sound.silence(_AROUND)])
        return Recording(samples, (_AROUND, _AROUND + speech[1] - speech[0]), text)

    def nod(self, text: str, voice: str, *, longest: float = 0.7) -> Recording:
        """Return a word said in at most so many seconds, at the first pace that does."""
        spoken = [self.say(text, voice, pace=PACES[0])]
        for pace in PACES[1:]:
            if spoken[-1].speech[1] - spoken[-1].speech[0] <= longest:
                break
            spoken.append(self.say(text, voice, pace=pace))
        return min(spoken, key=lambda one: one.speech[1])
