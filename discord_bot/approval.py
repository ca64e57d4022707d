"""A question in a channel that only some may answer: may this call be made?"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
import discord

from discord_bot import call_texts, texts
from discord_bot.call_rights import may_call
from discord_bot.commands import Interaction
from discord_bot.telephone import Callers, PhoneCall, Verdict

logger = logging.getLogger(__name__)

_PATIENCE = 2.0
"""Seconds for taking a question back that needs no answer any more."""


class Approval(discord.ui.View):
    """The buttons under one question.

    Args:
        call: The call it is about.
        callers: Who may answer, beside those who may anyway.

    """

    def __init__(self, call: PhoneCall, callers: Callers) -> None:
        super().__init__(timeout=None)
        self._call = call
        self._callers = callers
        self._verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

    async def ask(self, channel: discord.abc.Messageable, seconds: float) -> Verdict:
        """Ask in a channel, and wait for an answer.

        Args:
            channel: Where.
            seconds: How long.

        Cancelling takes the question back.

        """
        try:
            question = await channel.send(
                call_texts.question(self._call, max(1, round(seconds / 60))),
                view=self,
                allowed_mentions=discord.AllowedMentions.none(),
                suppress_embeds=True,
            )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            logger.warning("Nobody could be asked about a call: %s", error)
            return Verdict.UNANSWERED
        try:
            async with asyncio.timeout(seconds):
                verdict = await self._verdict
        except TimeoutError:
            await self._close(question, call_texts.UNANSWERED)
            return Verdict.UNANSWERED
        except asyncio.CancelledError:
            await self._close(question, call_texts.TAKEN_BACK)
            raise
        else:
            if verdict is Verdict.UNANSWERED:
                await self._close(question, texts.GOING_OFFLINE)
            return verdict
        finally:
            self.stop()

    def give_up(self) -> None:
        """Take in that nobody can answer any more."""
        if not self._verdict.done():
            self._verdict.set_result(Verdict.UNANSWERED)

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Return whether somebody may answer, and tell them if not."""
        if may_call(interaction, self._callers):
            return True
        await interaction.response.send_message(call_texts.NOT_ALLOWED, ephemeral=True)
        return False

    async def on_error(
        self, interaction: Interaction, error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Log what went wrong with a button."""
        logger.error("A button broke", exc_info=error)

    @discord.ui.button(label="Approve", style=discord.ButtonStyle.success, custom_id="approve")
    async def approve(self, interaction: Interaction, _: discord.ui.Button[Approval]) -> None:
        """Let the call be made."""
        await self._answer(interaction, Verdict.APPROVED)

    @discord.ui.button(label="Decline", style=discord.ButtonStyle.danger, custom_id="decline")
    async def decline(self, interaction: Interaction, _: discord.ui.Button[Approval]) -> None:
        """Have the call not made."""
        await self._answer(interaction, Verdict.DECLINED)

    @discord.ui.button(label="Show number", custom_id="number")
    async def number(self, interaction: Interaction, _: discord.ui.Button[Approval]) -> None:
        """Show the whole number to one who may answer."""
        await interaction.response.send_message(self._call.number, ephemeral=True)

    async def _answer(self, interaction: Interaction, verdict: Verdict) -> None:
        if self._verdict.done():  # two pressed in the same moment
            await interaction.response.send_message(call_texts.TOO_LATE, ephemeral=True)
            return
        self._verdict.set_result(verdict)
        text = call_texts.answered(self._call, verdict, interaction.user.display_name)
        await interaction.response.edit_message(content=texts.shortened(text), view=None)

    async def _close(self, question: discord.Message, why: str) -> None:
        """Take the buttons away, if that can be done soon."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await question.edit(content=call_texts.closed(self._call, why), view=None)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            logger.warning("A question about a call could not be closed: %s", error)
