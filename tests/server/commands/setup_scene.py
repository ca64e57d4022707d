"""What ``setup`` is run in: a folder, a Discord, a Gateway, and OpenClaw's own settings."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.discord import FakeDiscord
from tests.peers.discord.world import BOT_ID
from tests.peers.gateway_hub import GatewayHub
from tests.server.commands.program import REPOSITORY, environment
from tests.server.commands.terminal import GUARD, Terminal, at_terminal

LINK = (
    f"https://discord.com/oauth2/authorize?client_id={BOT_ID}"
    "&scope=bot+applications.commands&permissions=36719616"
)
TOKEN_QUESTION = "Bot token, not shown while you type (empty: no Discord): "
GATEWAY_QUESTION = "(empty: none for now): "
SECRET = "gateway-s3cret"
UNUSED = 9
"""A port at which nothing listens."""


@dataclass(frozen=True)
class Done:
    """What a run where nobody was there left behind."""

    code: int
    out: str
    err: str


@dataclass
class Scene:
    """A folder to set up, and what is around it."""

    folder: Path
    discord: FakeDiscord
    hub: GatewayHub
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "config.yaml").touch()
        self.variables = {
            **environment(self.folder),
            "TERM": "dumb",
            "PYTHONWARNINGS": "default::ResourceWarning",
            "DISCORD__RESOLVE_TO": f"127.0.0.1:{self.discord.port}",
            "DISCORD__CA_FILE": str(self.discord.ca_file),
        }
        self.openclaw_has()

    @property
    def dotenv(self) -> Path:
        return self.folder / ".env"

    @property
    def written(self) -> list[str]:
        """The lines of ``.env`` that are no comments."""
        lines = self.dotenv.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if not line.startswith("#")]

    def openclaw_has(self, port: int | None = None, **auth: str) -> None:
        """Write OpenClaw's own settings; with another port than the hub's, nothing is found."""
        port = port or int(self.hub.url.rpartition(":")[2])
        file = self.folder / ".openclaw" / "openclaw.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"gateway": {"port": port, "auth": auth}}), encoding="utf-8")

    def command(self, options: Sequence[str]) -> list[str]:
        return ["setup", "--config", str(self.folder / "config.yaml"), *options]

    @asynccontextmanager
    async def attended(self, *options: str) -> AsyncIterator[Terminal]:
        arguments = self.command(options)
        async with at_terminal(
            *arguments, folder=self.folder, environment=self.variables
        ) as terminal:
            yield terminal
        assert "Traceback" not in terminal.shown
        assert "Warning" not in terminal.shown

    async def unattended(self, *options: str, **variables: str) -> Done:
        """Run where nobody is there; standard input is a pipe that stays open."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(REPOSITORY / "run.py"),
            *self.command(options),
            cwd=self.folder,
            env={**self.variables, **variables},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdin
        assert process.stdout
        assert process.stderr
        out, err = await process.stdout.read(), await process.stderr.read()
        process.stdin.close()
        return Done(await process.wait(), out.decode(), err.decode())


def play(folder: Path, scene: Any) -> None:
    """Run a scene; a hub that nobody spoke to is fine too."""

    async def run() -> None:
        hub = GatewayHub()
        async with FakeDiscord() as discord, hub.running():
            await scene(Scene(folder, discord, hub))

    asyncio.run(asyncio.wait_for(run(), 2 * GUARD))


def wants(hub: GatewayHub, secret: str, kind: str = "token") -> None:
    """Let the gateway refuse whoever does not show a token."""
    usual = hub.greet

    async def greet(visit, request):
        if request["params"].get("auth", {}).get(kind) == secret:
            await usual(visit, request)
            return
        details = {"code": f"AUTH_{kind.upper()}_MISMATCH"}
        message = f"unauthorized: gateway {kind} mismatch (provide gateway auth {kind})"
        await visit.refuse(request["id"], "INVALID_REQUEST", message, details=details)

    hub.greet = greet


def pairs(hub: GatewayHub) -> asyncio.Event:
    """Let the gateway refuse this device until it is approved."""
    approved, usual = asyncio.Event(), hub.greet

    async def greet(visit, request):
        if approved.is_set():
            await usual(visit, request)
            return
        details = {"code": "PAIRING_REQUIRED", "requestId": "r-17"}
        await visit.refuse(request["id"], "NOT_PAIRED", "pairing required", details=details)

    hub.greet = greet
    return approved
