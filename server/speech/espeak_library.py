"""The espeak-ng library: speech and phonemes. Everything here blocks.

The library (GPL-3) is loaded here and nowhere else. Its state is one per process:
:mod:`server.speech.espeak_thread` gives it a thread.

Calls are those of ``speak_lib.h`` (espeak-ng 1.52), mode SYNCHRONOUS: the
callback gets the sound piece by piece while ``espeak_Synth`` runs.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader

from server.speech.engine import EngineError

CHUNK_MS = 400
"""Milliseconds of sound per callback, and so of the first piece that is handed on. They are made in
half a millisecond; each callback more is a fight for Python's lock."""

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

_EVENT_LIST_TERMINATED = 0
_EVENT_WORD = 1


class _Event(ctypes.Structure):
    """``espeak_EVENT``."""

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
class Chunk:
    """What one callback brings."""

    pcm: bytes
    words: tuple[Word, ...]


Sink = Callable[[Chunk], bool]
"""Takes sound; returns whether more is wanted."""


@dataclass(frozen=True, slots=True)
class Word:
    """Where a word begins."""

    offset: int
    """In the text: characters before it."""

    sample: int
    """In the sound: samples before it."""


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


class Library:
    """The C library; every method but the constructor is for one thread only."""

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
        self._sink: Sink | None = None
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

    def _receive(
        self,
        samples: ctypes._Pointer[ctypes.c_short],
        count: int,
        events: ctypes._Pointer[_Event],
    ) -> int:
        if not samples or count <= 0:
            return _CONTINUE
        chunk = Chunk(ctypes.string_at(samples, count * 2), tuple(_words(events)))
        return _CONTINUE if self._sink is not None and self._sink(chunk) else _ABORT

    def speak(self, segment: Segment, sink: Sink) -> None:
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


def _words(events: ctypes._Pointer[_Event]) -> Iterator[Word]:
    """Read a list of events."""
    for place in itertools.count():
        event = events[place]
        if event.type == _EVENT_LIST_TERMINATED:
            return
        if event.type == _EVENT_WORD:
            yield Word(event.text_position - 1, event.sample)


def _encoded(text: str) -> bytes:
    return text.replace("\0", " ").encode(errors="replace")


def _mark(read: bytes, at_end: bool) -> str:  # noqa: FBT001 - whether the text ended here
    """Return the punctuation mark that ended a clause, ``.`` where nothing tells."""
    # The library has read the first character of the next clause, too.
    text = read.decode(errors="ignore")
    text = (text if at_end else text[:-1]).rstrip().rstrip(_CLOSING)
    return _MARKS.get(text[-1:], ".") if text else "."
