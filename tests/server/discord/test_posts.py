"""What of a reply is to be read stands in the chat of the voice channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.peers.discord import FakeDiscord, Permission, until
from tests.peers.gateway_hub import Ack, Chat, performs
from tests.peers.speech_server import Answer, Request, SpeechPeer, json_answer
from tests.server.discord.scene import (
    LOUNGE,
    clip,
    gateway,
    guarded,
    guild,
    join,
    service,
    settings,
)

pytestmark = pytest.mark.slow

SOUND = Answer([b"\x40\x06" * 2400] * 5, headers={"X-Sample-Rate": "24000"})
REPLY = "Here you are, @everyone.\n\n```python\nprint(42)\n```\n\nShall I run it?"


def speech(request: Request) -> Answer:
    return SOUND if request.path == "/v1/audio/speech" else json_answer({"voices": ["default"]})


async def spoken(folder: Path, discord: FakeDiscord) -> tuple[list[str], dict[str, Any]]:
    """Return what is spoken of the reply, and the turn's record."""
    ann = discord.add_user(2001, "ann", display_name="Ann")
    async with gateway() as hub, SpeechPeer(speech) as peer:
        hub.replies["agent"] = performs(Ack(), Chat("delta", REPLY, 1), Chat("final", REPLY, 2))
        variables = {**settings(discord, hub), "TTS_URL": peer.url, "OPENCLAW__WARM_UP": "false"}
        async with service(folder, variables) as running:
            await join(running, ann)
            await ann.say(clip("ann-game"))
            (turn,) = await running.turns(1)
            await until(lambda: turn["reply"])
        bodies = [one.body for one in peer.requests if one.path == "/v1/audio/speech"]
        return [body["input"] for body in bodies], turn


def test_code_is_posted_and_not_spoken(tmp_path: Path):
    async def test() -> None:
        async with guild() as discord:
            said, turn = await spoken(tmp_path, discord)
            assert said == [
                "Here you are, everyone.",
                "The code is in the channel.",
                "Shall I run it?",
            ]
            (home,) = discord.guilds.values()
            (message,) = home.channels[LOUNGE].messages
            assert message["content"] == f"**Jarvis**\n{REPLY}"
            assert message["mention_everyone"] is False
            assert turn["reply"] == REPLY
            assert turn["heard"] == "Here you are, @everyone. Shall I run it?"

    guarded(test)


def test_who_may_not_write_says_that_there_is_code(tmp_path: Path):
    async def test() -> None:
        async with guild() as discord:
            (home,) = discord.guilds.values()
            home.channels[LOUNGE].denied[home.bot_role_id] = Permission.SEND_MESSAGES
            said, _ = await spoken(tmp_path, discord)
            assert len(said) == 3
            assert "channel" not in said[1]
            assert "print" not in " ".join(said)
            assert home.channels[LOUNGE].messages == []

    guarded(test)
