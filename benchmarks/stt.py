"""Time and memory of speech recognition: the fixture model, and models of true size.

::

    python -m benchmarks.random_whisper tiny.en base.en --out DIR
    python -m benchmarks.stt --random DIR/tiny.en DIR/base.en

Random weights give timing only: they understand nothing, but every token takes
as long as with real ones. A folder with real weights may be given with --model.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.audio import HEARING_RATE, Samples, decode_file
from pipeline.config import SttConfig
from pipeline.interfaces import Segment
from pipeline.stt import FasterWhisper

FIXTURE = Path(__file__).parents[1] / "models" / "fixture"
SECONDS = 3.0
CLIENTS = 4


def clips() -> list[Samples]:
    """Give the fixture's clips, each brought to :data:`SECONDS`."""
    wanted = int(SECONDS * HEARING_RATE)
    entries = json.loads((FIXTURE / "clips" / "clips.json").read_text())
    files = [FIXTURE / "clips" / entry["file"] for entry in entries]
    spoken = [np.concatenate(list(decode_file(file)))[:wanted] for file in files]
    return [np.pad(samples, (0, wanted - len(samples))) for samples in spoken]


async def transcribe(stt: FasterWhisper, samples: Samples) -> float:
    """Return the seconds one utterance takes."""
    began = time.perf_counter()
    recognition = stt.start(samples, Segment("ann", 0.0, SECONDS, voiced=SECONDS))
    recognition.commit()
    await recognition.transcript()
    return time.perf_counter() - began


async def one_by_one(stt: FasterWhisper, spoken: Sequence[Samples], repeats: int) -> list[float]:
    """Measure utterances that have the machine to themselves."""
    return [
        await transcribe(stt, spoken[number % len(spoken)])
        for number in range(repeats * len(spoken))
    ]


async def together(stt: FasterWhisper, spoken: Sequence[Samples], repeats: int) -> float:
    """Return utterances a second with :data:`CLIENTS` people talking without a pause."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CLIENTS):
            tasks.create_task(one_by_one(stt, spoken, repeats))
    return CLIENTS * repeats * len(spoken) / (time.perf_counter() - began)


def measure(folder: Path, audio_context: str, label: str, repeats: int) -> None:
    """Print one line for a model; in a process of its own, so that memory is its own."""
    before = peak_mb()
    config = SttConfig(allow_test_fixture=True).model_copy(update={"audio_context": audio_context})
    loading = time.perf_counter()
    stt = FasterWhisper.load(folder, config)
    loaded = time.perf_counter() - loading
    try:
        spoken = clips()
        took = [1000 * seconds for seconds in asyncio.run(one_by_one(stt, spoken, repeats))]
        rate = asyncio.run(together(stt, spoken, max(1, repeats // 2)))
    finally:
        stt.close()
    p95 = statistics.quantiles(took, n=20)[-1]
    print(
        f"{folder.name:10} {audio_context:5} load {loaded:5.2f} s"
        f"  p50 {statistics.median(took):6.1f} ms  p95 {p95:6.1f} ms"
        f"  {CLIENTS} clients {rate:6.1f}/s  memory +{peak_mb() - before:4.0f} MB  {label}",
        flush=True,
    )


def peak_mb() -> float:
    """Return the most memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure each model, with the whole window and with its own length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", nargs="*", type=Path, default=[], help="random weights")
    parser.add_argument("--model", nargs="*", type=Path, default=[], help="real weights")
    parser.add_argument("--repeats", type=int, default=4, help="rounds over the eight clips")
    parser.add_argument("--one", nargs=3, metavar=("FOLDER", "CONTEXT", "LABEL"), help="inner use")
    arguments = parser.parse_args()
    if arguments.one:
        folder, context, label = arguments.one
        measure(Path(folder), context, label, arguments.repeats)
        return
    print(
        f"Utterances of {SECONDS:g} s; rate: utterances a second; memory: peak, imports not counted"
    )
    runs = [(FIXTURE / "whisper", "test fixture")]
    runs += [(folder, "random weights: timing only") for folder in arguments.random]
    runs += [(folder, "real weights") for folder in arguments.model]
    for folder, label in runs:
        for context in ("full", "auto"):
            inner = ["--repeats", str(arguments.repeats), "--one", str(folder), context, label]
            subprocess.run([sys.executable, "-m", "benchmarks.stt", *inner], check=True)


if __name__ == "__main__":
    main()
