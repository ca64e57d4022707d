"""Plays scenes and prints what went wrong in each: ``python -m benchmarks.scenes.faults DIR``."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from benchmarks.scenes.playing import open_player
from server.config import ConfigRequest, load_config
from server.scenes.faults import faults
from server.scenes.format import load_scenes
from server.scenes.observed import PlayedScene
from server.scenes.score import summarize


def main() -> None:
    """Play, and print a line for every fault, then the summary."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenes.faults")
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds scenes")
    parser.add_argument("--only", default="", help="only scenes whose name begins so")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", dest="set_")
    parser.add_argument("--hum", action="store_true", help="do without the speech server")
    parser.add_argument(
        "--unmeasured",
        action="store_true",
        help="leave out the work of the models: the same figures on a busy machine",
    )
    arguments = parser.parse_args()
    scenes = [s for s in load_scenes(arguments.folder) if s.name.startswith(arguments.only)]
    with open_player(load_config(ConfigRequest(overrides=tuple(arguments.set_)))) as player:
        began = time.process_time()
        played = player.play(
            scenes, hum=arguments.hum, measure=not arguments.unmeasured, on_played=_print
        )
        seconds = time.process_time() - began
    print(json.dumps(summarize(played, mode="fast", cpu_seconds=seconds).to_json()))


def _print(played: PlayedScene) -> None:
    for fault in sorted(faults(played), key=lambda fault: fault.at):
        print(fault, flush=True)


if __name__ == "__main__":
    main()
