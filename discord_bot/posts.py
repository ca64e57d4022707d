"""Replies as messages: what is to be read is posted to the chat of the voice channel."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import aiohttp
import discord

from discord_bot.commands import Channel

logger = logging.getLogger(__name__)

LONGEST_MESSAGE = 2000
"""Characters that Discord takes
(https://docs.discord.com/developers/resources/message#create-message)."""

MOST_MESSAGES = 4
"""Messages of one reply; a longer one comes as a file, so that it does not flood the chat, where
the bot may attach files."""

_FENCE = "```"


def split_markdown(text: str, longest: int = LONGEST_MESSAGE) -> list[str]:
    """Cut a text into messages, at the ends of lines where it can be.

    A block of code that is cut is closed, and opened again in the next message.

    Args:
        text: Markdown.
        longest: Characters of a message, at least 20.

    """
    messages: list[str] = []
    message, fence = "", ""
    for line in text.splitlines():
        for part in _parts(line, longest - 2 * len(_FENCE) - 2 - len(fence)):
            closing = f"\n{_FENCE}" if fence else ""
            if message and len(message) + 1 + len(part) + len(closing) > longest - len(_FENCE) - 1:
                messages.append(message + closing)
                message = fence
            message = f"{message}\n{part}" if message else part
        if line.lstrip().startswith(_FENCE):
            fence = "" if fence else _opening(line, longest)
    messages.append(message)
    return [one.strip("\n") for one in messages if one.strip()]


def _parts(line: str, longest: int) -> Iterator[str]:
    """Cut a line that is too long, between words where it can be."""
    while len(line) > longest:
        border = line.rfind(" ", longest // 2, longest + 1)
        cut = border if border > 0 else longest
        yield line[:cut]
        line = line[cut:].removeprefix(" ")
    yield line


def _opening(line: str, longest: int) -> str:
    """Return what opens a block of code again."""
    opening = line.strip()
    return opening if len(opening) <= longest // 10 else _FENCE


@dataclass(frozen=True, slots=True)
class _Post:
    name: str
    text: str


class Chat:
    """Posts replies in a channel, one after another.

    Args:
        channel: Tells in whose chat, now: the bot may be moved.

    """

    def __init__(self, channel: Callable[[], Channel]) -> None:
        self._channel = channel
        self._posts: asyncio.Queue[_Post | None] = asyncio.Queue()

    @property
    def is_open(self) -> bool:
        """Whether the bot may write there."""
        channel = self._channel()
        rights = channel.permissions_for(channel.guild.me)
        return rights.send_messages and rights.view_channel

    def post(self, name: str, text: str) -> None:
        """Have a reply posted.

        Args:
            name: Whose reply it is.
            text: Markdown of any length.

        """
        self._posts.put_nowait(_Post(name, text))

    async def run(self) -> None:
        """Post until closed. Cancelling drops what was not posted yet."""
        while (post := await self._posts.get()) is not None:
            try:
                await self._send(post)
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                guild = self._channel().guild.id
                logger.warning("Guild %s: a reply is not posted: %s", guild, error)

    def close(self) -> None:
        """Let :meth:`run` end once everything was posted."""
        self._posts.put_nowait(None)

    async def _send(self, post: _Post) -> None:
        channel = self._channel()
        messages = split_markdown(f"**{post.name}**\n{post.text}")
        may_attach = channel.permissions_for(channel.guild.me).attach_files
        as_file = may_attach and len(messages) > MOST_MESSAGES
        for message in messages[:1] if as_file else messages:
            await channel.send(message, allowed_mentions=discord.AllowedMentions.none())
        if as_file:
            file = io.BytesIO(post.text.encode(errors="replace"))
            await channel.send(file=discord.File(file, "reply.md"))
