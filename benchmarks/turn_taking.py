"""When is a turn over? Our conversation beside pipecat's default turn strategy, on the same audio.

``python -m benchmarks.turn_taking DIR --pipecat-python DIR/bin/python``

DIR holds scenes (``python -m benchmarks.scenes``); those that score the end of
turns are played. Every person has one track, as long as the scene, so that both
sides hear the same sound, silences included, in frames of one window of the
voice activity model. Each side runs in a process of its own, on the clock of the
audio, with the measured work added.

Ours is the whole conversation. Theirs is what their users get by default:
``SileroVADAnalyzer`` and ``UserTurnStrategies`` with ``LocalSmartTurnAnalyzerV3``,
all parameters their own, wired as their user aggregator wires them, one for each
person (see :mod:`benchmarks.turn_taking_pipecat`). In its favour, recognition
takes it no time at all. The agent answers both after 300 ms, and the voice is
instant. When a speaker goes on before the reply began, both are taken to have
understood one turn.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scenes import sound
from benchmarks.scenes.playing import open_player
from benchmarks.side_by_side import REPOSITORY, resident_mb
from pipeline.turn_record import TurnRecord
from server.config import ConfigRequest, load_config
from server.scenes.format import Scene, Track, load_scene, load_scenes
from server.scenes.observed import ObservedTurn, Playback, PlayedScene
from server.scenes.score import THOUGHT, Summary, cut_in, summarize

OURS, THEIRS = "ours", "pipecat"

AFTER = 6.0
"""Seconds of silence after the last turn: longer than either side's longest wait."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one side did."""

    summary: Summary
    cut_in: list[tuple[str, float]]
    """Scene and start of each turn that it did not let finish."""

    cpu: float
    """Seconds per second of each person's audio."""

    memory: float
    """Resident megabytes at the end."""

    ends: list[float]
    """Seconds from true end to decision."""


