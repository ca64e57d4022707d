"""Ctrl-C while the program is being loaded."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from server.loading import loading
from tests.server.program import ROOT

# What a library does that looks whether another one is there.
SWALLOWS = """
import os, signal
from server.loading import loading
with loading():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        pass
print("Ctrl-C did nothing")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGINT of its own")
def test_it_ends_the_program_even_where_a_library_swallows_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_afterwards_it_is_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with loading():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
