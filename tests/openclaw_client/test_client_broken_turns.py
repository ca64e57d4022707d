"""Turns whose connection breaks, and how they are found again; a scripted gateway on loopback."""

from typing import Any

import pytest

from openclaw_client import OpenClawConfig, UnreachableError
from tests.openclaw_client.clients import SESSION, connected, guarded, turn_that, whole
from tests.peers.gateway_hub import (
    Ack,
    Chat,
    Close,
    GatewayHub,
    Reply,
    Request,
    Result,
    Visit,
    by_turn,
    echo,
    performs,
)

WORDS = "Ann: hi"
BREAK = Close(1006)
RESUMED = {
    "role": "user",
    "content": "[System] Your previous turn was interrupted by a gateway restart while …",
    "idempotencyKey": "new:user",
}
"""What a gateway writes into a session whose turn it takes up again after a restart."""


def answered(text: str) -> dict[str, Any]:
    """Return the row of a history in which an agent has answered."""
    return {"role": "assistant", "content": text, "stopReason": "stop"}


def history(gateway: GatewayHub, *rows: dict[str, Any]) -> Reply:
    """Return a reply that tells the turn that was asked first, and what came after it."""

    async def reply(visit: Visit, request: Request) -> None:
        key = gateway.asked("agent")[0]["idempotencyKey"]
        asked = {"role": "user", "content": WORDS, "idempotencyKey": f"{key}:user"}
        await visit.answer(request["id"], {"messages": [asked, *rows]})

    return reply


def refuses(message: str, **more: Any) -> Reply:
    async def reply(visit: Visit, request: Request) -> None:
        await visit.refuse(request["id"], "UNAVAILABLE", message, **more)

    return reply


def in_turn(*replies: Reply) -> Reply:
    """Return a reply that is several, one after another."""

    async def reply(visit: Visit, request: Request) -> None:
        for one in replies:
            await one(visit, request)

    return reply


async def asks(gateway: GatewayHub) -> str:
    """Ask once, and return what is heard of the answer."""
    async with gateway.running(), connected(gateway) as client:
        return await whole(client.ask(SESSION, WORDS))


def test_the_second_answer_ends_a_run_whose_final_was_lost():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = performs(Ack(), Chat("delta", "It is"), Result("It is ten."))
        assert await asks(gateway) == "It is ten."

    guarded(test)


def test_a_turn_that_is_cut_off_is_found_again_and_not_repeated():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = by_turn(
            performs(Ack(), Chat("delta", "w0 w1", 8), BREAK),
            performs(
                Ack(status="in_flight"),
                Chat("delta", "w0 w1 w2", 9),
                Chat("final", "w0 w1 w2 w3", 10),
            ),
        )
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, WORDS)) == "w0 w1 w2 w3"
            first, second = gateway.asked("agent")
            assert first == second
            assert client.stats().reconnects == 1

    guarded(test)


def test_a_turn_that_ended_while_we_were_away_is_read_from_the_history():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = performs(Chat("delta", "w0"), BREAK)
        gateway.replies["chat.history"] = history(gateway, answered("w0 w1"))
        assert await asks(gateway) == "w0 w1"
        assert len(gateway.asked("agent")) == 1

    guarded(test)


def test_a_gateway_that_cannot_tell_its_history_yet_is_asked_again():
    async def test() -> None:
        gateway = GatewayHub()
        starting = refuses("starting", retryAfterMs=10)
        gateway.replies["agent"] = performs(Chat("delta", "w0"), BREAK)
        gateway.replies["chat.history"] = by_turn(
            starting, starting, history(gateway, answered("w0 w1"))
        )
        assert await asks(gateway) == "w0 w1"
        assert len(gateway.asked("agent")) == 1

    guarded(test)


def test_a_turn_that_a_restarted_gateway_took_up_itself_is_followed():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = performs(Chat("delta", "w0 w1"), BREAK)
        gateway.replies["chat.history"] = in_turn(
            history(gateway, RESUMED),
            performs(Chat("delta", "w0", 1, "new"), Chat("final", "w0 w1 w2", 2, "new")),
        )
        assert await asks(gateway) == "w0 w1 w2"
        assert len(gateway.asked("agent")) == 1

    guarded(test)


def test_a_turn_that_failed_beside_the_one_that_was_taken_up_is_followed():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = by_turn(
            performs(BREAK),
            in_turn(performs(Ack()), refuses("changed while starting work. Retry.")),
        )
        gateway.replies["chat.history"] = by_turn(
            history(gateway), history(gateway, RESUMED, answered("the answer"))
        )
        assert await asks(gateway) == "the answer"

    guarded(test)


def test_what_a_failed_run_tells_last_does_not_end_the_one_that_was_taken_up():
    async def test() -> None:
        gateway = GatewayHub()
        outside = "outside the current turn"

        async def refuse_the_turn(visit: Visit, _: Request) -> None:
            turn = [one for one in gateway.requests if one["method"] == "agent"][-1]
            await refuses(outside)(visit, turn)

        gateway.replies["agent"] = by_turn(
            performs(BREAK),
            performs(Ack(), Chat("error", more={"errorMessage": outside})),
        )
        gateway.replies["chat.history"] = by_turn(
            history(gateway),
            in_turn(
                history(gateway, RESUMED),
                refuse_the_turn,
                performs(Chat("final", "the answer", 1, "new")),
            ),
        )
        assert await asks(gateway) == "the answer"

    guarded(test)


def test_a_turn_that_never_reached_its_session_is_asked_under_another_key():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = by_turn(performs(BREAK), refuses("submit a new turn"), echo)
        assert await asks(gateway) == f"echo {WORDS}"
        first, second, third = (one["idempotencyKey"] for one in gateway.asked("agent"))
        assert first == second != third

    guarded(test)


def test_a_turn_is_given_up_when_the_gateway_stays_away():
    async def test() -> None:
        gateway = GatewayHub()
        async with connected(gateway, retry_timeout=0.3) as client:
            async with gateway.running():
                client.update(OpenClawConfig(base_url=gateway.url, retry_timeout=0.3))
                gateway.replies["agent"] = turn_that(("delta", "w0"))
                pieces = client.ask(SESSION, WORDS)
                assert await anext(pieces) == "w0"
            with pytest.raises(UnreachableError):
                await anext(pieces)

    guarded(test)
