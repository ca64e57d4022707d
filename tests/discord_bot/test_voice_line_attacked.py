"""Our voice connection under messages that make no sense, and cut off at every step."""

from __future__ import annotations

import asyncio
import json
import random
import struct

import pytest

from tests.discord_bot.calls import ALIKE, LOUNGE, at_once, stage

HUGE = 10**40
ABSURD_IDS = (None, "", "ann", -1, 0, 1 << 64, HUGE, 1.5e400, [], {}, [[]])
BINARY_OPS = (25, 27, 29, 30)


def absurd_messages() -> list[str]:
    """Return messages of the voice gateway that say nothing."""
    ids = [json.dumps(one) for one in ABSURD_IDS]
    fields = [
        *(f'{{"op": 5, "d": {{"user_id": {one}, "ssrc": 7, "speaking": 1}}}}' for one in ids),
        *(f'{{"op": 5, "d": {{"user_id": "9", "ssrc": {one}, "speaking": 1}}}}' for one in ids),
        *(f'{{"op": 5, "d": {{"user_id": "9", "ssrc": 8, "speaking": {one}}}}}' for one in ids),
        *(f'{{"op": 11, "d": {{"user_ids": {one}}}}}' for one in ids),
        *(f'{{"op": 11, "d": {{"user_ids": [{one}]}}}}' for one in ids),
        *(f'{{"op": 13, "d": {{"user_id": {one}}}}}' for one in ids),
        *(f'{{"op": 24, "d": {{"epoch": {one}}}}}' for one in ids),
        *(f'{{"op": 22, "d": {{"transition_id": {one}}}}}' for one in ids),
    ]
    ops = range(5, 40)
    bodies = ["null", "[]", "{}", '"x"', "7", '{"user_id": "9"}', '{"user_ids": {"a": 1}}']
    bare = [f'{{"op": {op}, "d": {body}}}' for op in ops if op != 8 for body in bodies]
    return [*fields, *bare, "null", "[]", "7", "{}", '{"op": 5}', '{"d": {}}', "", "{", "\x00"]


@pytest.mark.slow
def test_absurd_messages_change_nothing() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            for message in absurd_messages():
                call.session.connection.send(message)
            await scene.ben.join(LOUNGE)
            await call.is_secured_with(scene.ann, scene.ben)
            assert await call.hears(scene.ben) > ALIKE
            await call.works_both_ways(scene.ann)
            assert len(scene.discord.voice) == 1
            assert call.line.ending is None

    asyncio.run(main())


@pytest.mark.slow
def test_garbage_for_the_encrypted_group_is_survived() -> None:
    async def one(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same every time
        async with stage() as scene, scene.call() as call:
            for size in (0, 1, 2, 3, 4, 5, 8, 100, 5000, 1 << 20):
                body = chance.randbytes(size)
                call.session.connection.send(body)
                for op in (chance.choice(BINARY_OPS), chance.randrange(256)):
                    call.session.connection.send(struct.pack(">HB", 9, op) + body)
            assert await call.hears(scene.ann) > 0
            await scene.ben.join(LOUNGE)
            await call.is_secured_with(scene.ann, scene.ben)
            assert await call.hears(scene.ben) > ALIKE
            await call.works_both_ways(scene.ann)
            assert len(scene.discord.voice) == 1

    asyncio.run(at_once(*map(one, range(3))))
