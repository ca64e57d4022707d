"""The other side of :mod:`benchmarks.turn_taking`: pipecat's default turn strategy.

``VADController`` and ``UserTurnController`` with their default parameters, fed
and wired as ``LLMUserAggregator`` does it. Their own clock, which would make an
hour of audio take an hour, is the audio's; what a model works is measured and
added. A finalized transcript comes at once when speech stops, the best that any
recogniser could do for it. Runs with pipecat's interpreter.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import sys
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from loguru import logger
from pipecat.audio.turn.smart_turn import base_smart_turn
from pipecat.audio.vad import vad_controller
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_controller import VADController
from pipecat.clocks.system_clock import SystemClock
from pipecat.frames import frames
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.turns.user_stop import turn_analyzer_user_turn_stop_strategy
from pipecat.turns.user_turn_controller import UserTurnController
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.asyncio.task_manager import TaskManager

FRAME = 512
"""Samples: one window of the voice activity model, so that it never waits for half of one."""

RATE = 16_000

AGENT = 0.3
"""Seconds from the end of a turn to the reply."""

REPLY = 0.72
"""Seconds that the reply takes."""


class _Selector(selectors.DefaultSelector):
    """Jumps to the next timer when nothing is left to run."""

    loop: AudioPaceLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        ready = super().select(0)
        if not ready and timeout:
            self.loop.now += timeout
        return ready


class AudioPaceLoop(asyncio.SelectorEventLoop):
    """An event loop in the time of the audio, in which work takes as long as it really took."""

    def __init__(self) -> None:
        self.now = 1000.0  # their monotonic clock never shows 0
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        """Return the time of the audio."""
        return self.now

    def run_in_executor(  # type: ignore[override]  # its arguments are those of the original
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Do the work now, and let its result come when it would have been done."""
        del executor
        future: asyncio.Future[Any] = self.create_future()
        began = time.perf_counter()
        result = func(*args)
        self.call_later(time.perf_counter() - began, _settle, future, result)
        return future


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


@dataclass(slots=True)
class Turn:
    """A user turn as pipecat had it."""

    start: float
    end: float = 0.0
    stopped: float = 0.0


@dataclass(slots=True)
class Speaker:
    """One person's turns."""

    loop: AudioPaceLoop
    origin: float
    turns: list[Turn] = field(default_factory=list)
    turn: Turn | None = None

    def now(self) -> float:
        """Return seconds of the scene."""
        return self.loop.now - self.origin

    def begin(self, start_secs: float) -> None:
        """Take in that a user turn starts."""
        now = self.now()
        if self.turns and now < self.turns[-1].stopped + AGENT:
            self.turn = self.turns.pop()  # the reply had not begun: the model is asked anew
        else:
            self.turn = Turn(now - start_secs)

    def fall_silent(self, stop_secs: float) -> None:
        """Take in that speech stopped."""
        if self.turn is not None:
            self.turn.end = self.now() - stop_secs

    def stop(self) -> None:
        """Take in that the user turn is over."""
        if self.turn is not None:
            self.turn.stopped = self.now()
            self.turns.append(self.turn)
            self.turn = None


