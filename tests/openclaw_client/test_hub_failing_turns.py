"""Turns that stall, fail or are refused, and what becomes of their runs; over a socket."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from openclaw_client import (
    NoReplyError,
    ReplyTimeoutError,
    RequestError,
    RunError,
    ScopeMissingError,
)
from tests.openclaw_client.captured import hello
from tests.openclaw_client.clients import Heard, asked, connected, guarded
from tests.openclaw_client.test_hub_frames import DONE, FINAL, WORDS, delta
from tests.peers.gateway_hub import (
    Ack,
    Chat,
    GatewayHub,
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


async def fails(steps: Sequence[Step], protocol: int = 4, **settings: Any) -> tuple[Heard, int]:
    """Return what is heard of a turn that fails, and how often its run was aborted."""
    hub = GatewayHub()
    hub.hello = hello(protocol)
    turns = by_turn(performs(*steps), echo)
    hub.replies |= {"agent": turns, "chat.send": turns}
    async with hub.running(), connected(hub, **settings) as client:
        first = await asked(client)
        assert (await asked(client)).error is None
        assert (hub.visited, client.stats().failed_turns) == (1, 1)
        await until(lambda: not client._board._turns and not client._board._runs._by_id)
    return first, len(hub.asked("chat.abort"))


def test_a_stream_that_stalls_is_given_up_and_its_run_aborted():
    async def test() -> None:
        stalled, aborts = await fails([Ack(), delta(2)], stall_timeout=0.15)
        assert stalled.words == WORDS[2]
        assert isinstance(stalled.error, ReplyTimeoutError)
        assert "stopped in mid-reply" in str(stalled.error)
        assert aborts == 1

    guarded(test)


def test_a_missing_final_of_the_old_protocol_ends_by_its_deadline():
    async def test() -> None:
        stalled, aborts = await fails([Ack(status="started"), delta(5)], 3, stall_timeout=0.15)
        assert stalled.words == WORDS[5]
        assert isinstance(stalled.error, ReplyTimeoutError)
        assert aborts == 1

    guarded(test)


def test_repeating_itself_does_not_keep_a_stalled_stream_alive():
    async def test() -> None:
        hub = GatewayHub()

        async def again_and_again(visit: Visit, request: Request) -> None:
            await performs(Ack())(visit, request)
            while True:
                await performs(delta(2), Chat("status", seq=2))(visit, request)
                await asyncio.sleep(0.02)

        hub.replies["agent"] = again_and_again
        async with hub.running(), connected(hub, stall_timeout=0.2, max_reply=5) as client:
            stalled = await asked(client)
            assert stalled.words == WORDS[2]
            assert "stopped in mid-reply" in str(stalled.error)

    guarded(test)


def test_a_slow_stream_is_no_stalled_one():
    async def test() -> None:
        hub = GatewayHub()

        async def slow(visit: Visit, request: Request) -> None:
            await performs(Ack())(visit, request)
            for number in range(6):
                await asyncio.sleep(0.06)
                await performs(delta(number))(visit, request)
            await performs(FINAL)(visit, request)

        hub.replies["agent"] = slow
        async with hub.running(), connected(hub, stall_timeout=0.25) as client:
            assert await asked(client) == DONE

    guarded(test)


@pytest.mark.parametrize(
    ("steps", "error", "words"),
    [
        ([Ack(), Chat("error", more={"errorMessage": "no model"})], RunError, ""),
        ([Ack(), delta(1), Chat("error", seq=2)], RunError, WORDS[1]),
        ([Ack(), delta(1), Chat("aborted", WORDS[2], 3)], RunError, WORDS[2]),
        ([Ack(), Chat("final", seq=1)], NoReplyError, ""),
        ([Ack(), Result("", "timeout")], RunError, ""),
        ([Ack(), delta(1), Result(WORDS[1], "error")], RunError, WORDS[1]),
    ],
)
def test_a_run_that_ended_without_success_is_not_aborted(
    steps: Sequence[Step], error: type[Exception], words: str
):
    async def test() -> None:
        failed, aborts = await fails(steps)
        assert (failed.words, type(failed.error), aborts) == (words, error, 0)

    guarded(test)


@pytest.mark.parametrize(
    ("message", "error"),
    [("no such thing", RequestError), ("missing scope: operator.write", ScopeMissingError)],
)
def test_a_turn_that_is_refused_has_no_run_to_abort(
    message: str, error: type[Exception], caplog: pytest.LogCaptureFixture
):
    async def test() -> None:
        hub = GatewayHub()

        async def refuse(visit: Visit, request: Request) -> None:
            await visit.refuse(request["id"], "INVALID_REQUEST", message)

        hub.replies["agent"] = by_turn(refuse, echo)
        async with hub.running(), connected(hub) as client:
            assert isinstance((await asked(client)).error, error)
            assert (await asked(client)).error is None
            assert not hub.asked("chat.abort")

    guarded(test)
    assert "could not be aborted" not in caplog.text


def test_words_that_became_a_command_have_no_run_to_abort(caplog: pytest.LogCaptureFixture):
    async def test() -> None:
        hub = GatewayHub()

        async def command(visit: Visit, request: Request) -> None:
            await visit.answer(request["id"], {"ok": True, "aborted": False, "runIds": []})

        hub.replies["agent"] = command
        async with hub.running(), connected(hub) as client:
            assert isinstance((await asked(client)).error, NoReplyError)
            assert not hub.asked("chat.abort")

    guarded(test)
    assert "could not be aborted" not in caplog.text
