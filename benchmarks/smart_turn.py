"""Smart Turn: features, and the whole judgement of a pause, beside pipecat's analyser.

Both through their public calls, with the same model, one turn at a time. See
:mod:`benchmarks.side_by_side` for the arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from benchmarks.side_by_side import FRAME, OURS, THEIRS, quiet_pipecat, run, streams
from pipeline.audio import HEARING_RATE, Samples
from pipeline.end_of_turn import SmartTurn
from pipeline.smart_turn_features import SECONDS, log_mel

TURN_SECONDS = (1, 2, 4, 8)
REPEATS = 60


def ours(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure our detector."""
    turn = _turn(arguments)
    detector = SmartTurn(arguments.smart_turn)
    features = _time_features(lambda: log_mel(turn))
    result = asyncio.run(_time(lambda: detector.score(turn)))
    detector.close()
    return features | result


def theirs(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure pipecat's analyser."""
    quiet_pipecat()
    from pipecat.audio.turn.smart_turn import _whisper_features as reference  # noqa: PLC0415 - may be absent
    from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import (  # noqa: PLC0415 - may be absent
        LocalSmartTurnAnalyzerV3,
    )

    turn = _turn(arguments)
    analyser = LocalSmartTurnAnalyzerV3(
        sample_rate=HEARING_RATE, smart_turn_model_path=str(arguments.smart_turn)
    )
    analyser.set_sample_rate(HEARING_RATE)

    def features() -> Any:
        waveform = turn.astype(np.float32) / 32768.0
        padded = np.pad(waveform, (SECONDS * HEARING_RATE - len(turn), 0))
        return reference.compute_whisper_log_mel_features(padded)

    def fill() -> None:
        analyser.clear()
        for at in range(0, len(turn), FRAME):
            analyser.append_audio(turn[at : at + FRAME].tobytes(), is_speech=True)

    async def measure() -> dict[str, Any]:
        result = await _time(analyser.analyze_end_of_turn, prepare=fill)
        await analyser.cleanup()
        return result

    return _time_features(features) | asyncio.run(measure())


def _turn(arguments: argparse.Namespace) -> Samples:
    return streams(arguments, 1)[0][: int(arguments.case) * HEARING_RATE]


def _time_features(compute: Callable[[], Any]) -> dict[str, Any]:
    spent = []
    for _ in range(REPEATS):
        began = time.process_time()
        compute()
        spent.append(time.process_time() - began)
    return {"features_ms": 1e3 * float(np.median(spent))}


async def _time(
    score: Callable[[], Awaitable[Any]], *, prepare: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    cpu, wall = [], []
    for repeat in range(REPEATS + 5):
        prepare()
        began, began_wall = time.process_time(), time.perf_counter()
        await score()
        if repeat >= 5:  # the first ones warm up
            cpu.append(time.process_time() - began)
            wall.append(time.perf_counter() - began_wall)
    return {
        "cpu_ms": (1e3 * np.percentile(cpu, [50, 95])).tolist(),
        "wall_ms": (1e3 * np.percentile(wall, [50, 95])).tolist(),
    }


def report(results: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table."""
    print("One judgement, ms: features (CPU median), all of it (CPU p50/p95, wall p50/p95)")
    print(f"{'turn':>6} {'':>8} {'features':>9} {'CPU':>13} {'wall':>13}")
    for index, seconds in enumerate(TURN_SECONDS):
        for side, measured in results.items():
            row = measured[index]
            cpu = "{:.1f}/{:.1f}".format(*row["cpu_ms"])
            wall = "{:.1f}/{:.1f}".format(*row["wall_ms"])
            print(f"{seconds:>4} s {side:>8} {row['features_ms']:>9.2f} {cpu:>13} {wall:>13}")


if __name__ == "__main__":
    run("benchmarks.smart_turn", {OURS: ours, THEIRS: theirs}, TURN_SECONDS, report)
