"""Signatures, beside Twilio's own library."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from server.phone.security.forms import Form
from server.phone.security.public_url import PublicUrl
from server.phone.security.refusals import Reason
from server.phone.security.signatures import Signature, TwilioSignatures

TOKEN, SHARED = "auth-token", "shared-secret"
SHA256 = "key=webhooks_sharedkey_01,algorithm=HMAC_SHA256"
SIGNATURES = TwilioSignatures([SecretStr(TOKEN)], [SecretStr(SHARED)])


class Fields:
    """Repeated fields, in the way Twilio's library takes them."""

    def __init__(self, *fields: tuple[str, str]) -> None:
        self.fields = fields

    def __iter__(self) -> Any:
        return iter(name for name, _ in self.fields)

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


def twilio(secret: str, url: str, params: Any, settings: str = "") -> Signature:
    algorithm = "HMAC_SHA256" if settings else "HMAC_SHA1"
    value = RequestValidator(secret).compute_signature(url, params, algorithm)
    return Signature(value, settings)


def check(url: str, form: Form, signature: Signature) -> Reason | None:
    refusal = SIGNATURES.check_form([url], form, signature)
    return None if refusal is None else refusal.reason


CASES = [
    ("https://a.test/voice?callId=1", (("From", "+1"), ("To", "+2"), ("Z", ""))),
    ("wss://a.test/voice/stream/x", ()),
    ("https://a.test:8443/voice", (("A", "ü"), ("a", "1"), ("B", "2"))),
    ("https://a.test/v?x=%2B1&y=a%20b&z=a+b", (("Digits", "#"),)),
    ("https://a.test/v", (("E", "created"), ("E", "answered"), ("E", "answered"))),
]


@pytest.mark.parametrize(("url", "fields"), CASES)
@pytest.mark.parametrize(("secret", "settings"), [(TOKEN, ""), (SHARED, SHA256)])
def test_what_twilio_s_library_signs_is_right(
    url: str, fields: tuple[tuple[str, str], ...], secret: str, settings: str
) -> None:
    assert check(url, Form(fields), twilio(secret, url, Fields(*fields), settings)) is None


@pytest.mark.parametrize(("url", "fields"), CASES)
def test_anything_changed_is_wrong(url: str, fields: tuple[tuple[str, str], ...]) -> None:
    signature = twilio(TOKEN, url, Fields(*fields))
    changed = [
        (url + "x", fields),
        (url.replace("a.test", "A.test"), fields),
        (url.replace("s://", "://"), fields),
        (url, (*fields, ("AccountSid", "x"))),
        (url, (*fields, ("x", ""))),
    ]
    for other_url, other_fields in changed:
        assert check(other_url, Form(other_fields), signature) is Reason.WRONG_SIGNATURE


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=5), st.text(max_size=5)).filter(
            lambda pair: not any("\ud800" <= one <= "\udfff" for one in "".join(pair))
        ),
        max_size=8,
    )
)
def test_fields_are_put_together_as_twilio_s_library_does(fields: list[tuple[str, str]]) -> None:
    url = "https://a.test/v"
    assert check(url, Form(tuple(fields)), twilio(TOKEN, url, Fields(*fields))) is None


@pytest.mark.parametrize("base", ["https://a.test", "https://a.test:443", "https://a.test:8443"])
@pytest.mark.parametrize("signed_with", ["without", "with"])
def test_the_port_may_be_there_or_not(base: str, signed_with: str) -> None:
    port = base.rpartition(":")[2] if base.count(":") > 1 else "443"
    host = "https://a.test" if signed_with == "without" else f"https://a.test:{port}"
    signature = twilio(TOKEN, f"{host}/voice?a=1", {"From": "+1"})
    urls = PublicUrl.parse(base).signed_urls("/voice?a=1", "webhook")
    assert SIGNATURES.check_form(urls, Form((("From", "+1"),)), signature) is None
    assert RequestValidator(TOKEN).validate(
        f"{base}/voice?a=1", {"From": "+1"}, signature.value, signature.algorithm
    )


def test_a_media_stream_is_not_signed_as_a_webhook() -> None:
    public = PublicUrl.parse("https://a.test")
    for scheme, right in (("wss", True), ("https", False), ("ws", False)):
        signature = twilio(TOKEN, f"{scheme}://a.test/voice/stream/x", {})
        urls = public.signed_urls("/voice/stream/x", "stream")
        assert (SIGNATURES.check_form(urls, Form(), signature) is None) is right


