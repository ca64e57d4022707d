"""Talk with an OpenClaw agent: ``uv run run.py --help`` shows the commands."""

from __future__ import annotations

import os
import sys

# Before anything imports numpy: the thread pools of its linear algebra wake up for every small
# matrix, which made a 2 ms computation take 2 to 60 ms. One thread is faster for ours.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

if __name__ == "__main__":
    try:
        from server.cli import main

        main()
    except KeyboardInterrupt:  # Ctrl-C while the program is still being loaded
        sys.exit(130)
    except ImportError as error:  # the same, as libraries written in C++ tell it
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        sys.exit(130)
