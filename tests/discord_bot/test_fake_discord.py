"""The fake Discord against discord.py's own client: REST, the main gateway, commands."""

from __future__ import annotations

import asyncio
import io
from http import HTTPStatus

import aiohttp
import discord
import pytest

from tests.discord_bot.stock_bot import (
    GENERAL,
    LOUNGE,
    WORKROOM,
    StockBot,
    furnish,
    running_bot,
    scene,
)
from tests.peers.discord import (
    CallbackKind,
    FakeDiscord,
    GatewayClose,
    Intent,
    Permission,
    until,
)

OTHER_GUILD = 600_000_000_000_000_006


async def _start(fake: FakeDiscord, token: str, intents: discord.Intents) -> None:
    async with StockBot(fake.connector(), intents) as bot:
        await bot.start(token)


def test_bot_logs_in_and_sees_guild_channels_and_people_in_voice_only() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            furnish(fake)
            ann = fake.add_user(2001, "ann", display_name="Ann")
            fake.add_user(2002, "ben")
            fake.guilds[fake.GUILD_ID].nicknames[2001] = "Annie"
            await ann.join(LOUNGE)
            async with running_bot(fake) as bot:
                await until(bot.is_ready)
                (guild,) = bot.guilds
                assert [one.name for one in guild.voice_channels] == ["Lounge", "Workroom"]
                assert [one.name for one in guild.stage_channels] == ["Stage"]
                assert {one.display_name for one in guild.members} == {"voicebot", "Annie"}
                assert fake.rest.unhandled == []

    asyncio.run(main())


def test_commands_are_registered_and_every_sync_is_seen() -> None:
    async def main() -> None:
        async with scene() as stage:
            assert stage.discord.commands.names() == ["join", "agent", "ask"]
            ids = {one.id for one in await stage.bot.tree.fetch_commands()}
            await stage.bot.tree.sync()
            assert {one.id for one in await stage.bot.tree.fetch_commands()} == ids
            guild = discord.Object(stage.discord.GUILD_ID)
            stage.bot.tree.copy_global_to(guild=guild)
            await stage.bot.tree.sync(guild=guild)
            syncs = [(one.method, one.guild_id) for one in stage.discord.commands.syncs]
            assert syncs == [("PUT", None), ("PUT", None), ("PUT", guild.id)]

    asyncio.run(main())


def test_command_with_a_name_that_discord_refuses_is_refused() -> None:
    async def main() -> None:
        async with scene() as stage:
            api = stage.bot.http
            payload = {"name": "Not Allowed", "description": "x", "type": 1}
            with pytest.raises(discord.HTTPException) as refused:
                await api.upsert_global_command(stage.discord.BOT_ID, payload)  # type: ignore[arg-type] # wrong on purpose
            assert (refused.value.status, refused.value.code) == (400, 50035)

    asyncio.run(main())


def test_file_is_taken_from_who_may_attach_it() -> None:
    async def main() -> None:
        async with scene() as stage:
            general = stage.bot.get_channel(GENERAL)
            assert isinstance(general, discord.TextChannel)
            kept = stage.discord.guilds[stage.discord.GUILD_ID].channels[GENERAL]
            sent = await general.send(file=discord.File(io.BytesIO(b"long"), "reply.md"))
            assert [(one.filename, one.size) for one in sent.attachments] == [("reply.md", 4)]
            kept.denied[stage.discord.GUILD_ID] = Permission.ATTACH_FILES
            with pytest.raises(discord.Forbidden):
                await general.send(file=discord.File(io.BytesIO(b"long"), "reply.md"))
            assert len(kept.messages) == 1

    asyncio.run(main())


def test_answer_is_recorded_with_its_edit_and_delay() -> None:
    async def main() -> None:
        async with scene() as stage:
            asked = await stage.ann.run("agent", name="sage")
            await asked.until(lambda one: len(one.responses) == 2)
            assert [one.how for one in asked.responses] == ["callback", "edit"]
            assert asked.text == "Now sage!"
            assert not asked.ephemeral
            assert not asked.deferred
            assert asked.delay is not None
            assert 0 <= asked.delay < 3

    asyncio.run(main())


def test_options_complete_themselves() -> None:
    async def main() -> None:
        async with scene() as stage:
            typed = await stage.ann.complete("agent", "name", "ja")
            await typed.answered()
            assert typed.choices == ["jarvis"]
            assert typed.callback is not None
            assert typed.callback.kind is CallbackKind.AUTOCOMPLETE

    asyncio.run(main())


