"""Each refusal of a real gateway means one thing and says what to do."""

import pytest

from openclaw_client.errors import (
    CredentialsError,
    DeviceRefusedError,
    GatewayConnectionError,
    PairingRequiredError,
    ProtocolMismatchError,
    RequestError,
    Retry,
    ScopeMissingError,
    UnavailableError,
)
from openclaw_client.frames import Response, WireError, parse_frame
from openclaw_client.refusals import connect_refusal, request_refusal
from tests.openclaw_client.captured import FOLDER, VERSIONS, incoming


def captured_refusals(version: str, scenario: str) -> list[WireError]:
    parsed = [parse_frame(text) for text in incoming(version, scenario)]
    return [one.error for one in parsed if isinstance(one, Response) and one.error]


@pytest.mark.parametrize(
    ("scenario", "kind", "retry"),
    [
        ("handshake_bad_token", CredentialsError, Retry.NEVER),
        ("handshake_protocol_mismatch", ProtocolMismatchError, Retry.NEVER),
        ("handshake_bad_signature", DeviceRefusedError, Retry.NEVER),
        ("handshake_starting", UnavailableError, Retry.SOON),
        ("pairing_remote", PairingRequiredError, Retry.SLOWLY),
    ],
)
def test_captured_refusals(scenario: str, kind: type[GatewayConnectionError], retry: Retry):
    versions = [path.parent.name for path in FOLDER.glob(f"*/{scenario}.json")]
    assert versions
    for version in versions:
        error = connect_refusal(captured_refusals(version, scenario)[0])
        assert type(error) is kind
        assert error.retry is retry
        assert error.fix or kind is UnavailableError


def test_pairing_names_the_exact_command():
    refused = captured_refusals("2026.9.6", "pairing_remote")[0]
    error = connect_refusal(refused)
    assert isinstance(error, PairingRequiredError)
    assert error.request_id == "a5e65d90-1e2d-467d-aafe-fd9064893f87"
    assert f"openclaw devices approve {error.request_id}" in error.fix
    assert "not-paired" in str(error)


@pytest.mark.parametrize("request_id", ["x; rm -rf ~", "`id`", "a b", "x" * 65, "", 5])
def test_what_is_no_request_id_gets_into_no_command(request_id: object):
    details = {"code": "PAIRING_REQUIRED", "requestId": request_id, "reason": "because\n" * 99}
    error = connect_refusal(WireError("NOT_PAIRED", "pairing required", details))
    assert isinstance(error, PairingRequiredError)
    assert error.request_id == ""
    assert "openclaw devices list" in error.fix
    assert len(str(error)) < 500
    assert "\n" not in str(error)


def test_pairing_without_a_request_says_how_to_find_it():
    error = connect_refusal(WireError("INVALID_REQUEST", "pairing required"))
    assert isinstance(error, PairingRequiredError)
    assert "openclaw devices list" in error.fix


def test_a_gateway_that_is_starting_says_when_to_come_back():
    error = connect_refusal(captured_refusals("2026.9.6", "handshake_starting")[0])
    assert isinstance(error, UnavailableError)
    assert error.retry_after == 0.5


def test_too_many_wrong_tokens_make_us_wait():
    details = {"code": "AUTH_RATE_LIMITED"}
    error = connect_refusal(WireError("INVALID_REQUEST", "too many", details, 300.0))
    assert isinstance(error, UnavailableError)
    assert error.retry_after == 300.0


@pytest.mark.parametrize(
    ("expected", "words"), [(2, "too old"), (5, "too new"), (None, "another version")]
)
def test_too_old_and_too_new_are_told_apart(expected: int | None, words: str):
    details = {"expectedProtocol": expected} if expected else {}
    error = connect_refusal(WireError("INVALID_REQUEST", "protocol mismatch", details))
    assert isinstance(error, ProtocolMismatchError)
    assert words in str(error)


def test_an_unknown_refusal_is_not_tried_again():
    error = connect_refusal(WireError("INVALID_REQUEST", "invalid connect params"))
    assert error.retry is Retry.NEVER
    assert "invalid connect params" in str(error)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_missing_scope_of_a_request(version: str):
    for refused in captured_refusals(version, "missing_scope"):
        error = request_refusal(refused)
        assert isinstance(error, ScopeMissingError)
        assert error.missing[0] in {"operator.read", "operator.write"}


def test_another_refused_request_keeps_its_code():
    error = request_refusal(WireError("INVALID_REQUEST", "no\nsuch thing"))
    assert isinstance(error, RequestError)
    assert (error.code, error.retry_after) == ("INVALID_REQUEST", None)
    assert "no such thing" in str(error)


def test_a_busy_gateway_says_when_to_ask_again():
    error = request_refusal(WireError("UNAVAILABLE", "server is busy", {}, 2.0))
    assert isinstance(error, RequestError)
    assert error.retry_after == 2.0
