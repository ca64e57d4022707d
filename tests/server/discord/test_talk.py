"""People talk with agents in a voice channel: the program, discord.py and DAVE as they are."""

from __future__ import annotations

import asyncio

import pytest

from pipeline.audio import HEARING_RATE
from tests.peers.discord import FakeUser, until
from tests.peers.gateway_hub import Ack, Chat, by_turn, echo, performs
from tests.server.discord.scene import (
    asked,
    bot_is_in,
    clip,
    gateway,
    guarded,
    guild,
    join,
    service,
    settings,
)

pytestmark = pytest.mark.slow

_LOUD = 300
"""Amplitude, of 32767, below which nothing is said."""

LONG = "Let me tell you a long story. " * 30


def seconds_heard(person: FakeUser) -> float:
    """Return the seconds in which a person heard something."""
    sound = person.ears.pcm(rate=HEARING_RATE)
    return float((abs(sound.astype(int)) > _LOUD).sum()) / HEARING_RATE


def test_two_people_speak_one_after_the_other_and_at_once_and_each_is_answered_once(tmp_path):
    async def test() -> None:
        async with guild() as discord, gateway() as hub:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            ben = discord.add_user(2002, "ben", display_name="Ben Älvsjö")
            async with service(tmp_path, settings(discord, hub)) as running:
                welcome = await join(running, ann, ben)
                assert "**Lounge**; **Jarvis** answers" in welcome
                await ann.say(clip("ann-weather"))
                await running.turns(1)
                await ben.say(clip("ben-time"))
                await running.turns(2)
                heard = seconds_heard(ann)
                assert heard > 0.5
                assert seconds_heard(ben) == pytest.approx(heard, rel=0.1)
                async with asyncio.TaskGroup() as speaking:
                    speaking.create_task(ann.say(clip("ann-philosophy")))
                    speaking.create_task(ben.say(clip("ben-timer")))
                turns = await running.turns(4)
                assert sorted(asked(hub)) == sorted(
                    [
                        ("jarvis", "Ann: hey jarvis what is the weather in london"),
                        ("jarvis", "Ben Älvsjö: what time is it jarvis"),
                        ("sage", "Ann: sage tell me about philosophy"),
                        ("jarvis", "Ben Älvsjö: jarvis set a timer for five minutes"),
                    ]
                )
                assert [turn["error"] for turn in turns] == [None] * 4
                assert all(turn["heard"] == turn["reply"] != "" for turn in turns)
                assert {turn["speaker_id"] for turn in turns} == {"2001", "2002"}
                assert turns[0]["session_key"] == "agent:jarvis:discord:channel:700"
                assert turns[0]["latency_ms"]["total"] > 0
                await running.until_logged(r"guild:\d+: turn \S+: VAD \d+ ms · Smart Turn")
                assert await running.end() == 0
                assert not any("Traceback" in line for line in running.log)
                await until(lambda: not bot_is_in(discord))

    guarded(test)


def test_agent_and_sensitivity_are_chosen_and_outlive_a_restart(tmp_path):
    async def test() -> None:
        async with guild() as discord, gateway() as hub:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            async with service(tmp_path, settings(discord, hub)) as running:
                await join(running, ann)
                offered = await ann.complete("agent", "name", "s")
                await offered.answered()
                assert offered.choices == ["jarvis", "sage"]
                refused = await (await ann.run("agent", name="nobody")).finished()
                assert "`jarvis`, `sage`" in refused
                assert "**Sage**" in await (await ann.run("agent", name="sage")).finished()
                await ann.say(clip("ann-game"))
                (turn,) = await running.turns(1)
                assert (turn["agent"], turn["addressed"]) == ("sage", True)
                answer = await ann.run("sensitivity", level="low")
                assert "**low**" in await answer.finished()
                await ann.say(clip("ann-game"))
                turn = (await running.turns(2))[-1]
                assert not turn["addressed"]
                assert len(asked(hub)) == 1
                await running.end()
            async with service(tmp_path, settings(discord, hub)) as running:
                # It comes back by itself, as it was left.
                await running.until_logged("coming back into a voice channel")
                await running.until_logged("in the voice channel 700")
                status = await (await ann.run("status")).finished()
                assert "**Sage** answers, sensitivity **low**" in status

    guarded(test)


def test_whoever_talks_over_the_bot_silences_it(tmp_path):
    async def test() -> None:
        async with guild() as discord, gateway() as hub:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            hub.replies["agent"] = by_turn(performs(Ack(), Chat("delta", LONG, 1)), echo)
            async with service(
                tmp_path, {**settings(discord, hub), "OPENCLAW__WARM_UP": "false"}
            ) as running:
                await join(running, ann)
                await ann.ears.until_quiet()
                ann.ears.clear()  # the sound with which the bot came in
                await ann.say(clip("ben-time"))
                began = await ann.ears.until_audible()
                await asyncio.sleep(1.0)  # who begins sooner was not done with their turn
                spoken = await ann.say(clip("ann-game"))
                assert began < spoken.start
                await until(lambda: hub.asked("chat.abort"))
                first = (await running.turns(1))[0]
                assert first["interrupted"]
                assert 0 < len(first["heard"]) < len(first["reply"])
                await until(lambda: len(asked(hub)) == 2)
                assert f'only this was heard: "{first["heard"]}"' in asked(hub)[1][1]
                await running.turns(2)
                heard = ann.ears.utterances(pause=0.5)  # of a busy machine also in more parts
                reply = [one for one in heard if one.start < spoken.start + 2.0]
                assert reply[-1].end < spoken.start + 2.0
                second = heard[len(reply)]
                assert second.start > spoken.end - 1.0  # the recording ends with silence

    guarded(test)
