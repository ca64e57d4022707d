"""Starts the real program the way its users do, away from the tester's own settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Program:
    """``run.py`` in a folder of its own.

    Nothing of the tester's settings reaches it, and the hub is off.
    """

    folder: Path
    program: Path = ROOT / "run.py"

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*self._command(), *arguments],
            cwd=self.folder,
            env=self._environment(variables),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command that goes on; its log is to be read from ``stderr``."""
        return subprocess.Popen(
            [*self._command(), *arguments],
            cwd=self.folder,
            env=self._environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def _command(self) -> list[str]:
        file = self.folder / "config.yaml"
        file.touch()
        return [sys.executable, str(self.program), "--config", str(file)]

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        home = {"HOME": str(self.folder), "HF_HUB_OFFLINE": "1"}
        # discord.py imports audioop, which Python 3.11 and 3.12 announce the end of.
        strict = "error,ignore:'audioop' is deprecated:DeprecationWarning"
        return {**kept, **home, "PYTHONWARNINGS": strict, **variables}
