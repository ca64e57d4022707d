"""The slash commands, as people give them on Discord; discord.py and our code as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from discord_bot import texts
from discord_bot.commands import JoinError
from discord_bot.support import AgentChoice, GuildChoices, SupportError
from pipeline.interfaces import Participant
from pipeline.turn import Turn
from pipeline.turn_actions import EndedBy, EndTurn, Span
from pipeline.turn_record import TurnRecord
from tests.discord_bot.commands_scene import LOUNGE, OFFICE, STAGE, Scene, away, on_discord
from tests.peers.discord import Permission, until
from tests.peers.discord.interactions import ANSWER_WITHIN
from tests.peers.discord.world import GUILD_ID

STRANGE_GUILD = 500_000_000_000_000_999
SPAN = Span(1, "2001", 1.0, 2.0, 1.0)


def test_join_comes_into_the_channel_of_whoever_asks():
    async def test(set_: Scene) -> None:
        await set_.ann.join(LOUNGE)
        text = await set_.public("join")
        assert text.startswith("I am listening in **Lounge**; **Jarvis** answers. With one person")

    on_discord(test)


def test_join_comes_into_a_channel_where_nobody_is():
    async def test(set_: Scene) -> None:
        assert "**Office**" in await set_.public("join", channel=OFFICE)

    on_discord(test)


def test_join_says_why_it_does_not_come():
    async def test(set_: Scene) -> None:
        ann, office = set_.ann, set_.guild.channels[OFFICE]
        assert await set_.private("join") == texts.NO_CHANNEL
        await ann.join(STAGE)
        assert "stage moderator" in await set_.private("join")
        office.denied[set_.guild.id] = Permission.CONNECT
        await change(set_, OFFICE)
        told = await set_.private("join", channel=OFFICE)
        assert "the permission **Connect**. Someone" in told
        office.denied[set_.guild.id] = Permission.SPEAK
        await change(set_, OFFICE)
        assert "the permission **Speak**." in await set_.private("join", channel=OFFICE)
        office.denied[set_.guild.id] = Permission.VIEW_CHANNEL
        await change(set_, OFFICE)
        told = await set_.private("join", channel=OFFICE)
        assert "the permission **View Channel**. Someone" in told
        office.denied.clear()
        office.user_limit = 1
        await change(set_, OFFICE)
        await ann.join(OFFICE)
        assert "full (1 of 1)" in await set_.private("join")
        assert set_.rooms.room is None

    on_discord(test)


async def change(set_: Scene, channel_id: int) -> None:
    """Have the bot told how a channel is now."""
    set_.discord.gateway.dispatch("CHANNEL_UPDATE", set_.guild.channel_json(channel_id))
    await set_.discord.gateway.drain()


def test_join_that_takes_long_is_acknowledged_at_once():
    async def test(set_: Scene) -> None:
        await set_.ann.join(LOUNGE)
        set_.rooms.let_in.clear()
        given = await set_.ann.run("join")
        await given.answered()
        assert given.deferred
        assert given.delay is not None
        assert given.delay < ANSWER_WITHIN
        assert given.text == ""
        set_.rooms.let_in.set()
        assert "**Lounge**" in await given.finished()

    on_discord(test)


def test_join_tells_what_went_wrong_on_the_way():
    async def test(set_: Scene) -> None:
        await set_.ann.join(LOUNGE)
        set_.rooms.fails = JoinError("Discord did not let me in. " + "x" * 3000)
        text = await set_.public("join")
        assert text.startswith("Discord did not let me in.")
        assert len(text) == 2000

    on_discord(test)


def test_leave_goes_and_says_from_where():
    async def test(set_: Scene) -> None:
        await set_.bring()
        assert await set_.public("leave") == "I left **Lounge**."
        assert set_.rooms.left == [GUILD_ID]

    on_discord(test)


def test_leave_where_it_is_not_is_told_in_private_and_keeps_it_from_coming_back():
    async def test(set_: Scene) -> None:
        assert await set_.private("leave") == texts.NOT_HERE
        assert set_.rooms.left == [GUILD_ID]

    on_discord(test)


def test_agent_lists_who_can_answer():
    async def test(set_: Scene) -> None:
        known = "You can choose: `jarvis`, `sage`"
        assert await set_.private("agent") == f"**Jarvis** answers. {known}"
        set_.support.kept[GUILD_ID] = GuildChoices(agent="sage")
        assert await set_.private("agent") == f"**Sage** answers. {known}"
        await set_.bring()
        assert await set_.private("agent") == f"**Jarvis** answers. {known}"

    on_discord(test)


def test_agent_chooses_and_remembers():
    async def test(set_: Scene) -> None:
        assert await set_.public("agent", name=" Sage ") == "**Sage** answers from now on."
        room = await set_.bring()
        answer = await set_.public("agent", name="SAGE")
        assert answer == "**Sage** answers from the next turn on."
        assert room.agent.id == "sage"
        assert set_.support.kept[GUILD_ID].agent == "sage"

    on_discord(test)


@pytest.mark.parametrize("inside", [False, True])
def test_an_unknown_agent_is_refused_with_those_there_are(inside: bool):
    async def test(set_: Scene) -> None:
        if inside:
            await set_.bring()
        answer = await set_.public("agent", name="nobody")
        assert answer == "There is no such agent. I know: `jarvis`, `sage`"
        assert GUILD_ID not in set_.support.kept

    on_discord(test)


def test_agents_complete_themselves_by_id_and_name():
    async def test(set_: Scene) -> None:
        assert await offered(set_, "") == ["jarvis", "sage"]
        assert await offered(set_, "AG") == ["sage"]
        assert await offered(set_, "x") == []
        set_.support.unknown = SupportError("the gateway is down")
        assert await offered(set_, "s") == []
        assert await set_.private("agent") == "the gateway is down"

    on_discord(test)


def test_of_very_many_agents_the_first_that_fit_are_offered():
    async def test(set_: Scene) -> None:
        set_.support.agents = many  # type: ignore[method-assign] # this service has many
        choices = await offered(set_, "number")
        assert len(choices) == 25
        assert {len(one) for one in choices} == {100}
        text = await set_.private("agent")
        assert len(text) == 2000

    on_discord(test)


async def many() -> Sequence[AgentChoice]:
    return [AgentChoice(f"number-{one:03}".ljust(150, "x"), "N" * 150) for one in range(40)]


async def offered(set_: Scene, typed: str) -> list[str]:
    given = await set_.ann.complete("agent", "name", typed)
    await given.answered()
    return given.choices


def test_sensitivity_is_told_and_changed():
    async def test(set_: Scene) -> None:
        assert "is **medium**" in await set_.private("sensitivity")
        assert "now **high**" in await set_.public("sensitivity", level="high")
        assert "is **high**" in await set_.private("sensitivity")
        room = await set_.bring()
        assert "is **medium**" in await set_.private("sensitivity")
        assert "now **low**" in await set_.public("sensitivity", level="low")
        assert room.sensitivity == "low"
        await until(lambda: set_.support.kept[GUILD_ID].sensitivity == "low")

    on_discord(test)


def test_status_is_private_and_fits_into_a_message():
    async def test(set_: Scene) -> None:
        assert await set_.private("status") == "All is well"
        set_.rooms.status_text = "".join(f"line {one}\n" for one in range(1000))
        text = await set_.private("status")
        assert len(text) == 2000
        assert text.endswith("…")

    on_discord(test)


def heard(text: str, *, addressed: bool) -> TurnRecord:
    draft = Turn("t-1", Participant("2001", "Ann")).draft(
        "guild:5", datetime(2026, 1, 2, tzinfo=UTC), EndTurn(SPAN, EndedBy.SMART_TURN, 0.9)
    )
    why = "not addressed: base -3.0, corrections here -0.5"
    return replace(draft, text=text, addressed=addressed, relevance=0.0293, why=why, agent="jarvis")


def test_why_tells_what_was_heard_and_what_decided():
    async def test(set_: Scene) -> None:
        assert await set_.private("why") == texts.NOT_HERE
        room = await set_.bring()
        assert await set_.private("why") == texts.NOTHING_HEARD
        room.decisions = [heard("is it late", addressed=False), heard("hello", addressed=True)]
        text = await set_.private("why")
        assert text.startswith(
            "**Ann**: is it late\nnot for me\n"
            "`0.03: not addressed: base -3.0, corrections here -0.5`\n"
        )
        assert (await set_.private("why", back=1)).startswith("**Ann**: hello\nfor **jarvis**")
        assert await set_.private("why", back=2) == texts.NOTHING_HEARD
        assert room.verdicts == []

    on_discord(test)


def test_a_verdict_is_learnt_from():
    async def test(set_: Scene) -> None:
        room = await set_.bring()
        room.decisions = [heard("is it late", addressed=False), heard("hello", addressed=True)]
        assert "more readily" in await set_.private("why", verdict="wrong")
        assert "less readily" in await set_.private("why", back=1, verdict="wrong")
        assert (await set_.private("why", verdict="right")).endswith("Good.")
        ignored, answered = room.decisions
        assert room.verdicts == [(ignored, False), (answered, False), (ignored, True)]

    on_discord(test)


def test_help_names_every_command_and_what_becomes_of_what_is_said():
    async def test(set_: Scene) -> None:
        text = await set_.private("help")
        for name in set(set_.discord.commands.names()) - {"help"}:
            assert f"**/{name}**" in text
        assert "speech recognition on the machine I run on" in text

    on_discord(test)


@pytest.mark.parametrize("command", ["join", "status"])
def test_a_command_that_breaks_is_answered_in_private(command: str, caplog):
    async def test(set_: Scene) -> None:
        set_.rooms.fails = ZeroDivisionError()
        set_.rooms.status_text = None  # type: ignore[assignment] # what breaks is a bug
        await set_.ann.join(LOUNGE)
        text, _ = await set_.says(command)
        assert text == texts.BROKEN

    on_discord(test)
    assert "A command broke" in caplog.text


def test_a_command_that_somebody_else_answered_tells_of_the_other_bot(caplog):
    async def test(set_: Scene) -> None:
        set_.discord.rest.fail("POST", "callback", HTTPStatus.BAD_REQUEST, code=40060)
        await set_.ann.run("status")
        await until(lambda: "another process uses this DISCORD_BOT_TOKEN" in caplog.text)

    on_discord(test)
    assert "A command broke" not in caplog.text


def test_a_command_that_cannot_be_answered_is_logged(caplog):
    async def test(set_: Scene) -> None:
        set_.discord.rest.fail("POST", "callback", HTTPStatus.NOT_FOUND, times=2, code=10062)
        await set_.ann.run("status")
        await until(lambda: "could not be answered: NotFound" in caplog.text)
        assert await set_.private("status") == "All is well"

    on_discord(test)


def test_in_direct_messages_there_is_help_and_nothing_else():
    async def test(set_: Scene) -> None:
        registered = {one["name"]: one for one in set_.discord.commands.by_guild[None]}
        for name, command in registered.items():
            assert command["contexts"] == (None if name == "help" else [0])
        given = await away(set_, "help", None)
        assert await given.finished() == texts.HELP
        for name in registered.keys() - {"help"}:
            given = await away(set_, name, None)
            assert await given.finished() == texts.SERVERS_ONLY
            assert given.ephemeral
        assert set_.rooms.left == []

    on_discord(test)


def test_where_the_commands_are_and_the_bot_is_not_it_asks_to_be_added():
    async def test(set_: Scene) -> None:
        for name in ("join", "leave", "status"):
            given = await away(set_, name, STRANGE_GUILD)
            assert await given.finished() == texts.NOT_A_MEMBER
            assert given.ephemeral
        assert set_.rooms.left == []

    on_discord(test)
