"""Attacks on the public listener, at the level of requests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from server.phone.security.forms import CONTENT_TYPE, Form
from server.phone.security.public_url import PublicUrl
from server.phone.security.refusals import Reason, Refusal
from server.phone.security.replays import Answer, Repeat, RepeatKind, ReplayStore
from server.phone.security.signatures import Signature, TwilioSignatures
from server.phone.security.webhook_guard import Genuine, WebhookGuard, WebhookRequest

TOKEN = "auth-token"
BASE = "https://phone.example.com"
FIELDS = {"CallSid": "CA1", "From": "+12125550123", "To": "+15550009999", "Digits": ""}
STREAM = "/voice/stream/one-time"


def guard() -> WebhookGuard:
    signatures = TwilioSignatures([SecretStr(TOKEN)])
    return WebhookGuard(PublicUrl.parse(BASE), signatures, ReplayStore())


def sign(url: str, fields: dict[str, str] | None = None) -> Signature:
    return Signature(RequestValidator(TOKEN).compute_signature(url, fields or {}))


def webhook(
    *,
    target: str = "/voice?step=1",
    signature: Signature | None = None,
    body: bytes | None = None,
    idempotency: str = "idempotency-1",
    content_type: str = CONTENT_TYPE,
) -> WebhookRequest:
    signed = sign(BASE + target, FIELDS) if signature is None else signature
    sent = urlencode(FIELDS).encode() if body is None else body
    return WebhookRequest(target, signed, idempotency, content_type, sent)


def upgrade(target: str = STREAM, signature: Signature | None = None) -> WebhookRequest:
    signed = sign(f"wss://phone.example.com{target}") if signature is None else signature
    return WebhookRequest(target, signed)


def reason(verdict: object) -> Reason | None:
    return verdict.reason if isinstance(verdict, Refusal) else None


def test_twilio_comes_in_with_its_form() -> None:
    verdict = guard().receive(webhook(), 0.0)
    assert isinstance(verdict, Genuine)
    assert verdict.form == Form(tuple(FIELDS.items()))


def test_get_requests_are_signed_by_their_address_alone() -> None:
    target = "/voice?" + urlencode(FIELDS)
    request = WebhookRequest(target, sign(BASE + target))
    assert isinstance(guard().receive(request, 0.0), Genuine)


@pytest.mark.parametrize(
    "request_",
    [
        webhook(signature=Signature("")),
        webhook(signature=sign(BASE + "/voice?step=1")),
        webhook(signature=sign(BASE + "/voice?step=1", FIELDS | {"From": "+1"})),
        webhook(signature=sign("https://evil.example/voice?step=1", FIELDS)),
        webhook(signature=sign("http://phone.example.com/voice?step=1", FIELDS)),
        webhook(signature=sign("wss://phone.example.com/voice?step=1", FIELDS)),
        webhook(signature=Signature(sign(BASE + "/voice?step=1", FIELDS).value[:-1])),
        webhook(target="/voice?step=2", signature=sign(BASE + "/voice?step=1", FIELDS)),
        webhook(target="/voice?step=%31", signature=sign(BASE + "/voice?step=1", FIELDS)),
        webhook(target="//voice?step=1", signature=sign(BASE + "/voice?step=1", FIELDS)),
        webhook(target="/./voice?step=1", signature=sign(BASE + "/voice?step=1", FIELDS)),
        webhook(body=urlencode(FIELDS).encode()[:-5]),
        webhook(body=urlencode(FIELDS).encode() + b"&Admin=1"),
        webhook(body=b""),
        webhook(content_type="application/json"),
        webhook(content_type="multipart/form-data"),
        webhook(content_type=""),
    ],
)
def test_what_twilio_did_not_sign_is_refused_without_saying_why(request_: WebhookRequest) -> None:
    verdict = guard().receive(request_, 0.0)
    assert isinstance(verdict, Refusal)
    assert verdict.status in {400, 403}


def test_refused_requests_do_not_use_up_the_genuine_one() -> None:
    door = guard()
    for _ in range(100):
        door.receive(webhook(body=b"From=%2B666"), 0.0)
    assert isinstance(door.receive(webhook(), 0.0), Genuine)


def test_a_retry_is_answered_as_before() -> None:
    door = guard()
    genuine = door.receive(webhook(), 0.0)
    assert isinstance(genuine, Genuine)
    assert door.receive(webhook(), 1.0) == Repeat(RepeatKind.RETRY, None)
    answer = Answer(200, "text/xml", "<Response/>")
    door.keep_answer(genuine, answer)
    assert door.receive(webhook(), 2.0) == Repeat(RepeatKind.RETRY, answer)


def test_what_could_not_be_answered_may_come_again() -> None:
    door = guard()
    genuine = door.receive(webhook(), 0.0)
    assert isinstance(genuine, Genuine)
    door.forget(genuine)
    assert isinstance(door.receive(webhook(), 1.0), Genuine)


@pytest.mark.parametrize(
    "body",
    [
        urlencode(FIELDS).encode(),
        urlencode(dict(reversed(FIELDS.items()))).encode(),
        urlencode(FIELDS).replace("%2B", "%2b").encode(),
        urlencode(FIELDS).replace("CA1", "%43%41%31").encode(),
        urlencode([*FIELDS.items(), ("CallSid", "CA1")]).encode(),
        # What is between a name and its value is not signed either.
        urlencode({"CallSi": "dCA1", **FIELDS}).replace("CallSid=CA1&", "").encode(),
    ],
)
@pytest.mark.parametrize("token", ["idempotency-2", ""])
def test_a_replay_stays_one_however_it_is_disguised(body: bytes, token: str) -> None:
    door = guard()
    assert isinstance(door.receive(webhook(), 0.0), Genuine)
    disguised = webhook(body=body, idempotency=token)
    assert door.receive(disguised, 3600.0) == Repeat(RepeatKind.REPLAY, None)


def test_other_bodies_come_in_with_the_hash_in_their_address() -> None:
    body = b'{"StreamEvent": "x"}'
    target = f"/status?bodySHA256={hashlib.sha256(body).hexdigest()}"
    request = webhook(
        target=target, signature=sign(BASE + target), body=body, content_type="application/json"
    )
    verdict = guard().receive(request, 0.0)
    assert isinstance(verdict, Genuine)
    assert (verdict.body, verdict.form) == (body, Form())
    for changed, content_type in (
        (b"{}", "application/json"),
        (b"", "application/json"),
        (b"a=1", CONTENT_TYPE),
    ):
        other = webhook(
            target=target, signature=sign(BASE + target), body=changed, content_type=content_type
        )
        assert reason(guard().receive(other, 0.0)) is Reason.WRONG_SIGNATURE


def test_very_long_requests_cost_nothing() -> None:
    long = "/voice?" + "a" * 1_000_000
    assert reason(guard().receive(webhook(target=long), 0.0)) is Reason.TOO_LARGE
    assert reason(guard().receive_upgrade(upgrade(long), 0.0)) is Reason.TOO_LARGE


def test_a_signed_upgrade_comes_in_once() -> None:
    door = guard()
    assert door.receive_upgrade(upgrade(), 0.0) is None
    assert reason(door.receive_upgrade(upgrade(), 1.0)) is Reason.REPLAYED


@pytest.mark.parametrize(
    "request_",
    [
        upgrade(signature=Signature("")),
        upgrade(signature=sign(f"https://phone.example.com{STREAM}")),
        upgrade(signature=sign("wss://phone.example.com/voice/stream/another")),
        upgrade(STREAM + "?x=1", sign(f"wss://phone.example.com{STREAM}")),
        upgrade(STREAM + "/", sign(f"wss://phone.example.com{STREAM}")),
    ],
)
def test_other_upgrades_are_refused(request_: WebhookRequest) -> None:
    refusal = guard().receive_upgrade(request_, 0.0)
    assert refusal is not None
    assert refusal.status == 403


def test_a_tunnel_that_came_back_elsewhere_changes_what_is_signed() -> None:
    door = guard()
    door.public_url = PublicUrl.parse("https://other.example")
    assert reason(door.receive(webhook(), 0.0)) is Reason.WRONG_SIGNATURE
    elsewhere = webhook(signature=sign("https://other.example/voice?step=1", FIELDS))
    assert isinstance(door.receive(elsewhere, 0.0), Genuine)


def test_requests_are_read_as_they_came() -> None:
    signature = sign(BASE + "/v%20oice?a=%2B1", FIELDS).value.encode()
    request = WebhookRequest.from_asgi(
        b"/v%20oice",
        b"a=%2B1",
        [
            (b"X-Twilio-Signature", signature),
            (b"i-twilio-idempotency-token", b" t "),
            (b"content-type", b"Application/x-www-form-urlencoded; charset=UTF-8"),
            (b"x-forwarded-host", b"evil.example"),
            (b"host", b"evil.example"),
        ],
        urlencode(FIELDS).encode(),
    )
    assert (request.target, request.idempotency_token) == ("/v%20oice?a=%2B1", "t")
    assert isinstance(guard().receive(request, 0.0), Genuine)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"x-twilio-signature", b"a"), (b"x-twilio-signature", b"b")],
        [(b"x-twilio-signature", b"a" * 513)],
    ],
)
def test_a_signature_has_to_be_one_and_short(headers: list[tuple[bytes, bytes]]) -> None:
    request = WebhookRequest.from_asgi(b"/voice?x=1", b"x=1", headers)
    assert request.target == "/voice?x=1"
    assert reason(guard().receive(request, 0.0)) is Reason.UNSIGNED


def lenient() -> WebhookGuard:
    signatures = TwilioSignatures([SecretStr(TOKEN)])
    return WebhookGuard(PublicUrl.parse(BASE), signatures, ReplayStore(), takes_unsigned=True)


def test_what_comes_straight_from_this_machine_needs_no_signature_where_that_is_set() -> None:
    unsigned = replace(webhook(signature=Signature("")), straight=True)
    assert isinstance(lenient().receive(unsigned, 0.0), Genuine)
    assert reason(guard().receive(unsigned, 0.0)) is Reason.UNSIGNED
    assert reason(lenient().receive(replace(unsigned, straight=False), 0.0)) is Reason.UNSIGNED
    opens = replace(upgrade(signature=Signature("")), straight=True)
    assert lenient().receive_upgrade(opens, 0.0) is None
    assert reason(guard().receive_upgrade(opens, 0.0)) is Reason.UNSIGNED


def test_unsigned_requests_are_told_apart_by_what_they_say() -> None:
    open_ = lenient()
    first = replace(webhook(signature=Signature("")), straight=True)
    assert isinstance(open_.receive(first, 0.0), Genuine)
    assert isinstance(open_.receive(first, 0.0), Repeat)
    assert isinstance(open_.receive(replace(first, target="/status"), 0.0), Genuine)
    assert isinstance(open_.receive(replace(first, body=b"CallSid=CA2"), 0.0), Genuine)
