"""Frames that come late, twice, in another order or not at all, over a socket.

What the client promises, and what is checked here: every event with a text holds the whole text so
far, so whatever becomes of the events before it, one that counts brings everything. A listener
hears each word of the final text once, in its order. Events that hold only their own part can make
no such promise; no captured gateway sends them alone.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openclaw_client import (
    GatewayClient,
)
from openclaw_client.runs import ChatEvent, ChatState, Run
from tests.openclaw_client.clients import SESSION, Heard, asked, connected, guarded
from tests.peers.gateway_hub import (
    Ack,
    Chat,
    GatewayHub,
    Raw,
    Request,
    Result,
    Step,
    Visit,
    by_turn,
    echo,
    performs,
    until,
)

pytestmark = pytest.mark.usefixtures("secrets_kept")

WORDS = tuple(" ".join(f"w{n}" for n in range(many + 1)) for many in range(6))
"""A text as it grows: "w0", "w0 w1", …"""

DONE = Heard(WORDS[5])


def delta(number: int, **more: Any) -> Chat:
    return Chat("delta", WORDS[number], number, more=more)


def part(number: int) -> Chat:
    """A delta with only what is new."""
    return Chat("delta", seq=number, more={"deltaText": f" w{number}" if number else "w0"})


FINAL = Chat("final", WORDS[5], 6)

ORDERS: dict[str, Sequence[Step]] = {
    "in order": [Ack(), *(delta(n) for n in range(6)), FINAL],
    "late": [Ack(), delta(0), delta(3), delta(1), delta(2), delta(4), FINAL],
    "duplicated": [Ack(), *(delta(n // 2) for n in range(12)), FINAL, FINAL],
    "adjacent swapped": [Ack(), *(delta(n ^ 1) for n in range(6)), FINAL],
    "backwards": [Ack(), *(delta(5 - n) for n in range(6)), FINAL],
    "deltas missing": [Ack(), delta(1), delta(4), FINAL],
    "all deltas missing": [Ack(), FINAL],
    "final before the last deltas": [Ack(), delta(0), delta(3), FINAL, delta(4), delta(5)],
    "final without a text": [Ack(), delta(2), delta(5), Chat("final", seq=6)],
    "final missing, second answer": [Ack(), delta(2), Result(WORDS[5])],
    "final after the second answer": [Ack(), delta(2), Result(WORDS[5]), FINAL],
    "second answer without words": [Ack(), delta(5), Result()],
    "before the acknowledgement": [delta(0), delta(3), Ack(), delta(4), FINAL],
    "all before the acknowledgement": [delta(0), delta(5), FINAL, Ack()],
    "acknowledged twice": [Ack(), delta(0), Ack(), Ack(status="in_flight"), delta(3), FINAL],
    "result twice": [Ack(), delta(0), Result(WORDS[5]), Result(WORDS[5]), FINAL],
    "acknowledged late": [delta(0), Result(WORDS[5]), Ack()],
    "parts alone": [Ack(), *(part(n) for n in range(6)), FINAL],
    "parts alone, duplicated": [Ack(), *(part(n // 2) for n in range(12)), FINAL],
    "taken back and said again": [
        Ack(),
        delta(2),
        Chat("delta", "", 3, more={"replace": True, "deltaText": ""}),
        Chat("delta", WORDS[0], 4),
        Chat("delta", WORDS[4], 5),
        FINAL,
    ],
    "other spaces": [
        Ack(),
        Chat("delta", "w0 w1 ", 1),
        Chat("delta", "w0 w1\n\nw2", 2),
        Chat("delta", "w0 w1\n\nw2 w3", 3),
        FINAL,
    ],
    "no numbers": [Ack(), *(Chat("delta", text) for text in WORDS), Chat("final", WORDS[5])],
    "numbers that are none": [
        Ack(),
        Chat("delta", WORDS[0], more={"seq": "one"}),
        Chat("delta", WORDS[1], more={"seq": 1e300}),
        Chat("delta", WORDS[2], more={"seq": None}),
        FINAL,
    ],
    "states that are none": [Ack(), Chat("pondering", "?", 1), delta(2), Chat("", "?", 3), FINAL],
}


@pytest.mark.parametrize("name", ORDERS)
def test_each_word_is_heard_once_and_the_connection_goes_on(name: str):
    async def test() -> None:
        hub = GatewayHub()
        hub.replies["agent"] = by_turn(performs(*ORDERS[name]), echo)
        async with hub.running(), connected(hub) as client:
            first = await asked(client)
            assert first.error is None
            assert first.words.split() == DONE.words.split()
            assert (await asked(client)).words.startswith("echo ")
            assert (hub.visited, client.stats().failed_turns) == (1, 0)

    guarded(test)


def renamed(steps: Sequence[Step], run_id: str) -> list[Step]:
    """Let the events of a run have another id than its acknowledgement promised."""
    return [
        Chat(one.state, one.text, one.seq, run_id, one.more) if isinstance(one, Chat) else one
        for one in steps
    ]


@pytest.mark.parametrize("early", [False, True], ids=["after", "before"])
def test_a_run_id_that_is_not_the_idempotency_key_is_followed(early: bool):
    async def test() -> None:
        hub = GatewayHub()
        events = renamed([delta(0), delta(3), FINAL], "another")
        ack = Ack("another")
        steps = [*events[:2], ack, events[2]] if early else [ack, *events]
        hub.replies["agent"] = by_turn(performs(*steps), echo)
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == DONE
            assert (await asked(client)).words.startswith("echo ")

    guarded(test)


def test_events_under_an_id_that_nobody_promised_are_not_heard():
    async def test() -> None:
        hub = GatewayHub()
        steps = [Ack(), *renamed([delta(0), FINAL], "somebody else's"), Chat("final", "mine")]
        hub.replies["agent"] = performs(*steps)
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == Heard("mine")

    guarded(test)


def test_two_runs_that_take_turns_are_heard_apart():
    async def test() -> None:
        hub, both = GatewayHub(), asyncio.Event()
        keys: list[str] = []

        async def reply(visit: Visit, request: Request) -> None:
            keys.append(request["params"]["idempotencyKey"])
            await performs(Ack())(visit, request)
            if len(keys) < 2:
                return
            for number in range(6):
                for at, key in enumerate(keys):
                    text = WORDS[number].replace("w", "v" if at else "w")
                    await visit.chat(key, "delta", text, seq=number)
            for at, key in enumerate(keys):
                await visit.chat(key, "final", WORDS[5].replace("w", "v" if at else "w"))
            both.set()

        hub.replies["agent"] = reply
        async with hub.running(), connected(hub) as client, asyncio.TaskGroup() as tasks:
            turns = [tasks.create_task(asked(client)) for _ in range(2)]
        assert [turn.result() for turn in turns] == [DONE, Heard(WORDS[5].replace("w", "v"))]

    guarded(test)


def test_answers_that_nobody_waits_for_are_ignored():
    async def test() -> None:
        hub = GatewayHub()
        foreign = [
            Raw('{"type":"res","id":"no such id","ok":true,"payload":{"status":"ok"}}'),
            Raw('{"type":"res","id":"","ok":false,"error":{"code":"X"}}'),
            Raw('{"type":"res","id":"1","ok":true,"payload":{"runId":"1"}}'),
            Raw('{"type":"push","what":1}'),
        ]
        hub.replies["agent"] = performs(*foreign, Ack(), *foreign, delta(2), *foreign, FINAL)
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == DONE
            assert hub.visited == 1

    guarded(test)


def test_a_listener_that_pauses_holds_nobody_up():
    async def test() -> None:
        hub, spoken = GatewayHub(), asyncio.Event()
        hub.replies["agent"] = by_turn(performs(Ack(), *map(delta, range(6)), FINAL), echo)

        async def paused(client: GatewayClient) -> str:
            words = ""
            async for piece in client.ask(SESSION, "Ann: hi"):
                words += piece
                await spoken.wait()
            return words

        async with hub.running(), connected(hub, stall_timeout=0.2) as client:
            slow = asyncio.create_task(paused(client))
            await until(lambda: hub.asked("agent"))
            for number in range(20):
                assert (await asked(client, f"{SESSION}{number}")).words.startswith("echo ")
            assert not slow.done()
            await asyncio.sleep(0.25)
            spoken.set()
            assert await slow == DONE.words

    guarded(test)


def test_two_hundred_shuffled_turns_over_one_connection_are_heard_word_for_word():
    async def test() -> None:
        hub, chance = GatewayHub(), random.Random(3)  # noqa: S311 - repeatable

        async def shuffled(visit: Visit, request: Request) -> None:
            deltas = [delta(n) for n in range(6) for _ in range(chance.randrange(3))]
            chance.shuffle(deltas)
            place = chance.randrange(len(deltas) + 1)
            steps: list[Step] = [*deltas[:place], Ack(), *deltas[place:]]
            end = chance.choice([FINAL, Result(WORDS[5])])
            await performs(*steps, end)(visit, request)

        hub.replies["agent"] = shuffled
        async with hub.running(), connected(hub) as client, asyncio.TaskGroup() as tasks:
            turns = [tasks.create_task(asked(client, f"{SESSION}{n}")) for n in range(200)]
        assert {turn.result() for turn in turns} == {DONE}

    guarded(test)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text("abé… .\n", min_size=1, max_size=6), min_size=1, max_size=12),
    st.data(),
)
def test_any_order_loss_and_repetition_of_whole_texts_gives_the_final_text(
    pieces: list[str], data: st.DataObject
):
    wholes = ["".join(pieces[: end + 1]) for end in range(len(pieces))]
    came = data.draw(st.lists(st.integers(0, len(wholes) - 1), max_size=30))
    run = Run("k", SESSION)
    out = ""
    for number in came:
        run.receive(ChatEvent("k", SESSION, ChatState.DELTA, seq=number, text=wholes[number]))
        out += run.take()
    run.receive(ChatEvent("k", SESSION, ChatState.FINAL, text=wholes[-1]))
    assert out + run.take() == wholes[-1]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=20))
def test_lost_parts_are_made_good_by_the_final_text(arrives: list[bool]):
    words = [f"w{n}" for n in range(len(arrives))]
    run = Run("k", SESSION)
    for number, word in enumerate(words):
        if arrives[number]:
            text = f" {word}" if number else word
            run.receive(ChatEvent("k", SESSION, ChatState.DELTA, seq=number, delta=text))
    early = run.take().split()
    run.finish(" ".join(words))
    late = run.take().split()
    # Everything from the first lost word on is said in its place, nothing before it again.
    first_lost = arrives.index(False) if False in arrives else len(words)
    assert early[:first_lost] == words[:first_lost]
    assert late == words[first_lost:]
