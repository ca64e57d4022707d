"""Installs a pinned OpenClaw Gateway, and the Node.js it runs on, from npm.

Into a folder of the user's cache, once for all checkouts: 860 MB, about half a minute.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import filelock

GATEWAY = "2026.9.6"
NODE = "26.10.0"

LONGEST_INSTALL = 420.0
"""Seconds until one ``npm install`` is given up; a single tarball has been seen to hang for 9
minutes."""


class InstallError(Exception):
    """The gateway cannot be installed; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A gateway that is ready to be started."""

    version: str
    node: Path
    """The program ``node``."""

    entry: Path
    """What ``node`` runs: the command ``openclaw``."""

    compiled: Path
    """Where ``node`` keeps what it has compiled, from one start to the next."""


def cache_folder() -> Path:
    """Return where gateways are installed: ``gateway-<version>`` each."""
    if chosen := os.environ.get("OPENCLAW_VOICE_GATEWAY_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "openclaw-voice"


def find_installed(folder: Path, version: str = GATEWAY) -> Installation | None:
    """Return the gateway of this version if the folder has it whole."""
    home = folder / f"gateway-{version}"
    node = home / "node" / "node_modules" / "node" / "bin" / "node"
    package = home / "openclaw" / "node_modules" / "openclaw"
    try:
        found = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        return None
    if found != version or not os.access(node, os.X_OK):
        return None
    return Installation(version, node, package / "openclaw.mjs", home / "compiled")


def install(folder: Path, version: str = GATEWAY) -> Installation:
    """Return the gateway of this version, installed first where needed.

    It appears in one step, whole; of two that install at a time one waits for the other.

    Raises:
        InstallError: It cannot be installed.

    """
    if found := find_installed(folder, version):
        return found
    if missing := [name for name in ("node", "npm") if shutil.which(name) is None]:
        raise InstallError(f"there is no {' and no '.join(missing)} on the PATH")
    home = folder / f"gateway-{version}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(f"{home}.lock", timeout=2 * LONGEST_INSTALL):
            if find_installed(folder, version) is None:
                partial = folder / f"gateway-{version}.partial"
                shutil.rmtree(partial, ignore_errors=True)
                _install_into(partial, version)
                shutil.rmtree(home, ignore_errors=True)
                partial.rename(home)
    except OSError as error:  # among them the lock's timeout
        raise InstallError(
            f"the cache folder cannot be used: {error.strerror or type(error).__name__}"
        ) from None
    if found := find_installed(folder, version):
        return found
    raise InstallError("npm installed no node or no openclaw, and did not say why")


def _install_into(folder: Path, version: str) -> None:
    """Install node first: openclaw refuses to be installed by an older one."""
    _npm_install(folder / "node", f"node@{NODE}", os.environ["PATH"])
    path = f"{folder / 'node' / 'node_modules' / 'node' / 'bin'}:{os.environ['PATH']}"
    _npm_install(folder / "openclaw", f"openclaw@{version}", path, "--ignore-scripts")


def _npm_install(folder: Path, package: str, path: str, *options: str) -> None:
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    quiet = ["--no-fund", "--no-audit", "--fetch-timeout=60000", "--fetch-retry-maxtimeout=10000"]
    npm = subprocess.Popen(
        ["npm", "install", *quiet, *options, package],  # noqa: S607 - the user's npm
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = npm.communicate(timeout=LONGEST_INSTALL)
    except subprocess.TimeoutExpired:
        raise InstallError(
            f"npm did not install {package} within {LONGEST_INSTALL:.0f} s"
        ) from None
    finally:
        if npm.poll() is None:
            os.killpg(npm.pid, signal.SIGKILL)
            npm.communicate()
    if npm.returncode:
        raise InstallError(f"npm could not install {package}: {last_complaint(said)}")


def last_complaint(said: str) -> str:
    """Return the last line of npm's that tells something, without addresses and paths."""
    lines = [line.strip() for line in said.splitlines() if line.startswith("npm error")]
    telling = [line for line in lines if "complete log of this run" not in line]
    last = telling[-1] if telling else "it did not say why"
    return re.sub(r"\w+://\S+|(?<!\S)/\S+", "…", last)
