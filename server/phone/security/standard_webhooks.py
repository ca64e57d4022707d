"""Sans-I/O: OpenAI's webhooks, signed as https://www.standardwebhooks.com says."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from server.phone.security.refusals import Reason, Refusal

TOLERANCE: Final = 300.0
"""Seconds by which a webhook may be old, or our clock wrong."""

_PREFIX: Final = "whsec_"
_MOST_SIGNATURES: Final = 8
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class WebhookHeaders:
    """The headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``."""

    id: str
    """The same when a webhook is sent again: what :class:`ReplayStore` remembers it by."""

    timestamp: str
    signatures: str


class StandardWebhooks:
    """Tells genuine webhooks from others.

    Args:
        secret: As OpenAI shows it, beginning with ``whsec_``.

    Raises:
        ValueError: It is no such secret.

    """

    def __init__(self, secret: SecretStr) -> None:
        encoded = secret.get_secret_value().removeprefix(_PREFIX)
        try:
            self._key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("a webhook secret looks like whsec_ and base64 behind it") from None
        if not self._key:
            raise ValueError("the webhook secret is empty")

    def check(self, headers: WebhookHeaders, body: bytes, wall_time: float) -> Refusal | None:
        """Check a webhook.

        Args:
            headers: What it came with.
            body: As it came.
            wall_time: Seconds since 1970; the sender's clock is compared with it.

        """
        if not headers.id or not headers.signatures:
            return Refusal(Reason.UNSIGNED)
        if max(len(headers.id), len(headers.timestamp)) > _LONGEST:
            return Refusal(Reason.BAD_REQUEST, "its headers")
        signed = f"{headers.id}.{headers.timestamp}.".encode("utf-8", "replace") + body
        expected = b"v1," + base64.b64encode(hmac.digest(self._key, signed, "sha256"))
        right = False
        for one in headers.signatures.split(" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES]:
            right |= hmac.compare_digest(expected, one.encode("utf-8", "replace"))
        if not right:
            return Refusal(Reason.WRONG_SIGNATURE)
        return self._check_age(headers.timestamp, wall_time)

    @staticmethod
    def _check_age(timestamp: str, wall_time: float) -> Refusal | None:
        if not (timestamp.isascii() and timestamp.isdigit()):
            return Refusal(Reason.BAD_REQUEST, "its timestamp")
        if abs(wall_time - int(timestamp)) > TOLERANCE:
            return Refusal(Reason.STALE)
        return None
