"""What the telephone gets from the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pydantic import SecretStr

from discord_bot.support import GuildChoices, RoomPlace
from pipeline.clock import LoopClock
from pipeline.config import AgentConfig
from pipeline.errors import AgentError
from server.config import Config, IdentityConfig
from server.hearing_part import HearingPart
from server.parts import PartState
from server.phone.calls.people import Person
from server.phone.config import PhoneConfig
from server.phone.part import PhoneNotReadyError, PhonePart, PhoneParts
from server.phone.security.callers import Assurance
from server.phone_support import PhoneSupport, agent_name, people, phone_agent
from tests.peers.discord import until
from tests.server.room_support_scene import GUILD, ScriptedHearing, Service, Setting
from tests.server.test_store import turn

ANN = Person("ann", ("+15550001111",), discord="200100000000000001")
HERE = "agent:jarvis:discord:channel:700"
BEFORE = "agent:sage:discord:channel:701"
ACCOUNT = {
    "twilio": {"account_sid": "AC1", "auth_token": SecretStr("t"), "from_number": "+15550009999"},
    "public": {"base_url": "https://phone.example.com", "port": 0},
}


@dataclass
class Scene:
    """A service with what the telephone gets from it."""

    service: Service
    parts: PhoneParts
    config: PhoneConfig

    async def was_in(self, key: str) -> None:
        """Have Ann have talked on Discord."""
        assert ANN.discord is not None
        spoken = replace(turn(1, "guild:5"), speaker_id=ANN.discord, session_key=key)
        await self.service.store.store().turns.add(spoken)


def tried(
    setting: Setting,
    test: Callable[[Scene], Awaitable[None]],
    hearing: ScriptedHearing | None = None,
    **phone: Any,
) -> None:
    """Run a test in such a scene."""

    async def in_service(service: Service) -> None:
        config = service.config.model_copy(update={"phone": PhoneConfig(**phone)})
        ears = cast("HearingPart", hearing or ScriptedHearing())
        support = PhoneSupport(
            config, service.store, service.speech, ears, service.gateway, service.support
        )
        await test(Scene(service, support.parts(), config.phone))

    setting.tried(in_service)


def test_somebody_goes_on_in_the_channel_they_are_in_else_in_the_last(setting: Setting) -> None:
    async def test(scene: Scene) -> None:
        last_session = scene.parts.last_session
        assert await last_session(ANN, "jarvis") is None
        await scene.was_in(BEFORE)
        assert await last_session(ANN, "jarvis") == BEFORE
        present = {int(ANN.discord or 0)}
        place = RoomPlace(GUILD, lambda: 700, lambda: present)
        async with scene.service.support.open_room(place, GuildChoices()):
            assert await last_session(ANN, "jarvis") == HERE
            present.clear()
            assert await last_session(ANN, "jarvis") == BEFORE
        assert await last_session(Person("ben", ("+15550002222",)), "jarvis") is None

    tried(setting, test)


def test_a_store_that_fails_costs_only_the_memory_of_where_somebody_was(setting: Setting) -> None:
    setting.folder = setting.folder / "file"
    setting.folder.write_text("no folder")

    async def test(scene: Scene) -> None:
        assert scene.service.store.status().state is PartState.FAILED
        assert await scene.parts.last_session(ANN, "jarvis") is None

    tried(setting, test)


def test_both_engines_are_made_of_what_the_service_has(setting: Setting) -> None:
    async def test(scene: Scene) -> None:
        clock, began = LoopClock(), datetime.now(UTC)
        with pytest.raises(AssertionError, match="not ready"):
            scene.parts.engine(clock, began)
        async with scene.parts.ready():
            assert scene.parts.engine(clock, began).name == scene.config.engine
            assert "phone" in scene.service.gateway.stats()
        assert "phone" not in scene.service.gateway.stats()

    tried(setting, test)
    key = {"api_key": SecretStr("sk-1")}
    # A model that hears and speaks by itself needs no ears of ours.
    deaf = ScriptedHearing(broken="the model cannot be had")
    tried(setting, test, deaf, engine="realtime", openai=key)


def test_messages_are_taken_with_our_own_ears_and_voice_whoever_talks(setting: Setting) -> None:
    async def test(scene: Scene) -> None:
        clock, began = LoopClock(), datetime.now(UTC)
        assert scene.parts.messages is not None
        async with scene.parts.ready():
            assert scene.parts.engine(clock, began).name == "realtime"
            assert scene.parts.messages(clock, began).name == "message"

    key = {"api_key": SecretStr("sk-1")}
    tried(setting, test, engine="realtime", openai=key, inbound={"unknown_callers": "message"})


def test_a_telephone_that_cannot_hear_says_so(setting: Setting) -> None:
    async def test(scene: Scene) -> None:
        with pytest.raises(PhoneNotReadyError, match="nobody is heard: the model cannot be had"):
            async with scene.parts.ready():
                pass
        part = PhonePart(scene.config, scene.parts)
        async with running(part):
            await until(lambda: part.status().state is not PartState.STARTING)
            assert part.status().state is PartState.FAILED
            assert part.status().message == "nobody is heard: the model cannot be had"

    tried(setting, test, ScriptedHearing(broken="the model cannot be had"), **ACCOUNT)


def test_it_works_once_everything_is_there(setting: Setting) -> None:
    async def test(scene: Scene) -> None:
        part = PhonePart(scene.config, scene.parts)
        async with running(part):
            await until(lambda: part.port is not None)
            message = "+15550009999 at https://phone.example.com, 0 calls"
            assert part.status().message == message

    tried(setting, test, **ACCOUNT)


def test_sessions_are_told_over_the_telephones_own_connection(setting: Setting) -> None:
    async def test(scene: Scene) -> None:
        tell = scene.parts.tell_session
        assert tell is not None
        with pytest.raises(AgentError, match="not connected"):
            await tell(HERE, "Ann called.", idempotency_key="k1")
        async with scene.parts.ready():
            await tell(HERE, "Ann called.", idempotency_key="k1")
        (asked,) = scene.service.hub.asked("agent")
        assert (asked["sessionKey"], asked["idempotencyKey"]) == (HERE, "k1")
        assert "Ann called." in asked["message"]

    tried(setting, test)


def test_without_a_gateway_no_session_is_told(setting: Setting) -> None:
    setting.uses_gateway = False

    async def test(scene: Scene) -> None:
        assert scene.parts.tell_session is None

    tried(setting, test)


def test_who_answers_and_what_they_are_called() -> None:
    config = Config()
    assert (phone_agent(config).id, phone_agent(config).name) == ("jarvis", "Jarvis")
    chosen = {"agent": {"id": "Sage", "name": "Doctor Sage"}}
    config = Config(phone=PhoneConfig(**chosen))
    assert (phone_agent(config).id, phone_agent(config).name) == ("sage", "Doctor Sage")
    named = Config(agents={"jarvis": AgentConfig(name="J.")})
    assert agent_name(named, "jarvis") == "J."
    assert agent_name(named, "mia") == "Mia"


def test_people_are_those_of_the_settings() -> None:
    ann = IdentityConfig(discord=ANN.discord, phones=ANN.phones, session_key="agent:main:main")
    config = Config(identities={"ann": ann}, phone=PhoneConfig(identity={"require": "attested"}))
    known = people(config)
    assert known.called("+15550001111") == replace(ANN, session_key="agent:main:main")
    assert known.caller("+15550001111", Assurance.CLAIMED) is None
    assert known.caller("+15550001111", Assurance.ATTESTED) is not None


@asynccontextmanager
async def running(part: PhonePart) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(part.run())
        yield
        task.cancel()