def test_while_a_secret_is_replaced_both_are_right() -> None:
    url = "https://a.test/v"
    rotating = TwilioSignatures(
        [SecretStr("new"), SecretStr("old")], [SecretStr("new-key"), SecretStr("old-key")]
    )
    for secret, settings in (("new", ""), ("old", ""), ("new-key", SHA256), ("old-key", SHA256)):
        assert rotating.check_form([url], Form(), twilio(secret, url, {}, settings)) is None
    done = TwilioSignatures([SecretStr("new")], [SecretStr("new-key")])
    for secret, settings in (("old", ""), ("old-key", SHA256)):
        refusal = done.check_form([url], Form(), twilio(secret, url, {}, settings))
        assert refusal is not None
        assert refusal.reason is Reason.WRONG_SIGNATURE


def test_shared_keys_and_the_account_s_token_are_not_taken_for_one_another() -> None:
    url = "https://a.test/v"
    assert check(url, Form(), twilio(TOKEN, url, {}, SHA256)) is Reason.WRONG_SIGNATURE
    assert check(url, Form(), twilio(SHARED, url, {})) is Reason.WRONG_SIGNATURE


def test_without_a_shared_key_the_log_says_what_is_missing() -> None:
    url = "https://a.test/v"
    without = TwilioSignatures([SecretStr(TOKEN)])
    refusal = without.check_form([url], Form(), twilio(SHARED, url, {}, SHA256))
    assert refusal is not None
    assert refusal.reason is Reason.NO_SHARED_KEY


@pytest.mark.parametrize(
    ("value", "settings", "reason"),
    [
        ("", "", Reason.UNSIGNED),
        ("", SHA256, Reason.UNSIGNED),
        ("x", "algorithm=HMAC_MD5", Reason.UNKNOWN_ALGORITHM),
        ("x", "algorithm=none", Reason.UNKNOWN_ALGORITHM),
        ("x", "algorithm=\n" + "A" * 5000, Reason.UNKNOWN_ALGORITHM),
        ("x", ",,=,key,algorithm", Reason.WRONG_SIGNATURE),
        ("ü" * 28, "", Reason.WRONG_SIGNATURE),
        ("\ud800", "", Reason.WRONG_SIGNATURE),
        ("A" * 1_000_000, "", Reason.WRONG_SIGNATURE),
    ],
)
def test_odd_signatures_are_refused_and_break_nothing(
    value: str, settings: str, reason: Reason
) -> None:
    refusal = SIGNATURES.check_form(["https://a.test/v"], Form(), Signature(value, settings))
    assert refusal is not None
    assert refusal.reason is reason
    assert refusal.note.isprintable()
    assert len(refusal.note) < 64


def test_a_cut_signature_is_wrong() -> None:
    url = "https://a.test/v"
    whole = twilio(TOKEN, url, {}).value
    for cut in (whole[:-1], whole[1:], whole + "=", whole.lower(), " " + whole):
        assert check(url, Form(), Signature(cut)) is Reason.WRONG_SIGNATURE


def test_an_empty_secret_signs_nothing() -> None:
    url = "https://a.test/v"
    for empty in (TwilioSignatures([SecretStr("")]), TwilioSignatures([])):
        refusal = empty.check_form([url], Form(), twilio("", url, {}))
        assert refusal is not None
        assert refusal.reason is Reason.WRONG_SIGNATURE


def test_other_bodies_are_covered_by_their_hash() -> None:
    body = b'{"CallSid": "CA\xc3\xbc"}'
    url = f"https://a.test/v?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = twilio(TOKEN, url, {})
    assert RequestValidator(TOKEN).validate(url, body.decode(), signature.value)
    assert SIGNATURES.check_body([url], body, signature) is None
    for other_url, other_body in ((url, body + b" "), (url, b""), ("https://a.test/v", body)):
        refusal = SIGNATURES.check_body([other_url], other_body, signature)
        assert refusal is not None
        assert refusal.reason is Reason.WRONG_SIGNATURE


def test_a_body_without_a_hash_in_the_address_is_not_covered() -> None:
    url = "https://a.test/v"
    refusal = SIGNATURES.check_body([url], b"{}", twilio(TOKEN, url, {}))
    assert refusal is not None
    assert refusal.reason is Reason.WRONG_SIGNATURE


def test_secrets_are_not_shown() -> None:
    assert TOKEN not in repr(SIGNATURES.__dict__.keys()) + repr(SIGNATURES)
