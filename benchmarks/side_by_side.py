"""What the benchmarks beside pipecat share: child processes, audio, model files, measures.

Every measurement runs in a process of its own, ours and theirs with the same
interpreter, so both use the same onnxruntime and numpy. That interpreter is
this one when pipecat can be imported here, else the one given with
``--pipecat-python``::

    uv venv DIR
    uv pip install --python DIR/bin/python pipecat-ai==1.14.0 av pydantic-settings
    python -m benchmarks.vad --pipecat-python DIR/bin/python --audio ../shared/audio

Without pipecat only our own figures are printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.audio import HEARING_RATE, Samples, decode_file

REPOSITORY = Path(__file__).parents[1]
OURS, THEIRS = "ours", "pipecat"
FRAME = HEARING_RATE // 50
"""Samples of the 20 ms that a voice packet of Discord or the telephone holds."""

Measurement = Callable[[argparse.Namespace], dict[str, Any]]


def run(
    module: str,
    sides: dict[str, Measurement],
    cases: Sequence[Any],
    report: Callable[[dict[str, list[dict[str, Any]]]], None],
) -> None:
    """Measure every case on every side in child processes and report; or be such a child.

    Args:
        module: The benchmark, as ``python -m`` takes it.
        sides: What to do in the child, by :data:`OURS` and :data:`THEIRS`.
        cases: One child each; its number or word is ``args.case`` there.
        report: Gets the results of each side, in the order of the cases.

    """
    arguments = _arguments(module)
    if arguments.side:
        print(json.dumps(sides[arguments.side](arguments)))
        return
    python = arguments.pipecat_python or sys.executable
    has_pipecat = arguments.pipecat_python or importlib.util.find_spec("pipecat")
    if not has_pipecat:
        print("pipecat cannot be imported here (see --pipecat-python): our figures only\n")
    measured = [side for side in sides if side == OURS or has_pipecat]
    results: dict[str, list[dict[str, Any]]] = {side: [] for side in measured}
    for case in cases:
        for side in measured:  # in turn, so that a busy moment of the machine meets both
            results[side].append(_child(python, module, side, str(case), arguments))
    report(results)


def _arguments(module: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--pipecat-python", help="interpreter that has pipecat-ai 1.14")
    parser.add_argument("--audio", type=Path, default=REPOSITORY.parent / "shared" / "audio")
    parser.add_argument("--vad", type=Path, default=silero("silero_vad.onnx"))
    parser.add_argument("--vad-alone", type=Path, help="the form for one speaker, if to be used")
    parser.add_argument("--smart-turn", type=Path, default=_smart_turn())
    parser.add_argument("--seconds", type=int, default=20, help="audio per speaker")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    return parser.parse_args()


def _child(
    python: str, module: str, side: str, case: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    passed = ["--audio", "--vad", "--vad-alone", "--smart-turn", "--seconds"]
    options = [
        part
        for name in passed
        if (value := getattr(arguments, name[2:].replace("-", "_"))) is not None
        for part in (name, str(value))
    ]
    command = [python, "-m", module, "--side", side, "--case", case, *options]
    # One BLAS thread, as run.py sets for the service.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def silero(name: str) -> Path | None:
    """Return a model file of the installed silero-vad."""
    found = importlib.util.find_spec("silero_vad")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "data" / name


def _smart_turn() -> Path | None:
    name = "smart-turn-v3.2-cpu.onnx"
    folders = (
        REPOSITORY / "models" / "weights" / "smart-turn",
        REPOSITORY.parent / "shared" / "models",
    )
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def streams(arguments: argparse.Namespace, speakers: int) -> list[Samples]:
    """Return each speaker's voice: recordings one after another, or bursts of noise."""
    length = arguments.seconds * HEARING_RATE
    folder: Path = arguments.audio
    commands = folder / "human_commands"
    files = sorted((commands if commands.is_dir() else folder).glob("*.[fw][la][av]*"))
    if not files:
        print("no recordings: bursts of noise instead, for timing only", file=sys.stderr)
        return [_bursts(length, seed) for seed in range(speakers)]
    voice = np.concatenate([piece for file in files[:40] for piece in decode_file(file)])
    return [np.resize(np.roll(voice, -speaker * 77_777), length) for speaker in range(speakers)]


def _bursts(length: int, seed: int) -> Samples:
    noise = np.random.default_rng(seed).normal(0.0, 3_000.0, length)
    loud = (np.arange(length) + seed * 9_999) // HEARING_RATE % 2
    return (noise * loud).clip(-32_768, 32_767).astype(np.int16)


def resident_mb() -> float:
    """Return the memory this process holds now, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def quiet_pipecat() -> None:
    """Switch off its log, which would count as its work."""
    from loguru import logger  # noqa: PLC0415 - comes with pipecat

    logger.remove()
