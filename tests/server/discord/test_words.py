"""What people say on Discord is understood."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from server.scenes.words import word_error_rate
from tests.peers.discord import Impairments
from tests.peers.gateway_hub import Ack, Chat, performs
from tests.server.commands.program import CLIPS
from tests.server.discord.scene import clip, gateway, guarded, guild, join, service, settings

pytestmark = pytest.mark.slow

TRUTH = {
    Path(one["file"]).stem: one["text"]
    for one in json.loads((CLIPS / "clips.json").read_text(encoding="utf-8"))
}


BAD_NETWORK = Impairments(padding=0.1, loss=0.05, reorder=0.05)


def test_words_are_understood_over_a_bad_network_and_beside_a_camera(tmp_path: Path) -> None:
    async def test() -> None:
        async with guild() as discord, gateway() as hub:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            hub.replies["agent"] = performs(Ack(), Chat("final", "Yes.", 1))  # soon said
            everything = {**settings(discord, hub), "PIPELINE__RELEVANCE__SENSITIVITY": "low"}
            async with service(tmp_path, everything) as running:
                await join(running, ann)
                await ann.turn_camera(on=True)
                pairs = []
                for number, (name, text) in enumerate(TRUTH.items(), 1):
                    await ann.say(clip(name), impair=BAD_NETWORK)
                    turns = await running.turns(number)
                    pairs.append((text, turns[-1]["text"]))
                    await asyncio.sleep(1.0)  # a new turn, not the same one gone on with
                assert word_error_rate(pairs) <= 0.05, pairs

    guarded(test)
