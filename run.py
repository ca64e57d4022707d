"""Talk with an OpenClaw agent: ``uv run run.py --help`` shows the commands."""

from __future__ import annotations

import os
import sys

# Before anything imports numpy: the thread pools of its linear algebra wake up for every small
# matrix, which made a 2 ms computation take 2 to 60 ms. One thread is faster for ours.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

if __name__ == "__main__":
    from server.loading import ENDED_BY_CTRL_C, loading

    try:
        with loading():
            from server.cli import main

        main()
    except KeyboardInterrupt:  # between one thing and the next
        sys.exit(ENDED_BY_CTRL_C)
