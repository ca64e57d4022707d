"""Voice activity and end of turn for many speakers at once, in real time, beside pipecat's.

Everyone talks all the time in 20 ms packets. A pause of 160 ms is judged by
Smart Turn. ``late`` is by how much a packet's work was finished after the
packet; ``turn`` the time from the pause to its judgement. See
:mod:`benchmarks.side_by_side` for the arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.side_by_side import (
    FRAME,
    OURS,
    THEIRS,
    quiet_pipecat,
    resident_mb,
    run,
    streams,
)
from pipeline.audio import HEARING_RATE, VAD_WINDOW, AudioFrame, Samples
from pipeline.config import VadConfig
from pipeline.end_of_turn import SmartTurn
from pipeline.hearing import History, Windows
from pipeline.smart_turn_features import SECONDS
from pipeline.speech_gate import SpeechGate
from pipeline.vad import SileroVad

SPEAKERS = (1, 10, 30, 100)
PAUSE = 0.16


@dataclass(slots=True)
class Figures:
    """What is noted while the speakers talk."""

    late: list[float] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)


class OurSpeaker:
    """One speaker, heard as the conversation does."""

    def __init__(
        self, vad: SileroVad, turn: SmartTurn, figures: Figures, group: asyncio.TaskGroup
    ) -> None:
        self._stream, self._windows = vad.open(), Windows()
        self._gate, self._history = SpeechGate(VadConfig()), History(SECONDS + 1.0)
        self._turn, self._figures, self._group = turn, figures, group
        self._start = self._end = 0.0

    async def hear(self, samples: Samples, at: float) -> None:
        """Take in a packet."""
        frame = AudioFrame("speaker", samples, at)
        self._history.push(frame)
        for start, window in self._windows.push(frame):
            end = start + VAD_WINDOW / HEARING_RATE
            for voiced in self._gate.receive(
                await self._stream.score(window), start=start, end=end
            ):
                self._start = self._start or voiced.start
                self._end = voiced.end
            if self._start and end - self._end >= PAUSE:
                cut = self._history.cut(max(self._start - PAUSE, end - SECONDS), end)
                self._start = 0.0
                # Beside the stream: audio goes on while the pause is judged.
                self._group.create_task(self._judge(cut))

    async def _judge(self, cut: Samples) -> None:
        began = time.perf_counter()
        await self._turn.score(cut)
        self._figures.turns.append(time.perf_counter() - began)


def ours(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure our models, shared by all speakers."""
    voices = streams(arguments, int(arguments.case))
    before = resident_mb()
    vad = SileroVad(arguments.vad, alone=arguments.vad_alone)
    turn = SmartTurn(arguments.smart_turn)

    async def talk(figures: Figures) -> None:
        async with asyncio.TaskGroup() as group:
            speakers = [OurSpeaker(vad, turn, figures, group) for _ in voices]
            await _talk([s.hear for s in speakers], voices, figures)

    result = _measure(talk, arguments.seconds, before)
    turn.close()
    vad.close()
    return result


def theirs(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure pipecat's analysers, a pair for each speaker as it uses them."""
    quiet_pipecat()
    from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import (  # noqa: PLC0415 - may be absent
        LocalSmartTurnAnalyzerV3,
    )
    from pipecat.audio.vad.silero import SileroVADAnalyzer  # noqa: PLC0415 - may be absent
    from pipecat.audio.vad.vad_analyzer import VADParams, VADState  # noqa: PLC0415 - may be absent

    voices = streams(arguments, int(arguments.case))
    before = resident_mb()
    model = str(arguments.smart_turn)
    like_ours = VADParams(confidence=0.5, start_secs=0.096, stop_secs=PAUSE, min_volume=0.0)
    vads = [SileroVADAnalyzer(params=like_ours) for _ in voices]
    turns = [LocalSmartTurnAnalyzerV3(smart_turn_model_path=model) for _ in voices]

    def speaker(vad: Any, turn: Any, figures: Figures) -> Callable[[Samples, float], Any]:
        vad.set_sample_rate(HEARING_RATE)
        turn.set_sample_rate(HEARING_RATE)
        spoken = False

        async def hear(samples: Samples, _at: float) -> None:
            nonlocal spoken
            packet = samples.tobytes()
            state = await vad.analyze_audio(packet)
            spoken = spoken or state == VADState.SPEAKING
            turn.append_audio(packet, spoken)
            if spoken and state == VADState.QUIET:
                spoken = False
                began = time.perf_counter()
                await turn.analyze_end_of_turn()
                figures.turns.append(time.perf_counter() - began)

        return hear

    async def talk(figures: Figures) -> None:
        hears = [speaker(*pair, figures) for pair in zip(vads, turns, strict=True)]
        await _talk(hears, voices, figures)

    return _measure(talk, arguments.seconds, before)


async def _talk(
    hears: list[Callable[[Samples, float], Awaitable[None]]],
    voices: list[Samples],
    figures: Figures,
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time() + 0.1

    async def speak(hear: Callable[[Samples, float], Awaitable[None]], samples: Samples) -> None:
        for at in range(0, len(samples), FRAME):
            due = began + (at + FRAME) / HEARING_RATE
            if (early := due - loop.time()) > 0.0:
                await asyncio.sleep(early)
            await hear(samples[at : at + FRAME], at / HEARING_RATE)
            figures.late.append(loop.time() - due)

    async with asyncio.TaskGroup() as group:
        for hear, samples in zip(hears, voices, strict=True):
            group.create_task(speak(hear, samples))


def _measure(talk: Callable[[Figures], Any], seconds: int, before: float) -> dict[str, Any]:
    figures = Figures()
    began = time.process_time()
    asyncio.run(talk(figures))
    return {
        "cpu": (time.process_time() - began) / seconds,
        "late_ms": (1e3 * np.percentile(figures.late, [50, 99])).tolist(),
        "turn_ms": (1e3 * np.percentile(figures.turns or [0.0], [50, 95])).tolist(),
        "turns": len(figures.turns),
        "mb": resident_mb() - before,
    }


def report(results: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table."""
    print("CPU of one core, late p50/p99 ms, turn p50/p95 ms, pauses judged, memory MB")
    for index, speakers in enumerate(SPEAKERS):
        for side, measured in results.items():
            row = measured[index]
            late = "{:.1f}/{:.1f}".format(*row["late_ms"])
            turn = "{:.0f}/{:.0f}".format(*row["turn_ms"])
            print(
                f"{speakers:>3} speakers {side:>8} {row['cpu']:>7.1%} {late:>12} {turn:>9}"
                f" {row['turns']:>5} {row['mb']:>+7.0f}"
            )
        if THEIRS in results:
            times = results[THEIRS][index]["cpu"] / results[OURS][index]["cpu"]
            print(f"{'':>12} {times:>16.1f} times less CPU")


if __name__ == "__main__":
    run("benchmarks.speakers", {OURS: ours, THEIRS: theirs}, SPEAKERS, report)
