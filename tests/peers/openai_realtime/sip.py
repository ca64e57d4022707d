"""Calls that come in by SIP: a signed webhook out, REST in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp

from tests.peers.openai_realtime.problems import ProblemError
from tests.peers.openai_realtime.sdk_types import check_session_types
from tests.peers.openai_realtime.settings import check_settings

Json = dict[str, Any]
_TARGET = re.compile(r"tel:\+?[0-9]+|sips?:.+")


class SipState(StrEnum):
    INCOMING = "incoming"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REFERRED = "referred"
    HUNG_UP = "hung up"


@dataclass(slots=True)
class SipCall:
    """A call, and what the program did with it."""

    id: str
    headers: list[dict[str, str]]
    state: SipState = SipState.INCOMING
    accepted: Json = field(default_factory=dict)
    """The settings with which it was accepted."""

    reject_code: int | None = None
    target_uri: str | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        return self.state in {SipState.REFERRED, SipState.HUNG_UP, SipState.REJECTED}

    def carry_out(self, verb: str, body: Json) -> None:
        """Do what the program says.

        Raises:
            ProblemError: It cannot be done.

        """
        match verb:
            case "accept":
                self._accept(body)
            case "reject":
                self.reject_code, self.state = body.get("status_code", 603), SipState.REJECTED
            case "refer":
                self.target_uri = body.get("target_uri") or ""
                if not _TARGET.fullmatch(self.target_uri):
                    raise ProblemError("Invalid 'target_uri'.", "invalid_value", "target_uri")
                self.state = SipState.REFERRED
            case "hangup":
                self.state = SipState.HUNG_UP
            case _:
                raise ProblemError(f"Unknown action {verb}.", "not_found")
        self.changed.set()

    def _accept(self, body: Json) -> None:
        if self.state is not SipState.INCOMING:
            raise ProblemError("Call has already been handled.", "call_already_handled")
        check_session_types(body, "")
        check_settings(body)
        self.accepted, self.state = body, SipState.ACCEPTED


class SipCalls:
    """All calls, and the webhooks that announce them."""

    def __init__(self, wall_time: Callable[[], float], secret: str | None = None) -> None:
        self._wall_time = wall_time
        encoded = base64.b64encode(secrets.token_bytes(24)).decode()
        self.webhook_secret = secret or f"whsec_{encoded}"
        self.all: dict[str, SipCall] = {}

    async def ring(
        self,
        webhook_url: str,
        *,
        from_number: str = "+15550001111",
        age: int = 0,
        tampered: bool = False,
        webhook_id: str | None = None,
    ) -> tuple[SipCall, int]:
        """Let somebody call; returns the call and how the webhook was answered.

        Args:
            webhook_url: Of the program.
            from_number: The caller's, as their SIP header claims.
            age: Seconds since the webhook was signed.
            tampered: Whether its body was changed on the way.
            webhook_id: That of an earlier one, to send it again.

        """
        headers = [
            {"name": "From", "value": f"<sip:{from_number}@sip.example.com>;tag=1"},
            {"name": "To", "value": "<sip:+15550002222@sip.api.openai.com>"},
            {"name": "Call-ID", "value": secrets.token_hex(8)},
        ]
        call = SipCall(f"rtc_{secrets.token_hex(8)}", headers)
        self.all[call.id] = call
        at = int(self._wall_time()) - age
        body = _announcement(call, at)
        sent = self.headers(body, webhook_id or f"wh_{secrets.token_hex(8)}", at)
        if tampered:
            body = body.replace(b"rtc_", b"rtx_")
        async with (
            aiohttp.ClientSession() as http,
            http.post(webhook_url, data=body, headers=sent) as answer,
        ):
            return call, answer.status

    def headers(self, body: bytes, webhook_id: str, at: int) -> dict[str, str]:
        """Return the headers of a webhook, signed."""
        key = base64.b64decode(self.webhook_secret.removeprefix("whsec_"))
        signed = f"{webhook_id}.{at}.".encode() + body
        signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,{signature}",
            "user-agent": "OpenAI/1.0 (+https://platform.openai.com/docs/webhooks)",
        }


def _announcement(call: SipCall, at: int) -> bytes:
    event = {
        "object": "event",
        "id": f"evt_{secrets.token_hex(8)}",
        "type": "realtime.call.incoming",
        "created_at": at,
        "data": {"call_id": call.id, "sip_headers": call.headers, "sip_media_security": "srtp"},
    }
    return json.dumps(event).encode()
