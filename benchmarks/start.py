"""How long the demo takes to start before it loads any model: a whole process each time.

    python -m benchmarks.start [--runs 9]

It is asked for a file that does not exist, so it reads the settings, imports what a demo needs,
and ends where it would open the file. Target: at most 1.5 s.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "run.py"


def seconds(*arguments: str) -> float:
    """Run the program once and return how long it took."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def main() -> None:
    """Print the median and the range of each command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    for arguments in (["--help"], ["config"], ["demo", "ann=no-such-file.wav"]):
        seconds(*arguments)  # the first fills the file cache
        taken = sorted(seconds(*arguments) for _ in range(runs))
        print(
            f"run.py {' '.join(arguments):28} median {statistics.median(taken):.2f} s"
            f"  ({taken[0]:.2f} to {taken[-1]:.2f})"
        )


if __name__ == "__main__":
    main()
