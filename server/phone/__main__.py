"""Runs the service without Discord: ``python -m server.phone``, or ``run.py phone``."""

from __future__ import annotations

import sys

from server.cli import app

if __name__ == "__main__":
    app(["phone", *sys.argv[1:]], prog_name="python -m server.phone")
