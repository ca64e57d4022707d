"""``python -m benchmarks.scenes --audio FOLDER OUT``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.scenes.make import make_scenes


def _part(text: str) -> tuple[int, int]:
    number, _, parts = text.partition("/")
    part = int(number), int(parts)
    if not 1 <= part[0] <= part[1]:
        raise ValueError(text)
    return part


def main() -> None:
    """Make the scenes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenes")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to fill")
    parser.add_argument("--audio", type=Path, required=True, help="folder with manifest.json")
    parser.add_argument("--seed", type=int, default=1, help="chooses recordings and words")
    parser.add_argument(
        "--part",
        type=_part,
        default=(1, 1),
        metavar="N/M",
        help="use only this part of the commands and names: two parts share no recording",
    )
    parser.add_argument("--only", default="", help="only kinds whose name begins so")
    arguments = parser.parse_args()
    if not (arguments.audio / "manifest.json").is_file():
        sys.exit(f"{arguments.audio}: no manifest.json in this folder")
    try:
        for name in make_scenes(
            arguments.audio,
            arguments.out,
            seed=arguments.seed,
            part=arguments.part,
            only=arguments.only,
        ):
            print(name)
    except LookupError as error:
        sys.exit(f"{arguments.audio}: {error}")


if __name__ == "__main__":
    main()
