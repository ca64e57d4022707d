"""The gateways that :mod:`benchmarks.gateway` talks with, and the processes that it starts.

As a program: a gateway that is scripted, answers at once, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.peers.gateway_hub import Ack, Chat, GatewayHub, Result, performs
from tests.peers.gateway_install import cache_folder, install
from tests.peers.language_model import LanguageModel
from tests.peers.real_gateway import RealGateway

REPOSITORY = Path(__file__).parents[1]
REPLY = "It is ten past four, and the sun is about to set."


class Child:
    """A program of ours in a process of its own, which answers every line with a line."""

    def __init__(self, python: str, *command: str) -> None:
        self._name = " ".join(command)
        self._process = subprocess.Popen(
            [python, "-m", *command],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(BrokenPipeError):  # it ended before we did
            self._process.__exit__(kind, error, traceback)

    def write(self, line: str) -> None:
        """Send a line."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        with suppress(BrokenPipeError):  # whoever reads will know
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """Wait for the next line."""
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._name} ended early")
        figures: dict[str, Any] = json.loads(line)
        return figures


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where a gateway is, and the token that opens it."""

    url: str
    token: str = field(repr=False)


@contextmanager
def scripted_gateway() -> Iterator[Gateway]:
    """Run a gateway that answers at once; its work is not the work of whom we measure."""
    with Child(sys.executable, "benchmarks.gateway_peers") as hub:
        yield Gateway(hub.read()["url"], "made-up")


@contextmanager
def real_gateway() -> Iterator[Gateway]:
    """Run a real gateway, installed where needed, whose language model answers at once.

    Raises:
        InstallError: It cannot be installed.

    """
    installation = install(cache_folder())
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder, LanguageModel() as model:
        gateway = RealGateway(installation, Path(folder), model.url)
        gateway.start()
        try:
            yield Gateway(gateway.url, gateway.token)
        finally:
            gateway.stop()


def gateway_at(url: str) -> Gateway:
    """Return a gateway that runs already, with the token of the environment."""
    return Gateway(url, os.environ.get("OPENCLAW_AUTH_TOKEN", ""))


async def serve() -> None:
    """Print the address, and serve until the standard input ends."""
    hub = GatewayHub()
    words = (
        Ack(),
        Chat("delta", REPLY, 1, more={"deltaText": REPLY}),
        Chat("final", REPLY, 2),
    )
    hub.replies = {"agent": performs(*words, Result(REPLY)), "chat.send": performs(*words)}
    async with hub.running():
        print(json.dumps({"url": hub.url}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
