"""Gateways of the last ten months, where they are installed beside the newest.

Run with ``OPENCLAW_VOICE_OLD_GATEWAYS`` set to versions that lie in the cache. Installing them is
left to whoever wants that: some of what they depend on has gone from npm.
"""

import asyncio
import os
from pathlib import Path

import pytest

from openclaw_client import (
    CredentialsError,
    DeviceStore,
    GatewayClient,
    LinkState,
    PerGuildOpenClawClient,
)
from tests.openclaw_client.ring.talk import Reply, approved, guarded, settings, until, whole
from tests.peers.forwarding_proxy import forwarding_to
from tests.peers.gateway_install import cache_folder, find_installed
from tests.peers.language_model import LanguageModel
from tests.peers.real_gateway import RealGateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

VERSIONS = os.environ.get("OPENCLAW_VOICE_OLD_GATEWAYS", "").replace(",", " ").split()

if not VERSIONS:
    pytest.skip("runs where OPENCLAW_VOICE_OLD_GATEWAYS names versions", allow_module_level=True)


@pytest.fixture(scope="module", params=VERSIONS)
def old(
    request: pytest.FixtureRequest,
    gateways: list[RealGateway],
    language_model: LanguageModel,
    tmp_path_factory: pytest.TempPathFactory,
) -> RealGateway:
    installed = find_installed(cache_folder(), request.param)
    if installed is None:
        pytest.skip(f"gateway {request.param} is not installed in the cache")
    for gateway in gateways:
        gateway.stop()
    gateway = RealGateway(installed, tmp_path_factory.mktemp("old"), language_model.url)
    gateways.append(gateway)
    gateway.start()
    return gateway


def test_it_greets_us_in_its_protocol(old: RealGateway):
    async def test() -> None:
        async with GatewayClient(settings(old)) as client:
            assert (await client.connected()).protocol == (3 if old.version < "2026.5" else 4)

    guarded(test)


def test_its_agent_answers_and_remembers_across_clients(old: RealGateway, session: str):
    async def test() -> None:
        async with GatewayClient(settings(old)) as client:
            assert "remember 42" in await whole(client.ask(session, "Ann: remember 42"))
        async with GatewayClient(settings(old)) as client:
            assert await whole(client.ask(session, "Ann: [[number]]")) == "The number is 42."

    guarded(test)


def test_words_that_are_commands_elsewhere_are_words(old: RealGateway, session: str):
    async def test() -> None:
        async with GatewayClient(settings(old)) as client:
            for words in ("Ann: stop", "Ann: /status", "Ann: /new"):
                assert words.split()[1] in await whole(client.ask(session, words))

    guarded(test)


def test_closing_a_reply_stops_the_model(old: RealGateway, model: LanguageModel, session: str):
    async def test() -> None:
        model.hold()
        words = f"Ann: count {session} [[words:9]] [[pace:200]] [[hold:3]]"
        async with GatewayClient(settings(old)) as client:
            reply = Reply(client.ask(session, words))
            await reply.words(2)
            await reply.source.aclose()
            await until(model.asked_about(f"count {session}")[0].hung_up.is_set)
            model.release()
            assert "go on" in await whole(client.ask(session, "Ann: go on", heard="w1"))
            assert 'only this was heard: "w1"' in model.asked[-1].newest

    guarded(test)


def test_two_sessions_are_answered_at_once(old: RealGateway, model: LanguageModel, session: str):
    async def test() -> None:
        model.hold()
        words = "[[words:6]] [[pace:200]] [[hold:3]]"
        async with GatewayClient(settings(old)) as client:
            replies = [Reply(client.ask(f"{session}{one}", f"Ann: {words}")) for one in (1, 2)]
            assert [await reply.words(2) for reply in replies]
            model.release()
            assert [await reply.whole() for reply in replies] == ["w1 w2 w3 w4 w5 w6"] * 2

    guarded(test)


def test_a_device_is_approved_and_comes_back_with_its_own_token_alone(
    old: RealGateway, device_file: Path, session: str
):
    async def test() -> None:
        async with forwarding_to(old.port) as url:
            config = settings(old, base_url=url)
            async with GatewayClient(config, device=DeviceStore(device_file)) as client:
                await approved(client, old)
            config = config.model_copy(update={"auth_token": None})
            async with GatewayClient(config, device=DeviceStore(device_file)) as client:
                assert "hi" in await whole(client.ask(session, "Ann: hi"))

    guarded(test)


def test_a_changed_token_is_asked_for_and_then_used(old: RealGateway, session: str):
    async def test() -> None:
        async with GatewayClient(settings(old)) as client:
            await client.connected()
            old.change_token()
            await until(lambda: client.stats().state is LinkState.REFUSED)
            with pytest.raises(CredentialsError):
                await whole(client.ask(session, "Ann: hi"))
            client.update(settings(old))
            assert "hi" in await whole(client.ask(session, "Ann: hi"))

    guarded(test)


def test_twenty_guilds_talk_at_once(old: RealGateway, device_file: Path, channel: str):
    async def test() -> None:
        guilds = PerGuildOpenClawClient(settings(old, device_file=device_file))
        place = channel.rpartition(":")[2]
        async with asyncio.TaskGroup() as tasks:
            turns = [
                tasks.create_task(
                    guilds.get_or_create(guild).send_message(
                        f"in guild {guild}.", speaker=f"{place}.{guild}"
                    )
                )
                for guild in range(20)
            ]
        assert all(f"in guild {at}." in turn.result() for at, turn in enumerate(turns))
        await guilds.disconnect()

    guarded(test)


def test_a_turn_killed_in_mid_reply_goes_on_and_repeats_no_word(
    old: RealGateway, model: LanguageModel, session: str
):
    async def test() -> None:
        model.hold()
        async with GatewayClient(settings(old)) as client, asyncio.TaskGroup() as tasks:
            words = "Ann: in the middle [[words:6]] [[pace:200]] [[hold:3]]"
            reply = Reply(client.ask(session, words))
            turn = tasks.create_task(reply.whole())
            await until(lambda: "w2" in reply.text)
            await asyncio.to_thread(old.kill)
            model.release()
            await asyncio.to_thread(old.start)
            assert await turn == "w1 w2 w3 w4 w5 w6"

    guarded(test)
