"""Our voice connection from end to end: whatever happens to the keys, everyone is heard."""

from __future__ import annotations

import asyncio

import davey
import pytest

from discord_bot.line import Ending
from tests.discord_bot.calls import (
    ALIKE,
    LOUNGE,
    ended,
    stage,
)
from tests.peers.discord import (
    VoiceSession,
    until,
)
from tests.peers.discord.delivery import append_body
from tests.peers.discord.mls import parse_key_package

ANNOUNCE_COMMIT, WELCOME, PROPOSALS = 29, 30, 27


@pytest.mark.slow
def test_bot_commits_when_nobody_else_does() -> None:
    async def main() -> None:
        async with stage() as scene:
            scene.ann.commit_delay = scene.ben.commit_delay = None
            async with scene.call() as call:
                await scene.ben.join(LOUNGE)
                await call.is_secured_with(scene.ann, scene.ben)
                log = scene.discord.rooms[LOUNGE].log
                bot = scene.discord.BOT_ID
                assert [one[1] for one in log if one[0] == "commit"] == [bot, bot]
                assert await call.hears(scene.ann) > ALIKE
                assert await call.hears(scene.ben) > ALIKE

    asyncio.run(main())


@pytest.mark.slow
def test_members_come_and_go_while_someone_speaks() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            talk = asyncio.create_task(call.hears(scene.ann, seconds=3))
            for _ in range(2):
                await asyncio.sleep(0.5)
                await scene.ben.join(LOUNGE)
                await asyncio.sleep(0.5)
                await scene.ben.leave()
            assert await talk > ALIKE

    asyncio.run(main())


@pytest.mark.slow
def test_speaker_never_announced_is_known_by_the_key() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await scene.ben.join(LOUNGE)
            await call.is_secured_with(scene.ann, scene.ben)
            assert await call.hears(scene.ben, announce=False) > ALIKE
            assert call.line.stats().identified == 1

    asyncio.run(main())


@pytest.mark.slow
def test_commit_that_reaches_the_bot_late_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            session, held = call.session, []
            send = session.send_binary

            def hold(op: int, body: bytes) -> None:
                if op == ANNOUNCE_COMMIT:
                    held.append((op, body))
                else:
                    send(op, body)

            monkeypatch.setattr(session, "send_binary", hold)
            await scene.ben.join(LOUNGE)
            await until(lambda: scene.ben.e2ee and held)
            talk = asyncio.create_task(call.hears(scene.ben))
            await asyncio.sleep(0.4)
            monkeypatch.undo()
            for op, body in held:
                send(op, body)
            assert await talk > ALIKE

    asyncio.run(main())


def test_welcome_that_cannot_be_used_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = []
    send = VoiceSession.send_binary

    def spoil(session: VoiceSession, op: int, body: bytes) -> None:
        if op == WELCOME and not spoilt:
            spoilt.append(op)
            body = body[:2] + b"\x00\x02garbage"
        send(session, op, body)

    monkeypatch.setattr(VoiceSession, "send_binary", spoil)

    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            room = scene.discord.rooms[LOUNGE]
            assert ("invalid", scene.discord.BOT_ID, 0) in room.log
            assert await call.hears(scene.ann) > ALIKE

    asyncio.run(main())


def test_proposal_that_cannot_be_used_does_not_end_the_connection() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            group = scene.discord.rooms[LOUNGE].group
            package = davey.DaveSession(1, 9, LOUNGE).get_serialized_key_package()
            group.epoch, now = 99, group.epoch
            proposal = group.propose_add(parse_key_package(package))
            group.epoch = now
            group.pending.clear()
            call.session.send_binary(PROPOSALS, append_body([proposal]))
            await scene.ben.join(LOUNGE)
            await call.is_secured_with(scene.ann, scene.ben)
            assert await call.hears(scene.ben) > ALIKE

    asyncio.run(main())


def test_nobody_is_added_to_the_group_unannounced() -> None:
    async def main() -> None:
        async with stage() as scene:
            # The bot would be the one to commit.
            scene.ann.commit_delay = None
            async with scene.call() as call:
                room = scene.discord.rooms[LOUNGE]
                package = davey.DaveSession(1, 666, LOUNGE).get_serialized_key_package()
                proposal = room.group.propose_add(parse_key_package(package))
                commits = [one for one in room.log if one[0] == "commit"]
                call.session.send_binary(PROPOSALS, append_body([proposal]))
                assert await call.hears(scene.ann) > ALIKE
                assert [one for one in room.log if one[0] == "commit"] == commits

    asyncio.run(main())


@pytest.mark.slow
def test_encryption_is_left_and_taken_up_in_a_call() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            room, connection = scene.discord.rooms[LOUNGE], call.client._connection
            room.downgrade()
            await until(lambda: connection.dave_protocol_version == 0)
            await call.works_both_ways(scene.ann)
            assert call.line.stats().passed_through > 0
            room.reset_group(version=1)
            await call.is_secured_with(scene.ann)
            await call.works_both_ways(scene.ann)

    asyncio.run(main())


@pytest.mark.slow
def test_call_that_begins_in_the_clear_is_encrypted_later() -> None:
    async def main() -> None:
        async with stage() as scene:
            room = scene.discord.rooms[LOUNGE]
            room.version = 0
            async with scene.call() as call:
                assert await call.hears(scene.ann) > ALIKE
                room.reset_group(version=1)
                await call.is_secured_with(scene.ann)
                assert await call.hears(scene.ann) > ALIKE

    asyncio.run(main())


@pytest.mark.slow
def test_new_keys_are_asked_for_when_nothing_opens_and_then_the_channel_is_left() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            room = scene.discord.rooms[LOUNGE]
            invalid = ("invalid", scene.discord.BOT_ID, 0)
            scene.ann.announce()
            for _ in range(40):
                scene.ann.send_opus(b"x" * 60, plain=True)
            await until(lambda: call.line.stats().recoveries == 1)
            await until(lambda: any(one[:2] == invalid[:2] for one in room.log))
            await until(lambda: not call.secured)
            await call.is_secured_with(scene.ann)
            assert await call.hears(scene.ann) > ALIKE
            for _ in range(40):
                scene.ann.send_opus(b"x" * 60, plain=True)
            assert await ended(call) is Ending.DEAF

    asyncio.run(main())
