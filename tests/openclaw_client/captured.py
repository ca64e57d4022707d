"""Frames captured from three real gateways, trimmed."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "frames"
VERSIONS = ("2026.2.12", "2026.5.28", "2026.9.6")
WITH_AGENT_METHOD = VERSIONS[1:]
"""Protocol 4."""


def frames(version: str, scenario: str) -> list[dict[str, Any]]:
    """Return ``{"dir": "in" | "out" | "close", "frame": …}`` in order."""
    path = FOLDER / version / f"{scenario}.json"
    return json.loads(path.read_text(encoding="utf-8"))["frames"]


def incoming(version: str, scenario: str) -> list[str]:
    """Return what the gateway sent, as text."""
    return [json.dumps(one["frame"]) for one in frames(version, scenario) if one["dir"] == "in"]


def challenge(nonce: str = "n-1", at: int = 1_700_000_000_000) -> str:
    return event("connect.challenge", {"nonce": nonce, "ts": at})


def event(name: str, payload: dict[str, Any], seq: int | None = None) -> str:
    frame: dict[str, Any] = {"type": "event", "event": name, "payload": payload}
    return json.dumps(frame if seq is None else {**frame, "seq": seq})


def answer(request_id: str, payload: dict[str, Any]) -> str:
    return json.dumps({"type": "res", "id": request_id, "ok": True, "payload": payload})


def refusal(request_id: str, code: str, message: str, **more: Any) -> str:
    error = {"code": code, "message": message, **more}
    return json.dumps({"type": "res", "id": request_id, "ok": False, "error": error})


def hello(protocol: int = 4, **more: Any) -> dict[str, Any]:
    return {
        "type": "hello-ok",
        "protocol": protocol,
        "server": {"version": "2026.9.6", "connId": "c", "bootId": "b"},
        "features": {"methods": ["agent", "sessions.messages.subscribe"], "events": ["chat"]},
        "auth": {"role": "operator", "scopes": ["operator.read", "operator.write"]},
        "policy": {"maxPayload": 26214400, "tickIntervalMs": 30000},
        **more,
    }
