"""People make telephone calls from Discord: the program, a fake Discord and a fake Twilio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.discord_bot.calls_scene import press
from tests.peers.discord import ChannelKind, FakeDiscord, FakeUser, until
from tests.peers.discord.world import GUILD_ID, Json
from tests.peers.gateway_hub import Ack, Chat, performs
from tests.peers.twilio import FakeTwilio, HangUp, Hear, HearEnd, Person, Quiet, Speak
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.discord.scene import (
    TEXT,
    Service,
    asked,
    clip,
    gateway,
    guarded,
    guild,
    service,
    settings,
)

pytestmark = pytest.mark.slow

CALLS = 600_000_000_000_000_006
HOST, TOKEN = "phone.example.test", "fake-auth-token"
BEN, MASKED = "+15550002222", "+1555…22"


@dataclass
class Scene:
    """Ann runs the server; Eve is somebody in it."""

    discord: FakeDiscord
    twilio: FakeTwilio
    running: Service
    ann: FakeUser
    eve: FakeUser
    asked: list[tuple[str, str]]

    def messages(self, channel: int = TEXT) -> list[Json]:
        return self.discord.guilds[GUILD_ID].channels[channel].messages

    async def says(self, who: FakeUser, command: str, **options: Any) -> str:
        given = await who.run(command, **options)
        text = await given.finished()
        assert given.ephemeral
        return text

    async def reads(self, words: str, channel: int = TEXT) -> Json:
        """Wait for a message in the channel with these words."""

        def found() -> Json | None:
            return next((one for one in self.messages(channel) if words in one["content"]), None)

        return await until(found, guard=40.0)


@asynccontextmanager
async def scene(folder: Path, **variables: str) -> AsyncIterator[Scene]:
    async with guild() as discord, gateway() as hub, FakeTwilio(auth_token=TOKEN) as twilio:
        hub.replies["agent"] = performs(Ack(), Chat("final", "It is noon.", 1))
        discord.add_channel(CALLS, "calls", ChannelKind.TEXT)
        ann = discord.add_user(2001, "ann", display_name="Ann")
        eve = discord.add_user(2002, "eve", display_name="Eve")
        discord.guilds[GUILD_ID].administrators.add(ann.user_id)
        telephone = {
            "TWILIO_ACCOUNT_SID": twilio.account_sid,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_PHONE_NUMBER": OWN_NUMBER,
            "PUBLIC_URL": f"https://{HOST}",
            "PHONE__PUBLIC__PORT": "0",
            "PHONE__TWILIO__API_BASE": twilio.api_base,
            "PHONE__RETRY__MAX_ATTEMPTS": "1",
            **variables,
        }
        async with service(folder, {**settings(discord, hub), **telephone}) as running:
            await running.until_logged("On Discord as")
            found = await running.until_logged(r"telephone listens on \S+:(\d+)")
            twilio.tunnel(HOST, int(found[1]))
            set_ = Scene(discord, twilio, running, ann, eve, [])
            yield set_
            set_.asked += asked(hub)


def test_a_call_from_discord_is_made_followed_and_told_to_its_end(tmp_path: Path) -> None:
    async def test() -> None:
        async with scene(tmp_path) as set_:
            steps = [HearEnd(0.8), Speak(clip("ben-time")), Quiet(0.4), Hear(0.5), HearEnd(0.8)]
            set_.twilio.add_person(BEN, Person([*steps, HangUp()]))
            refused = await set_.says(set_.eve, "call", number=BEN, task="Ask for the time.")
            assert "may not make calls" in refused
            assert BEN in await set_.says(set_.ann, "call", number=BEN, task="Ask for the time.")
            call = await set_.twilio.next_call()
            await set_.reads("In progress")
            await set_.reads("what time is it")
            assert call.status == "in-progress"
            await call.over()
            text = (await set_.reads("they hung up"))["content"]
            assert not call.errors
        lines = text.splitlines()
        assert lines[0] == f"📞 **Jarvis** calls **{MASKED}** for Ann: Ask for the time."
        assert lines[1].startswith("**Jarvis**: ")
        assert "AI assistant" in lines[1]
        assert any(line.startswith(f"**{MASKED}**: what time is it") for line in lines)
        assert "**Jarvis**: It is noon." in lines
        assert lines[-1].startswith("☎️ **Over**: they hung up, ")
        assert lines[-1].endswith(" USD")
        assert BEN not in text
        assert len(set_.messages()) == 1
        assert [agent for agent, _ in set_.asked] == ["jarvis"]

    guarded(test)


def test_a_call_is_ended_from_discord(tmp_path: Path) -> None:
    async def test() -> None:
        async with scene(tmp_path) as set_:
            set_.twilio.add_person(BEN, Person([Quiet(60.0)]))
            await set_.says(set_.ann, "call", number=BEN)
            call = await set_.twilio.next_call()
            await call.streaming()
            completed = await set_.ann.complete("hangup", "call", "")
            await completed.answered()
            assert len(completed.choices) == 1
            assert "may not" in await set_.says(set_.eve, "hangup")
            assert BEN in await set_.says(set_.ann, "hangup")
            await call.over()
            await set_.reads("ended from our side")
            assert await set_.says(set_.ann, "hangup") == "No call is going on."

    guarded(test)


def test_a_call_asked_for_over_http_waits_for_those_who_may_approve_it(tmp_path: Path) -> None:
    async def test() -> None:
        approval = {
            "PHONE__OUTBOUND__APPROVAL": "always",
            "PHONE__OUTBOUND__APPROVAL_CHANNEL": str(CALLS),
        }
        async with scene(tmp_path, **approval) as set_:
            set_.twilio.add_person(BEN, Person([Hear(0.5), HangUp()]))
            async with httpx.AsyncClient(trust_env=False) as client:
                asked = {"to": BEN, "task": "Ask for the time."}
                answer = await client.post(f"{set_.running.url}/call", json=asked)
            assert answer.status_code == 202, answer.text
            question = await set_.reads("May I make this call?", CALLS)
            wrong = await press(set_.eve, question, "approve")
            assert "may not make calls" in await wrong.finished()
            assert not set_.twilio.calls
            await press(set_.ann, question, "approve")
            call = await set_.twilio.next_call()
            await call.over()
            await set_.reads("Approved by **Ann**", CALLS)
            assert len(set_.messages(CALLS)) == 1
            assert not set_.messages()

    guarded(test)


def test_without_a_telephone_there_is_no_command_for_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with guild() as discord, service(tmp_path, settings(discord)) as running:
            await running.until_logged("On Discord as")
            await asyncio.sleep(0)
            assert "call" not in discord.commands.names()

    guarded(test)
