"""Calls in the channels from which they were asked for, on a fake Discord."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from discord_bot import call_texts, texts
from discord_bot.telephone import CallStage, Changed, Over, Said, Verdict
from tests.discord_bot.calls_scene import OTHER, TEXT, Scene, on_discord, press
from tests.discord_bot.phone_calls import NUMBER, call, result
from tests.peers.discord import until
from tests.peers.discord.world import GUILD_ID


def test_a_call_is_one_message_that_changes_and_pings_nobody() -> None:
    async def test(set_: Scene) -> None:
        set_.begin()
        set_.telephone.tell(Changed())
        await set_.reads("Dialling")
        set_.telephone.tell(Said(1.0, by_agent=False, text="@everyone"), stage=CallStage.TALKING)
        set_.telephone.tell(Changed(), stage=CallStage.ENDED, result=result())
        set_.telephone.tell(Over())
        message = await set_.reads("they hung up")
        assert len(set_.messages()) == 1
        assert "\\@everyone" in message["content"]
        assert NUMBER not in message["content"]
        asked = set_.discord.rest.asked("POST", "messages") + set_.discord.rest.asked("PATCH")
        assert all(one.body["allowed_mentions"] == {"parse": []} for one in asked)

    on_discord(test)


def test_calls_that_were_not_asked_for_here_are_not_followed() -> None:
    async def test(set_: Scene) -> None:
        set_.telephone.running = [call(id="c0")]
        set_.telephone.tell(Changed())
        set_.begin()
        set_.telephone.running.reverse()
        set_.telephone.tell(Changed())
        await set_.reads("Dialling")
        assert len(set_.messages()) == 1

    on_discord(test)


def test_a_channel_that_is_gone_costs_only_the_captions() -> None:
    async def test(set_: Scene) -> None:
        gone = (HTTPStatus.NOT_FOUND, "Unknown Channel", 10003)
        set_.discord.rest.fail("POST", f"/channels/{TEXT}", gone[0], message=gone[1], code=gone[2])
        set_.begin()
        set_.telephone.tell(Changed())
        await until(lambda: set_.discord.rest.asked("POST", f"/channels/{TEXT}"))
        set_.telephone.tell(Said(1.0, by_agent=False, text="Hello"))
        set_.telephone.tell(Over())
        set_.telephone.running = [call(id="c2", channel_id=OTHER)]
        set_.telephone.tell(Changed())
        await set_.reads("Dialling", OTHER)
        assert not set_.messages()
        assert not set_.staying.done()

    on_discord(test)


def test_a_bot_that_leaves_says_that_the_call_goes_on_without_words() -> None:
    async def test(set_: Scene) -> None:
        set_.begin()
        set_.telephone.tell(Changed())
        await set_.reads("Dialling")
        await set_.leave()
        assert set_.messages()[0]["content"].endswith(call_texts.GOING_OFFLINE)
        assert set_.telephone.desk is None

    on_discord(test)


async def asked(set_: Scene, seconds: float = 60.0) -> asyncio.Task[Verdict]:
    """Ask whether a call may be made; the question is there then."""
    asking = asyncio.create_task(set_.desk.ask(call(asked_by="Ann"), TEXT, seconds))
    await set_.reads("May I make this call?")
    return asking


def test_who_may_approves_and_others_change_nothing() -> None:
    async def test(set_: Scene) -> None:
        asking = await asked(set_)
        [question] = set_.messages()
        assert NUMBER not in question["content"]
        refused = await press(set_.ben, question, "approve")
        assert await refused.finished() == call_texts.NOT_ALLOWED
        assert refused.ephemeral
        hidden = await press(set_.ben, question, "number")
        assert await hidden.finished() == call_texts.NOT_ALLOWED
        shown = await press(set_.ann, question, "number")
        assert await shown.finished() == NUMBER
        assert shown.ephemeral
        await press(set_.ann, question, "approve")
        assert await asking is Verdict.APPROVED
        await set_.reads("Approved by **Ann**")
        assert not question["components"]

    on_discord(test)


def test_who_may_declines() -> None:
    async def test(set_: Scene) -> None:
        asking = await asked(set_)
        await press(set_.ann, set_.messages()[0], "decline")
        assert await asking is Verdict.DECLINED
        await set_.reads("Declined by **Ann**")

    on_discord(test)


def test_a_question_that_nobody_answers_ends() -> None:
    async def test(set_: Scene) -> None:
        asking = await asked(set_, 0.2)
        assert await asking is Verdict.UNANSWERED
        question = await set_.reads(call_texts.UNANSWERED)
        assert not question["components"]

    on_discord(test)


def test_a_question_is_taken_back() -> None:
    async def test(set_: Scene) -> None:
        asking = await asked(set_)
        asking.cancel()
        await set_.reads(call_texts.TAKEN_BACK)
        await asyncio.wait({asking})
        assert asking.cancelled()

    on_discord(test)


def test_a_question_ends_with_the_bots_stay() -> None:
    async def test(set_: Scene) -> None:
        asking = await asked(set_)
        await set_.leave()
        assert await asking is Verdict.UNANSWERED
        await set_.reads(texts.GOING_OFFLINE)

    on_discord(test)


def test_where_nobody_can_be_asked_nothing_is_approved() -> None:
    async def test(set_: Scene) -> None:
        assert await set_.desk.ask(call(), 999, 60.0) is Verdict.UNANSWERED
        assert set_.guild.id == GUILD_ID

    on_discord(test)
