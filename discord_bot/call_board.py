"""Calls in the channels from which they were asked for: what is said in them, and who approves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import aiohttp
import discord

from discord_bot.approval import Approval
from discord_bot.captions import Captions, Write
from discord_bot.telephone import CallNews, Over, PhoneCall, Telephone, Verdict

logger = logging.getLogger(__name__)

_PATIENCE = 1.0
"""Seconds for the last words about calls that go on when the bot leaves Discord."""

_GONE = (discord.NotFound, discord.Forbidden)


class CaptionWriter:
    """Writes the captions of one call.

    Args:
        captions: Decides what to write, and when.
        channel: Where.
        call_id: Whose captions they are, for the log.

    """

    def __init__(self, captions: Captions, channel: discord.abc.Messageable, call_id: str) -> None:
        self._captions = captions
        self._channel = channel
        self._call_id = call_id
        self._messages: list[discord.Message] = []
        self._changed = asyncio.Event()

    def receive(self, news: CallNews) -> None:
        """Take in what happened in the call."""
        self._captions.receive(news)
        self._changed.set()

    def break_off(self) -> None:
        """Write that nobody can follow the call any more, and end."""
        self._captions.break_off()
        self._changed.set()

    async def run(self) -> None:
        """Write until the call is over, or nothing can be written.

        Cancelling leaves the messages as they are.
        """
        now = asyncio.get_running_loop().time
        while not self._captions.is_done:
            self._changed.clear()
            write = self._captions.next_write(now())
            if write is not None:
                await self._write(write, now)
            else:
                await self._wait(self._captions.deadline())

    async def _wait(self, deadline: float | None) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _write(self, write: Write, now: Callable[[], float]) -> None:
        nobody = discord.AllowedMentions.none()
        try:
            if write.page < len(self._messages):
                message = self._messages[write.page]
                await message.edit(content=write.text, allowed_mentions=nobody)
            else:
                sent = await self._channel.send(
                    write.text, allowed_mentions=nobody, suppress_embeds=True, silent=True
                )
                self._messages.append(sent)
        except _GONE as error:
            logger.warning("call:%s: no captions any more: %s", self._call_id, error)
            self._captions.receive_refusal()
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            logger.warning("call:%s: a caption is not written yet: %s", self._call_id, error)
            self._captions.receive_failure(now())
        else:
            self._captions.receive_written(write, now())


class CallBoard:
    """A :class:`~discord_bot.telephone.CallDesk`, for one login of the bot.

    Args:
        client: The bot.
        telephone: Whose calls they are.
        tasks: Runs what writes.

    """

    def __init__(
        self, client: discord.Client, telephone: Telephone, tasks: asyncio.TaskGroup
    ) -> None:
        self._client = client
        self._telephone = telephone
        self._tasks = tasks
        self._writers: dict[str, CaptionWriter] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._open: set[Approval] = set()
        self._closing = False

    def receive(self, news: CallNews) -> None:
        """Take in what happened in a call; those that were not asked for here have no captions."""
        call = news.call
        if call.channel_id is None or self._closing:
            return
        writer = self._writers.get(call.id)
        if writer is None:
            channel = self._client.get_partial_messageable(call.channel_id)
            writer = self._writers[call.id] = CaptionWriter(Captions(call), channel, call.id)
            task = self._tasks.create_task(_follow(writer), name=f"captions of call:{call.id}")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        writer.receive(news)
        if isinstance(news.event, Over):
            del self._writers[call.id]

    async def ask(self, call: PhoneCall, channel_id: int, seconds: float) -> Verdict:
        """Ask whether a call may be made."""
        if self._closing:
            return Verdict.UNANSWERED
        approval = Approval(call, self._telephone.callers)
        self._open.add(approval)
        try:
            return await approval.ask(self._client.get_partial_messageable(channel_id), seconds)
        finally:
            self._open.remove(approval)

    async def close(self) -> None:
        """Let captions and questions come to their end, with Discord still there."""
        self._closing = True
        for writer in self._writers.values():
            writer.break_off()
        for approval in self._open:
            approval.give_up()
        closing = [self._tasks.create_task(_closed(one)) for one in self._open]
        if ending := {*self._writing, *closing}:
            await asyncio.wait(ending, timeout=_PATIENCE)


async def _follow(writer: CaptionWriter) -> None:
    try:
        await writer.run()
    except Exception:  # a bug costs these captions, not the bot
        logger.exception("Captions broke")


async def _closed(approval: Approval) -> None:
    """Wait until a question was closed."""
    await approval.wait()
