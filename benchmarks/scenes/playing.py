"""Plays scenes on the clock of the audio, for programs that want more than the summary."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from models.progress import progress_on
from models.registry import Registry
from pipeline.audio import SPEECH_RATE, Samples
from pipeline.cast import Cast, Persona
from pipeline.clock import AudioTimeLoop
from pipeline.end_of_turn import SmartTurn
from pipeline.interfaces import SpeechToText, TextToSpeech
from pipeline.judgement import NamedAgent
from pipeline.relevance import Relevance
from pipeline.vad import SileroVad
from pipeline.word_times import WordTimes
from server.config import Config
from server.engines import FIXTURE, Ears, open_ears, open_voice
from server.scenes.format import Scene
from server.scenes.observed import PlayedScene
from server.scenes.play import play_scene
from server.scenes.scripted import ScriptedEars

SECONDS_PER_WORD = 0.36
"""The offline voice's pace."""


class ToneVoice:
    """Speaks no words, but hums at once for as long as it would take to say them."""

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        """Yield a hum."""
        del voice, speed, times
        seconds = len(text.split()) * SECONDS_PER_WORD
        at = np.arange(round(seconds * SPEECH_RATE)) / SPEECH_RATE
        yield (3000.0 * np.sin(2.0 * np.pi * 220.0 * at)).astype(np.int16)

    async def warm(self) -> None:
        """Be always ready."""


@dataclass(frozen=True, slots=True)
class Player:
    """Plays scenes with the models of the project; the recogniser is the test fixture."""

    config: Config
    ears: Ears
    pace: SpeechToText | None = None
    """A recogniser whose time scripted scenes take for their words."""

    def play(
        self,
        scenes: Sequence[Scene],
        *,
        hum: bool,
        measure: bool = True,
        on_played: Callable[[PlayedScene], None] = lambda _: None,
    ) -> list[PlayedScene]:
        """Play scenes one after another.

        Args:
            scenes: What to play.
            hum: Whether a hum will do for the replies; else the offline voice speaks them, in a
                process of its own.
            measure: Whether to add the measured work to the latencies.
            on_played: Gets every scene as it ends.

        """
        loop_factory = functools.partial(AudioTimeLoop, measure=measure)
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(self._play(scenes, hum=hum, on_played=on_played))

    async def _play(
        self, scenes: Sequence[Scene], *, hum: bool, on_played: Callable[[PlayedScene], None]
    ) -> list[PlayedScene]:
        if hum:
            return [await self._play_one(scene, ToneVoice(), on_played) for scene in scenes]
        async with open_voice(self.config) as tts:
            return [await self._play_one(scene, tts, on_played) for scene in scenes]

    async def _play_one(
        self, scene: Scene, tts: TextToSpeech, on_played: Callable[[PlayedScene], None]
    ) -> PlayedScene:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, AudioTimeLoop):  # as made above
            raise TypeError(loop)
        settings = self.config.pipeline.relevance.model_copy(
            update={"sensitivity": scene.sensitivity}
        )
        relevance = Relevance(settings, [NamedAgent(id_, (id_,)) for id_ in scene.agents])
        personas = {id_: Persona(id_, id_, "default") for id_ in scene.agents}
        played = await play_scene(
            scene,
            ears=self.ears,
            tts=tts,
            cast=Cast(personas, scene.room_agent, relevance),
            config=self.config.pipeline,
            clock=loop.clock,
            on_turn=lambda _: None,
            pace=self.pace,
        )
        on_played(played)
        return played


@contextmanager
def open_player(config: Config, *, recogniser: bool = True) -> Iterator[Player]:
    """Load the models that hear.

    Args:
        config: Settings.
        recogniser: Whether to load the test fixture; without it, scenes must be scripted.

    """
    with ExitStack() as stack:
        registry, progress = Registry(config.models), progress_on(sys.stderr)
        if recogniser:
            stt = config.pipeline.stt.model_copy(
                update={"model_size": FIXTURE, "allow_test_fixture": True}
            )
            pipeline = config.pipeline.model_copy(update={"stt": stt})
            config = config.model_copy(update={"pipeline": pipeline})
            ears = stack.enter_context(open_ears(config, registry, progress, live=False))
        else:
            vad_files = registry.ensure("silero-vad", progress)
            alone = vad_files.file("silero_vad_16k_sequence.onnx")
            vad = SileroVad(
                vad_files.file("silero_vad.onnx"),
                alone=alone if alone.is_file() else None,
                gather=0.0,
            )
            stack.callback(vad.close)
            turn_files = registry.ensure("smart-turn", progress)
            detector = SmartTurn(turn_files.file(registry.catalog.get("smart-turn").files[0].name))
            stack.callback(detector.close)
            ears = Ears(vad, detector, ScriptedEars([], []))
        yield Player(config, ears)
