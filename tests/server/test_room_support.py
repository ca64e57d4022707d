"""The agents, voices and sessions that rooms get from the service."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from discord_bot.support import AgentChoice, GuildChoices, RoomPlace, SupportError
from pipeline.agents.chat_completions import ChatCompletionsAgent
from pipeline.agents.echo import EchoAgent
from pipeline.config import AgentConfig, ChatConfig
from pipeline.judgement import Utterance
from server.gateway.agent import GatewayAgent
from server.room_support import ServiceRoom
from tests.server.room_support_scene import ANN, GUILD, Service, Setting, hub_with


def answers(room: ServiceRoom, text: str) -> str | None:
    """Return the agent that takes words of Ann's for its own; ``None`` when none does."""
    assert room.cast.relevance is not None
    room.cast.relevance.sensitivity = "low"
    judgement = room.cast.relevance.judge(
        Utterance(ANN, text, 0.0, 1.0), people=[ANN], agent=room.cast.agent
    )
    return judgement.agent if judgement.addressed else None


def test_the_agents_are_the_gateways_the_default_one_first(setting: Setting):
    setting.hub = hub_with("main", "Sage", "jarvis")

    async def test(service: Service) -> None:
        assert await service.support.agents() == [
            AgentChoice("jarvis", "Jarvis"),
            AgentChoice("main", "Main"),
            AgentChoice("sage", "Sage"),
        ]
        service.hub.agents = ["jarvis", "coder"]
        assert [one.id for one in await service.support.agents()] == ["jarvis", "coder"]

    setting.tried(test)


def test_where_the_default_agent_is_not_the_one_that_answers_comes_first(setting: Setting):
    setting.hub = hub_with("main", "sage")

    async def test(service: Service) -> None:
        assert [one.id for one in await service.support.agents()] == ["sage", "main"]
        async with service.room() as room:
            assert room.cast.agent == "sage"

    setting.tried(test)


def test_an_agent_is_found_by_id_or_name_whatever_its_case(setting: Setting):
    setting.hub = hub_with("main", "jarvis")
    setting.agents = {"jarvis": AgentConfig(name="The Butler")}

    async def test(service: Service) -> None:
        butler = AgentChoice("jarvis", "The Butler")
        assert await service.support.agent("JARVIS") == butler
        assert await service.support.agent("the butler") == butler
        with pytest.raises(SupportError, match="I know: `jarvis`, `main`"):
            await service.support.agent("nobody")

    setting.tried(test)


def test_a_chosen_agent_answers_with_its_own_voice_and_to_its_name(setting: Setting):
    setting.hub = hub_with("jarvis", "sage", "coder")
    setting.agents = {"jarvis": AgentConfig(voice="deep"), "sage": AgentConfig(names=("wise",))}

    async def test(service: Service) -> None:
        async with service.room() as room:
            personas = room.cast.personas
            assert (personas["jarvis"].voice, personas["sage"].voice) == ("deep", "sage")
            assert await room.choose_agent("sage") == AgentChoice("sage", "Sage")
            assert (room.cast.agent, room.cast.personas["sage"].voice) == ("sage", "sage")
            assert answers(room, "sage what time is it") == "sage"
            assert answers(room, "wise what time is it") == "sage"
            assert answers(room, "coder what time is it") is None
            await room.choose_agent("Coder")
            assert answers(room, "coder what time is it") == "coder"
            assert answers(room, "jarvis what time is it") == "jarvis"
            assert room.cast.personas["coder"].voice == "default"
            with pytest.raises(SupportError):
                await room.choose_agent("nobody")
            assert room.cast.agent == "coder"

    setting.tried(test)


def test_an_agent_of_the_settings_keeps_its_spoken_name_when_it_is_chosen(setting: Setting):
    setting.hub.replies["agents.list"] = wizards

    async def test(service: Service) -> None:
        async with service.room() as room:
            assert answers(room, "sage what time is it") == "sage"
            await room.choose_agent("sage")
            assert answers(room, "sage what time is it") == "sage"
            assert room.cast.personas["sage"].name == "Sage"
            assert (await room.choose_agent("merlin")).name == "The Wizard"

    setting.tried(test)


async def wizards(visit: Any, request: dict[str, Any]) -> None:
    """Tell of agents that have names of their own."""
    agents = [
        {"id": "jarvis", "name": "The Butler"},
        {"id": "sage", "name": "The Old One"},
        {"id": "merlin", "name": "The Wizard"},
    ]
    await visit.answer(request["id"], {"defaultId": "jarvis", "agents": agents})


def test_of_two_choices_at_once_neither_loses_its_voice(setting: Setting):
    setting.hub = hub_with("jarvis", "sage", "coder")

    async def test(service: Service) -> None:
        async with service.room() as room:
            async with asyncio.TaskGroup() as choosing:
                choosing.create_task(room.choose_agent("sage"))
                choosing.create_task(room.choose_agent("coder"))
            assert {"jarvis", "sage", "coder"} <= room.cast.personas.keys()

    setting.tried(test)


def test_the_choices_of_a_guild_count_from_the_start(setting: Setting):
    setting.hub = hub_with("jarvis", "sage")

    async def test(service: Service) -> None:
        async with service.room(GuildChoices("sage", "low")) as room:
            assert room.cast.agent == "sage"
            assert room.cast.relevance is not None
            assert room.cast.relevance.sensitivity == "low"

    setting.tried(test)


