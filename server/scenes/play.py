"""Plays a scene through the pipeline, and notes what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from pipeline.audio import HEARING_RATE, decode_file
from pipeline.cast import Cast
from pipeline.clock import Clock
from pipeline.config import PipelineConfig, SoundsConfig
from pipeline.conversation import Conversation
from pipeline.engines import Engines, hold
from pipeline.interfaces import Participant, SpeechToText, TextToSpeech
from pipeline.scripted import ScriptedTurn
from pipeline.turn_record import TurnRecord
from pipeline.wav import Track, WavTransport
from server.engines import Ears
from server.scenes.format import Interruption, Scene
from server.scenes.observed import Effort, ObservedTurn, PlayedScene, SpokenInterruption
from server.scenes.room import SceneClock, SceneTransport
from server.scenes.scripted import (
    CountedSpeechToText,
    PacedSpeechToText,
    ScriptedAgent,
    ScriptedEars,
)

SETTLE = 0.5
"""Seconds after the last sound in which it may still be on its way to become a turn."""

LONGEST_REST = 90.0
"""Seconds after the last sound in which replies may still be heard."""

_UNKNOWN_WORD = "something"
_NO_SOUNDS = SoundsConfig(earcons=False, thinking=False, words=False)  # replies alone are judged
_SECONDS_PER_WORD = 0.4
_UNDERSTOOD = -30.0  # dB, the level from which the words of an echo are understood


async def play_scene(
    scene: Scene,
    *,
    ears: Ears,
    tts: TextToSpeech,
    cast: Cast,
    config: PipelineConfig,
    clock: Clock,
    on_turn: Callable[[TurnRecord], None],
    pace: SpeechToText | None = None,
) -> PlayedScene:
    """Play a scene to its end: everybody has spoken, every turn was recorded.

    Args:
        scene: What to play.
        ears: The models that hear; a ``scripted`` scene asks the recogniser nothing.
        tts: Speaks the replies.
        cast: The scene's agents.
        config: Settings of the pipeline.
        clock: Live, or the audio's; the scene's own time begins now.
        on_turn: Gets every turn record as it is emitted.
        pace: For a scripted scene: a recogniser that takes its time over every utterance.

    Raises:
        AudioError: A file of the scene cannot be read; in an exception group.

    Cancelling stops the scene and leaves no task.

    """
    clock = SceneClock(clock)
    performance = _Performance(scene, ears.stt, clock, on_turn, pace)
    conversation = Conversation(
        f"scene:{scene.name}",
        transport=performance.room,
        engines=performance.engines(ears, tts),
        cast=cast,
        clock=clock,
        config=config.model_copy(update={"sounds": _NO_SOUNDS}),
        began=datetime.now(UTC),
        on_turn=performance.note,
    )
    return await performance.run(conversation)


class _Performance:
    """One playing of a scene, and what is written down of it."""

    def __init__(
        self,
        scene: Scene,
        stt: SpeechToText,
        clock: Clock,
        on_turn: Callable[[TurnRecord], None],
        pace: SpeechToText | None,
    ) -> None:
        tracks = [Track(_person(track.speaker), track.file, track.at) for track in scene.tracks]
        self._wav = WavTransport(tracks, clock, present=[_person(name) for name in scene.people])
        self.room = SceneTransport(
            self._wav, clock, echo=scene.echo, on_sentence=self._understand_echo
        )
        self._words = list(_script(scene))
        self._echoed: list[ScriptedTurn] = []
        if scene.stt == "scripted":
            stt = ScriptedEars(self._words, self._echoed, scene.language)
            stt = stt if pace is None else PacedSpeechToText(stt, pace)
        self._stt = CountedSpeechToText(stt)
        self._agent = ScriptedAgent(scene.replies, clock)
        self._scene = scene
        self._clock = clock
        self._on_turn = on_turn
        self._turns: list[ObservedTurn] = []
        self._spoken = list(_on_tracks(scene))

    def engines(self, ears: Ears, tts: TextToSpeech) -> Engines:
        """Return what the conversation works with."""
        engines = Engines(ears.vad, ears.end_of_turn, self._stt, self._agent, tts)
        # The agent waits in conversation time, so that time must not be held for it.
        return replace(hold(engines, self._clock), agent=self._agent)

    def note(self, record: TurnRecord) -> None:
        """Take in the record of a finished turn."""
        replied = record.latency_ms.get("total") is not None
        reply, taken_back = self.room.take_reply() if replied else (None, ())
        self._turns.append(ObservedTurn(record, self._clock.now(), reply, taken_back))
        self._on_turn(record)

    def _understand_echo(self, text: str, at: float) -> None:
        """Take in that a sentence begins to play: a recogniser understands what comes back."""
        for echo in self._scene.echo:
            if echo.gain_db >= _UNDERSTOOD:
                start = at + echo.delay_ms / 1000
                end = start + len(text.split()) * _SECONDS_PER_WORD
                self._echoed.append(ScriptedTurn(echo.speaker, start, end, text))

    async def run(self, conversation: Conversation) -> PlayedScene:
        """Converse until nothing is left to happen."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(conversation.run(), name="conversation")
            tasks.create_task(self.room.listen(), name="listen")
            waiting = [
                (item, tasks.create_task(self._interrupt(item), name="interrupt"))
                for item in self._scene.interruptions
                if item.file is not None
            ]
            await self._wav.wait_ended()
            await self._settle(conversation)
            while due := [
                task
                for item, task in waiting
                if self.room.has_begun(item.reply) and not task.done()
            ]:
                await asyncio.wait(due)
                await self._settle(conversation)
            unspoken = tuple(item for item, task in waiting if task.cancel())
            self._wav.close()
        spoken = tuple(self._spoken)
        turns, seconds = tuple(self._turns), self._clock.now()
        return PlayedScene(self._scene, turns, spoken, unspoken, seconds, self._effort())

    def _effort(self) -> Effort:
        stt, asked = self._stt, self._agent.asked
        void = sum(question.taken_back() for question in asked)
        return Effort(stt.started, stt.started - stt.needed, len(asked), void)

    async def _settle(self, conversation: Conversation) -> None:
        """Wait until all that was said is dealt with, but not for a bot that talks with itself."""
        now = self._clock.now()
        await self._clock.sleep_until(now + SETTLE)
        async with asyncio.TaskGroup() as tasks:
            idle = tasks.create_task(conversation.wait_idle())
            late = tasks.create_task(self._clock.sleep_until(now + LONGEST_REST))
            await asyncio.wait((idle, late), return_when=asyncio.FIRST_COMPLETED)
            idle.cancel()
            late.cancel()

    async def _interrupt(self, item: Interruption) -> None:
        """Speak over a reply once it has begun."""
        if item.file is None or item.after_reply_start is None:  # as the format demands
            raise AssertionError(item)
        samples = np.concatenate(list(decode_file(item.file)))
        start = await self.room.wait_begun(item.reply) + item.after_reply_start
        end = start + len(samples) / HEARING_RATE
        words = _words(item.text, end - start)
        self._spoken.append(_spoken(item, start, end))
        self._words.append(ScriptedTurn(item.speaker, start, end, words))
        await self.room.speak(item.speaker, samples, start)


def _on_tracks(scene: Scene) -> Iterator[SpokenInterruption]:
    for item in scene.interruptions:
        if item.start is not None and item.end is not None:
            yield _spoken(item, item.start, item.end)


def _spoken(item: Interruption, start: float, end: float) -> SpokenInterruption:
    return SpokenInterruption(item.speaker, item.kind, start, end, item.stop_word)


def _script(scene: Scene) -> Iterator[ScriptedTurn]:
    """Yield the words of the scene's tracks; a turn without words gets some, to be a turn."""
    for turn in scene.turns:
        for part in turn.parts:
            yield ScriptedTurn(turn.speaker, part.start, part.end, part.text)
        if not turn.parts:
            words = _words(turn.text, turn.end - turn.start)
            yield ScriptedTurn(turn.speaker, turn.start, turn.end, words)
    for item in scene.interruptions:
        if item.start is not None and item.end is not None and item.text is not None:
            yield ScriptedTurn(item.speaker, item.start, item.end, item.text)


def _words(text: str | None, seconds: float) -> str:
    if text is not None:
        return text
    return " ".join([_UNKNOWN_WORD] * max(1, round(seconds / _SECONDS_PER_WORD)))


def _person(name: str) -> Participant:
    return Participant(name, name)
