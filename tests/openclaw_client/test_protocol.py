"""The state machine of one connection, by plain calls."""

import json

import pytest

from openclaw_client.errors import (
    CredentialsError,
    GatewayConnectionError,
    NotAGatewayError,
    PairingRequiredError,
    ProtocolError,
    RequestError,
    ScopeMissingError,
    UnreachableError,
)
from openclaw_client.handshake import Greeting, Hello
from openclaw_client.protocol import (
    AgentEvent,
    Answered,
    GatewayProtocol,
    ProtocolEvent,
    Ready,
    Refused,
    SequenceGap,
    ShuttingDown,
    State,
)
from openclaw_client.runs import ChatEvent
from tests.openclaw_client.captured import (
    VERSIONS,
    answer,
    challenge,
    event,
    frames,
    hello,
    incoming,
    refusal,
)


def opened() -> GatewayProtocol:
    return GatewayProtocol(Greeting(token="t"), 0.0, patience=10.0)


def sent(protocol: GatewayProtocol) -> list[dict[str, object]]:
    return [json.loads(text) for text in protocol.texts_to_send()]


def ready() -> GatewayProtocol:
    protocol = opened()
    protocol.receive(challenge(), 0.0)
    (connect,) = sent(protocol)
    protocol.receive(answer(str(connect["id"]), hello()), 0.0)
    return protocol


def replay(version: str, scenario: str, now: float = 0.0) -> list[ProtocolEvent]:
    """Play a captured handshake, with our request ids in place of the captured ones."""
    protocol = opened()
    events: list[ProtocolEvent] = []
    names: dict[str, str] = {}
    for one in frames(version, scenario):
        if one["dir"] == "out":
            names[one["frame"]["id"]] = str(sent(protocol)[0]["id"])
        if one["dir"] == "in":
            frame = one["frame"]
            text = json.dumps({**frame, "id": names.get(frame.get("id", ""), frame.get("id"))})
            events += protocol.receive(text, now)
        if protocol.state in {State.READY, State.CLOSED}:
            break
    return events


def test_nothing_is_sent_before_the_challenge():
    protocol = opened()
    assert protocol.state is State.CONNECTING
    assert protocol.texts_to_send() == []
    assert protocol.receive(event("tick", {}), 0.0) == []
    assert protocol.texts_to_send() == []


def test_the_challenge_is_answered_once():
    protocol = opened()
    protocol.receive(challenge("abc"), 0.0)
    protocol.receive(challenge("def"), 0.0)
    (connect,) = sent(protocol)
    assert connect["method"] == "connect"
    assert protocol.state is State.HANDSHAKING


@pytest.mark.parametrize("version", VERSIONS)
def test_a_captured_handshake_succeeds(version: str):
    (event_,) = replay(version, "handshake_backend")
    assert isinstance(event_, Ready)
    assert event_.hello.protocol == (3 if version == "2026.2.12" else 4)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_captured_wrong_token_is_refused(version: str):
    (event_,) = replay(version, "handshake_bad_token")
    assert isinstance(event_, Refused)
    assert isinstance(event_.error, CredentialsError)


def test_a_captured_pairing_is_asked_for():
    (event_,) = replay("2026.9.6", "pairing_remote")
    assert isinstance(event_, Refused)
    assert isinstance(event_.error, PairingRequiredError)


def test_a_gateway_that_gives_no_scopes_is_no_use():
    protocol = opened()
    protocol.receive(challenge(), 0.0)
    (connect,) = sent(protocol)
    (event_,) = protocol.receive(answer(str(connect["id"]), hello(auth={"scopes": []})), 0.0)
    assert isinstance(event_, Refused)
    assert isinstance(event_.error, ScopeMissingError)
    assert protocol.state is State.CLOSED


def test_the_device_token_is_handed_on():
    protocol = opened()
    protocol.receive(challenge(), 0.0)
    (connect,) = sent(protocol)
    scopes = ["operator.read", "operator.write"]
    payload = hello(auth={"scopes": scopes, "deviceToken": "d"})
    (event_,) = protocol.receive(answer(str(connect["id"]), payload), 0.0)
    assert isinstance(event_, Ready)
    assert event_.device_token == "d"


def test_the_answer_to_another_request_does_not_greet_us():
    protocol = opened()
    protocol.receive(challenge(), 0.0)
    assert protocol.receive(answer("999", hello()), 0.0) == []
    assert protocol.state is State.HANDSHAKING


def test_requests_have_ids_and_answers():
    protocol = ready()
    first, second = protocol.request("a", {}), protocol.request("b", {"x": 1})
    assert [frame["id"] for frame in sent(protocol)] == [first, second]
    assert protocol.texts_to_send() == []
    assert protocol.receive(answer(second, {"y": 2}), 0.0) == [Answered(second, {"y": 2}, None)]


def test_the_second_answer_under_one_id_comes_through_too():
    protocol = ready()
    request = protocol.request("agent", {})
    events = [protocol.receive(answer(request, {"status": s}), 0.0)[0] for s in ("accepted", "ok")]
    assert [e.payload["status"] for e in events if isinstance(e, Answered)] == ["accepted", "ok"]


def test_a_refused_request_has_an_error():
    protocol = ready()
    (event_,) = protocol.receive(refusal("5", "INVALID_REQUEST", "no"), 0.0)
    assert isinstance(event_, Answered)
    assert isinstance(event_.error, RequestError)


