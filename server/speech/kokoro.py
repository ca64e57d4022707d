"""Kokoro: one graph of 82 million weights, and a small file for each voice; sounds best.

The interface is that of the ONNX conversion on the Hugging Face hub: ``input_ids``, ``style`` and
``speed`` in, sound at 24 kHz out. A style is the row of a voice that stands for the length of the
sentence. The graph knows the phonemes of its own alphabet, in which most are those of the
phonetic alphabet and diphthongs are one sign each.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from server.speech.config import Device
from server.speech.engine import EngineError, Sound
from server.speech.espeak_thread import Espeak
from server.speech.neural import Inputs, NeuralWorkers, open_voice
from server.speech.sentences import portions

RATE = 24_000
"""Hertz of what the graph makes."""

LONGEST = 300
"""Phonemes spoken in one go; the graph takes 510, and quickens its pace towards the end of them."""

_STYLE = 256
_ROWS = 510

NAMES = {
    "jarvis": "bm_george",
    "sage": "af_heart",
    "watson": "bm_lewis",
    "nia": "bf_emma",
    "claude": "am_michael",
    "alloy": "af_heart",
    "ash": "am_echo",
    "ballad": "bm_fable",
    "cedar": "am_onyx",
    "coral": "af_nova",
    "echo": "am_echo",
    "fable": "bm_fable",
    "marin": "bf_emma",
    "nova": "af_nova",
    "onyx": "am_onyx",
    "shimmer": "bf_emma",
    "verse": "am_michael",
}
"""Names of agents, each with a voice of its own, and of OpenAI's voices."""

_LANGUAGES = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "p": "pt-br",
}
"""First letter of a voice's name and the language it speaks. Not there: Japanese and Chinese, for
espeak reads their signs by their names."""

_ENGLISH_SIGNS = (
    ("a\u026a", "I"),
    ("a\u028a", "W"),
    ("e\u026a", "A"),
    ("o\u028a", "O"),
    ("\u0259\u028a", "Q"),
    ("\u0254\u026a", "Y"),
    ("t\u0283", "\u02a7"),
    ("d\u0292", "\u02a4"),
    ("\u025a", "\u0259\u0279"),
    ("\u025c\u02d0", "\u025c\u0279"),
    ("\u0250", "\u0259"),
    ("\u026b", "l"),
    ("\u02d0", ""),
)
"""Sounds of English in espeak's writing and in the graph's: diphthongs and affricates are one sign,
and vowels are not marked as long."""


def _voice_sounds(sounds: str, voice: str) -> str:
    """Write espeak's phonemes in the graph's alphabet."""
    if voice[0] not in "ab":
        return sounds
    for espeak, sign in _ENGLISH_SIGNS:
        sounds = sounds.replace(espeak, sign)
    return sounds


class KokoroEngine:
    """Speech by Kokoro; a :class:`server.speech.engine.Engine`.

    Made by :meth:`load`.

    Args:
        session: The loaded graph.
        ids: Number of each sign of its alphabet.
        styles: Of each voice: shape (510, 256).
        espeak: Makes phonemes; stays the caller's to close.

    """

    name = "kokoro"

    def __init__(
        self,
        session: Any,
        ids: Mapping[str, int],
        styles: Mapping[str, npt.NDArray[np.float32]],
        espeak: Espeak,
    ) -> None:
        self._session = session
        self.ids = ids
        self._styles = styles
        self._espeak = espeak
        self._workers = NeuralWorkers()

    @classmethod
    def load(cls, folder: Path, device: Device, espeak: Espeak) -> KokoroEngine:
        """Load graph and voices; blocks for seconds.

        Args:
            folder: Holds ``onnx/model.onnx``, ``tokenizer.json`` and ``voices/*.bin``.
            device: Where the graph runs.
            espeak: Makes phonemes.

        Raises:
            EngineError: Something is missing or broken.

        """
        ids = _read_alphabet(folder / "tokenizer.json")
        styles = {path.stem: _read_style(path) for path in sorted(folder.glob("voices/*.bin"))}
        speaking = {name: style for name, style in styles.items() if name[0] in _LANGUAGES}
        if not speaking:
            raise EngineError(f"{folder / 'voices'} holds no voice; fetch kokoro again")
        return cls(open_voice(folder / "onnx/model.onnx", device), ids, speaking, espeak)

    @property
    def names(self) -> Mapping[str, str]:
        """Voices for the names that agents and OpenAI's clients use."""
        return NAMES

    def voices(self) -> Sequence[str]:
        """Return the names of the voices that are there."""
        return tuple(self._styles)

    def has_voice(self, voice: str) -> bool:
        """Whether the voice is there."""
        return voice in self._styles

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        """Stream the sound of ``text``; see :class:`server.speech.engine.Engine`."""
        if voice not in self._styles:
            raise EngineError(f"there is no Kokoro voice {voice}")
        clauses = await self._espeak.phonemes(text, _LANGUAGES[voice[0]])
        for sounds in portions(clauses, LONGEST):
            samples = await self._workers.run(self._session, self.inputs(sounds, voice, speed))
            yield Sound(samples, RATE)

    async def warm_up(self) -> None:
        """Run the graph once: the first sentence would take longer.

        Raises:
            EngineError: The graph is another one.

        """
        voice = next(iter(self._styles))
        await self._workers.run(self._session, self.inputs("a.", voice, 1.0))

    async def aclose(self) -> None:
        """Wait for the sentence that is being spoken."""
        await asyncio.to_thread(self._workers.close)

    def inputs(self, sounds: str, voice: str, speed: float) -> Inputs:
        """Return what the graph takes for one sentence; signs it does not know are left out."""
        signs = (self.ids.get(sign) for sign in _voice_sounds(sounds, voice))
        ids = [number for number in signs if number is not None][: _ROWS - 1]
        return {
            "input_ids": np.array([[0, *ids, 0]], np.int64),
            "style": self._styles[voice][len(ids)].reshape(1, _STYLE),
            "speed": np.array([speed], np.float32),
        }


def _read_alphabet(path: Path) -> dict[str, int]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(sign): int(number) for sign, number in content["model"]["vocab"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"{path} is not Kokoro's alphabet; fetch kokoro again") from error


def _read_style(path: Path) -> npt.NDArray[np.float32]:
    try:
        style = np.fromfile(path, "<f4")
    except OSError as error:
        raise EngineError(f"{path} cannot be read ({error.strerror})") from error
    if style.size != _ROWS * _STYLE:
        raise EngineError(f"{path} is not a Kokoro voice; fetch kokoro again")
    return style.reshape(_ROWS, _STYLE)
