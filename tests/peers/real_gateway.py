"""A real OpenClaw Gateway on loopback, with a folder of its own and no way out.

It knows three agents (``main``, ``jarvis`` and ``sage``) and two models, all played by a
:class:`~tests.peers.language_model.LanguageModel`. Starting takes 10 to 16 s and 1 GB of memory.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.peers.gateway_install import Installation

LONGEST_START = 120.0
_LONGEST_STOP = 30.0
_LOOK = 0.1

AGENTS = ("main", "jarvis", "sage")

WOKEN = "Something rang. [[say:Your tea is ready.]]"
"""What an agent is told when it is woken; see the model's directives."""

_QUIET = {
    "OPENCLAW_DISABLE_BONJOUR": "1",
    "OPENCLAW_NO_RESPAWN": "1",
    "OPENCLAW_EXEC_SHELL_SNAPSHOT": "0",
    "OPENCLAW_SKIP_CHANNELS": "1",
    "OPENCLAW_SKIP_CRON": "1",
    "NO_COLOR": "1",
    "LANG": "C.UTF-8",
}

_OLD_LAYOUT_BEFORE = (2026, 8)
"""Months of release; older gateways list their agents, and know fewer settings."""


class GatewayError(Exception):
    """The gateway did not start, stop, or carry out a command."""


class RealGateway:
    """One gateway: port, token and state stay the same however often it is started.

    Its methods block; they may be called from any thread, one at a time.

    Args:
        installation: What to run.
        folder: For its state; must be empty or a former one.
        model_url: The language model of all agents.

    """

    def __init__(self, installation: Installation, folder: Path, model_url: str) -> None:
        self.tokens = [secrets.token_hex(16)]
        self.version = installation.version
        self._installation = installation
        self._folder = folder
        self._model_url = model_url
        self._port = _unused_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def token(self) -> str:
        """The one that counts: the last."""
        return self.tokens[-1]

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            GatewayError: It is not, after ``LONGEST_START``.

        """
        for name in ("home", "tmp"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self._write_settings()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command("gateway", "run", "--port", str(self._port)),
                env=self._environment(),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watchdog = _watch_over(self._process.pid)
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> int:
        """Stop it as a service is stopped (SIGTERM); return its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LONGEST_STOP)
        return self.kill()

    def kill(self) -> int:
        """Kill it and whatever it has started (SIGKILL); return the exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        _kill_group(process.pid)
        code = process.wait()
        if self._watchdog:
            self._watchdog.kill()
            self._watchdog.communicate()
        return code

    def change_token(self) -> None:
        """Take another token into the settings, which a running gateway notices by itself."""
        self.tokens.append(secrets.token_hex(16))
        self._write_settings()

    def run_command(self, command: str) -> str:
        """Run a command line, such as ``openclaw devices list``, on the gateway's machine.

        Raises:
            GatewayError: It failed.

        """
        program, *arguments = command.split()
        if program != "openclaw":
            raise GatewayError(f"{program} is no program of the gateway's")
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment(),
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=LONGEST_START,
            check=False,
        )
        if done.returncode:
            raise GatewayError(f"{command}: {done.stdout[-500:]}{done.stderr[-500:]}")
        return done.stdout

    def log(self) -> str:
        """Return what it printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def _log(self) -> Path:
        return self._folder / "printed.log"

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._installation.node), str(self._installation.entry), *arguments]

    def _environment(self) -> dict[str, str]:
        """Return the whole environment: nothing of the user's own OpenClaw may come in."""
        home = str(self._folder / "home")
        return {
            **_QUIET,
            "PATH": f"{self._installation.node.parent}:/usr/bin:/bin",
            "HOME": home,
            "OPENCLAW_HOME": home,
            "OPENCLAW_STATE_DIR": str(self._folder),
            "OPENCLAW_CONFIG_PATH": str(self._folder / "openclaw.json"),
            "TMPDIR": str(self._folder / "tmp"),
            "NODE_COMPILE_CACHE": str(self._installation.compiled),
        }

    def _write_settings(self) -> None:
        """Replace the file in one step, for a running gateway watches it."""
        new = self._folder / "openclaw.json.new"
        new.touch(mode=0o600)
        new.write_text(json.dumps(self._settings(), indent=1), encoding="utf-8")
        new.replace(self._folder / "openclaw.json")

    def _settings(self) -> dict[str, Any]:
        defaults = {
            "model": {"primary": "fake/small"},
            "workspace": str(self._folder / "workspace"),
            "skipBootstrap": True,
            "heartbeat": {"every": "0m", "prompt": WOKEN},
        }
        settings: dict[str, Any] = {
            "gateway": {
                "mode": "local",
                "bind": "loopback",
                "port": self._port,
                "auth": {"mode": "token", "token": self.token},
                "trustedProxies": ["127.0.0.1"],
            },
            "models": {"mode": "replace", "providers": {"fake": self._provider()}},
            "agents": {"defaults": defaults},
            "cron": {"enabled": False},
            "logging": {"file": str(self._folder / "gateway.log"), "level": "info"},
        }
        year, month = self.version.split(".")[:2]
        if (int(year), int(month)) < _OLD_LAYOUT_BEFORE:
            settings["agents"]["list"] = [
                {"id": agent, "workspace": self._workspace(agent), "default": agent == AGENTS[0]}
                for agent in AGENTS
            ]
            return settings
        settings["models"]["catalogRefresh"] = {"enabled": False}
        settings["agents"]["ownership"] = "explicit"
        settings["agents"]["entries"] = {
            agent: {"workspace": self._workspace(agent)} for agent in AGENTS
        }
        defaults["heartbeat"]["agentId"] = AGENTS[0]
        defaults["systemAgent"] = {"agentId": AGENTS[0]}
        settings["plugins"] = {"allow": ["device-pair", "openai"]}
        settings["tts"] = self._speech()
        settings["discovery"] = {"mdns": {"mode": "off"}}
        return settings

    def _workspace(self, agent: str) -> str:
        return str(self._folder / f"workspace-{agent}")

    def _provider(self) -> dict[str, Any]:
        cost = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}
        facts = {
            "reasoning": True,
            "compat": {"supportsReasoningEffort": True},
            "input": ["text"],
            "contextWindow": 128_000,
            "cost": cost,
        }
        models = [
            {"id": name, "name": name, "maxTokens": 8192, **facts} for name in ("small", "large")
        ]
        return {
            "baseUrl": self._model_url,
            "apiKey": "made-up",
            "api": "openai-completions",
            "models": models,
        }

    def _speech(self) -> dict[str, Any]:
        openai = {"apiKey": "made-up", "baseUrl": self._model_url, "model": "tts-1"}
        return {
            "provider": "openai",
            "providers": {"openai": {**openai, "speakerVoice": "alloy", "responseFormat": "wav"}},
        }

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + LONGEST_START
        while not _ready(self._port):
            if process.poll() is not None:
                raise GatewayError(f"it exited ({process.returncode}): {self.log()[-2000:]}")
            if time.monotonic() > give_up:
                raise GatewayError(f"it was not ready in time: {self.log()[-2000:]}")
            time.sleep(_LOOK)


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(json.load(answer)["ready"])
    except OSError:  # among them HTTP 503
        return False
    except ValueError:
        return True  # an old gateway, which answers everything with its web page


def _watch_over(group: int) -> subprocess.Popen[bytes]:
    """Kill a process group when we end without having done so, even if we are killed.

    Then its input, which we alone hold open, ends.
    """
    script = 'cat; kill -KILL -- "-$0"'
    return subprocess.Popen(
        ["/bin/sh", "-c", script, str(group)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
