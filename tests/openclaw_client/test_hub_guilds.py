"""One connection per guild: one guild's trouble stays its own, and nothing is left of one gone."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from openclaw_client import (
    AgentError,
    GatewayClient,
    OpenClawConfig,
    PerGuildOpenClawClient,
    UnavailableError,
    UnreachableError,
)
from tests.openclaw_client.clients import SESSION, TOKEN, WHISPER, asked, connected, guarded
from tests.peers.gateway_hub import (
    Ack,
    Chat,
    GatewayHub,
    Raw,
    Reply,
    Request,
    Visit,
    by_turn,
    echo,
    performs,
    silence,
    until,
)

pytestmark = pytest.mark.usefixtures("secrets_kept")


@asynccontextmanager
async def guilds(
    hub: GatewayHub, folder: Path, **settings: Any
) -> AsyncIterator[PerGuildOpenClawClient]:
    config = OpenClawConfig(
        base_url=hub.url,
        auth_token=SecretStr(TOKEN),
        device_file=folder / "device.json",
        **settings,
    )
    clients = PerGuildOpenClawClient(config)
    try:
        yield clients
    finally:
        await clients.disconnect()


def tasks_there_are() -> int:
    return len(asyncio.all_tasks())


def only_on_the_first(trouble: Reply) -> Reply:
    """Return a reply with which the first connection has trouble, and no other."""

    async def reply(visit: Visit, request: Request) -> None:
        await (trouble if visit.number == 0 else echo)(visit, request)

    return reply


async def endless(visit: Visit, request: Request) -> None:
    await performs(Ack(), Chat("delta", "w0", 1))(visit, request)
    seq = 1
    while True:
        seq += 1
        await visit.chat(request["params"]["idempotencyKey"], "delta", "w" * seq, seq=seq)
        await asyncio.sleep(0.001)


TROUBLES: dict[str, Reply] = {
    "never acknowledges": silence,
    "stalls": performs(Ack(), Chat("delta", "w0", 1)),
    "never ends": endless,
    "sends garbage": performs(Raw(b"\x00")),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_a_guild_whose_turn_has_trouble_delays_no_other(trouble: Reply, tmp_path: Path):
    async def test() -> None:
        hub = GatewayHub()
        hub.replies["agent"] = only_on_the_first(trouble)
        async with hub.running(), guilds(hub, tmp_path) as clients:
            await clients.get_or_create(1).connect()
            stuck = asyncio.create_task(
                clients.get_or_create(1).send_message(WHISPER, speaker="ann")
            )
            await until(lambda: hub.asked("agent"))
            for _ in range(5):
                async with asyncio.timeout(5):
                    reply = await clients.get_or_create(2).send_message(WHISPER, speaker="ben")
                assert reply == f"echo ben: {WHISPER}"
            stuck.cancel()
            await asyncio.wait([stuck])

    guarded(test)


async def mute(visit: Visit) -> None:
    """Never greet."""


@pytest.mark.parametrize("dead", ["never greets", "never reads"])
def test_a_guild_whose_connection_is_dead_delays_no_other(dead: str, tmp_path: Path):
    async def test() -> None:
        hub = GatewayHub()
        usual = hub.welcome

        async def welcome(visit: Visit) -> None:
            if visit.number > 0 or dead == "never reads":
                await usual(visit)

        hub.welcome = welcome
        async with hub.running(), guilds(hub, tmp_path, request_timeout=0.3) as clients:
            first, second = clients.get_or_create(1), clients.get_or_create(2)
            if dead == "never reads":
                assert await first.send_message("hi", speaker="ann")
                hub.visits[0].socket.transport.pause_reading()
            stuck = [
                asyncio.create_task(first.send_message("word " * 200_000, speaker="ann"))
                for _ in range(8)
            ]
            await until(lambda: hub.visited == 1)
            async with asyncio.timeout(5):
                assert await second.send_message("hi", speaker="ben") == "echo ben: hi"
            for one in stuck:
                one.cancel()
            done, _ = await asyncio.wait(stuck)
            assert all(one.cancelled() or isinstance(one.exception(), AgentError) for one in done)
            async with asyncio.timeout(5):
                assert await second.send_message("hi", speaker="ben") == "echo ben: hi"

    guarded(test)


def test_twenty_guilds_lose_one_connection_and_nineteen_do_not_notice(tmp_path: Path):
    async def test() -> None:
        hub, go = GatewayHub(), asyncio.Event()

        async def waiting(visit: Visit, request: Request) -> None:
            await performs(Ack(), Chat("delta", "w0", 1))(visit, request)
            await go.wait()
            await performs(Chat("final", f"w0 w{visit.number}", 2))(visit, request)

        hub.replies["agent"] = waiting
        async with hub.running(), guilds(hub, tmp_path) as clients:
            async with asyncio.TaskGroup() as tasks:
                turns = [
                    tasks.create_task(
                        clients.get_or_create(guild).send_message(WHISPER, speaker="ann")
                    )
                    for guild in range(20)
                ]
                await until(lambda: len(hub.asked("agent")) == 20)
                hub.visits[7].drop()
                await until(lambda: hub.visited == 21)
                go.set()
            assert len({turn.result() for turn in turns}) == 20
            reconnects = [stats.reconnects for stats in clients.stats().values()]
            assert sorted(reconnects) == [0] * 19 + [1]

    guarded(test)


def test_a_guild_that_is_removed_in_the_middle_of_a_turn_leaves_nothing(tmp_path: Path):
    async def test() -> None:
        hub, before = GatewayHub(), tasks_there_are()
        hub.replies["agent"] = by_turn(performs(Ack(), Chat("delta", "w0", 1)), echo)
        async with hub.running(), guilds(hub, tmp_path) as clients:
            serving = tasks_there_are()
            turn = asyncio.create_task(
                clients.get_or_create(1).send_message(WHISPER, speaker="ann")
            )
            await until(lambda: hub.asked("agent"))
            clients.remove_guild(1)
            with pytest.raises(UnreachableError, match="closed"):
                await turn
            await until(lambda: not hub.visits and tasks_there_are() == serving)
            (key,) = (asked["idempotencyKey"] for asked in hub.asked("agent"))
            assert [asked["runId"] for asked in hub.asked("chat.abort")] == [key]
            assert clients.stats() == {}
            assert (
                await clients.get_or_create(1).send_message("hi", speaker="ann") == "echo ann: hi"
            )
        assert tasks_there_are() == before

    guarded(test)


@pytest.mark.parametrize("stage", ["unopened", "ungreeted", "unanswered", "waiting"])
def test_leaving_during_the_connection_ends_the_wait(stage: str, tmp_path: Path):
    async def test() -> None:
        hub, before = GatewayHub(), tasks_there_are()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        if stage == "ungreeted":
            hub.welcome = mute
        elif stage == "unanswered":
            hub.greet = silence
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        async with server, hub.running():
            if stage == "unopened":
                hub.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            elif stage == "waiting":
                hub.url = "ws://127.0.0.1:1"
            async with guilds(hub, tmp_path) as clients:
                client = clients.get_or_create(1)
                waiting: asyncio.Task[Any] = asyncio.create_task(
                    client.send_message("hi", speaker="ann")
                )
                await until(lambda: (stats := client.stats()) and stats.state.value != "idle")
                await asyncio.sleep(0.02)
                async with asyncio.timeout(5):
                    await client.disconnect()
                    with pytest.raises(AgentError):
                        await waiting
        await until(lambda: tasks_there_are() == before)

    guarded(test)


class Busy:
    """A hub's runs: what it is busy with, and what it was told to stop."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.running: set[str] = set()
        self.aborted = 0

    async def reply(self, visit: Visit, request: Request) -> None:
        key = request["params"]["idempotencyKey"]
        self.running.add(key)
        await self._pause()
        await performs(Ack())(visit, request)
        for seq in range(4):
            await self._pause()
            if key not in self.running:
                return
            await visit.chat(key, "delta", "w" * (seq + 1), seq=seq)
        self.running.discard(key)
        await visit.chat(key, "final", "wwwww", seq=4)

    async def abort(self, visit: Visit, request: Request) -> None:
        key = request["params"]["runId"]
        known = key in self.running
        self.running.discard(key)
        self.aborted += known
        await visit.answer(request["id"], {"ok": True, "aborted": known, "runIds": []})

    async def _pause(self) -> None:
        await asyncio.sleep(self._chance.random() * 0.006)