class Ear:
    """pipecat's hearing of one person."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._vad_analyzer = SileroVADAnalyzer()
        self._vad = VADController(self._vad_analyzer)
        self._turns = UserTurnController(user_turn_strategies=UserTurnStrategies())
        self._waiting: list[frames.Frame] = []
        self._vad.add_event_handler("on_speech_started", self._speech_started)
        self._vad.add_event_handler("on_speech_stopped", self._speech_stopped)
        self._turns.add_event_handler("on_user_turn_started", self._turn_started)
        self._turns.add_event_handler("on_user_turn_stopped", self._turn_stopped)

    async def listen(self, file: Path) -> None:
        """Hear a track to its end."""
        setup = FrameProcessorSetup(
            clock=SystemClock(),
            task_manager=TaskManager(),
            pipeline_worker=None,  # nothing here looks at it
            audio_in_sample_rate=RATE,
        )
        for part in (self._vad, self._turns):
            await part.setup(setup)
            await part.start()
        with wave.open(str(file)) as track:
            number = 0
            while len(pcm := track.readframes(FRAME)) == 2 * FRAME:
                number += 1
                await asyncio.sleep(number * FRAME / RATE - self._speaker.now())
                await self._hear(frames.InputAudioRawFrame(pcm, RATE, 1))
        await self._turns.cleanup()
        await self._vad.cleanup()

    async def _hear(self, audio: frames.InputAudioRawFrame) -> None:
        await self._vad.process_frame(audio)
        await self._turns.process_frame(audio)
        while self._waiting:  # queued behind the audio, as their aggregator does
            await self._turns.process_frame(self._waiting.pop(0))

    async def _speech_started(self, *_: object) -> None:
        start, now = self._vad_analyzer.params.start_secs, self._speaker.loop.now
        frame = frames.VADUserStartedSpeakingFrame(start_secs=start, timestamp=now)
        self._waiting.append(frame)

    async def _speech_stopped(self, *_: object) -> None:
        stop, now = self._vad_analyzer.params.stop_secs, self._speaker.loop.now
        self._speaker.fall_silent(stop)
        frame = frames.VADUserStoppedSpeakingFrame(stop_secs=stop, timestamp=now)
        words = frames.TranscriptionFrame("words", "user", "", finalized=True)
        self._waiting += [frame, words]

    async def _turn_started(self, *_: object) -> None:
        self._speaker.begin(self._vad_analyzer.params.start_secs)

    async def _turn_stopped(self, *_: object) -> None:
        self._speaker.stop()


async def _play(scene: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Let pipecat hear everyone in a scene, all at the same time."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, AudioPaceLoop):  # as made below
        raise TypeError(loop)
    speakers = {track["speaker"]: Speaker(loop, loop.now) for track in scene["tracks"]}
    async with asyncio.TaskGroup() as tasks:
        for track in scene["tracks"]:
            ear = Ear(speakers[track["speaker"]])
            tasks.create_task(ear.listen(folder / track["file"]))
    return [
        record for name, speaker in speakers.items() for record in _records(name, speaker.turns)
    ]


def _use_the_audios_clock(loop: AudioPaceLoop) -> None:
    """Let pipecat's modules read the time of the audio."""
    clock = SimpleNamespace(monotonic=loop.time, time=loop.time, perf_counter=time.perf_counter)
    for module in (base_smart_turn, vad_controller, turn_analyzer_user_turn_stop_strategy):
        module.time = clock


def _records(speaker: str, turns: list[Turn]) -> list[dict[str, Any]]:
    """Return the turns as our turn records have them."""
    records = []
    for number, turn in enumerate(turns):
        reply = turn.stopped + AGENT
        over = turns[number + 1].start if number + 1 < len(turns) else reply + REPLY
        waited = round((turn.stopped - turn.end) * 1000)
        record = {
            **dict.fromkeys(("id", "conversation", "at", "text", "why", "agent"), ""),
            "speaker": speaker,
            "speaker_id": speaker,
            "start": turn.start,
            "end": turn.end,
            "ended_by": "smart_turn",
            "end_of_turn_probability": None,
            "language": "en",
            "addressed": True,
            "relevance": None,
            "latency_ms": {
                "vad": waited,
                "smart_turn": 0,
                "total": round((reply - turn.end) * 1000),
            },
        }
        end = max(reply, min(over, reply + REPLY))
        records.append({"record": record, "closed": end, "reply": [reply, end], "taken_back": []})
    return records


def main() -> None:
    """Play the scenes of a folder; print turns, work and memory as JSON."""
    logger.remove()  # its log would count as its work
    heard: dict[str, list[dict[str, Any]]] = {}
    with asyncio.Runner(loop_factory=AudioPaceLoop) as runner:
        loop = runner.get_loop()
        if isinstance(loop, AudioPaceLoop):
            _use_the_audios_clock(loop)
        began = time.process_time()
        for path in sorted(Path(sys.argv[1]).rglob("scene.json")):
            scene = json.loads(path.read_text(encoding="utf-8"))
            heard[scene["name"]] = runner.run(_play(scene, path.parent))
        cpu = time.process_time() - began
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    print(json.dumps({"turns": heard, "cpu": cpu, "memory": memory}))


if __name__ == "__main__":
    main()
