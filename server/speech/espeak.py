"""The espeak-ng engine: small, offline, instant, and not beautiful.

The library (GPL-3) is loaded here and nowhere else. Its state is one per
process, so one thread does all the work: one :class:`EspeakEngine` a process.

Calls are those of ``speak_lib.h`` (espeak-ng 1.52), mode SYNCHRONOUS: the
callback gets the sound piece by piece while ``espeak_Synth`` runs.
"""

from __future__ import annotations

import asyncio
import ctypes
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader
import numpy as np

from pipeline.audio import Samples
from server.speech.engine import EngineError

CHUNK_MS = 60
"""Milliseconds of sound per callback."""

SEGMENT = 400
"""Characters synthesized in one go; other requests get their turn in between."""

USUAL_PACE = 175
"""Words per minute at speed 1. Below 80 espeak does not get slower."""

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_POSITION_CHARACTER = 1
_CHARS_UTF8 = 1
_END_PAUSE = 0x1000
_PARAMETER_RATE = 1

_CONTINUE = 0
_ABORT = 1

_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]]*\s|[\u3002\uff01\uff1f\n]")  # \u…: those of CJK

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)

_Sink = Callable[[bytes], bool]
"""Takes PCM; returns whether more is wanted."""


class _Voice(ctypes.Structure):
    """``espeak_VOICE``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


def _language_tags(address: int) -> Iterator[tuple[int, str]]:
    """Read a voice's languages: a priority byte and a tag ended by 0 for each, then 0."""
    while entry := ctypes.string_at(address):
        yield entry[0], entry[1:].decode().lower()
        address += len(entry) + 1


@dataclass(frozen=True, slots=True)
class _Segment:
    text: str
    """What to say."""

    voice: str
    """``<identifier>`` or ``<identifier>+<variant>``, as the library names it."""

    pace: int
    """Words per minute."""

    pause: bool
    """Whether a sentence ends here, with others to follow."""


class _Library:
    """The C library; every method but the constructor is for the worker thread."""

    def __init__(self) -> None:
        data = espeakng_loader.get_data_path()
        try:
            self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise EngineError(
                f"the espeak-ng library cannot be loaded ({error}); reinstall espeakng-loader"
            ) from error
        self.sample_rate: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, CHUNK_MS, data.encode(), _INITIALIZE_DONT_EXIT
        )
        if self.sample_rate <= 0:
            raise EngineError(f"espeak-ng found no data in {data}; reinstall espeakng-loader")
        self.languages = self._list_languages()
        self.variants = {path.name for path in (Path(data) / "voices" / "!v").iterdir()}
        self._sink: _Sink | None = None
        self._callback = _Callback(self._receive)  # kept: the library has only a pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def _list_languages(self) -> dict[str, str]:
        """Return language tags, lower case, with the library's name of the voice."""
        list_voices = self._library.espeak_ListVoices
        list_voices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        found: list[tuple[int, str, str]] = []
        for voice in list_voices(None):
            if not voice:  # the list ends with NULL
                break
            identifier = voice.contents.identifier.decode()
            tags = _language_tags(voice.contents.languages)
            found += [(priority, tag, identifier) for priority, tag in tags]
        # The lowest number is the highest priority: it comes last and stays.
        return {tag: identifier for _, tag, identifier in sorted(found, reverse=True)}

    def _receive(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if not samples or count <= 0:
            return _CONTINUE
        pcm = ctypes.string_at(samples, count * 2)
        return _CONTINUE if self._sink is not None and self._sink(pcm) else _ABORT

    def speak(self, segment: _Segment, sink: _Sink) -> None:
        """Synthesize a segment into ``sink`` until its end or until no more is wanted."""
        if self._library.espeak_SetVoiceByName(segment.voice.encode()):
            raise EngineError(f"espeak-ng cannot load the voice {segment.voice}")
        self._library.espeak_SetParameter(_PARAMETER_RATE, segment.pace, 0)
        text = segment.text.replace("\0", " ").encode(errors="replace")
        flags = _CHARS_UTF8 | (_END_PAUSE if segment.pause else 0)
        self._sink = sink
        try:
            failed = self._library.espeak_Synth(
                text, ctypes.c_size_t(len(text) + 1), 0, _POSITION_CHARACTER, 0, flags, None, None
            )
        finally:
            self._sink = None
        if failed:
            raise EngineError(f"espeak-ng failed with code {failed}")


class EspeakEngine:
    """Speech by espeak-ng; a :class:`server.speech.engine.Engine`.

    Raises:
        EngineError: The library or its data is missing.

    """

    name = "espeak"

    def __init__(self) -> None:
        self._library = _Library()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="espeak")

    @property
    def sample_rate(self) -> int:
        """Hertz of what :meth:`synthesize` yields."""
        return self._library.sample_rate

    def voices(self) -> Sequence[str]:
        """Return the language tags; each may be followed by ``+<variant>``."""
        return tuple(sorted(self._library.languages))

    def has_voice(self, voice: str) -> bool:
        """Whether the language is known, and the variant if there is one."""
        language, plus, variant = voice.partition("+")
        known = language.lower() in self._library.languages
        return known and (not plus or variant in self._library.variants)

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Samples]:
        """Stream the sound of ``text``; see :class:`server.speech.engine.Engine`."""
        if not self.has_voice(voice):
            raise EngineError(f"espeak-ng has no voice {voice}")
        language, plus, variant = voice.partition("+")
        voice = self._library.languages[language.lower()] + plus + variant
        pace = round(USUAL_PACE * speed)
        for part, pause in _segments(text):
            segment = _Segment(part, voice, pace, pause)
            async with aclosing(self._speak(segment)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def _speak(self, segment: _Segment) -> AsyncGenerator[Samples]:
        # The queue needs no bound of its own: a segment is the most it can hold.
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        unwanted = threading.Event()

        def put(pcm: bytes | None) -> bool:
            if unwanted.is_set():
                return False
            loop.call_soon_threadsafe(chunks.put_nowait, pcm)
            return True

        def speak() -> None:
            try:
                if not unwanted.is_set():
                    self._library.speak(segment, put)
            finally:
                put(None)

        work = loop.run_in_executor(self._worker, speak)
        try:
            while (pcm := await chunks.get()) is not None:
                yield np.frombuffer(pcm, np.int16)
            await work
        finally:
            unwanted.set()

    def close(self) -> None:
        """Wait for the worker thread, which ends with the segment it is at."""
        self._worker.shutdown(cancel_futures=True)


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
