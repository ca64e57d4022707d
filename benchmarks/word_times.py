"""Measure how well it is known which words of a sentence were heard when it is cut off.

``python -m benchmarks.word_times``

Our speech server speaks the English sentences of ``tests/pipeline/speech_text/spoken_replies.toml``
with espeak to the program's client. The truth comes from espeak itself, loaded here beside them:
when it begins each word. Every sentence is cut in every word, and by how many words the client is
wrong is counted. Prints one JSON object for each voice, with the share of cuts that were right to
the word, within one, within two, and what was known:

- ``told``: the times of words, as our server tells them (all of the sentence is synthesized);
- ``told_so_far``: only those of words that have begun (a server that dies at the cut);
- ``whole``: of another engine, the length of the whole sentence;
- ``pace``: of another engine, only how fast it spoke the sentences before;
- ``unknown``: nothing (its first sentence).
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import re
import tomllib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import espeakng_loader

from pipeline.audio import SPEECH_RATE
from pipeline.config import TtsConfig
from pipeline.tts import HttpTextToSpeech
from pipeline.tts_progress import Paces
from pipeline.word_times import USUAL_PACE, WordStart, WordTimes
from server.speech.child import SpeechServer
from server.speech.config import SpeechConfig

REPLIES = Path("tests/pipeline/speech_text/spoken_replies.toml")
VOICES = (("en-gb", 175), ("en-us+f3", 175), ("en-gb", 230), ("en-gb-x-rp+m4", 175))
"""Our names, and words per minute."""

IDENTIFIERS = {"en-gb": "gmw/en", "en-us": "gmw/en-US", "en-gb-x-rp": "gmw/en-GB-x-rp"}
"""Espeak's own names; by tags it does not always change the voice."""

USUAL_WORDS = 175
CUTS = (0.1, 0.3, 0.45, 0.55, 0.7, 0.9)
"""Where in each word."""

_SYNCHRONOUS, _MILLISECONDS, _NO_EXIT = 2, 400, 0x8000
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
    starts: dict[int, float]
    """Seconds at which words begin, by their number. Some pairs ("in the") are said as one."""

    seconds: float

    def cuts(self) -> Iterator[tuple[float, int]]:
        """Yield moments, and how many words were said then: those of which half was."""
        words = [*self.starts.items(), (len(self.text.split()), self.seconds)]
        for (number, start), (following, end) in pairwise(words):
            if following > number + 1:  # a pair: when its second word begins is not known
                continue
            for part in CUTS:
                yield start + part * (end - start), number + (part >= 0.5)


class Espeak:
    """The library, with its times of words."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, _MILLISECONDS, data, _NO_EXIT)
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        self._begun: list[tuple[int, float]] = []
        self._samples = 0

    def speak(self, text: str, voice: str, pace: int) -> Timed:
        self._begun, self._samples = [], 0
        language, plus, variant = voice.partition("+")
        name = IDENTIFIERS[language] + plus + variant
        self._library.espeak_SetVoiceByName(name.encode())
        self._library.espeak_SetParameter(_RATE, pace, 0)
        encoded = text.encode()
        size = ctypes.c_size_t(len(encoded) + 1)
        self._library.espeak_Synth(encoded, size, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        ends = [word.end() for word in re.finditer(r"\S+", text)]
        starts: dict[int, float] = {}
        for place, seconds in self._begun:  # a number is said as many words
            starts.setdefault(bisect_right(ends, place), seconds)
        return Timed(text, starts, self._samples / self._rate)

    def _receive(
        self, _: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]
    ) -> int:
        place = 0
        while events[place].type:
            if events[place].type == _WORD_EVENT:
                begun = events[place]
                self._begun.append((begun.text_position - 1, begun.audio_position / 1000))
            place += 1
        self._samples += max(count, 0)
        return 0


def sentences() -> Iterator[str]:
    """Yield the English sentences of some length."""
    for reply in tomllib.loads(REPLIES.read_text(encoding="utf-8"))["reply"]:
        if reply.get("language", "en") != "en":
            continue
        for sentence in re.split(r"(?<=[.!?])\s+", reply["spoken"]):
            if sentence.isascii() and 5 <= len(sentence.split()) <= 30:
                yield sentence


class Knowledge:
    """What is known of one sentence, in every way that is compared."""

    def __init__(self, sentence: Timed, told: WordTimes, pace: float, speed: float) -> None:
        self._sentence = sentence
        self._told = told
        self._pace = pace
        self._speed = speed
        self._places = [word.start() for word in re.finditer(r"\S+", sentence.text)]

    def at(self, cut: float) -> dict[str, WordTimes]:
        """Return what is known when the sentence is cut there."""
        whole, pace, unknown = WordTimes(), WordTimes(), WordTimes()
        whole.end(self._sentence.seconds)
        pace.begin(0, 0.0, self._pace / self._speed)
        unknown.begin(0, 0.0, USUAL_PACE / self._speed)
        return {
            "told": self._told,
            "told_so_far": self._so_far(cut),
            "whole": whole,
            "pace": pace,
            "unknown": unknown,
        }

    def _so_far(self, cut: float) -> WordTimes:
        times = WordTimes()
        times.begin(0, 0.0, self._pace / self._speed)
        for number, seconds in self._sentence.starts.items():
            if seconds <= cut:
                times.add(WordStart(self._places[number], seconds))
        return times


def shares(wrong: Counter[int]) -> dict[str, float]:
    """Return in which share of cuts the client was that good."""
    total = wrong.total()
    within = {
        limit: sum(count for by, count in wrong.items() if abs(by) <= limit) for limit in range(3)
    }
    return {f"within_{limit}": round(count / total, 4) for limit, count in within.items()}


async def measure(
    espeak: Espeak, tts: HttpTextToSpeech, voice: str, words_a_minute: int
) -> dict[str, object]:
    """Measure with one voice."""
    speed = words_a_minute / USUAL_WORDS
    paces = Paces()
    wrong: dict[str, Counter[int]] = {}
    for text in sentences():
        sentence = espeak.speak(text, voice, words_a_minute)
        told = WordTimes()
        speech = tts.synthesize(text, voice=voice, speed=speed, times=told)
        seconds = sum([len(samples) async for samples in speech]) / SPEECH_RATE
        if abs(seconds - sentence.seconds) > 0.01:
            raise RuntimeError(f"{text!r}: {seconds} s instead of {sentence.seconds} s")
        knowledge = Knowledge(sentence, told, paces.of((0, voice)), speed)
        for cut, truth in sentence.cuts():
            for way, times in knowledge.at(cut).items():
                heard = len(text[: times.said(text, cut)].split())
                wrong.setdefault(way, Counter())[heard - truth] += 1
        paces.learn((0, voice), text, sentence.seconds * speed)
    return {
        "voice": voice,
        "words_a_minute": words_a_minute,
        "cuts": wrong["told"].total(),
        **{way: shares(errors) for way, errors in wrong.items()},
    }


async def main() -> None:
    """Measure all voices."""
    espeak = Espeak()
    async with SpeechServer(SpeechConfig(engine="espeak")) as server:
        tts = HttpTextToSpeech(TtsConfig(cached_phrases=0), server.url)
        await tts.warm()
        for voice, pace in VOICES:
            print(json.dumps(await measure(espeak, tts, voice, pace)), flush=True)
        await tts.aclose()


if __name__ == "__main__":
    asyncio.run(main())
