"""Voices of Piper: VITS graphs, one file a voice, quick on a processor.

Only the graphs are Piper's. Their interface is read from the settings beside each (``.onnx.json``):
what they take are numbers of phonemes, which espeak-ng makes of a text.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import unicodedata
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from server.speech.config import Device
from server.speech.engine import EngineError, Sound
from server.speech.espeak_thread import Espeak
from server.speech.neural import Inputs, NeuralWorkers, open_voice
from server.speech.sentences import portions

LONGEST = 400
"""Phonemes spoken in one go: about half a minute."""

SETTINGS_SUFFIX = ".onnx.json"

_PAD = "_"
_BEGIN = "^"
_END = "$"


@dataclass(frozen=True, slots=True)
class _Audio:
    sample_rate: Annotated[int, Field(ge=8000, le=48_000)]


@dataclass(frozen=True, slots=True)
class _Language:
    voice: str


@dataclass(frozen=True, slots=True)
class _Inference:
    noise_scale: float = 0.667
    length_scale: float = 1.0
    noise_w: float = 0.8


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """The part of a voice's ``.onnx.json`` that is needed to run it."""

    audio: _Audio
    espeak: _Language
    phoneme_id_map: Mapping[str, Sequence[int]]
    inference: _Inference = field(default_factory=_Inference)
    phoneme_type: Literal["espeak"] = "espeak"
    num_speakers: int = 1
    speaker_id_map: Mapping[str, int] = field(default_factory=dict)


def read_settings(path: Path) -> VoiceSettings:
    """Read the settings beside a voice.

    Raises:
        EngineError: They are not there, or of a kind of voice that is not known here.

    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return TypeAdapter(VoiceSettings).validate_python(content)
    except (OSError, ValueError, ValidationError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EngineError(f"{path} does not describe a Piper voice: {reason}") from error


def phoneme_ids(sounds: str, ids: Mapping[str, Sequence[int]]) -> list[int]:
    """Return the numbers of a sentence: padding between all sounds, a mark at either end.

    Sounds that the voice does not know are left out.
    """
    pad = ids.get(_PAD, ())
    numbers = [*ids.get(_BEGIN, ()), *pad]
    for sound in unicodedata.normalize("NFD", sounds):
        if known := ids.get(sound):
            numbers += [*known, *pad]
    return [*numbers, *ids.get(_END, ())]


class PiperVoice:
    """One file: a voice, or several speakers."""

    def __init__(self, graph: Path, device: Device) -> None:
        self.name = graph.name.removesuffix(".onnx")
        self.settings = read_settings(graph.with_name(f"{self.name}{SETTINGS_SUFFIX}"))
        self._graph = graph
        self._device = device
        self._loading = asyncio.Lock()
        self._session: Any = None

    async def session(self) -> Any:
        """Return the loaded graph; the first time takes a fraction of a second.

        Raises:
            EngineError: The file is not a graph.

        """
        async with self._loading:
            if self._session is None:
                self._session = await asyncio.to_thread(open_voice, self._graph, self._device)
            return self._session

    def inputs(self, sounds: str, speaker: str, speed: float) -> Inputs:
        """Return what the graph takes for one sentence."""
        ids = np.array([phoneme_ids(sounds, self.settings.phoneme_id_map)], np.int64)
        scales = self.settings.inference
        inputs: dict[str, Any] = {
            "input": ids,
            "input_lengths": np.array([ids.shape[1]], np.int64),
            "scales": np.array(
                [scales.noise_scale, scales.length_scale / speed, scales.noise_w], np.float32
            ),
        }
        if self.settings.num_speakers > 1:
            number = self.settings.speaker_id_map.get(speaker, 0)
            inputs["sid"] = np.array([number], np.int64)
        return inputs


class PiperEngine:
    """Speech by Piper's voices; a :class:`server.speech.engine.Engine`.

    Args:
        voices: The voices, the default one first.
        espeak: Makes phonemes; stays the caller's to close.

    """

    name = "piper"

    def __init__(self, voices: Sequence[PiperVoice], espeak: Espeak) -> None:
        self._voices = {voice.name: voice for voice in voices}
        self._espeak = espeak
        self._workers = NeuralWorkers()
        self._names = _names(list(self._voices))

    @property
    def names(self) -> Mapping[str, str]:
        """Voices for the names that agents and OpenAI's clients use."""
        return self._names

    def voices(self) -> Sequence[str]:
        """Return the names of the files, with ``#<speaker>`` where there are several."""
        return [
            f"{name}#{speaker}" if speaker else name
            for name, voice in self._voices.items()
            for speaker in (voice.settings.speaker_id_map or ("",))
        ]

    def has_voice(self, voice: str) -> bool:
        """Whether there is such a file, and the speaker if one is named."""
        name, mark, speaker = voice.partition("#")
        found = self._voices.get(name)
        return found is not None and (not mark or speaker in found.settings.speaker_id_map)

    async def warm_up(self) -> None:
        """Load and run the default voice: the first sentence would take twice as long.

        Raises:
            EngineError: It cannot be loaded, or does not fit its settings.

        """
        voice = next(iter(self._voices.values()))
        await self._workers.run(await voice.session(), voice.inputs("a.", "", 1.0))

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        """Stream the sound of ``text``; see :class:`server.speech.engine.Engine`."""
        name, _, speaker = voice.partition("#")
        chosen = self._voices.get(name)
        if chosen is None:
            raise EngineError(f"there is no Piper voice {name}")
        session = await chosen.session()
        clauses = await self._espeak.phonemes(text, chosen.settings.espeak.voice)
        for sounds in portions(clauses, LONGEST):
            samples = await self._workers.run(session, chosen.inputs(sounds, speaker, speed))
            yield Sound(samples, chosen.settings.audio.sample_rate)

    async def aclose(self) -> None:
        """Wait for the sentence that is being spoken."""
        await asyncio.to_thread(self._workers.close)


_KNOWN_NAMES = (
    *("jarvis", "sage", "watson", "nia", "claude"),
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx"),
    *("shimmer", "verse"),
)
"""Names of agents and of OpenAI's voices."""


def _names(voices: Sequence[str]) -> dict[str, str]:
    """Deal the English voices out to the well-known names, all voices where none is English."""
    english = [voice for voice in voices if voice.startswith("en_")]
    return dict(zip(_KNOWN_NAMES, itertools.cycle(english or voices), strict=False))
