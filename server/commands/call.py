"""``call``: has the running service call somebody, and tells what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import httpx
import typer

from server.config import Config, ServerConfig

_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not listened on
_PATIENCE: Final = 10.0
"""Seconds until the service answers."""

_LOOK: Final = 20.0
"""Seconds in which the service may keep us waiting for the end of a call."""

_FINAL: Final = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


class CallError(Exception):
    """The call is not made, or nothing is known of it; the message says why and what to do.

    Args:
        message: That.
        code: The exit status.

    """

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What is wanted."""

    body: Mapping[str, Any]
    """As ``POST /call`` takes it."""

    wait: bool = False
    """Whether to wait until the call is over."""

    as_json: bool = False
    """One JSON object a line instead of text."""


def run_call(config: Config, options: CallOptions) -> int:
    """Have the running service make a call.

    Args:
        config: Says where the service is.
        options: What is wanted.

    Returns:
        The exit status: 0 when the call was begun, with ``wait`` when it was completed; 1 when it
        was not; 2 when it is wrong.

    """
    try:
        with _client(config.server) as client:
            begun = _asked(client, "POST", "/call", json=dict(options.body))
            _print_begun(begun, as_json=options.as_json)
            if not options.wait:
                return 0
            record = _end_of(client, begun["call_id"])
    except CallError as error:
        typer.echo(f"call: {error}", err=True)
        return error.code
    _print_end(record, as_json=options.as_json)
    return int(record["status"] != "completed")


def _client(server: ServerConfig) -> httpx.Client:
    if server.port == 0:
        raise CallError("server.port is 0, so nobody knows where the service is: set a port", 2)
    host = _ANY_ADDRESS.get(server.host, server.host)
    host = f"[{host}]" if ":" in host else host
    headers: dict[bytes, bytes] = {}
    if server.token is not None:
        headers[b"authorization"] = f"Bearer {server.token.get_secret_value()}".encode()
    return httpx.Client(
        base_url=f"http://{host}:{server.port}",
        headers=headers,
        timeout=httpx.Timeout(_LOOK + _PATIENCE, connect=_PATIENCE),
        trust_env=False,
    )


def _asked(client: httpx.Client, method: str, path: str, **more: Any) -> dict[str, Any]:
    """Return what the service answers.

    Raises:
        CallError: It does not answer, or does not do it.

    """
    try:
        response = client.request(method, path, **more)
    except httpx.ConnectError as error:
        raise CallError(
            f"the service is not running at {client.base_url}: start it with uv run run.py"
        ) from error
    except httpx.HTTPError as error:
        raise CallError(
            f"the service at {client.base_url} does not answer ({type(error).__name__}): look at"
            " its log"
        ) from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.is_success and isinstance(answer, dict):
        return answer
    raise _refusal(client, response.status_code, answer)


def _refusal(client: httpx.Client, status: int, answer: object) -> CallError:
    detail = answer.get("detail") if isinstance(answer, dict) else None
    if status == HTTPStatus.UNAUTHORIZED:
        return CallError("the service asks for its token: set SERVER__TOKEN as it has it")
    if not isinstance(detail, str) or status == HTTPStatus.NOT_FOUND:
        return CallError(
            f"what answers at {client.base_url} is no service with a telephone (status {status}):"
            " look at server.host and server.port"
        )
    return CallError(detail, 2 if status == HTTPStatus.BAD_REQUEST else 1)


def _end_of(client: httpx.Client, call_id: str) -> dict[str, Any]:
    """Wait for the end of a call; return its record."""
    while True:
        record = _asked(client, "GET", f"/call/{call_id}", params={"wait": _LOOK})
        if record.get("status") in _FINAL:
            return record


def _print_begun(begun: Mapping[str, Any], *, as_json: bool) -> None:
    typer.echo(_line({"type": "call", **begun}) if as_json else f"{begun['message']}.")


def _print_end(record: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(_line({"type": "call", **record}))
        return
    for row in record["transcript"]:
        at = datetime.fromisoformat(row["timestamp"]).astimezone()
        who = {"user": record["to"], "assistant": "agent"}.get(row["role"], row["role"])
        cut = " (interrupted)" if row["interrupted"] else ""
        typer.echo(f"{at:%H:%M:%S}  {who}: {row['text']}{cut}")
    why = record["error"] or record["endReason"]
    typer.echo(f"The call is {record['status']} ({why}), {record['duration']} s.")
    outcome = record["outcome"]
    if outcome is None:
        return
    typer.echo(f"Outcome: {outcome['summary']}")
    for step in outcome["nextSteps"]:
        typer.echo(f"Next: {step}")


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
