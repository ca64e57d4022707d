"""The espeak-ng library: speech and phonemes, in one thread.

The library (GPL-3) is loaded here and nowhere else. Its state is one per
process, so one thread does all the work: one :class:`Espeak` a process.

Calls are those of ``speak_lib.h`` (espeak-ng 1.52), mode SYNCHRONOUS: the
callback gets the sound piece by piece while ``espeak_Synth`` runs.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader
import numpy as np

from pipeline.audio import Samples
from server.speech.engine import EngineError

CHUNK_MS = 60
"""Milliseconds of sound per callback, and so of the first piece that is handed on."""

PAUSE = 0.002
"""Seconds the worker pauses at most for the first chunk of a text to be sent."""

MOST_CHUNKS = 8
"""Chunks that are handed on at once after the first."""

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_POSITION_CHARACTER = 1
_CHARS_UTF8 = 1
_END_PAUSE = 0x1000
_PARAMETER_RATE = 1
_PHONEMES_IPA = 2

_MARKS = {mark: mark for mark in ".,;:!?"} | {
    "\u2026": ".",  # horizontal ellipsis
    "\u3002": ".",  # those of Chinese and Japanese
    "\uff0e": ".",
    "\uff0c": ",",
    "\u3001": ",",
    "\uff1b": ";",
    "\uff1a": ":",
    "\uff01": "!",
    "\uff1f": "?",
    "\u2014": ",",  # dashes
    "\u2013": ",",
    "-": ",",
    "(": ",",
}
"""Marks that end a clause, as those of the phonetic alphabets that voices know."""

_CLOSING = "\"')]}\u201d\u2019\u00bb"
"""What may stand behind a mark."""

_CONTINUE = 0
_ABORT = 1

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
class Segment:
    """A text to be spoken in one go."""

    text: str
    """What to say."""

    voice: str
    """``<identifier>`` or ``<identifier>+<variant>``, as the library names it."""

    pace: int = 175
    """Words per minute."""

    pause: bool = False
    """Whether a sentence ends here, with others to follow."""


@dataclass(frozen=True, slots=True)
class Clause:
    """The sounds between two punctuation marks."""

    sounds: str
    """In the phonetic alphabet (IPA), with a space between words."""

    mark: str
    """What ended it: one of ``. , ; : ! ?``."""


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
        self._to_phonemes = self._library.espeak_TextToPhonemes
        self._to_phonemes.argtypes = (ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int)
        self._to_phonemes.restype = ctypes.c_char_p

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

    def speak(self, segment: Segment, sink: _Sink) -> None:
        """Synthesize a segment into ``sink`` until its end or until no more is wanted."""
        self._set_voice(segment.voice)
        self._library.espeak_SetParameter(_PARAMETER_RATE, segment.pace, 0)
        text = _encoded(segment.text)
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

    def phonemes(self, text: str, voice: str) -> list[Clause]:
        """Return the sounds of a text, clause by clause, in the phonetic alphabet (IPA)."""
        self._set_voice(voice)
        encoded = _encoded(text)
        buffer = ctypes.create_string_buffer(encoded)
        begin = ctypes.addressof(buffer)
        position = ctypes.c_void_p(begin)
        clauses = []
        while position.value is not None:
            sounds = self._to_phonemes(ctypes.byref(position), _CHARS_UTF8, _PHONEMES_IPA)
            read = len(encoded) if position.value is None else position.value - begin
            clauses.append(Clause(sounds.decode(), _mark(encoded[:read], position.value is None)))
        return [clause for clause in clauses if clause.sounds]

    def _set_voice(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise EngineError(f"espeak-ng cannot load the voice {voice}")


def _encoded(text: str) -> bytes:
    return text.replace("\0", " ").encode(errors="replace")


def _mark(read: bytes, at_end: bool) -> str:  # noqa: FBT001 - whether the text ended here
    """Return the punctuation mark that ended a clause, ``.`` where nothing tells."""
    # The library has read the first character of the next clause, too.
    text = read.decode(errors="ignore")
    text = (text if at_end else text[:-1]).rstrip().rstrip(_CLOSING)
    return _MARKS.get(text[-1:], ".") if text else "."


class _Delivery:
    """Brings sound from the worker thread to the event loop: the first chunk at once, then many.

    The library makes a chunk in 0.05 ms. On a busy machine the event loop would get its turn only
    when all is spoken, so the worker pauses until the first chunk is on its way.

    Args:
        pause: Seconds of this pause at most.

    """

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._loop = asyncio.get_running_loop()
        # It needs no bound of its own: a segment is the most it can hold.
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._held: list[bytes] = []
        self._most = 1
        self._sent = threading.Event()
        self._begun = False
        self._unwanted = False

    def put(self, pcm: bytes) -> bool:
        """Take a chunk, on the worker thread; returns whether more is wanted."""
        self._held.append(pcm)
        if len(self._held) >= self._most:
            self._hand_over()
            if self._most == 1:
                self._sent.wait(self._pause)
            self._most = MOST_CHUNKS
        return not self._unwanted

    def end(self) -> None:
        """Say that no more comes, on the worker thread."""
        self._hand_over()
        self._loop.call_soon_threadsafe(self._arrived.put_nowait, b"")

    async def get(self) -> bytes:
        """Wait for sound; nothing at the end."""
        if self._begun:
            self._sent.set()
        self._begun = True
        return await self._arrived.get()

    def stop(self) -> None:
        """Want no more."""
        self._unwanted = True
        self._sent.set()

    @property
    def unwanted(self) -> bool:
        """Whether nobody listens any more."""
        return self._unwanted

    def _hand_over(self) -> None:
        if self._held and not self._unwanted:
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, b"".join(self._held))
        self._held = []


class Espeak:
    """The library and its thread, shared by all engines of the process.

    Raises:
        EngineError: The library or its data is missing.

    """

    def __init__(self) -> None:
        self._library = _Library()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="espeak")
        self._speaking = 0

    @property
    def sample_rate(self) -> int:
        """Hertz of what :meth:`speak` yields."""
        return self._library.sample_rate

    @property
    def languages(self) -> Mapping[str, str]:
        """The library's voices by language tag, in lower case."""
        return self._library.languages

    @property
    def variants(self) -> AbstractSet[str]:
        """What may follow a voice and a plus sign."""
        return self._library.variants

    async def phonemes(self, text: str, voice: str) -> list[Clause]:
        """Return the sounds of a text, clause by clause.

        Args:
            text: Plain text.
            voice: The library's name of a voice, or a language tag.

        Raises:
            EngineError: There is no such voice.

        Cancelling is safe.

        """
        voice = self.languages.get(voice.lower(), voice)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._library.phonemes, text, voice)

    async def speak(self, segment: Segment) -> AsyncGenerator[Samples]:
        """Stream the sound of a segment.

        Raises:
            EngineError: There is no such voice, or the library failed.

        Closing the generator, or cancelling, stops the work within one chunk.

        """
        # Where several wait for the worker, each pause would be a loss to all behind.
        delivery = _Delivery(0.0 if self._speaking else PAUSE)
        self._speaking += 1

        def speak() -> None:
            try:
                if not delivery.unwanted:
                    self._library.speak(segment, delivery.put)
            finally:
                delivery.end()

        work = asyncio.get_running_loop().run_in_executor(self._worker, speak)
        try:
            while pcm := await delivery.get():
                yield np.frombuffer(pcm, np.int16)
            await work
        finally:
            self._speaking -= 1
            delivery.stop()

    def close(self) -> None:
        """Wait for the worker thread, which ends with the segment it is at."""
        self._worker.shutdown(cancel_futures=True)
