"""A small Discord for trying things by hand, steered by lines of JSON."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.peers.discord.opcodes import ChannelKind, Permission
from tests.peers.discord.opus import RATE
from tests.peers.discord.server import FakeDiscord
from tests.peers.discord.user import FakeUser
from tests.peers.discord.world import Json

PEOPLE = ("ann", "ben", "eve")
VOICE_CHANNELS = ("Lounge", "Workroom", "Full", "Private", "Listen only")
FIRST_USER, FIRST_CHANNEL = 200_000_000_000_000_001, 700_000_000_000_000_001


class Console:
    """People and channels of a fake Discord by name, and what can be asked of them."""

    def __init__(self, discord: FakeDiscord, people: tuple[str, ...] = PEOPLE) -> None:
        self._discord = discord
        self._users: dict[str, FakeUser] = {}
        for user_id, name in enumerate(people, FIRST_USER):
            user = discord.add_user(user_id, name, display_name=name.title())
            self._users[name] = user
        self._channels = self._add_channels()
        self._actions: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "join": self._join,
            "leave": self._leave,
            "say": self._say,
            "run": self._run,
            "hear": self._hear,
            "kick": self._kick,
            "drag": self._drag,
        }

    def describe(self) -> Json:
        """Return the first line: how to reach this Discord, and who is in it."""
        return {
            "type": "ready",
            "port": self._discord.port,
            "resolve_to": f"127.0.0.1:{self._discord.port}",
            "ca_file": str(self._discord.ca_file),
            "token": self._discord.token,
            "guild": str(self._discord.GUILD_ID),
            "channels": {name: str(number) for name, number in self._channels.items()},
            "users": {name: str(user.user_id) for name, user in self._users.items()},
            "actions": list(self._actions),
        }

    async def act(self, line: Json) -> Json:
        """Do what a line says; the answer names what it answers.

        Cancelling stops whoever speaks.
        """
        subject: Json = {name: line[name] for name in ("do", "id", "user") if name in line}
        try:
            outcome = await self._actions[line.get("do", "")](line)
        except (LookupError, ValueError, OSError, AssertionError) as error:
            return {"type": "error", **subject, "message": f"{type(error).__name__}: {error}"}
        return {"type": "done", **subject, **outcome}

    def _add_channels(self) -> dict[str, int]:
        discord, numbers = self._discord, {}
        for number, name in enumerate(VOICE_CHANNELS, FIRST_CHANNEL):
            discord.add_channel(number, name)
            numbers[name] = number
        end = FIRST_CHANNEL + len(VOICE_CHANNELS)
        numbers["Stage"], numbers["general"] = end, end + 1
        discord.add_channel(numbers["Stage"], "Stage", ChannelKind.STAGE)
        discord.add_channel(numbers["general"], "general", ChannelKind.TEXT)
        (guild,) = discord.guilds.values()
        guild.channels[numbers["Full"]].user_limit = 1
        guild.channels[numbers["Private"]].denied[guild.bot_role_id] = Permission.CONNECT
        guild.channels[numbers["Listen only"]].denied[guild.bot_role_id] = Permission.SPEAK
        return numbers

    async def _join(self, line: Json) -> Json:
        await self._user(line).join(self._channels[line["channel"]])
        return {}

    async def _leave(self, line: Json) -> Json:
        await self._user(line).leave()
        return {}

    async def _say(self, line: Json) -> Json:
        speed = float(line.get("speed", 1))
        spoken = await self._user(line).say(Path(line["file"]), speed=speed)
        return {"start": spoken.start, "end": spoken.end}

    async def _run(self, line: Json) -> Json:
        options: dict[str, Any] = line.get("options", {})
        if "channel" in options:
            options = {**options, "channel": self._channels[options["channel"]]}
        asked = await self._user(line).run(line["command"], **options)
        text = await asked.finished()
        answer = {"text": text, "deferred": asked.deferred, "ephemeral": asked.ephemeral}
        return {**answer, "delay": asked.delay}

    async def _hear(self, line: Json) -> Json:
        """Wait until the bot has spoken, and write what it said."""
        ears = self._user(line).ears
        end = await ears.until_quiet(float(line.get("pause", 1)))
        await asyncio.to_thread(_write_wav, Path(line["file"]), ears.track()[1].tobytes())
        start = ears.utterances()[0].start
        errors = len(ears.errors)
        ears.clear()
        return {"start": start, "end": end, "errors": errors}

    async def _kick(self, _line: Json) -> Json:
        await self._discord.kick_bot()
        return {}

    async def _drag(self, line: Json) -> Json:
        await self._discord.move_bot(self._channels[line["channel"]])
        return {}

    def _user(self, line: Json) -> FakeUser:
        return self._users[line["user"]]


def _write_wav(file: Path, pcm: bytes) -> None:
    with wave.open(str(file), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(pcm)
