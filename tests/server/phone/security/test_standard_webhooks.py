"""OpenAI's webhooks, beside OpenAI's own library."""

from __future__ import annotations

import base64
import hmac

import pytest
from openai import InvalidWebhookSignatureError, OpenAI
from pydantic import SecretStr

from server.phone.security.refusals import Reason
from server.phone.security.standard_webhooks import StandardWebhooks, WebhookHeaders

SECRET = "whsec_" + base64.b64encode(b"sixteen bytes or more").decode()
BODY = '{"id":"evt_1","type":"realtime.call.incoming","name":"ü"}'.encode()
NOW = 1_800_000_000
WEBHOOKS = StandardWebhooks(SecretStr(SECRET))


def headers(body: bytes = BODY, *, secret: str = SECRET, at: object = NOW) -> WebhookHeaders:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"wh_1.{at}.".encode() + body, "sha256")
    return WebhookHeaders("wh_1", str(at), "v1,AAAA v1," + base64.b64encode(digest).decode())


def check(given: WebhookHeaders, body: bytes = BODY, now: float = NOW) -> Reason | None:
    refusal = WEBHOOKS.check(given, body, now)
    return None if refusal is None else refusal.reason


def test_what_openai_s_library_takes_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    given = headers()
    assert check(given) is None
    monkeypatch.setattr("time.time", lambda: NOW)
    with OpenAI(api_key="x") as client:
        sent = {
            "webhook-id": given.id,
            "webhook-timestamp": given.timestamp,
            "webhook-signature": given.signatures,
        }
        client.webhooks.verify_signature(BODY, sent, secret=SECRET)
        with pytest.raises(InvalidWebhookSignatureError):
            client.webhooks.verify_signature(BODY + b" ", sent, secret=SECRET)


def test_what_is_changed_or_signed_by_others_is_wrong() -> None:
    other = "whsec_" + base64.b64encode(b"another secret").decode()
    assert check(headers(), BODY + b" ") is Reason.WRONG_SIGNATURE
    assert check(headers(secret=other)) is Reason.WRONG_SIGNATURE
    right = headers()
    assert check(WebhookHeaders("wh_2", right.timestamp, right.signatures)) is (
        Reason.WRONG_SIGNATURE
    )


@pytest.mark.parametrize(
    ("age", "reason"), [(300, None), (301, Reason.STALE), (-301, Reason.STALE)]
)
def test_old_webhooks_and_those_of_the_future_are_refused(age: int, reason: Reason | None) -> None:
    assert check(headers(), now=NOW + age) is reason


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (WebhookHeaders("", "1", "v1,x"), Reason.UNSIGNED),
        (WebhookHeaders("wh", "1", ""), Reason.UNSIGNED),
        (WebhookHeaders("wh" * 500, "1", "v1,x"), Reason.BAD_REQUEST),
        (WebhookHeaders("wh", "1" * 5000, "v1,x"), Reason.BAD_REQUEST),
        (WebhookHeaders("wh", "1", "v1,\ud800 " * 10_000), Reason.WRONG_SIGNATURE),
        (headers(at="now"), Reason.BAD_REQUEST),
        (headers(at="\u0661"), Reason.BAD_REQUEST),
        (headers(at="-1"), Reason.BAD_REQUEST),
    ],
)
def test_odd_headers_are_refused(given: WebhookHeaders, reason: Reason) -> None:
    assert check(given) is reason


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", "ü"])
def test_a_secret_has_to_be_one_and_is_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret") as caught:
        StandardWebhooks(SecretStr(secret))
    assert "not base64!" not in str(caught.value)
