"""Connections that break, are refused, or lead to something that is no gateway, over a socket."""

import asyncio

import pytest

from openclaw_client import (
    LinkState,
    UnavailableError,
    UnreachableError,
)
from tests.openclaw_client.captured import answer, challenge, hello
from tests.openclaw_client.clients import Heard, asked, connected, guarded
from tests.peers.gateway_hub import (
    Ack,
    Chat,
    Close,
    GatewayHub,
    Raw,
    Request,
    Step,
    Visit,
    by_turn,
    echo,
    performs,
    silence,
    until,
)

pytestmark = pytest.mark.usefixtures("secrets_kept")

CODES = (1000, 1001, 1006, 1008, 1009, 1011, 1012, 1013)


@pytest.mark.parametrize("code", CODES)
def test_a_close_in_the_middle_of_a_reply_is_not_heard(code: int):
    async def test() -> None:
        hub = GatewayHub()
        cut = performs(Ack(), Chat("delta", "w0 w1", 1), Close(code, "because"))
        rest = performs(Ack(status="in_flight"), Chat("final", "w0 w1 w2", 2))
        hub.replies["agent"] = by_turn(cut, rest, echo)
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == Heard("w0 w1 w2")
            assert (await asked(client)).words.startswith("echo ")
            assert (hub.visited, client.stats().reconnects) == (2, 1)

    guarded(test)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("moment", ["before the challenge", "instead of an answer", "when idle"])
def test_after_a_close_the_next_connection_answers(code: int, moment: str):
    async def test() -> None:
        hub = GatewayHub()
        usual = hub.welcome

        async def welcome(visit: Visit) -> None:
            if moment == "before the challenge" and visit.number == 0:
                await visit.close(code, "because")
            await usual(visit)

        async def greet(visit: Visit, request: Request) -> None:
            if moment == "instead of an answer" and visit.number == 0:
                await visit.close(code, "because")
            await visit.answer(request["id"], hub.hello)
            if moment == "when idle" and visit.number == 0:
                await visit.close(code, "because")

        hub.welcome, hub.greet = welcome, greet
        async with hub.running(), connected(hub) as client:
            # In time: some ask the client to wait for a person, who then looks at a connection.
            await until(lambda: client.stats().state is LinkState.READY and hub.visited == 2)
            assert (await asked(client)).words.startswith("echo ")

    guarded(test)


@pytest.mark.parametrize("code", CODES)
def test_a_gateway_that_always_closes_is_an_error_in_time(code: int):
    async def test() -> None:
        hub = GatewayHub()

        async def welcome(visit: Visit) -> None:
            await visit.close(code, "because")

        hub.welcome = welcome
        async with hub.running(), connected(hub, retry_timeout=0.1) as client:
            failed = await asked(client)
            assert failed.words == ""
            kind = UnavailableError if code in {1012, 1013} else UnreachableError
            assert type(failed.error) is kind
            assert kind is UnavailableError or str(code) in str(failed.error)

    guarded(test)


