"""What OpenClaw's own settings on this machine say of its Gateway."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openclaw_client import OpenClawConfig

SETTINGS_FILE = Path("~/.openclaw/openclaw.json")

_PORT = 18789
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True, repr=False)
class LocalGateway:
    """A Gateway that may run on this machine. Has no ``repr``, for it holds secrets."""

    address: str = f"ws://127.0.0.1:{_PORT}"
    token: str = ""
    """What it wants to be shown; "" where the settings do not tell."""

    password: str = ""

    def credentials_for(self, config: OpenClawConfig, *, password: bool) -> str:
        """Return what could be shown instead of what is set; "" when there is nothing else."""
        ours, theirs = config.auth_token, self.token
        if password:
            ours, theirs = config.password, self.password
        return "" if ours and ours.get_secret_value() == theirs else theirs


def read_local_gateway(file: Path) -> LocalGateway:
    """Return the Gateway that OpenClaw's settings describe, or else the usual one.

    The file may hold comments, references and more that JSON has not: what does not parse as
    JSON, or is no plain text there, counts as not told.
    """
    try:
        settings = json.loads(file.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError, RecursionError):
        return LocalGateway()
    gateway = _section(settings, "gateway")
    auth = _section(gateway, "auth")
    port = gateway.get("port")
    # A boolean is an integer too, and no port.
    known = type(port) is int and 0 < port <= _HIGHEST_PORT
    return LocalGateway(
        f"ws://127.0.0.1:{port if known else _PORT}",
        _plain_text(auth.get("token")),
        _plain_text(auth.get("password")),
    )


def _section(settings: Any, name: str) -> dict[str, Any]:
    section = settings.get(name) if isinstance(settings, dict) else None
    return section if isinstance(section, dict) else {}


def _plain_text(value: Any) -> str:
    """Return the text; "" for a ``${NAME}``, or an object that says where a secret lies."""
    return value if isinstance(value, str) and "${" not in value else ""
