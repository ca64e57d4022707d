"""The link keeps a connection, and knows when trying again makes no sense."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import websockets

from openclaw_client.config import OpenClawConfig
from openclaw_client.credentials import Credentials
from openclaw_client.errors import (
    CredentialsError,
    GatewayConnectionError,
    NotAGatewayError,
    PairingRequiredError,
    RequestError,
    ScopeMissingError,
    UnavailableError,
    UnreachableError,
)
from openclaw_client.handshake import Hello
from openclaw_client.link import GatewayLink, Pause, pause_before
from openclaw_client.protocol import AgentEvent, Answered
from openclaw_client.runs import ChatEvent
from openclaw_client.stats import LinkState
from tests.openclaw_client.captured import event, hello
from tests.peers.gateway_hub import GUARD, GatewayHub, Visit, until


class Notes:
    """Writes down what a link tells."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.events: list[ChatEvent | AgentEvent] = []
        self.answers: list[Answered] = []

    def connected(self, hello: Hello) -> None:
        self.told.append("connected")

    def disconnected(self) -> None:
        self.told.append("disconnected")

    def receive(self, event: ChatEvent | AgentEvent) -> None:
        self.events.append(event)

    def receive_answer(self, answer: Answered) -> None:
        self.answers.append(answer)


def guarded(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), GUARD))


@asynccontextmanager
async def linked(url: str, notes: Notes | None = None, **more: Any) -> AsyncIterator[GatewayLink]:
    config = OpenClawConfig(base_url=url, **more)
    link = GatewayLink(config, Credentials(config, None, "1"), notes or Notes())
    keeper = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


def test_a_connection_is_made_and_told():
    async def test() -> None:
        notes = Notes()
        async with GatewayHub().running() as gateway, linked(gateway.url, notes) as link:
            assert (await link.ready(5)).protocol == 4
            assert link.state is LinkState.READY
        assert notes.told == ["connected", "disconnected"]
        assert link.state is LinkState.CLOSED

    guarded(test)


def test_a_lost_connection_is_made_again():
    async def test() -> None:
        notes = Notes()
        async with GatewayHub().running() as gateway, linked(gateway.url, notes) as link:
            await link.ready(5)
            for number in range(1, 4):
                gateway.drop()
                await until(lambda number=number: link.connections == number + 1)
            assert notes.told == ["connected", "disconnected"] * 3 + ["connected"]

    guarded(test)


def test_requests_are_answered_and_refused():
    async def test() -> None:
        gateway = GatewayHub()

        async def refuse(visit: Visit, request: dict[str, Any]) -> None:
            await visit.refuse(request["id"], "INVALID_REQUEST", "no")

        gateway.replies["bad"] = refuse
        async with gateway.running(), linked(gateway.url) as link:
            await link.ready(5)
            assert await link.request("good", {}) == {"ok": True}
            with pytest.raises(RequestError):
                await link.request("bad", {})
            link.post("unasked", {})
            await until(lambda: gateway.asked("unasked"))

    guarded(test)


def test_many_requests_at_a_time_get_their_own_answers():
    async def test() -> None:
        gateway = GatewayHub()

        async def repeat(visit: Visit, request: dict[str, Any]) -> None:
            await asyncio.sleep(0.001 * (7 * request["params"]["n"] % 5))
            await visit.answer(request["id"], request["params"])

        gateway.replies["repeat"] = repeat
        async with gateway.running(), linked(gateway.url) as link:
            await link.ready(5)
            async with asyncio.TaskGroup() as tasks:
                asked = [tasks.create_task(link.request("repeat", {"n": n})) for n in range(200)]
            assert [one.result()["n"] for one in asked] == list(range(200))

    guarded(test)


def test_a_request_that_is_not_answered_is_given_up():
    async def test() -> None:
        gateway = GatewayHub()

        async def silent(visit: Visit, request: dict[str, Any]) -> None:
            await asyncio.sleep(0.2)
            await visit.answer(request["id"], {"late": True})

        gateway.replies["slow"] = silent
        notes = Notes()
        async with gateway.running(), linked(gateway.url, notes, request_timeout=0.1) as link:
            await link.ready(5)
            with pytest.raises(UnavailableError, match="did not answer a request"):
                await link.request("slow", {})
            await until(lambda: notes.answers)
            assert notes.answers[0].payload == {"late": True}

    guarded(test)


def test_a_request_on_a_broken_connection_fails_at_once():
    async def test() -> None:
        gateway = GatewayHub()

        async def drop(visit: Visit, request: dict[str, Any]) -> None:
            gateway.drop()

        gateway.replies["drop"] = drop
        async with gateway.running(), linked(gateway.url) as link:
            await link.ready(5)
            with pytest.raises(UnreachableError, match="was lost"):
                await link.request("drop", {})

    guarded(test)


def test_without_a_connection_nothing_can_be_asked(unused_port: int):
    async def test() -> None:
        async with linked(f"ws://127.0.0.1:{unused_port}") as link:
            with pytest.raises(UnreachableError):
                link.send("any", {})
            link.post("any", {})

    guarded(test)


def test_waiting_for_a_gateway_that_comes_back():
    async def test() -> None:
        gateway = GatewayHub()
        async with gateway.running():
            port = int(gateway.url.rpartition(":")[2])
            async with linked(gateway.url) as link:
                await link.ready(5)
                gateway.drop()
                await until(lambda: link.hello is None)
                assert (await link.ready(5)).protocol == 4
        async with linked(f"ws://127.0.0.1:{port}") as link:
            waiting = asyncio.create_task(link.ready(10))
            await until(lambda: link.error)
            async with gateway.running(port):
                assert (await waiting).protocol == 4

    guarded(test)


