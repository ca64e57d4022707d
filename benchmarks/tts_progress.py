"""Measure how well the client knows the word at which a speech server died.

``python -m benchmarks.tts_progress``

Espeak speaks the sentences of ``tests/pipeline/speech_text/spoken_replies.toml`` and tells when
each word begins. Each is cut off in every word, and the client says what is left from the sound
alone. Prints one JSON object for each voice: in which share of cuts the rest began at the right
word, within one, within two; with the voice's pace learnt from the sentences before, and with the
usual one.
"""

from __future__ import annotations

import ctypes
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader

from pipeline.tts_progress import USUAL_PACE, Paces, Progress, rest_of

REPLIES = Path("tests/pipeline/speech_text/spoken_replies.toml")
VOICES = (("en-gb", 175), ("en-us+f3", 175), ("en-gb", 230), ("en-gb-x-rp+m4", 175))
"""Espeak's names, and words per minute."""

USUAL_WORDS = 175
CUTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Where in each word."""

_SYNCHRONOUS, _MILLISECONDS, _NO_EXIT = 2, 60, 0x8000
_BY_CHARACTER, _UTF8, _RATE = 1, 1, 1
_WORD_EVENT = 1


class _Event(ctypes.Structure):
    """``espeak_EVENT`` of ``speak_lib.h``."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Timed:
    """A sentence as it was spoken."""

    text: str
    starts: tuple[float, ...]
    """Seconds at which each word begins."""

    seconds: float


class Espeak:
    """The library, with its times of words."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, _MILLISECONDS, data, _NO_EXIT)
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        self._starts: list[float] = []
        self._samples = 0

    def speak(self, text: str, voice: str, pace: int) -> Timed:
        self._starts, self._samples = [], 0
        self._library.espeak_SetVoiceByName(voice.encode())
        self._library.espeak_SetParameter(_RATE, pace, 0)
        encoded = text.encode()
        size = ctypes.c_size_t(len(encoded) + 1)
        self._library.espeak_Synth(encoded, size, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        return Timed(text, tuple(self._starts), self._samples / self._rate)

    def _receive(
        self, _: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]
    ) -> int:
        place = 0
        while events[place].type:
            if events[place].type == _WORD_EVENT:
                self._starts.append(events[place].audio_position / 1000)
            place += 1
        self._samples += max(count, 0)
        return 0


def sentences() -> Iterator[str]:
    """Yield the English sentences of some length."""
    for reply in tomllib.loads(REPLIES.read_text(encoding="utf-8"))["reply"]:
        for sentence in re.split(r"(?<=[.!?])\s+", reply["spoken"]):
            if sentence.isascii() and 5 <= len(sentence.split()) <= 30:
                yield sentence


def errors(sentence: Timed, pace: float) -> Iterator[int]:
    """Yield by how many words the client is wrong, cut by cut."""
    words = len(sentence.starts)
    ends = (*sentence.starts[1:], sentence.seconds)
    for number, (start, end) in enumerate(zip(sentence.starts, ends, strict=True)):
        for part in CUTS:
            cut = start + part * (end - start)
            left = len(rest_of(sentence.text, Progress(cut, cut), pace).split())
            said = number + (part >= 0.5)
            yield words - left - said


def shares(wrong: Counter[int]) -> dict[str, float]:
    """Return in which share of cuts the client was that good."""
    total = wrong.total()
    within = {
        limit: sum(count for by, count in wrong.items() if abs(by) <= limit) for limit in range(3)
    }
    return {f"within_{limit}": round(count / total, 3) for limit, count in within.items()}


def measure(espeak: Espeak, voice: str, words_a_minute: int) -> dict[str, object]:
    """Measure with one voice."""
    speed = words_a_minute / USUAL_WORDS
    paces = Paces()
    learnt: Counter[int] = Counter()
    usual: Counter[int] = Counter()
    for text in sentences():
        sentence = espeak.speak(text, voice, words_a_minute)
        if len(sentence.starts) == len(text.split()):  # it reads some words as two
            learnt.update(errors(sentence, paces.of((0, voice)) / speed))
            usual.update(errors(sentence, USUAL_PACE / speed))
        paces.learn((0, voice), text, sentence.seconds * speed)
    return {
        "voice": voice,
        "words_a_minute": words_a_minute,
        "cuts": learnt.total(),
        "learnt": shares(learnt),
        "usual": shares(usual),
    }


def main() -> None:
    """Measure all voices."""
    espeak = Espeak()
    for voice, pace in VOICES:
        print(json.dumps(measure(espeak, voice, pace)), flush=True)


if __name__ == "__main__":
    main()