def is_empty(client: GatewayClient) -> bool:
    """Return whether a client keeps nothing of any turn."""
    board, link = client._board, client._link
    runs = board._runs
    kept = (board._turns, board._results, runs._by_id, runs._early, link._answers._futures)
    return not any(kept)


@pytest.mark.parametrize(
    "drops",
    [pytest.param(False, id="steady"), pytest.param(True, id="breaking", marks=pytest.mark.slow)],
)
def test_two_hundred_turns_cancelled_at_random_leave_nothing(drops: bool):
    async def test() -> None:
        chance = random.Random(11)  # noqa: S311 - repeatable
        hub, busy = GatewayHub(), Busy(chance)
        hub.replies |= {"agent": busy.reply, "chat.abort": busy.abort}
        async with hub.running(), connected(hub) as client:
            await asked(client)
            idle = tasks_there_are()
            for wave in range(10):
                turns = [
                    asyncio.create_task(asked(client, f"{SESSION}{wave}{n}")) for n in range(20)
                ]
                for turn in turns:
                    await asyncio.sleep(chance.random() * 0.003)
                    turn.cancel()
                if drops and wave % 3 == 0:
                    hub.drop()
                await asyncio.wait(turns)
            await until(lambda: is_empty(client))
            assert len(client._board._sessions) <= 256
            await until(lambda: not busy.running)
            assert 20 < busy.aborted < 200
            await until(lambda: tasks_there_are() <= idle + (1 if drops else 0))
            assert (await asked(client)).error is None

    guarded(test)


def test_a_turn_cancelled_at_any_step_of_its_way_leaves_nothing():
    async def test() -> None:
        hub = GatewayHub()
        hub.replies["agent"] = performs(Ack(), Chat("delta", "w0", 1))
        async with hub.running(), connected(hub) as client:
            await client.agents()
            for steps in range(60):
                turn = asyncio.create_task(asked(client))
                for _ in range(steps):
                    await asyncio.sleep(0)
                turn.cancel()
                await asyncio.wait([turn])
                await until(lambda: is_empty(client))
            sent, aborted = hub.asked("agent"), hub.asked("chat.abort")
            assert {one["idempotencyKey"] for one in sent} == {one["runId"] for one in aborted}
            assert len(sent) > 10

    guarded(test)


def test_requests_that_time_out_leave_nothing():
    async def test() -> None:
        hub = GatewayHub()
        hub.replies |= {"agent": silence, "chat.history": silence}
        async with hub.running(), connected(hub, request_timeout=0.05) as client:
            assert isinstance((await asked(client)).error, UnavailableError)
            with pytest.raises(UnavailableError):
                await client.history(SESSION)
            await until(lambda: is_empty(client))

    guarded(test)