def main() -> None:
    """Measure both sides and print a table; or be one of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.turn_taking")
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds scenes")
    parser.add_argument("--only", default="", help="only scenes whose name begins so")
    parser.add_argument("--pipecat-python", help="interpreter that has pipecat-ai 1.14")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side == OURS:
        print(json.dumps(_ours(arguments.folder)))
        return
    scenes = [
        scene
        for scene in load_scenes(arguments.folder)
        if scene.name.startswith(arguments.only) and "end_of_turn" in scene.scores and scene.turns
    ]
    with tempfile.TemporaryDirectory() as folder:
        flat = [_flatten(scene, Path(folder) / scene.name) for scene in scenes]
        sides = {OURS: [sys.executable, "-m", "benchmarks.turn_taking", "--side", OURS]}
        if arguments.pipecat_python:
            module = "benchmarks.turn_taking_pipecat"
            sides[THEIRS] = [arguments.pipecat_python, "-m", module]
        results = {
            side: _result(flat, _child([*command, folder])) for side, command in sides.items()
        }
    _print(flat, results)


def _flatten(scene: Scene, folder: Path) -> Scene:
    """Write the scene with one long track for each person."""
    folder.mkdir()
    length = sound.place(max(turn.end for turn in scene.turns) + AFTER)
    tracks = []
    for speaker in dict.fromkeys(track.speaker for track in scene.tracks):
        whole = np.zeros(length, np.int16)
        for track in (track for track in scene.tracks if track.speaker == speaker):
            samples = sound.decode(track.file)
            first = sound.place(track.at)
            samples = samples[: length - first]
            whole[first : first + len(samples)] = samples
        file = folder / f"{speaker}.wav"
        sound.write_wav(file, whole)
        tracks.append(Track(speaker, file))
    content = {
        "name": scene.name,
        "agents": scene.agents,
        "sensitivity": scene.sensitivity,
        "present": scene.people,
        "stt": "scripted",
        "scores": ["end_of_turn"],
        "tracks": [{"speaker": track.speaker, "file": track.file.name} for track in tracks],
        "turns": [_turn(turn) for turn in scene.turns],
    }
    (folder / "scene.json").write_text(json.dumps(content), encoding="utf-8")
    return load_scene(folder / "scene.json")


def _turn(turn: Any) -> dict[str, Any]:
    return {
        "speaker": turn.speaker,
        "start": turn.start,
        "end": turn.end,
        "text": turn.text,
        "pause": turn.pause,
        "parts": [{"start": part.start, "end": part.end, "text": part.text} for part in turn.parts],
    }


def _child(command: Sequence[str]) -> dict[str, Any]:
    # One BLAS thread, as run.py sets for the service.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _ours(folder: Path) -> dict[str, Any]:
    """Play the scenes; the work of loading models is not counted."""
    scenes = load_scenes(folder)
    with open_player(load_config(ConfigRequest()), recogniser=False) as player:
        before = time.process_time()
        played = player.play(scenes, hum=True)
        cpu = time.process_time() - before
        memory = resident_mb()
    turns = {
        one.scene.name: [
            {
                "record": {k: v for k, v in turn.record.to_json().items() if k != "type"},
                "closed": turn.closed,
                "reply": None if turn.reply is None else [turn.reply.start, turn.reply.end],
                "taken_back": [[reply.start, reply.end] for reply in turn.taken_back],
            }
            for turn in one.turns
        ]
        for one in played
    }
    return {"turns": turns, "cpu": cpu, "memory": memory}


def _result(scenes: Sequence[Scene], measured: dict[str, Any]) -> Result:
    played = [
        PlayedScene(scene, tuple(map(_observed, measured["turns"][scene.name])), seconds=1.0)
        for scene in scenes
    ]
    heard = sum(
        len(scene.tracks) * (max(turn.end for turn in scene.turns) + AFTER) for scene in scenes
    )
    cuts, ends = [], []
    for one in played:
        for true, turns in one.pairs():
            if cut_in((true, turns)):
                cuts.append((one.scene.name, true.start))
            elif turns:
                decided = max(turns, key=lambda turn: turn.record.end).decided
                ends += [decided - true.end] if decided is not None else []
    summary = summarize(played, mode="fast", cpu_seconds=0.0)
    return Result(summary, cuts, measured["cpu"] / heard, measured["memory"], ends)


def _observed(turn: dict[str, Any]) -> ObservedTurn:
    reply = Playback(*turn["reply"]) if turn["reply"] else None
    taken_back = tuple(Playback(*one) for one in turn["taken_back"])
    return ObservedTurn(TurnRecord(**turn["record"]), turn["closed"], reply, taken_back)


def _print(scenes: Sequence[Scene], results: dict[str, Result]) -> None:
    turns = [turn for scene in scenes for turn in scene.turns]
    pausing = sum(turn.pause is not None and turn.pause > THOUGHT for turn in turns)
    print(f"{len(turns)} turns in {len(scenes)} scenes, {pausing} with a pause over 0.3 s\n")
    print(f"{'':44}" + "".join(f"{side:>12}" for side in results))
    for title, show in _ROWS:
        print(f"{title:44}" + "".join(f"{show(result):>12}" for result in results.values()))
    print("\ncut in, turns of")
    for kind in dict.fromkeys(_kind(scene.name) for scene in scenes):
        counts = [sum(_kind(name) == kind for name, _ in r.cut_in) for r in results.values()]
        if any(counts):
            print(f"  {kind:42}" + "".join(f"{count:>12}" for count in counts))


def _kind(name: str) -> str:
    """Return the name of a scene without its number."""
    return re.sub(r"-\d+$", "", name)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _by_pause(result: Result, name: str) -> str:
    rates = result.summary.cut_in_rate_by_pause
    return _share(None if rates is None else getattr(rates, name))


def _end(result: Result, percentile: float) -> str:
    return f"{1000 * float(np.percentile(result.ends, percentile)):.0f} ms"


_ROWS: Sequence[tuple[str, Callable[[Result], str]]] = (
    ("turns heard", lambda r: _share(r.summary.turn_recall)),
    ("true end to decision, p50", lambda r: _end(r, 50)),
    ("true end to decision, mean", lambda r: f"{1000 * float(np.mean(r.ends)):.0f} ms"),
    ("true end to decision, p95", lambda r: _end(r, 95)),
    ("cut in, of turns without a pause over 0.3 s", lambda r: _by_pause(r, "flowing")),
    ("cut in, of the rest", lambda r: _by_pause(r, "pausing")),
    ("split", lambda r: _share(r.summary.split_rate)),
    ("turns out of nothing", lambda r: str(r.summary.extra_turns)),
    ("processor seconds per second and person", lambda r: f"{r.cpu:.4f}"),
    ("resident memory", lambda r: f"{r.memory:.0f} MB"),
)


if __name__ == "__main__":
    main()