def test_button_changes_its_message() -> None:
    async def main() -> None:
        async with scene() as stage:
            asked = await stage.ann.run("ask")
            assert await asked.finished() == "Sure?"
            (message,) = asked.messages.values()
            clicked = await stage.ann.click(message, "yes")
            answer = await clicked.answered()
            assert answer.kind is CallbackKind.UPDATE
            assert asked.text == answer.data["content"] == "Pressed"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("command", "options", "refusal"),
    [
        ("dance", {}, LookupError),
        ("agent", {}, ValueError),
        ("agent", {"name": 7}, ValueError),
        ("agent", {"name": "sage", "mood": "good"}, ValueError),
    ],
)
def test_members_cannot_send_what_discord_would_not_let_them(
    command: str, options: dict[str, object], refusal: type[Exception]
) -> None:
    async def main() -> None:
        async with scene() as stage:
            with pytest.raises(refusal):
                await stage.ann.run(command, **options)

    asyncio.run(main())


def test_second_answer_to_a_command_is_refused() -> None:
    async def main() -> None:
        async with scene() as stage, running_bot(stage.discord) as twin:
            await until(twin.is_ready)
            asked = await stage.ann.run("agent", name="sage")
            callbacks = stage.discord.rest.asked
            await until(lambda: len(callbacks("POST", "/callback")) == 2)
            statuses = {one.status for one in callbacks("POST", "/callback")}
            assert statuses == {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}
            await asked.until(lambda one: one.text == "Now sage!")

    asyncio.run(main())


def test_wrong_token_is_refused_by_rest_and_by_the_gateway() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            with pytest.raises(discord.LoginFailure):
                await _start(fake, "wrong", discord.Intents.none())
            async with aiohttp.ClientSession(connector=fake.connector()) as session:
                url = "wss://gateway.discord.gg/?v=10&encoding=json"
                async with session.ws_connect(url) as socket:
                    await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 0}})
                    while not socket.closed:
                        await socket.receive()
                    assert socket.close_code == GatewayClose.AUTHENTICATION_FAILED

    asyncio.run(main())


def test_intent_that_is_switched_off_is_refused() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            fake.gateway.allowed_intents = Intent(0)
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await _start(fake, fake.token, discord.Intents(guilds=True, members=True))
            assert fake.gateway.closes == [GatewayClose.DISALLOWED_INTENTS]

    asyncio.run(main())


def test_spent_starts_cost_the_token() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            fake.gateway.identifies_left = 0
            former = fake.token
            with pytest.raises(discord.ConnectionClosed) as closed:
                await _start(fake, former, discord.Intents.none())
            assert closed.value.code == GatewayClose.AUTHENTICATION_FAILED
            with pytest.raises(discord.LoginFailure):
                await _start(fake, former, discord.Intents.none())

    asyncio.run(main())


def test_no_other_host_is_reached() -> None:
    async def main() -> None:
        async with (
            FakeDiscord() as fake,
            aiohttp.ClientSession(connector=fake.connector()) as session,
        ):
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get("https://example.org/")

    asyncio.run(main())


def test_rate_limit_is_waited_out_and_an_outage_is_an_error() -> None:
    async def main() -> None:
        async with scene() as stage:
            rest = stage.discord.rest
            rest.limit("PUT", "/commands", times=2, retry_after=0.01)
            await stage.bot.tree.sync()
            puts = [one.status for one in rest.asked("PUT", "/commands")]
            assert puts == [HTTPStatus.OK, *2 * [HTTPStatus.TOO_MANY_REQUESTS], HTTPStatus.OK]
            rest.fail("GET", "/users/2001", HTTPStatus.FORBIDDEN, code=50001)
            with pytest.raises(discord.Forbidden):
                await stage.bot.fetch_user(2001)
            assert (await stage.bot.fetch_user(2001)).name == "ann"

    asyncio.run(main())


def test_lost_connection_is_resumed_without_missing_an_event() -> None:
    async def main() -> None:
        async with scene() as stage:
            (session,) = stage.discord.gateway.sessions.values()
            stage.discord.gateway.drop()
            await stage.ann.join(LOUNGE)
            await until(lambda: "RESUMED" in stage.bot.events)
            await until(lambda: stage.bot.get_guild(stage.discord.GUILD_ID).get_member(2001))  # type: ignore[union-attr] # it is there
            assert session.resumes == 1
            assert list(stage.discord.gateway.sessions.values()) == [session]

    asyncio.run(main())


