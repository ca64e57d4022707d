"""Sans-I/O: is a request on the public listener Twilio's, and is it new?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

from server.phone.security.forms import CONTENT_TYPE, Form, parse_form
from server.phone.security.public_url import PublicUrl
from server.phone.security.refusals import Reason, Refusal
from server.phone.security.replays import Answer, Repeat, ReplayStore, replay_key, unsigned_key
from server.phone.security.signatures import (
    BODY_HASH,
    SETTINGS_HEADER,
    SIGNATURE_HEADER,
    Signature,
    TwilioSignatures,
)

IDEMPOTENCY_HEADER: Final = "i-twilio-idempotency-token"
LONGEST_TARGET: Final = 2048
LONGEST_HEADER: Final = 512
"""Characters; of the headers that matter here, Twilio's are below 150."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request as it came, nothing decoded."""

    target: str
    """Path and query."""

    signature: Signature
    idempotency_token: str = ""
    content_type: str = ""
    body: bytes = b""
    straight: bool = False
    """Whether it came straight from a program on this machine."""

    @property
    def has_signed_body(self) -> bool:
        """Whether its body is covered by a hash in the address, rather than field by field."""
        if self.content_type == CONTENT_TYPE:
            return False
        # Without its body such a request would look like one that has none.
        return bool(self.body) or f"{BODY_HASH}=" in self.target

    @classmethod
    def from_asgi(
        cls,
        raw_path: bytes,
        query_string: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes = b"",
    ) -> Self:
        """Read what an ASGI scope has: ``raw_path``, ``query_string`` and ``headers``."""
        given = list(headers)
        path = raw_path.partition(b"?")[0]  # servers differ in whether it has the query
        target = path + (b"?" + query_string if query_string else b"")
        signature = Signature(_header(given, SIGNATURE_HEADER), _header(given, SETTINGS_HEADER))
        return cls(
            target.decode("latin-1"),
            signature,
            _header(given, IDEMPOTENCY_HEADER),
            _header(given, "content-type").partition(";")[0].strip().lower(),
            body,
        )


@dataclass(frozen=True, slots=True)
class Genuine:
    """Twilio's, and new. Answer it, and give the answer to :meth:`WebhookGuard.keep_answer`."""

    form: Form
    """Its fields; empty when the body was none."""

    body: bytes
    """Its body as it came."""

    key: bytes
    """What it is remembered by."""


Verdict: TypeAlias = Genuine | Repeat | Refusal


class WebhookGuard:
    """Lets Twilio in, once per request.

    Args:
        public_url: Where Twilio reaches us; a tunnel that comes back elsewhere changes it.
        signatures: What Twilio signs with.
        replays: What was there before.
        takes_unsigned: Whether what comes straight from this machine needs no signature: for
            simulators that do not sign. What comes from anywhere else always needs one.

    """

    def __init__(
        self,
        public_url: PublicUrl,
        signatures: TwilioSignatures,
        replays: ReplayStore,
        *,
        takes_unsigned: bool = False,
    ) -> None:
        self.public_url = public_url
        self._signatures = signatures
        self._replays = replays
        self._takes_unsigned = takes_unsigned

    def receive(self, request: WebhookRequest, now: float) -> Verdict:
        """Judge a webhook, its body complete.

        Args:
            request: The request.
            now: Seconds, on any clock that only goes forward.

        """
        if len(request.target) > LONGEST_TARGET:
            return Refusal(Reason.TOO_LARGE, "its address")
        urls = self.public_url.signed_urls(request.target, "webhook")
        form = Form()
        if request.has_signed_body:
            refusal = self._check(urls, None, request)
        else:
            parsed = parse_form(request.body)
            if isinstance(parsed, Refusal):
                return parsed
            form = parsed
            refusal = self._check(urls, form, request)
        key = self._key(request)
        return refusal or self._new(request, now) or Genuine(form, request.body, key)

    def receive_upgrade(self, request: WebhookRequest, now: float) -> Refusal | None:
        """Judge a media stream before its upgrade; ``None`` lets it go on to its token.

        Twilio opens a stream once, so one that repeats another is refused.
        """
        if len(request.target) > LONGEST_TARGET:
            return Refusal(Reason.TOO_LARGE, "its address")
        urls = self.public_url.signed_urls(request.target, "stream")
        refusal = self._check(urls, Form(), request)
        if refusal is None and self._new(request, now) is not None:
            return Refusal(Reason.REPLAYED)
        return refusal

    def keep_answer(self, genuine: Genuine, answer: Answer) -> None:
        """Remember an answer, for when the request comes again."""
        self._replays.keep_answer(genuine.key, answer)

    def forget(self, genuine: Genuine) -> None:
        """Let Twilio try again what failed here."""
        self._replays.forget(genuine.key)

    def _believes(self, request: WebhookRequest) -> bool:
        """Return whether a request is taken without its signature."""
        return self._takes_unsigned and request.straight

    def _check(
        self, urls: Sequence[str], form: Form | None, request: WebhookRequest
    ) -> Refusal | None:
        """Judge a signature, over the fields of a form or over the body as it is."""
        if self._believes(request):
            return None
        if form is None:
            return self._signatures.check_body(urls, request.body, request.signature)
        return self._signatures.check_form(urls, form, request.signature)

    def _new(self, request: WebhookRequest, now: float) -> Repeat | None:
        return self._replays.notice(self._key(request), request.idempotency_token, now)

    def _key(self, request: WebhookRequest) -> bytes:
        if self._believes(request):  # nothing else tells two of them apart
            return unsigned_key(request.target, request.body)
        return replay_key(request.signature.algorithm, request.signature.value)


def _header(headers: Sequence[tuple[bytes, bytes]], name: str) -> str:
    """Return a header; ``""`` when it is missing, there twice, or longer than Twilio's ever are."""
    values = [value for key, value in headers if key.lower() == name.encode()]
    if len(values) != 1 or len(values[0]) > LONGEST_HEADER:
        return ""
    return values[0].decode("latin-1").strip()
