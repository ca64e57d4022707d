"""Our voice connection from end to end: hears and is heard."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from discord_bot.opus import FRAME_SECONDS
from pipeline.audio import SPEECH_RATE
from pipeline.interfaces import Participant, ReplyAudio
from tests.discord_bot.calls import (
    ALIKE,
    CLEAN,
    LOUNGE,
    STAGE,
    stage,
)
from tests.peers.discord import (
    Impairments,
    Permission,
    speech_like,
    until,
)

LIKE = 0.97
SPOKEN = 30
"""Frames of 0.6 s."""

LONGEST_KEEPALIVE = 8


def test_people_and_the_bot_hear_each_other() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            assert scene.ann.session is not None
            assert call.client.voice_privacy_code == scene.ann.session.voice_privacy_code
            await call.works_both_ways(scene.ann)
            assert {one.speaker for one in call.frames} == {"2001"}
            assert call.session.traffic.speaking[:3] == [0, 1, 0]
            assert not call.session.traffic.refused
            assert call.line.transport.participants() == [Participant("2001", "Ann")]

    asyncio.run(main())


def test_frames_follow_each_other_from_when_the_first_arrived() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            arrivals: list[float] = []

            def note(datagram: bytes) -> None:
                if len(datagram) > LONGEST_KEEPALIVE:
                    arrivals.append(call.clock.now())

            call.client._connection.add_socket_listener(note)
            for _ in range(2):
                call.frames.clear()
                arrivals.clear()
                await scene.ann.say(speech_like(0.6), impair=CLEAN)
                await until(lambda: len(call.frames) > SPOKEN)
                # A busy machine reads the first packet late, and then the test knows it from above;
                # those after it, which came in time, follow it all the same.
                late = 0.1
                assert call.frames[0].end == pytest.approx(arrivals[0], abs=late)
                spoken = call.frames[:SPOKEN]
                steps = [after.at - before.end for before, after in itertools.pairwise(spoken)]
                assert max(abs(one) for one in steps) < 0.03
                assert call.frames[-1].end <= call.clock.now() + late
                await asyncio.sleep(0.3)

    asyncio.run(main())


@pytest.mark.slow
def test_padding_reordering_and_duplicates_do_no_harm() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            impair = Impairments(padding=0.15, reorder=0.1, duplicate=0.1)
            assert await call.hears(scene.ann, seconds=3, impair=impair) > ALIKE
            stats = call.line.stats()
            assert (stats.lost, stats.dave_failures) == (0, {})
            assert stats.late > 0

    asyncio.run(main())


@pytest.mark.slow
def test_loss_reordering_padding_and_a_camera_leave_it_alike() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await scene.ann.turn_camera(on=True)
            impair = Impairments(padding=0.1, loss=0.05, reorder=0.05)
            alike = await call.hears(scene.ann, seconds=6, impair=impair)
            assert alike > LIKE
            assert call.line.stats().lost > 0

    asyncio.run(main())


def test_camera_without_a_voice_is_silence() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await scene.ann.turn_camera(on=True)
            await scene.ann.send_silence(1.0, speed=4)
            await until(lambda: call.line.stats().packets >= 50)
            assert len(call.frames) <= 5
            assert not any(one.samples.any() for one in call.frames)
            assert call.line.ending is None

    asyncio.run(main())


@pytest.mark.slow
def test_who_leaves_is_told_and_heard_again_when_back() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            assert await call.hears(scene.ann, seconds=0.6) > LIKE
            await scene.ann.leave()
            await until(lambda: call.left)
            assert [one.speaker for one in call.left] == ["2001"]
            assert call.line.transport.participants() == []
            await scene.ann.join(LOUNGE)
            await call.is_secured_with(scene.ann)
            await call.works_both_ways(scene.ann)

    asyncio.run(main())


def test_speaker_announced_late_loses_nothing() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            talk = asyncio.create_task(call.hears(scene.ann, announce=False))
            await asyncio.sleep(0.2)
            scene.ann.announce()
            assert await talk > ALIKE
            assert call.line.stats().identified == 0

    asyncio.run(main())


def test_bot_makes_itself_a_speaker_on_a_stage() -> None:
    async def main() -> None:
        async with stage() as scene:
            (guild,) = scene.discord.guilds.values()
            guild.bot |= Permission.MUTE_MEMBERS
            async with scene.call(STAGE) as call:
                await until(lambda: not call.client.muted)
                await call.works_both_ways(scene.ann)

    asyncio.run(main())


def test_junk_on_the_socket_is_ignored() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            for _ in range(10):
                call.session.send_junk()
                call.session.send_rtcp(scene.ann.ssrc)
            assert await call.hears(scene.ann) > ALIKE
            assert call.line.stats().undecodable == 0

    asyncio.run(main())


def test_other_bots_are_not_heard() -> None:
    async def main() -> None:
        async with stage() as scene:
            robot = scene.discord.add_user(2003, "jukebox", bot=True)
            async with scene.call(people=(scene.ann, robot)) as call:
                await robot.say(speech_like(0.4))
                assert await call.hears(scene.ann, seconds=0.6) > LIKE
                assert {one.speaker for one in call.frames} == {"2001"}
                assert call.line.transport.participants() == [Participant("2001", "Ann")]

    asyncio.run(main())


def test_deafened_and_muted_bot_says_so() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await scene.discord.update_bot(deaf=True, mute=True)
            await until(lambda: call.client.deafened and call.client.muted)
            report = "\n".join(call.line.report())
            assert "deafened" in report
            assert "muted" in report
            await scene.discord.update_bot()
            await until(lambda: not call.client.deafened)
            assert "deafened" not in "\n".join(call.line.report())

    asyncio.run(main())


def test_reply_stops_within_a_frame_and_the_ledger_knows() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            transport = call.line.transport
            voice = speech_like(3.0, rate=SPEECH_RATE)
            playing = asyncio.create_task(transport.play(ReplyAudio(1, "many words", voice)))
            await scene.ann.ears.until_audible()
            await asyncio.sleep(0.5)
            transport.stop()
            sent = transport.ledger.seconds_played(1)
            await playing
            await until(lambda: call.session.traffic.speaking[-1] == 0)
            await until(lambda: len([one for one in scene.ann.ears.packets if one.is_silence]) >= 5)
            said = [one for one in scene.ann.ears.packets if not one.is_silence]
            assert sent == pytest.approx(0.5, abs=0.2)
            assert len(said) * FRAME_SECONDS == pytest.approx(sent, abs=2 * FRAME_SECONDS)
            assert transport.ledger.seconds_played(1) == pytest.approx(sent, abs=FRAME_SECONDS)

    asyncio.run(main())