def test_reconnect_request_is_followed_by_a_resume() -> None:
    async def main() -> None:
        async with scene() as stage:
            stage.discord.gateway.request_reconnect()
            await until(lambda: "RESUMED" in stage.bot.events)

    asyncio.run(main())


@pytest.mark.slow  # discord.py waits five seconds
def test_invalid_session_is_identified_anew() -> None:
    async def main() -> None:
        async with scene() as stage:
            stage.discord.gateway.invalidate()
            await until(lambda: stage.bot.events.count("READY") == 2)
            assert len(stage.discord.gateway.sessions) == 1
            assert len(stage.discord.gateway.identifies) == 2

    asyncio.run(main())


def test_messages_arrive_without_their_content_unless_the_bot_is_named() -> None:
    async def main() -> None:
        async with scene() as stage:
            seen: list[str] = []

            @stage.bot.event
            async def on_message(message: discord.Message) -> None:
                seen.append(message.content)

            await stage.ann.write(GENERAL, "hello")
            await stage.ann.write(GENERAL, f"<@{stage.discord.BOT_ID}> hello")
            await until(lambda: len(seen) == 2)
            assert seen == ["", f"<@{stage.discord.BOT_ID}> hello"]

    asyncio.run(main())


def test_bot_writes_only_where_it_may() -> None:
    async def main() -> None:
        async with scene() as stage:
            (guild,) = stage.discord.guilds.values()
            channel = stage.bot.get_channel(GENERAL)
            assert isinstance(channel, discord.TextChannel)
            await channel.send("hello")
            assert [one["content"] for one in guild.channels[GENERAL].messages] == ["hello"]
            guild.channels[GENERAL].denied[guild.bot_role_id] = Permission.SEND_MESSAGES
            with pytest.raises(discord.Forbidden) as refused:
                await channel.send("again")
            assert refused.value.code == 50013
            with pytest.raises(discord.HTTPException) as too_long:
                await (
                    await channel.fetch_message(int(guild.channels[GENERAL].messages[0]["id"]))
                ).edit(content="x" * 2001)
            assert too_long.value.code == 50035

    asyncio.run(main())


def test_join_that_is_not_allowed_gets_no_answer() -> None:
    async def main() -> None:
        async with scene() as stage:
            (guild,) = stage.discord.guilds.values()
            await stage.ann.join(WORKROOM)
            guild.channels[WORKROOM].user_limit = 1
            guild.channels[LOUNGE].denied[guild.id] = Permission.CONNECT
            for channel_id, reason in ((WORKROOM, "full"), (LOUNGE, "no permission to connect")):
                stage.discord.voice_states.ignored.clear()
                channel = stage.bot.get_channel(channel_id)
                assert isinstance(channel, discord.VoiceChannel)
                with pytest.raises(TimeoutError):
                    await channel.connect(timeout=0.2)
                (ignored,) = stage.discord.voice_states.ignored
                assert (ignored.channel_id, ignored.reason) == (channel_id, reason)

    asyncio.run(main())


def test_overwrites_and_limit_reach_the_client() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            furnish(fake)
            (guild,) = fake.guilds.values()
            guild.channels[LOUNGE].denied[guild.bot_role_id] = Permission.SPEAK
            guild.channels[WORKROOM].user_limit = 3
            async with running_bot(fake) as bot:
                await until(bot.is_ready)
                lounge, workroom = bot.get_channel(LOUNGE), bot.get_channel(WORKROOM)
                assert isinstance(lounge, discord.VoiceChannel)
                assert isinstance(workroom, discord.VoiceChannel)
                allowed = lounge.permissions_for(lounge.guild.me)
                assert allowed.connect
                assert not allowed.speak
                assert workroom.user_limit == 3

    asyncio.run(main())


def test_two_guilds_have_their_own_channels_and_members() -> None:
    async def main() -> None:
        async with FakeDiscord() as fake:
            furnish(fake)
            fake.add_guild(OTHER_GUILD, "Other")
            fake.add_channel(800, "Kitchen", guild_id=OTHER_GUILD)
            eve = fake.add_user(2003, "eve", guild_ids=(OTHER_GUILD,))
            async with running_bot(fake) as bot:
                await until(bot.is_ready)
                await eve.join(800)
                kitchen = bot.get_channel(800)
                assert isinstance(kitchen, discord.VoiceChannel)
                await until(lambda: kitchen.members)
                assert kitchen.guild.name == "Other"
                assert len(bot.guilds) == 2
                with pytest.raises(LookupError):
                    await eve.run("join", channel_id=GENERAL)

    asyncio.run(main())
