"""Memory of each part of the hearing, beside pipecat's: what loading it adds to the process.

See :mod:`benchmarks.side_by_side` for the arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
from typing import Any

from benchmarks.side_by_side import OURS, THEIRS, quiet_pipecat, resident_mb, run, streams
from pipeline.audio import HEARING_RATE, VAD_WINDOW
from pipeline.end_of_turn import SmartTurn
from pipeline.vad import SileroVad

SPEAKERS = 10


class Steps:
    """The growth of the process, step by step."""

    def __init__(self) -> None:
        self.mb: dict[str, float] = {}
        self._last = resident_mb()

    def note(self, step: str) -> None:
        """Note what was added since the last step."""
        gc.collect()
        now = resident_mb()
        self.mb[step] = now - self._last
        self._last = now


def ours(arguments: argparse.Namespace) -> dict[str, Any]:
    """Load our parts one by one."""
    voice = streams(arguments, 1)[0]
    steps = Steps()
    vad = SileroVad(arguments.vad, alone=arguments.vad_alone)
    steps.note("voice activity model")

    async def hear() -> None:
        people = [vad.open() for _ in range(SPEAKERS)]
        async with asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(person.score(voice[:VAD_WINDOW]))
        steps.note(f"{SPEAKERS} speakers")

    asyncio.run(hear())
    turn = SmartTurn(arguments.smart_turn)
    steps.note("end-of-turn model")
    asyncio.run(turn.score(voice[: 8 * HEARING_RATE]))
    steps.note("first judgement")
    turn.close()
    return steps.mb


def theirs(arguments: argparse.Namespace) -> dict[str, Any]:
    """Load pipecat's analysers one by one."""
    quiet_pipecat()
    from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import (  # noqa: PLC0415 - may be absent
        LocalSmartTurnAnalyzerV3,
    )
    from pipecat.audio.vad.silero import SileroVADAnalyzer  # noqa: PLC0415 - may be absent

    voice = streams(arguments, 1)[0]
    steps = Steps()
    kept: list[Any] = []

    def hear(speakers: int) -> None:
        for _ in range(speakers):
            analyser = SileroVADAnalyzer(sample_rate=HEARING_RATE)
            analyser.set_sample_rate(HEARING_RATE)
            analyser.voice_confidence(voice[:VAD_WINDOW].tobytes())
            kept.append(analyser)

    hear(1)
    steps.note("voice activity model")
    hear(SPEAKERS - 1)
    steps.note(f"{SPEAKERS} speakers")
    turns = [LocalSmartTurnAnalyzerV3(smart_turn_model_path=str(arguments.smart_turn))]
    steps.note("end-of-turn model")

    async def judge() -> None:
        for turn in turns:
            turn.set_sample_rate(HEARING_RATE)
            turn.append_audio(voice[: 8 * HEARING_RATE].tobytes(), is_speech=True)
            await turn.analyze_end_of_turn()

    asyncio.run(judge())
    steps.note("first judgement")
    turns += [LocalSmartTurnAnalyzerV3() for _ in range(SPEAKERS - 1)]
    asyncio.run(judge())
    steps.note(f"end of turn for {SPEAKERS} speakers")
    return steps.mb


def report(results: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table."""
    print("Memory added, MB (onnxruntime itself is loaded before)")
    for side, (steps,) in results.items():
        for step, added in steps.items():
            print(f"{side:>8} {added:>+8.1f}  {step}")
        print(f"{side:>8} {sum(steps.values()):>+8.1f}  all for {SPEAKERS} speakers")


if __name__ == "__main__":
    run("benchmarks.memory", {OURS: ours, THEIRS: theirs}, ["all"], report)
