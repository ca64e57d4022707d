"""The espeak-ng engine: small, offline, instant, and not beautiful."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing

from pipeline.word_times import WordStart
from server.speech.engine import EngineError, Sound
from server.speech.espeak_library import Segment
from server.speech.espeak_thread import Espeak

SEGMENT = 400
"""Characters synthesized in one go; other requests get their turn in between."""

USUAL_PACE = 175
"""Words per minute at speed 1. Below 80 espeak does not get slower."""

NAMES = {
    "jarvis": "en-gb",
    "sage": "en-us+f3",
    "alloy": "en-us",
    "ash": "en-us+m3",
    "ballad": "en-gb+m7",
    "cedar": "en-us+m8",
    "claude": "en-gb-x-rp+m4",
    "coral": "en-us+f2",
    "echo": "en-us+m1",
    "fable": "en-gb-scotland",
    "marin": "en-us+f5",
    "nia": "en-029+f4",
    "nova": "en-us+Annie",
    "onyx": "en-us+m2",
    "shimmer": "en-gb+f4",
    "verse": "en-us+Michael",
    "watson": "en-gb-x-gbclan+m5",
}
"""Names of agents and of OpenAI's voices, each with a voice that sounds different."""

_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]]*\s|[\u3002\uff01\uff1f\n]")  # \u…: those of CJK


class EspeakEngine:
    """Speech by espeak-ng; a :class:`server.speech.engine.Engine`.

    Args:
        espeak: The library; stays the caller's to close.

    """

    name = "espeak"

    def __init__(self, espeak: Espeak) -> None:
        self._espeak = espeak

    @property
    def names(self) -> Mapping[str, str]:
        """Voices for the names that agents and OpenAI's clients use."""
        return NAMES

    def voices(self) -> Sequence[str]:
        """Return the language tags; each may be followed by ``+<variant>``."""
        return tuple(sorted(self._espeak.languages))

    def has_voice(self, voice: str) -> bool:
        """Whether the language is known, and the variant if there is one."""
        language, plus, variant = voice.partition("+")
        known = language.lower() in self._espeak.languages
        return known and (not plus or variant in self._espeak.variants)

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        """Stream the sound of ``text``; see :class:`server.speech.engine.Engine`."""
        if not self.has_voice(voice):
            raise EngineError(f"espeak-ng has no voice {voice}")
        language, plus, variant = voice.partition("+")
        voice = self._espeak.languages[language.lower()] + plus + variant
        pace = round(USUAL_PACE * speed)
        rate = self._espeak.sample_rate
        characters = samples = begin = 0
        for part, pause in _segments(text):
            async with aclosing(self._espeak.speak(Segment(part, voice, pace, pause))) as chunks:
                async for chunk in chunks:
                    samples += len(chunk.samples)
                    words = (
                        WordStart(characters + word.offset, (begin + word.sample) / rate)
                        for word in chunk.words
                    )
                    yield Sound(chunk.samples, rate, tuple(words))
            characters += len(part)
            begin = samples

    async def aclose(self) -> None:
        """Leave the library to its owner."""


def _segments(text: str) -> Iterator[tuple[str, bool]]:
    """Cut a text into parts of at most :data:`SEGMENT` characters, at sentence ends if possible.

    Yields:
        A part, and whether a sentence ends with it and more follows.

    """
    while len(text) > SEGMENT:
        ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, SEGMENT)]
        cut = ends[-1] if ends else text.rfind(" ", 1, SEGMENT) + 1 or SEGMENT
        yield text[:cut], bool(ends)
        text = text[cut:]
    yield text, False
