"""What of a reply is to be read stands in the chat of the voice channel."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.peers.discord import FakeDiscord, Permission
from tests.peers.discord.rest import FILES
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


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one reply."""

    spoken: list[str]
    turn: dict[str, Any]


Ask: TypeAlias = Callable[[str], Awaitable[Told]]


@asynccontextmanager
async def asking(folder: Path, discord: FakeDiscord) -> AsyncIterator[Ask]:
    """Yield what has Ann ask something, to which the agent gives a reply."""
    ann = discord.add_user(2001, "ann", display_name="Ann")
    async with gateway() as hub, SpeechPeer(speech) as peer:
        variables = {**settings(discord, hub), "TTS_URL": peer.url, "OPENCLAW__WARM_UP": "false"}
        async with service(folder, variables) as running:
            await join(running, ann)
            counts = itertools.count(1)

            async def ask(reply: str) -> Told:
                said = Chat("delta", reply, 1), Chat("final", reply, 2)
                hub.replies["agent"] = performs(Ack(), *said)
                peer.requests.clear()
                await ann.say(clip("ann-game"))
                turn = (await running.turns(next(counts)))[-1]
                bodies = [one.body for one in peer.requests if one.path == "/v1/audio/speech"]
                return Told([body["input"] for body in bodies], turn)

            yield ask


def test_code_is_posted_and_not_spoken_and_much_of_it_as_a_file(tmp_path: Path):
    code = "\n".join(f"print({number})" for number in range(800))
    long = REPLY.replace("print(42)", code)

    async def test() -> None:
        async with guild() as discord, asking(tmp_path, discord) as ask:
            (home,) = discord.guilds.values()
            posted = home.channels[LOUNGE].messages
            short = await ask(REPLY)
            assert short.spoken == [
                "Here you are, everyone.",
                "The code is in the channel.",
                "Shall I run it?",
            ]
            (message,) = posted
            assert message["content"] == f"**Jarvis**\n{REPLY}"
            assert message["mention_everyone"] is False
            assert short.turn["reply"] == REPLY
            assert short.turn["heard"] == "Here you are, @everyone. Shall I run it?"
            assert (await ask(long)).turn["heard"] == short.turn["heard"]
            _, beginning, rest = posted
            assert beginning["content"].startswith("**Jarvis**\nHere you are")
            (attached,) = rest["attachments"]
            assert attached["filename"] == "reply.md"
            sent = discord.rest.asked("POST", f"/channels/{LOUNGE}/messages")[-1]
            assert sent.body[FILES][0].content == long.encode()

    guarded(test)


def test_who_may_not_write_says_that_there_is_code(tmp_path: Path):
    async def test() -> None:
        async with guild() as discord:
            (home,) = discord.guilds.values()
            home.channels[LOUNGE].denied[home.bot_role_id] = Permission.SEND_MESSAGES
            async with asking(tmp_path, discord) as ask:
                spoken = (await ask(REPLY)).spoken
            assert len(spoken) == 3
            assert "channel" not in spoken[1]
            assert "print" not in " ".join(spoken)
            assert home.channels[LOUNGE].messages == []

    guarded(test)