def test_a_remembered_agent_that_is_gone_gives_way_to_the_default(setting: Setting, caplog):
    setting.hub = hub_with("jarvis")

    async def test(service: Service) -> None:
        async with service.room(GuildChoices(agent="sage")) as room:
            assert room.cast.agent == "jarvis"

    setting.tried(test)
    assert "The default agent answers: the gateway knows no agent 'sage'" in caplog.text


def test_where_the_gateway_has_none_of_our_agents_that_is_told_with_those_it_has(setting: Setting):
    setting.hub = hub_with("helper")

    async def test(service: Service) -> None:
        with pytest.raises(SupportError, match="Choose one of these: helper"):
            async with service.room():
                pass
        assert await service.support.agents() == [AgentChoice("helper", "Helper")]
        async with service.room(GuildChoices(agent="helper")) as room:
            assert room.cast.agent == "helper"

    setting.tried(test)


@pytest.mark.parametrize(("chosen", "agent"), [("coder", "coder"), (None, "main")])
def test_where_the_gateway_is_not_reached_the_room_opens_with_the_agents_asked_for(
    setting: Setting, nowhere: str, chosen: str | None, agent: str, caplog
):
    setting.openclaw = {"base_url": nowhere, "agent_id": "main"}

    async def test(service: Service) -> None:
        with pytest.raises(SupportError, match="I do not know the agents now"):
            await service.support.agents()
        async with service.room(GuildChoices(agent=chosen)) as room:
            assert room.cast.agent == agent
            assert room.cast.persona(agent).name == agent.capitalize()
            assert answers(room, f"{agent} what time is it") == agent
            with pytest.raises(SupportError, match="I do not know the agents now"):
                await room.choose_agent("sage")

    setting.tried(test)
    assert "I do not know the agents now" in caplog.text


def test_a_gateway_that_tells_of_no_agents_leaves_those_of_the_settings(setting: Setting):
    setting.hub = hub_with()
    setting.openclaw = {"agent_id": "main"}

    async def test(service: Service) -> None:
        ids = [one.id for one in await service.support.agents()]
        assert ids == ["main", "jarvis", "sage"]

    setting.tried(test)


def test_without_a_gateway_an_echo_answers_under_the_names_of_the_settings(setting: Setting):
    setting.uses_gateway = False

    async def test(service: Service) -> None:
        assert [one.id for one in await service.support.agents()] == ["jarvis", "sage"]
        async with service.room(GuildChoices(agent="sage")) as room:
            assert isinstance(room.engines.agent, EchoAgent)
            assert room.cast.agent == "sage"
            assert room.cast.session_key(ANN, "sage") is None
        async with service.room(GuildChoices(agent="gone")) as room:
            assert room.cast.agent == "jarvis"

    setting.tried(test)


def test_a_chat_server_goes_before_the_gateway(setting: Setting):
    setting.chat = ChatConfig(base_url="http://127.0.0.1:1/v1")

    async def test(service: Service) -> None:
        async with service.room() as room:
            assert isinstance(room.engines.agent, ChatCompletionsAgent)
        assert service.support.report(GUILD)[-1] == "Agents: chat server"

    setting.tried(test)


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("channel", "agent:jarvis:discord:channel:700"),
        ("user", "agent:jarvis:discord:direct:2001"),
        ("dm", "agent:jarvis:discord:dm:2001"),
        ("guild", f"agent:jarvis:discord:guild:{GUILD}"),
    ],
)
def test_sessions_are_those_of_the_scope(setting: Setting, scope: str, key: str):
    setting.openclaw = {"session_scope": scope}

    async def test(service: Service) -> None:
        async with service.room() as room:
            assert isinstance(room.engines.agent, GatewayAgent)
            assert room.cast.session_key(ANN, "jarvis") == key

    setting.tried(test)


def test_a_session_follows_the_agent_the_channel_and_the_text_channel_chosen_for_it(
    setting: Setting,
):
    setting.openclaw = {"text_channels": {"701": "600"}}

    async def test(service: Service) -> None:
        where = [700]
        async with service.support.open_room(
            RoomPlace(GUILD, lambda: where[0]), GuildChoices()
        ) as room:
            key = room.cast.session_key
            assert key(ANN, "sage") == "agent:sage:discord:channel:700"
            where[0] = 701  # moved
            assert key(ANN, "sage") == "agent:sage:discord:channel:600"

    setting.tried(test)


def test_the_session_of_who_is_in_a_room_with_the_bot_is_known(setting: Setting):
    async def test(service: Service) -> None:
        support, people = service.support, {2001}
        place = RoomPlace(GUILD, lambda: 700, lambda: people)
        async with support.open_room(place, GuildChoices()):
            assert support.session_of("2001", "sage") == "agent:sage:discord:channel:700"
            assert support.session_of("2002", "sage") is None
            assert support.session_of("ann", "sage") is None
            people.clear()
            assert support.session_of("2001", "sage") is None
            people.add(2001)
        assert support.session_of("2001", "sage") is None

    setting.tried(test)


def test_each_guild_has_a_connection_of_its_own_while_its_room_is_open(setting: Setting):
    async def test(service: Service) -> None:
        support = service.support
        async with service.room(), support.open_room(RoomPlace(6, lambda: 800), GuildChoices()):
            assert {"guild:5", "guild:6"} <= service.gateway.stats().keys()
        assert service.gateway.stats().keys() == {"service"}

    setting.tried(test)
