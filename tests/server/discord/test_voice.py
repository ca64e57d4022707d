"""``/voice`` and voices of other languages: the program, the gateway and what is asked to speak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.peers.gateway_hub import Ack, Chat, by_turn, echo, performs
from tests.peers.speech_server import Answer, Request, SpeechPeer, json_answer
from tests.server.discord.scene import clip, gateway, guarded, guild, join, service, settings

pytestmark = pytest.mark.slow

VOICES = json_answer({"voices": ["default", "jarvis", "sage", "de", "en-gb", "en-029"]})
SOUND = Answer([b"\x40\x06" * 2400] * 5, headers={"X-Sample-Rate": "24000"})
GERMAN = "Das ist leider nicht die richtige Antwort."


def speech(request: Request) -> Answer:
    return SOUND if request.path == "/v1/audio/speech" else VOICES


def asked_to_speak(peer: SpeechPeer) -> list[dict[str, Any]]:
    return [one.body for one in peer.requests if one.path == "/v1/audio/speech"]


def test_a_voice_is_chosen_heard_and_kept_over_a_restart(tmp_path: Path):
    async def test() -> None:
        async with guild() as discord, gateway() as hub, SpeechPeer(speech) as peer:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            german = performs(Ack(), Chat("delta", GERMAN, 1), Chat("final", GERMAN, 2))
            hub.replies["agent"] = by_turn(echo, german)
            variables = {
                **settings(discord, hub),
                "TTS_URL": peer.url,
                "OPENCLAW__WARM_UP": "false",
            }
            async with service(tmp_path, variables) as running:
                await join(running, ann)
                offered = await ann.complete("voice", "voice", "sa")
                await offered.answered()
                assert offered.choices == ["sage"]
                refused = await (await ann.run("voice", voice="sagr")).finished()
                assert "Did you mean `sage`" in refused
                chosen = await (await ann.run("voice", voice="sage", speed=0.8)).finished()
                assert chosen == "**Jarvis** speaks from now on with `sage`, speed **0.8**."
                await ann.say(clip("ann-game"))
                await running.turns(1)
                assert {(one["voice"], one["speed"]) for one in asked_to_speak(peer)} == {
                    ("sage", 0.8)
                }
                await ann.say(clip("ann-game"))
                await running.turns(2)
                last = asked_to_speak(peer)[-1]
                assert last["voice"].startswith("de")
                assert last["speed"] == 0.8
                await running.end()
            async with service(tmp_path, variables) as running:
                await join(running, ann)
                status = await (await ann.run("status")).finished()
                assert "Voice: `sage`, speed **0.8**" in status
                reset = await (await ann.run("voice", voice="default")).finished()
                assert reset == "**Jarvis** speaks from now on with `jarvis`, speed **1**."

    guarded(test)
