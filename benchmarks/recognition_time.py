"""What recognition adds to the time until an answer: scenes with models of true size.

``python -m benchmarks.recognition_time DIR [--only PREFIX] [--models tiny.en base.en]``

DIR holds scenes (``python -m benchmarks.scenes``); those are played whose words are
scripted and whose end of turn is scored. The words are the scene's; the time for
them is that of a real Whisper model of the given size with random weights
(:mod:`benchmarks.random_whisper`), which decodes every utterance and understands
nothing. Played on the clock of the audio with the measured work added, with
speculation and without. The agent answers after 300 ms, which are not counted,
and the voice is instant.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.random_whisper import SIZES, make
from benchmarks.scenes.playing import Player, open_player
from pipeline.stt import FasterWhisper
from server.config import Config, ConfigRequest, load_config
from server.scenes.figures import Percentiles
from server.scenes.format import Scene, load_scenes
from server.scenes.score import Summary, summarize

_ROW = "{:<34} {:>6} {:>6} {:>6} {:>6} {:>12}"


def main() -> None:
    """Play every scene with each model, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recognition_time")
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds scenes")
    parser.add_argument("--only", default="", help="only scenes whose name begins so")
    parser.add_argument("--models", nargs="+", choices=list(SIZES), default=["tiny.en", "base.en"])
    arguments = parser.parse_args()
    scenes = [
        scene
        for scene in load_scenes(arguments.folder)
        if scene.name.startswith(arguments.only)
        and scene.stt == "scripted"
        and "end_of_turn" in scene.scores
    ]
    print(f"{len(scenes)} scenes, {sum(len(scene.turns) for scene in scenes)} turns; ms")
    print(_ROW.format("", "total", "", "end of turn", "", "recognitions"))
    print(_ROW.format("", "p50", "p95", "p50", "p95", "void"))
    for model in [None, *arguments.models]:
        for speculation in (True, False):
            _print(model, speculation, _play(scenes, model, speculation=speculation))


def _play(scenes: Sequence[Scene], model: str | None, *, speculation: bool) -> Summary:
    config = load_config(ConfigRequest())
    turns = config.pipeline.turns.model_copy(update={"speculation": speculation})
    pipeline = config.pipeline.model_copy(update={"turns": turns})
    config = config.model_copy(update={"pipeline": pipeline})
    with _player(config, model) as player:
        return summarize(player.play(scenes, hum=True), mode="fast", cpu_seconds=0.0)


@contextmanager
def _player(config: Config, model: str | None) -> Iterator[Player]:
    with ExitStack() as stack:
        player = stack.enter_context(open_player(config, recogniser=False))
        if model is not None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            make(folder, SIZES[model])
            stt = FasterWhisper.load(folder, config.pipeline.stt)
            stack.callback(stt.close)
            player = replace(player, pace=stt)
        yield player


def _print(model: str | None, speculation: bool, summary: Summary) -> None:  # noqa: FBT001 - a row
    name = f"{model}, random weights" if model else "words at once"
    if not speculation:
        name += ", no speculation"
    total, end = summary.total_without_agent_ms, summary.endpoint_ms
    effort = summary.effort
    void = f"{effort.recognitions_void} of {effort.recognitions}" if effort else "-"
    print(_ROW.format(name, *_figures(total), *_figures(end), void))
    sys.stdout.flush()


def _figures(found: Percentiles | None) -> tuple[str, str]:
    return ("-", "-") if found is None else (f"{found.p50:.0f}", f"{found.p95:.0f}")


if __name__ == "__main__":
    main()