def test_nobody_waits_longer_than_allowed(unused_port: int):
    async def test() -> None:
        async with linked(f"ws://127.0.0.1:{unused_port}") as link:
            started = asyncio.get_running_loop().time()
            with pytest.raises(UnreachableError):
                await link.ready(0.4)
            with pytest.raises(UnreachableError):
                await link.ready(0.0)
            assert asyncio.get_running_loop().time() - started < 5

    guarded(test)


def refusing(code: str, message: str, **more: Any) -> Any:
    async def greet(visit: Visit, request: dict[str, Any]) -> None:
        await visit.refuse(request["id"], code, message, **more)

    return greet


@pytest.mark.parametrize(
    ("greet", "kind", "state"),
    [
        (refusing("INVALID_REQUEST", "unauthorized"), CredentialsError, LinkState.REFUSED),
        (refusing("NOT_PAIRED", "pairing required"), PairingRequiredError, LinkState.WAITING),
    ],
)
def test_what_needs_somebody_is_told_and_not_waited_for(
    greet: Any, kind: type[GatewayConnectionError], state: LinkState
):
    async def test() -> None:
        gateway = GatewayHub()
        gateway.greet = greet
        async with gateway.running(), linked(gateway.url) as link:
            for _ in range(3):
                with pytest.raises(kind):
                    await link.ready(60)
            await until(lambda: link.state is state)

    guarded(test)


def test_too_few_scopes_are_told():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.hello = hello(auth={"scopes": []})
        async with gateway.running(), linked(gateway.url) as link:
            with pytest.raises(ScopeMissingError, match=r"operator\.read, operator\.write"):
                await link.ready(60)

    guarded(test)


def test_a_gateway_that_is_starting_is_asked_again():
    async def test() -> None:
        gateway = GatewayHub()

        async def starting(visit: Visit, request: dict[str, Any]) -> None:
            if len(gateway.asked("connect")) < 3:
                await visit.refuse(
                    request["id"], "UNAVAILABLE", "gateway starting", retryAfterMs=50
                )
            else:
                await visit.answer(request["id"], hello())

        gateway.greet = starting
        async with gateway.running(), linked(gateway.url) as link:
            assert await link.ready(10)

    guarded(test)


def test_a_malformed_message_ends_the_connection_and_the_next_one_works():
    async def test() -> None:
        async with GatewayHub().running() as gateway, linked(gateway.url) as link:
            await link.ready(5)
            await gateway.visits[0].socket.send(b"\x00binary")
            await until(lambda: link.connections == 2)

    guarded(test)


@pytest.mark.parametrize("first", ["Welcome to the echo service", b"\x00", None])
def test_another_websocket_is_no_gateway(first: str | bytes | None):
    async def other(socket: websockets.ServerConnection) -> None:
        if first is not None:
            await socket.send(first)
        await socket.wait_closed()

    async def test() -> None:
        async with websockets.serve(other, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with linked(f"ws://127.0.0.1:{port}", connect_timeout=0.3) as link:
                with pytest.raises(NotAGatewayError):
                    await link.ready(5)

    guarded(test)


@pytest.mark.slow
def test_a_gateway_without_signs_of_life_is_left():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.hello = hello(policy={"tickIntervalMs": 1})
        async with gateway.running(), linked(gateway.url) as link:
            await link.ready(5)
            await until(lambda: link.connections == 2)

    guarded(test)


def test_large_messages_come_through():
    async def test() -> None:
        notes = Notes()
        async with GatewayHub().running() as gateway, linked(gateway.url, notes) as link:
            await link.ready(5)
            await gateway.visits[0].chat("r", "delta", "x" * 2**20)
            await until(lambda: notes.events)
            (said,) = notes.events
            assert isinstance(said, ChatEvent)
            assert said.text == "x" * 2**20

    guarded(test)


def test_events_and_gaps_are_passed_on():
    async def test() -> None:
        notes = Notes()
        async with GatewayHub().running() as gateway, linked(gateway.url, notes) as link:
            await link.ready(5)
            for seq in (1, 5):
                await gateway.visits[0].socket.send(event("chat", {"runId": "r"}, seq))
            await gateway.visits[0].socket.send(event("shutdown", {"reason": "update"}, 6))
            await gateway.visits[0].chat("r", "final", "done")
            await until(lambda: notes.events)
            assert link.lost_events == 3

    guarded(test)


def test_pauses_grow_and_follow_what_the_gateway_asks_for():
    away = UnreachableError("away")
    assert 0.12 <= pause_before(away, 1).longest <= 0.25
    assert 4.0 <= pause_before(away, 50).longest <= 8.0
    assert pause_before(UnavailableError("busy", retry_after=300.0), 1) == Pause(300.0, 300.0)
    assert pause_before(UnavailableError("busy"), 1).least == 0.0
    assert pause_before(PairingRequiredError("wait", "r"), 1).longest >= 2.0


def test_a_wanted_connection_is_made_at_once_the_first_time_and_soon_after_that():
    away = UnreachableError("away")
    assert pause_before(away, 1).least == 0.0
    assert 0.1 <= pause_before(away, 2).least <= 1.0
    assert pause_before(away, 50).least == 1.0


def test_a_long_pause_does_not_make_anybody_wait_longer_than_they_want():
    async def test() -> None:
        gateway = GatewayHub()

        async def starting(visit: Visit, request: dict[str, Any]) -> None:
            await visit.refuse(request["id"], "UNAVAILABLE", "starting", retryAfterMs=60_000)

        gateway.greet = starting
        async with gateway.running(), linked(gateway.url) as link:
            started = asyncio.get_running_loop().time()
            with pytest.raises(UnavailableError, match="starting"):
                await link.ready(0.3)
            assert asyncio.get_running_loop().time() - started < 5

    guarded(test)