MALFORMED = {
    "binary": b"\x00\x01\x02",
    "binary JSON": b'{"type":"event","event":"tick"}',
    "no JSON": "Internal Server Error",
    "half a frame": '{"type":"event","event":"chat","payload":{"runId"',
    "deeply nested": "[" * 100_000,
    "deeply nested payload": '{"type":"event","event":"chat","payload":'
    + '{"a":' * 50_000
    + "1"
    + "}" * 50_001,
    "a huge whole number": '{"type":"event","event":"tick","seq":' + "9" * 5_000 + "}",
    "an answer without a verdict": '{"type":"res","id":"1"}',
    "an event without a name": '{"type":"event","payload":{}}',
    "a list": "[]",
    "nothing": "",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_message_in_the_middle_of_a_reply_is_not_heard(data: str | bytes):
    async def test() -> None:
        hub = GatewayHub()
        garbage = performs(Ack(), Chat("delta", "w0 w1", 1), Raw(data))
        rest = performs(Ack(status="in_flight"), Chat("final", "w0 w1 w2", 2))
        hub.replies["agent"] = by_turn(garbage, rest, echo)
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == Heard("w0 w1 w2")
            assert (await asked(client)).words.startswith("echo ")
            assert hub.visited == 2

    guarded(test)


ODD = {
    "a number beyond all numbers": '{"type":"event","event":"tick","seq":1e999}',
    "a number that is none": '{"type":"event","event":"tick","seq":NaN,"payload":{"ts":NaN}}',
    "a large whole number": '{"type":"event","event":"tick","seq":' + "9" * 400 + "}",
    "a payload that is none": '{"type":"event","event":"chat","payload":"text"}',
    "a run without an id": '{"type":"event","event":"chat","payload":{"state":"final"}}',
    "half a character": '{"type":"event","event":"\\ud83d","payload":{"runId":"\\udc00"}}',
    "an unknown type": '{"type":"push","method":"tick"}',
    "a second challenge": challenge("another"),
    "a second greeting": answer("1", hello()),
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_an_odd_message_in_the_middle_of_a_reply_changes_nothing(data: str):
    async def test() -> None:
        hub = GatewayHub()
        hub.replies["agent"] = performs(
            Raw(data), Ack(), Chat("delta", "w0 w1", 1), Raw(data), Chat("final", "w0 w1 w2", 2)
        )
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == Heard("w0 w1 w2")
            assert await asked(client) == Heard("w0 w1 w2")
            assert (hub.visited, len(hub.asked("connect"))) == (1, 1)

    guarded(test)


@pytest.mark.parametrize(
    "steps",
    [[Raw(b"\x00")], [Ack(), Close(1006)]],
    ids=["garbage", "acknowledged and closed"],
)
def test_a_turn_that_breaks_every_connection_is_given_up(steps: list[Step]):
    async def test() -> None:
        hub = GatewayHub()
        hub.replies["agent"] = performs(*steps)
        async with hub.running(), connected(hub, retry_timeout=0.5) as client:
            failed = await asked(client)
            assert isinstance(failed.error, UnreachableError)
            assert "with every try" in str(failed.error)
            assert len(hub.asked("agent")) < 8
            hub.replies["agent"] = echo
            assert (await asked(client)).words.startswith("echo ")

    guarded(test)


def test_a_reply_that_goes_on_may_be_broken_off_more_often():
    async def test() -> None:
        hub = GatewayHub()
        counted = [" ".join(f"w{n}" for n in range(many)) for many in range(1, 5)]
        cuts = [performs(Ack(), Chat("delta", text), Close(1006)) for text in counted]
        hub.replies["agent"] = by_turn(*cuts, performs(Ack(), Chat("final", counted[-1])))
        async with hub.running(), connected(hub, retry_timeout=0.8) as client:
            assert await asked(client) == Heard(counted[-1])
            assert len(hub.asked("agent")) == 5

    guarded(test)


def test_a_gateway_that_never_answers_connect_is_given_up():
    async def test() -> None:
        hub = GatewayHub()
        hub.greet = silence
        async with hub.running(), connected(hub, connect_timeout=0.2, retry_timeout=0.2) as client:
            failed = await asked(client)
            assert isinstance(failed.error, UnreachableError)
            assert "no sign of life" in str(failed.error)

    guarded(test)


def test_a_turn_that_is_never_acknowledged_is_given_up_and_aborted():
    async def test() -> None:
        hub = GatewayHub()
        hub.replies["agent"] = by_turn(silence, echo)
        async with hub.running(), connected(hub, request_timeout=0.2) as client:
            failed = await asked(client)
            assert isinstance(failed.error, UnavailableError)
            await until(lambda: hub.asked("chat.abort"))
            assert (await asked(client)).words.startswith("echo ")
            assert hub.visited == 1

    guarded(test)


@pytest.mark.slow
def test_a_gateway_that_stops_ticking_is_left_and_its_run_found_again():
    async def test() -> None:
        hub = GatewayHub()
        hub.hello = hello(policy={"maxPayload": 2**20, "tickIntervalMs": 20})
        stopped = performs(Ack(), Chat("delta", "w0 w1", 1))
        rest = performs(Ack(status="in_flight"), Chat("final", "w0 w1 w2", 2))
        hub.replies["agent"] = by_turn(stopped, rest)
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == Heard("w0 w1 w2")
            assert client.stats().reconnects == 1

    guarded(test)


@pytest.mark.parametrize(
    "wish",
    ['"retryAfterMs":1e999', '"retryAfterMs":NaN', '"retryAfterMs":' + "9" * 400],
    ids=["infinite", "none", "huge"],
)
def test_a_gateway_cannot_ask_us_to_wait_for_ever(wish: str):
    async def test() -> None:
        hub = GatewayHub()

        async def starting(visit: Visit, request: Request) -> None:
            error = '{"code":"UNAVAILABLE","message":"gateway starting",' + wish + "}"
            text = f'{{"type":"res","id":"{request["id"]}","ok":false,"error":{error}}}'
            await visit.send(text)

        hub.greet = starting
        async with hub.running(), connected(hub, retry_timeout=0.1) as client:
            failed = await asked(client)
            assert isinstance(failed.error, UnavailableError)
            after = failed.error.retry_after
            assert after is None or after <= 600

    guarded(test)


def test_steps_of_one_turn_do_not_disturb_another_over_a_broken_connection():
    """Ten turns at a time, each at another place when the connection breaks: all are whole."""

    async def test() -> None:
        hub = GatewayHub()
        stages: list[list[Step]] = [
            [],
            [Ack()],
            [Ack(), Chat("delta", "w0", 1)],
            [Ack(), Chat("delta", "w0", 1), Chat("delta", "w0 w1", 2)],
            [Chat("delta", "w0", 1)],
        ]
        seen: set[str] = set()

        async def reply(visit: Visit, request: Request) -> None:
            key = request["params"]["idempotencyKey"]
            if key in seen:
                steps: list[Step] = [Ack(status="in_flight"), Chat("final", "w0 w1 w2", 3)]
            else:
                seen.add(key)
                steps = stages[len(seen) % len(stages)]
            await performs(*steps)(visit, request)
            if len(seen) == 10 and hub.visited == 1:
                hub.drop()

        hub.replies["agent"] = reply
        async with hub.running(), connected(hub) as client, asyncio.TaskGroup() as tasks:
            turns = [tasks.create_task(asked(client)) for _ in range(10)]
        assert [turn.result() for turn in turns] == [Heard("w0 w1 w2")] * 10

    guarded(test)
