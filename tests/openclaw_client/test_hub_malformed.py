"""Captured frames with something wrong in them: our errors, or nothing, and never anything else."""

import copy
import json
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from openclaw_client import GatewayConnectionError
from openclaw_client.agents import read_agents
from openclaw_client.handshake import Greeting
from openclaw_client.history import TurnInHistory, read_history
from openclaw_client.protocol import (
    Answered,
    GatewayProtocol,
    ProtocolEvent,
    Refused,
    State,
)
from openclaw_client.runs import ChatEvent, Run, Runs, result_text
from openclaw_client.spontaneous import SpontaneousRuns
from tests.openclaw_client.captured import FOLDER, answer, challenge, event, hello, incoming
from tests.openclaw_client.clients import SESSION

CAPTURED = sorted(
    text for path in FOLDER.glob("*/*.json") for text in incoming(path.parent.name, path.stem)
)
ROUNDS = 8000

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    0.5,
    10**30,
    10**400,
    float("inf"),
    float("-inf"),
    float("nan"),
    "",
    "x",
    "final",
    "k",
    "\ud83d",
    "\x00",
    "long " * 5_000,
    [],
    [None],
    ["x"],
    [{"text": 5}, {"text": "t"}, 5],
    {},
    {"text": "t"},
    {"code": {"code": []}},
)
"""Values of every type, one of which takes the place of another."""


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container and key in a JSON value."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    for key in keys:
        yield value, key
        yield from places(value[key])


def mutated(text: str, chance: random.Random) -> str:
    """Return a frame that is for us, with one to three things wrong in it."""
    frame = json.loads(text)
    if frame["type"] == "res":
        frame["id"] = "1"
    elif "runId" in frame["payload"]:
        frame["payload"]["runId"] = "k"
    for _ in range(chance.randint(1, 3)):
        found = list(places(frame))
        if not found:
            break
        container, key = chance.choice(found)
        if chance.random() < 0.2:
            del container[key]
        else:
            container[key] = copy.deepcopy(chance.choice(ODD))  # it may be mutated in its turn
    text = json.dumps(frame)
    if chance.random() < 0.1:
        start = chance.randrange(len(text))
        text = text[:start] + text[start + chance.randrange(20) :]
    return text


def protocol_in(state: State) -> GatewayProtocol:
    protocol = GatewayProtocol(Greeting(token="t"), 0.0, patience=10.0)
    if state is not State.CONNECTING:
        protocol.receive(challenge(), 0.0)
    if state is State.READY:
        protocol.receive(answer("1", hello()), 0.0)
    assert protocol.state is state
    return protocol


class Listener:
    """Everything that reads what the protocol lets through."""

    def __init__(self) -> None:
        self.runs = Runs()
        self.spontaneous = SpontaneousRuns()
        self.spontaneous.connected(0.0, first=True)
        self.run = Run("k", SESSION)
        self.runs.add(self.run)

    def receive(self, event: ProtocolEvent) -> None:
        match event:
            case ChatEvent():
                self.runs.receive(event)
                self.spontaneous.receive_chat(event)
            case Answered():
                result_text(event.payload)
                read_agents(event.payload)
                read_history(event.payload)
                TurnInHistory.find(event.payload, "k", "message", "k")
                assert len(str(event.error)) < 1000
            case Refused():
                assert len(str(event.error)) < 1000


@pytest.mark.parametrize("state", [State.CONNECTING, State.HANDSHAKING, State.READY])
def test_no_mutation_of_a_captured_frame_gets_through_as_another_error(state: State):
    chance, listener, refused = random.Random(state.value), Listener(), 0  # noqa: S311 - repeatable
    protocol = protocol_in(state)
    for _ in range(ROUNDS):
        text = mutated(chance.choice(CAPTURED), chance)
        try:
            for got in protocol.receive(text, 0.0):
                listener.receive(got)
        except GatewayConnectionError:
            refused += 1
        if protocol.state is not state:
            protocol = protocol_in(state)
    assert 0 < refused < ROUNDS
    listener.run.take().encode()  # what is spoken can be sent on


@pytest.mark.parametrize("name", ["chat", "agent", "shutdown", "tick", "connect.challenge"])
def test_no_value_in_any_field_of_an_event_is_too_odd(name: str):
    listener = Listener()
    for field in ("runId", "sessionKey", "state", "seq", "message", "deltaText", "stream", "data"):
        for odd in ODD:
            for state in ("delta", "final", "error", "aborted"):
                payload = {"runId": "k", "state": state, "message": {"content": "w0"}, field: odd}
                protocol = protocol_in(State.READY)
                for got in protocol.receive(event(name, payload), 0.0):
                    listener.receive(got)
                assert protocol.state is State.READY


def test_no_value_in_any_field_of_a_greeting_is_too_odd():
    for container, key in list(places(hello())):
        for odd in ODD:
            greeting = json.loads(json.dumps(hello()))
            for here, name in places(greeting):
                if name == key and here == container:
                    here[name] = odd
                    break
            protocol = protocol_in(State.HANDSHAKING)
            try:
                protocol.receive(answer("1", greeting), 0.0)
            except GatewayConnectionError:
                assert protocol.state is State.CLOSED
                continue
            deadline = protocol.deadline()
            assert deadline is None or deadline < float("inf")


def test_no_value_in_any_field_of_a_refusal_is_too_odd():
    base = {"code": "X", "message": "m", "details": {"code": "Y"}, "retryAfterMs": 5}
    codes = ("PAIRING_REQUIRED", "PROTOCOL_MISMATCH", "MISSING_SCOPE", "AUTH_X", "DEVICE_X", "X")
    names = ("code", "message", "details", "retryAfterMs")
    inner = ("code", "reason", "requestId", "expectedProtocol", "missingScope")
    for state in (State.HANDSHAKING, State.READY):
        for code in codes:
            for odd in ODD:
                errors = [{**base, "code": code, name: odd} for name in names]
                details = [{"code": code, name: odd} for name in inner]
                errors += [{**base, "details": one} for one in details]
                for error in errors:
                    frame = {"type": "res", "id": "1", "ok": False, "error": error}
                    (got,) = protocol_in(state).receive(json.dumps(frame), 0.0)
                    assert isinstance(got, Refused | Answered)
                    assert len(str(got.error)) < 1000


def test_what_comes_early_and_often_and_large_is_not_all_kept():
    runs = Runs()
    runs.add(Run("k", SESSION))
    protocol = protocol_in(State.READY)
    tracemalloc.start()
    try:
        for number in range(200):
            for seq in range(4):
                text = "w" * (50_000 * (seq + 1))
                payload = {"runId": f"r{number}", "state": "delta", "seq": seq}
                message = {"message": {"content": [{"type": "text", "text": text}]}}
                for got in protocol.receive(event("chat", {**payload, **message}), 0.0):
                    assert isinstance(got, ChatEvent)
                    runs.receive(got)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 4 * 2**20  # of 100 MB that came
