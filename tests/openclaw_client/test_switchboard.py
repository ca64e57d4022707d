"""Sessions are followed within bounds, on every connection anew, and runs are really stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from openclaw_client.config import OpenClawConfig
from openclaw_client.credentials import Credentials
from openclaw_client.link import GatewayLink
from openclaw_client.switchboard import MOST_SESSIONS, Switchboard
from openclaw_client.turn import Turn, TurnLimits, TurnRequest
from tests.openclaw_client.captured import hello
from tests.peers.gateway_hub import GUARD, GatewayHub, Visit, until

SESSION = "agent:main:x"
SUBSCRIBE, UNSUBSCRIBE = "sessions.messages.subscribe", "sessions.messages.unsubscribe"


def guarded(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), GUARD))


@asynccontextmanager
async def board_at(gateway: GatewayHub) -> AsyncIterator[Switchboard]:
    config = OpenClawConfig(base_url=gateway.url, retry_timeout=5)
    board = Switchboard(config, None)
    board.link = GatewayLink(config, Credentials(config, None, "1"), board)
    tasks = [asyncio.create_task(board.run()), asyncio.create_task(board.link.run())]
    try:
        await board.ready(5)
        yield board
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def gateway_with(*methods: str) -> GatewayHub:
    gateway = GatewayHub()
    gateway.hello = hello(features={"methods": list(methods)})
    return gateway


def test_a_session_is_subscribed_once_per_connection():
    async def test() -> None:
        async with (
            gateway_with(SUBSCRIBE).running() as gateway,
            board_at(gateway) as board,
        ):
            board.follow(SESSION)
            board.follow(SESSION)
            await until(lambda: gateway.asked(SUBSCRIBE))
            assert gateway.asked(SUBSCRIBE) == [{"key": SESSION}]
            gateway.drop()
            await until(lambda: len(gateway.asked(SUBSCRIBE)) == 2)

    guarded(test)


def test_a_gateway_that_sends_all_events_is_not_asked_for_some():
    async def test() -> None:
        async with gateway_with("agent").running() as gateway, board_at(gateway) as board:
            board.follow(SESSION)
            await board.link.request("health", {})
            assert not gateway.asked(SUBSCRIBE)

    guarded(test)


def test_the_session_that_was_not_used_for_longest_is_given_up():
    async def test() -> None:
        async with (
            gateway_with(SUBSCRIBE, UNSUBSCRIBE).running() as gateway,
            board_at(gateway) as board,
        ):
            for number in range(MOST_SESSIONS):
                board.follow(f"{SESSION}{number}")
            board.follow(f"{SESSION}0")
            board.follow("agent:main:one-more")
            await until(lambda: gateway.asked(UNSUBSCRIBE))
            assert gateway.asked(UNSUBSCRIBE) == [{"key": f"{SESSION}1"}]

    guarded(test)


async def abandon(board: Switchboard, gateway: GatewayHub) -> None:
    """Ask something and lose interest in it."""
    limits = TurnLimits(5.0, 5.0, 5.0, 5.0)
    turn = Turn(board, TurnRequest(SESSION, "Ann: hi", "k"), limits)
    asking = asyncio.create_task(anext(turn.pieces()))
    await until(lambda: gateway.asked("agent"))
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


async def accept(visit: Visit, request: dict[str, Any]) -> None:
    await visit.answer(request["id"], {"runId": "k", "status": "accepted"})


@pytest.mark.parametrize("answers", [1, 3])
def test_an_abort_is_repeated_until_the_gateway_knows_the_run(answers: int):
    async def test() -> None:
        gateway = GatewayHub()

        async def abort(visit: Visit, request: dict[str, Any]) -> None:
            known = len(gateway.asked("chat.abort")) >= answers
            await visit.answer(request["id"], {"ok": True, "aborted": known})

        gateway.replies |= {"agent": accept, "chat.abort": abort}
        async with gateway.running(), board_at(gateway) as board:
            await abandon(board, gateway)
            await until(lambda: not board._runs._by_id)
            assert len(gateway.asked("chat.abort")) == answers

    guarded(test)


def test_an_abort_that_the_gateway_refuses_is_not_repeated():
    async def test() -> None:
        gateway = GatewayHub()

        async def refuse(visit: Visit, request: dict[str, Any]) -> None:
            await visit.refuse(request["id"], "INVALID_REQUEST", "no")

        gateway.replies |= {"agent": accept, "chat.abort": refuse}
        async with gateway.running(), board_at(gateway) as board:
            await abandon(board, gateway)
            await until(lambda: not board._runs._by_id)
            assert len(gateway.asked("chat.abort")) == 1

    guarded(test)


@pytest.mark.slow
def test_a_run_that_cannot_be_aborted_is_told(caplog: pytest.LogCaptureFixture):
    async def test() -> None:
        gateway = GatewayHub()

        async def never(visit: Visit, request: dict[str, Any]) -> None:
            await visit.answer(request["id"], {"ok": True, "aborted": False})

        gateway.replies |= {"agent": accept, "chat.abort": never}
        async with gateway.running(), board_at(gateway) as board:
            await abandon(board, gateway)
            await until(lambda: not board._runs._by_id)

    guarded(test)
    assert "could not be aborted" in caplog.text


def test_an_abort_survives_a_broken_connection():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = accept
        async with gateway.running(), board_at(gateway) as board:
            gateway.replies["chat.abort"] = drop_first(gateway)
            await abandon(board, gateway)
            await until(lambda: len(gateway.asked("chat.abort")) == 2)
            await until(lambda: not board._runs._by_id)

    guarded(test)


def drop_first(gateway: GatewayHub) -> Any:
    async def reply(visit: Visit, request: dict[str, Any]) -> None:
        if len(gateway.asked("chat.abort")) == 1:
            gateway.drop()
        else:
            await visit.answer(request["id"], {"ok": True, "aborted": True})

    return reply