@pytest.mark.parametrize("state", ["connecting", "handshaking", "closed"])
def test_requests_are_for_a_ready_connection(state: str):
    protocol = opened()
    if state == "handshaking":
        protocol.receive(challenge(), 0.0)
    if state == "closed":
        protocol.close()
    with pytest.raises(UnreachableError):
        protocol.request("a", {})


@pytest.mark.parametrize("version", VERSIONS)
def test_captured_events_are_read(version: str):
    protocol = ready()
    events = [e for text in incoming(version, "chat_basic") for e in protocol.receive(text, 0.0)]
    assert any(isinstance(e, ChatEvent) for e in events)
    assert any(isinstance(e, AgentEvent) for e in events)


def test_a_run_that_the_gateway_started_by_itself_is_marked():
    protocol = ready()
    payload = {"runId": "r", "sessionKey": "s", "stream": "lifecycle", "data": {"phase": "start"}}
    (mine,) = protocol.receive(event("agent", payload), 0.0)
    (its,) = protocol.receive(event("agent", {**payload, "isHeartbeat": True}), 0.0)
    assert mine == AgentEvent("r", "s", "lifecycle", {"phase": "start"}, by_itself=False)
    assert its == AgentEvent("r", "s", "lifecycle", {"phase": "start"}, by_itself=True)


def test_a_request_larger_than_the_gateway_takes_is_not_sent():
    protocol = opened()
    protocol.receive(challenge(), 0.0)
    (connect,) = sent(protocol)
    policy = {"maxPayload": 1000, "tickIntervalMs": 30000}
    protocol.receive(answer(str(connect["id"]), hello(policy=policy)), 0.0)
    with pytest.raises(RequestError, match=r"too long for the gateway: 10\d\d bytes of 1000"):
        protocol.request("agent", {"message": "é" * 475})
    assert sent(protocol) == []
    protocol.request("agent", {"message": "é" * 465})
    (request,) = sent(protocol)
    assert request["method"] == "agent"


def test_what_happens_shows_no_device_token():
    assert "secret" not in repr(Ready(Hello(4), "secret"))


def test_unknown_events_are_ignored():
    assert ready().receive(event("progressCard.changed", {"a": 1}), 0.0) == []


def test_a_shutdown_is_announced():
    protocol = ready()
    events = [e for t in incoming("2026.9.6", "shutdown")[-1:] for e in protocol.receive(t, 0.0)]
    assert events == [ShuttingDown("gateway stopping")]


def test_lost_events_are_counted():
    protocol = ready()
    assert protocol.receive(event("tick", {}, 5), 0.0) == []
    assert protocol.receive(event("tick", {}, 6), 0.0) == []
    assert protocol.receive(event("tick", {}, 9), 0.0) == [SequenceGap(2)]


def test_a_late_event_is_no_gap():
    protocol = ready()
    events = [e for n in (1, 3, 2, 4) for e in protocol.receive(event("tick", {}, n), 0.0)]
    assert events == [SequenceGap(1)]


def test_a_gateway_that_accepts_and_never_speaks_is_none():
    protocol = opened()
    assert protocol.deadline() == 10.0
    protocol.check(9.9)
    with pytest.raises(NotAGatewayError):
        protocol.check(10.0)
    assert protocol.state is State.CLOSED


def test_a_gateway_that_never_greets_us_is_given_up():
    protocol = opened()
    protocol.receive(challenge(), 9.0)
    with pytest.raises(UnreachableError):
        protocol.check(10.0)


def test_two_missed_ticks_end_a_connection():
    protocol = ready()
    protocol.receive(event("tick", {}), 30.0)
    assert protocol.deadline() == 30.0 + 2 * 30.0 + 5.0
    protocol.check(94.0)
    with pytest.raises(UnreachableError, match="no sign of life"):
        protocol.check(95.0)


def test_any_message_is_a_sign_of_life():
    protocol = ready()
    protocol.receive(answer("9", {}), 50.0)
    assert protocol.deadline() == 115.0


@pytest.mark.parametrize("data", [b"\x00\x01", "no json", '{"type":"res","id":"1"}'])
def test_a_malformed_message_ends_a_connection(data: str | bytes):
    protocol = ready()
    with pytest.raises(ProtocolError):
        protocol.receive(data, 0.0)
    assert protocol.state is State.CLOSED
    assert protocol.deadline() is None
    protocol.check(1e9)
    assert protocol.receive(event("tick", {}), 0.0) == []


def test_a_first_message_that_is_none_of_the_protocol_shows_another_server():
    with pytest.raises(NotAGatewayError) as caught:
        opened().receive("Welcome to the echo server", 0.0)
    assert "18789" in caught.value.fix


def test_a_challenge_without_a_nonce_is_none():
    with pytest.raises(GatewayConnectionError):
        opened().receive(event("connect.challenge", {"ts": 1}), 0.0)


def test_a_malformed_greeting_is_a_protocol_error():
    protocol = opened()
    protocol.receive(challenge(), 0.0)
    (connect,) = sent(protocol)
    with pytest.raises(ProtocolError):
        protocol.receive(answer(str(connect["id"]), {"type": "hello-ok"}), 0.0)
