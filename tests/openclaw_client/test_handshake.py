"""The greeting has the one form that gateways of both protocols accept."""

import base64

import pytest
from nacl.signing import SigningKey, VerifyKey

from openclaw_client.device import DeviceIdentity
from openclaw_client.errors import ProtocolError
from openclaw_client.handshake import Greeting, read_challenge, read_hello
from tests.openclaw_client.captured import VERSIONS, frames, hello


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_greeting_offers_both_protocols_and_a_known_client():
    params = Greeting(token="t", version="1.2").params("nonce", 5)
    assert (params["minProtocol"], params["maxProtocol"]) == (3, 4)
    client = {"id": "gateway-client", "version": "1.2", "platform": "linux", "mode": "backend"}
    assert params["client"] == client
    assert params["scopes"] == ["operator.read", "operator.write"]
    assert params["auth"] == {"token": "t"}
    assert "device" not in params


@pytest.mark.parametrize("version", VERSIONS)
def test_it_has_no_field_that_a_real_gateway_was_not_seen_to_take(version: str):
    sent = next(one["frame"] for one in frames(version, "handshake_backend") if one["dir"] == "out")
    ours = Greeting(token="t").params("nonce", 5)
    assert ours.keys() == sent["params"].keys()
    assert ours["client"].keys() == sent["params"]["client"].keys()


@pytest.mark.parametrize(
    ("greeting", "auth"),
    [
        (Greeting(token="t", device_token="d"), {"token": "t"}),
        (Greeting(password="p", device_token="d"), {"password": "p"}),
        (Greeting(device_token="d"), {"token": "d"}),
        (Greeting(), None),
    ],
)
def test_the_device_token_is_sent_when_there_is_nothing_else(greeting: Greeting, auth: object):
    assert greeting.params("nonce", 5).get("auth") == auth


@pytest.mark.parametrize(
    ("secrets", "signed_token"),
    [
        ({"token": "tok"}, "tok"),
        ({"device_token": "dev"}, "dev"),
        ({"password": "p", "device_token": "dev"}, ""),
        ({}, ""),
    ],
)
def test_the_device_signs_form_2(secrets: dict[str, str], signed_token: str):
    device = DeviceIdentity(SigningKey(b"k" * 32))
    proof = Greeting(**secrets, device=device).params("abc", 1700)["device"]
    signed = (
        f"v2|{device.device_id}|gateway-client|backend|operator|operator.read,operator.write"
        f"|1700|{signed_token}|abc"
    )
    VerifyKey(raw(proof["publicKey"])).verify(signed.encode(), raw(proof["signature"]))
    assert proof["id"] == device.device_id
    assert (proof["signedAt"], proof["nonce"]) == (1700, "abc")


def test_a_greeting_shows_no_secret():
    assert "hush" not in repr(Greeting(token="hush", password="hush", device_token="hush"))


def test_a_challenge_has_a_nonce():
    assert read_challenge({"nonce": "n", "ts": 5}) == ("n", 5)
    assert read_challenge({"nonce": "n"}) == ("n", 0)
    assert read_challenge({"nonce": ""}) is None
    assert read_challenge({"ts": 5}) is None


def test_the_hello_of_protocol_3_does_not_tell_our_scopes():
    answer = frames("2026.2.12", "handshake_backend")[-1]["frame"]["payload"]
    greeted, token = read_hello(answer)
    assert (greeted.protocol, greeted.scopes, token) == (3, None, "")
    assert greeted.max_payload == 8388608
    assert not greeted.missing_scopes


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_the_hello_of_protocol_4(version: str):
    answer = frames(version, "handshake_backend")[-1]["frame"]["payload"]
    greeted, _ = read_hello(answer)
    assert (greeted.protocol, greeted.server_version) == (4, version)
    assert greeted.scopes == {"operator.read", "operator.write"}
    assert (greeted.tick_interval, greeted.max_payload) == (30.0, 26214400)
    assert "health" in greeted.methods


def test_scopes_that_were_not_given_are_missing():
    greeted, _ = read_hello(hello(auth={"scopes": ["operator.read"]}))
    assert greeted.missing_scopes == {"operator.write"}


def test_the_device_token_is_read():
    assert read_hello(hello(auth={"scopes": [], "deviceToken": "d"}))[1] == "d"


def test_missing_and_senseless_limits_get_defaults():
    greeted, _ = read_hello({"type": "hello-ok", "protocol": 4, "policy": {"tickIntervalMs": -1}})
    assert greeted.tick_interval == 30.0
    assert greeted.methods == frozenset()


@pytest.mark.parametrize(
    "number",
    [float("inf"), float("nan"), 10**400, -(10**400), 0, "1"],
    ids=["infinite", "none", "huge", "negative", "zero", "text"],
)
def test_limits_beyond_sense_get_defaults(number: object):
    policy = {"tickIntervalMs": number, "maxPayload": number}
    greeted, _ = read_hello(hello(policy=policy))
    assert (greeted.tick_interval, greeted.max_payload) == (30.0, 8 * 2**20)


@pytest.mark.parametrize(
    "payload",
    [{}, {"type": "hello-ok"}, {"type": "hello", "protocol": 4}, hello(5), hello(2)],
)
def test_what_is_no_hello_is_a_protocol_error(payload: dict[str, object]):
    with pytest.raises(ProtocolError):
        read_hello(payload)
