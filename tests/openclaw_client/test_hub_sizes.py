"""Large messages, floods, and what may be sent at all, over a socket."""

import json
from contextlib import aclosing

import pytest

from openclaw_client import RequestError
from openclaw_client.reply_text import LONGEST_REPLY
from openclaw_client.runs import EARLY_EVENTS, EARLY_RUNS
from tests.openclaw_client.captured import hello
from tests.openclaw_client.clients import SESSION, Heard, asked, connected, guarded, heard
from tests.peers.gateway_hub import (
    Ack,
    Chat,
    GatewayHub,
    Raw,
    Request,
    Result,
    Visit,
    by_turn,
    echo,
    performs,
)

pytestmark = pytest.mark.usefixtures("secrets_kept")

LARGE = "word " * 200_000
"""1 MB of words."""


@pytest.mark.parametrize(
    "steps",
    [
        [Chat("delta", LARGE, 1), Chat("final", LARGE, 2)],
        [Chat("delta", seq=1, more={"deltaText": LARGE}), Chat("final", seq=2)],
        [Chat("final", LARGE, 1)],
        [Chat("aborted", LARGE, 1)],
        [Result(LARGE)],
    ],
    ids=["delta", "part", "final", "aborted", "second answer"],
)
def test_a_reply_of_one_megabyte_is_cut_off_at_hours_of_speech(
    steps: list[Chat | Result],
):
    async def test() -> None:
        hub = GatewayHub()
        hub.replies["agent"] = by_turn(performs(Ack(), *steps), echo)
        async with hub.running(), connected(hub) as client:
            assert (await asked(client)).words == LARGE[:LONGEST_REPLY]
            assert (await asked(client)).words.startswith("echo ")
            assert hub.visited == 1

    guarded(test)


def test_one_megabyte_of_words_reaches_the_gateway():
    async def test() -> None:
        hub = GatewayHub()
        hub.replies["agent"] = performs(Ack(), Chat("final", "w0"))
        async with hub.running(), connected(hub) as client:
            assert await heard(client.ask(SESSION, LARGE)) == Heard("w0")
            assert hub.asked("agent")[0]["message"] == LARGE

    guarded(test)


def test_words_larger_than_the_gateway_takes_are_refused_and_nobody_else_notices():
    async def test() -> None:
        hub = GatewayHub()
        hub.hello = hello(policy={"maxPayload": 2**20, "tickIntervalMs": 30000})
        reached: list[str] = []

        async def reply(visit: Visit, request: Request) -> None:
            reached.append(request["params"]["sessionKey"])
            await performs(Ack(), Chat("delta", "w0", 1))(visit, request)

        hub.replies["agent"] = by_turn(reply, echo)
        async with hub.running(), connected(hub) as client:
            other = client.ask(f"{SESSION}0", "Ann: hi")
            assert await anext(other) == "w0"
            refused = await heard(client.ask(SESSION, LARGE + LARGE))
            assert isinstance(refused.error, RequestError)
            assert "too long for the gateway" in str(refused.error)
            assert "1048576" in str(refused.error)
            key = hub.asked("agent")[0]["idempotencyKey"]
            await hub.visits[0].chat(key, "final", "w0 w1")
            assert [piece async for piece in other] == [" w1"]
            assert (await asked(client)).words.startswith("echo ")
            assert (hub.visited, hub.asked("chat.abort")) == (1, [])

    guarded(test)


@pytest.mark.parametrize(
    "words",
    [
        "Ann: half \ud83d of it",
        "Ann: \x00\x07\x1b[31m",
        'Ann: "}]\\',
        "Ann: \u2028\u202e",
        "Ann: 😀é",
    ],
)
def test_words_of_any_kind_reach_the_gateway_and_come_back(words: str):
    async def test() -> None:
        hub = GatewayHub()
        async with hub.running(), connected(hub) as client:
            sent = words.replace("\ud83d", "?")
            assert await heard(client.ask(SESSION, words)) == Heard("echo " + sent)
            assert hub.asked("agent")[0]["message"] == sent
            assert hub.visited == 1

    guarded(test)


def test_a_character_that_was_cut_in_two_is_heard_once_and_whole():
    async def test() -> None:
        hub = GatewayHub()
        texts = ("ten\ud83d", "ten😀", "ten😀 past")
        chats = [Chat("delta", text, seq) for seq, text in enumerate(texts)]
        hub.replies["agent"] = performs(Ack(), *chats, Chat("final", texts[-1]))
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == Heard("ten😀 past")

    guarded(test)


def foreign(number: int) -> Raw:
    """Return news of somebody else's run."""
    payload = {
        "runId": f"foreign-{number % 500}",
        "sessionKey": "agent:main:elsewhere",
        "state": ("status", "delta", "delta", "final")[number % 4],
        "message": {"content": [{"type": "text", "text": f"not for us {number} " * 20}]},
        "isHeartbeat": True,
        "stream": "lifecycle",
        "data": {"phase": "start"},
    }
    name = "agent" if number % 5 == 0 else "chat"
    return Raw(json.dumps({"type": "event", "event": name, "payload": payload, "seq": number}))


@pytest.mark.parametrize("acknowledged", [True, False], ids=["after", "before"])
def test_ten_thousand_foreign_events_do_not_hold_a_reply_up_and_are_not_kept(acknowledged: bool):
    async def test() -> None:
        hub = GatewayHub()
        kept: list[int] = []
        flood = [foreign(number) for number in range(10_000)]

        async def reply(visit: Visit, request: Request) -> None:
            start = [Ack(), Chat("delta", "w0", 1)] if acknowledged else [Chat("delta", "w0", 1)]
            end = [Chat("final", "w0 w1", 2)] if acknowledged else [Ack(), Chat("final", "w0 w1")]
            await performs(*start, *flood, *end)(visit, request)

        hub.replies["agent"] = by_turn(reply, echo)
        async with hub.running(), connected(hub, said=[], spontaneous=True) as client:
            runs = client._board._runs
            async with aclosing(client.ask(SESSION, "Ann: hi")) as pieces:
                kept.extend([sum(map(len, runs._early.values())) async for _ in pieces])
            assert max(kept) <= EARLY_RUNS * EARLY_EVENTS
            assert len(client._board._spontaneous._begun) <= 32
            assert (await asked(client)).words.startswith("echo ")
            assert not runs._early
            assert hub.visited == 1

    guarded(test)
