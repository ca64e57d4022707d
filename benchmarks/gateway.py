"""What our Gateway client costs and gains, beside other ways of talking with a gateway.

    python -m benchmarks.gateway [--only overhead turns memory] [--pipecat-python PYTHON]

``overhead``: a turn at a scripted gateway that answers at once, ours beside the same exchange over
a bare WebSocket. Target: at most 1 ms more at the median.
``turns``: first words and end of a reply of a real gateway. Its language model takes no time, and
it is installed from npm where needed (860 MB); or it is the one of ``--url``, which has to run on
this machine and know the token in OPENCLAW_AUTH_TOKEN.
``memory``: many guilds, each with a client and a connection of its own.

Beside ours: ``bare``, a WebSocket that is kept; ``reconnecting``, one that is opened, greeted and
closed for every utterance; ``pipecat``, the OpenClaw client of pipecat-ai 1.14. Each is a process
of its own, all with the interpreter that has pipecat if one is given::

    uv venv DIR
    uv pip install --python DIR/bin/python pipecat-ai==1.14.0 \
        websockets pydantic pynacl filelock av

They take turns within one run, in another order each time, so that a busy moment of the machine
meets all of them.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict

from benchmarks.gateway_memory import Memory
from benchmarks.gateway_peers import Child, Gateway, gateway_at, real_gateway, scripted_gateway
from benchmarks.gateway_ways import Job, Times
from tests.peers.gateway_install import InstallError

PARTS = ("overhead", "turns", "memory")

TARGET = 1.0
"""Milliseconds of a turn that may be ours, at the median."""

MESSAGE = "What time is it, and when does the sun set today?"

Figures = dict[str, list[Times]]
"""Every turn of each way."""


def main() -> None:
    """Measure what is asked for, and print the tables."""
    options = _options()
    python = options.pipecat_python or sys.executable
    peer = ["pipecat"] if options.pipecat_python else []
    if not peer:
        print("without --pipecat-python: no figures of pipecat\n")
    if "overhead" in options.only:
        with scripted_gateway() as gateway:
            figures = measure(python, ["bare", "ours", *peer], gateway, options.overhead_turns)
        report_overhead(figures)
    if "turns" in options.only:
        ways = ["ours", "bare", "reconnecting", *peer]
        with _gateway(options.url) as gateway:
            figures = measure(python, ways, gateway, options.turns, options.pause, options.agent)
        report_turns(figures)
    if "memory" in options.only:
        with scripted_gateway() as gateway:
            grown = memory(python, ["bare", "ours", *peer], gateway, options.clients)
        report_memory(grown, options.clients)


def measure(
    python: str,
    ways: Sequence[str],
    gateway: Gateway,
    turns: int,
    pause: float = 0.0,
    agent: str = "main",
) -> Figures:
    """Have every way talk, each in a session of its own, one after another in changing order."""
    order, chance = list(ways), random.Random(1)  # noqa: S311 - mixes, and keeps no secret
    figures: Figures = {way: [] for way in ways}
    with ExitStack() as stack:
        children = {
            way: stack.enter_context(Child(python, "benchmarks.gateway_ways", way)) for way in ways
        }
        for way, child in children.items():
            child.write(_job(gateway, f"agent:{agent}:benchmark:{way}"))
        for turn in range(-max(1, turns // 20), turns):  # those below 0 warm it up
            chance.shuffle(order)
            for way in order:
                children[way].write(MESSAGE)
                times = Times(**children[way].read())
                if turn >= 0:
                    figures[way].append(times)
                time.sleep(pause)
    return figures


def memory(python: str, ways: Sequence[str], gateway: Gateway, clients: int) -> dict[str, Memory]:
    """Connect many clients of every way."""
    grown = {}
    for way in ways:
        with Child(python, "benchmarks.gateway_memory", way, str(clients)) as child:
            child.write(_job(gateway, "agent:main:benchmark:"))
            grown[way] = Memory(**child.read())
    return grown


def report_overhead(figures: Figures) -> None:
    """Print what ours adds to a bare exchange."""
    turns = len(figures["ours"])
    print(f"A turn at a scripted gateway that answers at once, ms ({turns} turns each)")
    _print_turns(figures, digits=2)
    ours, bare = figures["ours"], figures["bare"]
    first = _median([t.first for t in ours]) - _median([t.first for t in bare])
    final = _median([t.final for t in ours]) - _median([t.final for t in bare])
    print(
        f"ours over bare, p50: first words {first:+.2f} ms, end {final:+.2f} ms"
        f" (target: at most {TARGET:g} ms)\n"
    )


def report_turns(figures: Figures) -> None:
    """Print how soon a reply comes."""
    turns = len(figures["ours"])
    print(f"A turn at a real gateway, ms ({turns} turns each)")
    _print_turns(figures, digits=0)
    print()


def report_memory(figures: dict[str, Memory], clients: int) -> None:
    """Print what a process of many clients holds."""
    print(f"Memory of {clients} guild clients, each with a connection: what they add to the first")
    print(f"{'':>12} {'connected':>10} {'each':>8} {'a turn each':>12} {'tasks each':>11}")
    for way, grown in figures.items():
        each = 1000 * grown.connected / (clients - 1)
        print(
            f"{way:>12} {grown.connected:>7.1f} MB {each:>5.0f} kB"
            f" {grown.talked:>+9.1f} MB {grown.tasks:>11.1f}"
        )
    print()


def _print_turns(figures: Figures, digits: int) -> None:
    print(f"{'':>12} {'first words':>17} {'end':>17} {'CPU':>8}")
    print(f"{'':>12} {'p50':>8} {'p95':>8} {'p50':>8} {'p95':>8} {'mean':>8}")
    for way, turns in figures.items():
        first, final = sorted(t.first for t in turns), sorted(t.final for t in turns)
        columns = [_median(first), _p95(first), _median(final), _p95(final)]
        cpu = statistics.mean(t.cpu for t in turns)
        print(f"{way:>12} {' '.join(f'{ms:>8.{digits}f}' for ms in columns)} {cpu:>8.2f}")


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _p95(ordered: Sequence[float]) -> float:
    return ordered[int(0.95 * (len(ordered) - 1))]


def _job(gateway: Gateway, session: str) -> str:
    return json.dumps(asdict(Job(gateway.url, gateway.token, session)))


@contextmanager
def _gateway(url: str | None) -> Iterator[Gateway]:
    if url:
        yield gateway_at(url)
        return
    try:
        with real_gateway() as gateway:
            yield gateway
    except InstallError as error:
        raise SystemExit(f"no real gateway (see --url): {error}") from None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gateway", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument(
        "--url", help="of a real gateway that runs already; see OPENCLAW_AUTH_TOKEN"
    )
    parser.add_argument("--agent", default="main", help="who is asked there")
    parser.add_argument("--pipecat-python", help="interpreter that has pipecat-ai 1.14")
    parser.add_argument("--overhead-turns", type=int, default=400)
    parser.add_argument("--turns", type=int, default=40, help="at the real gateway")
    parser.add_argument(
        "--pause", type=float, default=0.3, help="seconds after each of these turns"
    )
    parser.add_argument("--clients", type=int, default=100, help="at least 2")
    options = parser.parse_args()
    if options.clients < 2:
        parser.error("--clients should be at least 2")
    return options


if __name__ == "__main__":
    main()
