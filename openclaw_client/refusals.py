"""What a gateway's refusals mean, and what to do about each.

Gateways of protocol 4 give a code in ``error.details``; those of protocol 3 only a sentence.
"""

from __future__ import annotations

import re

from openclaw_client.errors import (
    CredentialsError,
    DeviceRefusedError,
    GatewayConnectionError,
    PairingRequiredError,
    ProtocolMismatchError,
    RequestError,
    ScopeMissingError,
    UnavailableError,
)
from openclaw_client.frames import WireError, as_text, quoted
from openclaw_client.handshake import NEWEST_PROTOCOL, OLDEST_PROTOCOL, SCOPES

_CREDENTIALS_FIX = (
    "Set OPENCLAW_AUTH_TOKEN to the gateway.auth.token of the gateway's openclaw.json, or"
    " OPENCLAW__PASSWORD to its gateway.auth.password"
)
_DEVICE_FIX = (
    "Stop the program, delete its device file (openclaw.device_file), start again and approve the"
    " new device when asked"
)


_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""It becomes part of a command that people are asked to run."""

_NO_PROTOCOL = 1000


def connect_refusal(error: WireError) -> GatewayConnectionError:
    """Return what the refusal of our ``connect`` means."""
    code = error.detail_code or error.code
    message = error.message.lower()
    if error.code == "UNAVAILABLE" or code == "AUTH_RATE_LIMITED":
        return UnavailableError(
            f"the gateway wants us to wait: {quoted(error.message)}", retry_after=error.retry_after
        )
    if code == "PAIRING_REQUIRED" or error.code == "NOT_PAIRED" or "pairing required" in message:
        reason = quoted(as_text(error.details.get("reason")))
        request_id = as_text(error.details.get("requestId"))
        return PairingRequiredError(
            "the gateway waits for this device to be approved" + (f" ({reason})" if reason else ""),
            request_id if _REQUEST_ID.fullmatch(request_id) else "",
        )
    if code == "PROTOCOL_MISMATCH" or "protocol mismatch" in message:
        return _protocol_mismatch(error)
    if code.startswith("DEVICE_") or message.startswith("device "):
        return DeviceRefusedError(
            f"the gateway refused our device identity: {quoted(error.message)}", fix=_DEVICE_FIX
        )
    if code.startswith("AUTH_") or message.startswith("unauthorized"):
        return CredentialsError(
            f"the gateway refused our credentials: {quoted(error.message)}", fix=_CREDENTIALS_FIX
        )
    return ProtocolMismatchError(
        f"the gateway refused to connect: {quoted(error.message) or error.code}",
        fix="Update openclaw-voice, or the gateway",
    )


def request_refusal(error: WireError) -> RequestError | ScopeMissingError:
    """Return what the refusal of any other request means."""
    message = error.message
    if error.detail_code == "MISSING_SCOPE" or message.startswith("missing scope:"):
        told = as_text(error.details.get("missingScope"))
        scope = told or message.removeprefix("missing scope:").strip()
        if scope in SCOPES:
            return ScopeMissingError([scope])
        return RequestError("MISSING_SCOPE", f"this needs the scope {quoted(scope)}")
    return RequestError(
        error.code,
        f"the gateway refused a request: {quoted(message) or error.code}",
        reason=quoted(message),
        retry_after=error.retry_after if error.code == "UNAVAILABLE" else None,
    )


def _protocol_mismatch(error: WireError) -> ProtocolMismatchError:
    expected = error.details.get("expectedProtocol")
    if not isinstance(expected, int) or not 0 <= expected < _NO_PROTOCOL:
        return ProtocolMismatchError(
            "the gateway speaks another version of its protocol",
            fix="Update the gateway with: openclaw update; or update openclaw-voice",
        )
    if expected < OLDEST_PROTOCOL:
        return ProtocolMismatchError(
            f"the gateway is too old: it speaks protocol {expected}, we need {OLDEST_PROTOCOL}",
            fix="Update the gateway with: openclaw update",
        )
    return ProtocolMismatchError(
        f"the gateway is too new: it speaks protocol {expected}, we speak up to {NEWEST_PROTOCOL}",
        fix="Update openclaw-voice",
    )
