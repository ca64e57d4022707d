from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.gateway_peers import scripted_gateway

REPOSITORY = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.gateway", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def figures(printed: str, way: str) -> list[float]:
    """Return the numbers in the line of one way."""
    line = next(line for line in printed.splitlines() if line.strip().startswith(f"{way} "))
    return [float(word) for word in line.split() if word.strip("+-.0123456789") == ""]


def test_ours_is_measured_beside_a_bare_exchange():
    done = run("--only", "overhead", "--overhead-turns", "5")
    assert done.returncode == 0, done.stderr
    for way in ("bare", "ours"):
        first, _, final, _, cpu = figures(done.stdout, way)
        assert 0 < first <= final
        assert cpu > 0
    assert "ours over bare" in done.stdout


def test_the_memory_of_guild_clients_is_measured():
    done = run("--only", "memory", "--clients", "4")
    assert done.returncode == 0, done.stderr
    *_, tasks = figures(done.stdout, "ours")
    assert tasks >= 1


def test_every_way_talks_with_a_gateway_that_runs_already():
    with scripted_gateway() as gateway:
        done = run("--only", "turns", "--turns", "2", "--pause", "0", "--url", gateway.url)
    assert done.returncode == 0, done.stderr
    for way in ("ours", "bare", "reconnecting"):
        assert all(number >= 0 for number in figures(done.stdout, way))


def test_a_gateway_that_is_not_there_ends_the_run_with_the_reason():
    done = run("--only", "turns", "--url", "ws://127.0.0.1:1")
    assert done.returncode == 1
    assert "ended early" in done.stderr
    assert "cannot be reached" in done.stderr
