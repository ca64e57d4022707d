"""Sans-I/O: Twilio's signatures, of webhooks and of media streams.

An HMAC over the address and, for a form, over its fields: sorted by name, each value once, nothing
between them. Other bodies are covered by their hash in the address (``bodySHA256``). See
https://www.twilio.com/docs/usage/webhooks/webhooks-security and, for shared keys,
https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from server.phone.security.forms import Form
from server.phone.security.refusals import Reason, Refusal, printable

SIGNATURE_HEADER: Final = "x-twilio-signature"
SETTINGS_HEADER: Final = "x-twilio-webhooks-signature-settings"

BODY_HASH: Final = "bodySHA256"
"""Field of the query that holds the hash of a body which is no form."""

DEFAULT_ALGORITHM: Final = "HMAC_SHA1"
_ALGORITHMS: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says about its signature."""

    value: str
    settings: str = ""
    """The header that comes with shared keys: ``key=…,algorithm=HMAC_SHA256``."""

    @property
    def algorithm(self) -> str:
        """Which HMAC; Twilio's default when none is named."""
        return self._setting("algorithm").upper() or DEFAULT_ALGORITHM

    @property
    def by_shared_key(self) -> bool:
        """Whether a shared key signed, rather than the account's token."""
        return bool(self._setting("key")) or self.algorithm != DEFAULT_ALGORITHM

    def _setting(self, name: str) -> str:
        for part in self.settings.split(","):
            key, _, value = part.partition("=")
            if key.strip() == name:
                return value.strip()
        return ""


class TwilioSignatures:
    """Tells Twilio's requests from others.

    Args:
        auth_tokens: The account's token, and while it is being replaced the other one too.
        shared_keys: Secrets of shared keys, likewise; only what is signed with one needs it.

    """

    def __init__(
        self, auth_tokens: Sequence[SecretStr], shared_keys: Sequence[SecretStr] = ()
    ) -> None:
        # An empty secret would let everybody sign.
        self._auth_tokens = _secrets(auth_tokens)
        self._shared_keys = _secrets(shared_keys)

    def check_form(self, urls: Sequence[str], form: Form, signature: Signature) -> Refusal | None:
        """Check a request with a form; an empty one for GET and for media streams.

        Args:
            urls: The addresses it may have been signed over (:meth:`PublicUrl.signed_urls`).
            form: All its fields.
            signature: What it came with.

        """
        # Distinct pairs sort as Twilio wants: by name, then by value.
        fields = "".join(name + value for name, value in sorted(set(form.fields)))
        return self._check([url + fields for url in urls], signature)

    def check_body(self, urls: Sequence[str], body: bytes, signature: Signature) -> Refusal | None:
        """Check a request with any other body, such as JSON."""
        sent = parse_qs(urlsplit(urls[0]).query).get(BODY_HASH, [""])[0]
        actual = hashlib.sha256(body).hexdigest()
        matches = hmac.compare_digest(sent.lower().encode(), actual.encode())
        refusal = self._check(urls, signature)
        if refusal is None and not matches:
            return Refusal(Reason.WRONG_SIGNATURE, "the body is not the one that was signed")
        return refusal

    def _check(self, signed: Sequence[str], signature: Signature) -> Refusal | None:
        if not signature.value:
            return Refusal(Reason.UNSIGNED)
        algorithm = _ALGORITHMS.get(signature.algorithm)
        if algorithm is None:
            return Refusal(Reason.UNKNOWN_ALGORITHM, printable(signature.algorithm, 32))
        keys = self._shared_keys if signature.by_shared_key else self._auth_tokens
        if signature.by_shared_key and not keys:
            return Refusal(Reason.NO_SHARED_KEY)
        given = signature.value.encode("utf-8", "replace")
        right = False
        # All are compared, so that the time does not tell which was right.
        for key in keys:
            for text in signed:
                digest = hmac.digest(key, text.encode("utf-8", "replace"), algorithm)
                right |= hmac.compare_digest(base64.b64encode(digest), given)
        return None if right else Refusal(Reason.WRONG_SIGNATURE)


def _secrets(secrets: Sequence[SecretStr]) -> tuple[bytes, ...]:
    return tuple(one.get_secret_value().encode() for one in secrets if one.get_secret_value())
