"""How Twilio signs its requests, written down apart from the code under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

SHARED_KEY_ID = "webhooks_sharedkey_01fake"


def sign(
    secret: str, url: str, fields: Iterable[tuple[str, str]] = (), algorithm: str = "HMAC_SHA1"
) -> str:
    """Return the signature of a request; ``fields`` are those of a form."""
    pairs = list(fields)
    text = url
    for name in sorted({key for key, _ in pairs}):
        for value in sorted({value for key, value in pairs if key == name}):
            text += name + value
    digest = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}[algorithm]
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), digest).digest()).decode()


@dataclass(slots=True)
class Signer:
    """What requests are signed with; may change between two of them."""

    auth_token: str
    shared_key: str | None = None
    """Signs instead of the token, by HMAC_SHA256, when there is one."""

    def headers(self, url: str, fields: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
        if self.shared_key is None:
            return {"X-Twilio-Signature": sign(self.auth_token, url, fields)}
        settings = f"key={SHARED_KEY_ID},algorithm=HMAC_SHA256"
        return {
            "X-Twilio-Signature": sign(self.shared_key, url, fields, "HMAC_SHA256"),
            "X-Twilio-Webhooks-Signature-Settings": settings,
        }
