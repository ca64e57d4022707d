"""A server dies in the middle of a sentence, and another says the rest."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.errors import TextToSpeechError
from tests.peers.speech_server import Answer, Then, tone
from tests.pipeline.tts_ladder import (
    FADING,
    TONE,
    WEATHER,
    dying,
    ladder,
    run,
    say,
    spoken,
    texts,
)


@pytest.mark.parametrize("then", [Then.CUT, Then.HANG])
def test_the_rest_of_a_sentence_is_said_by_the_next_and_nothing_twice(then: Then) -> None:
    async def story() -> None:
        script = dying(2.0, then)
        async with ladder(script, spoken, stall_timeout=0.2) as (tts, (first, second)):
            heard = await say(tts)
            assert texts(first) == [WEATHER]
            (rest,) = texts(second)
            assert rest == "but take an umbrella with you, just in case."
            said = tone(2.0, SPEECH_RATE)
            assert np.array_equal(heard[: len(said)], said)
            assert np.array_equal(heard[len(said) + FADING :], TONE)

    run(story)


def test_the_sound_of_a_server_that_dies_does_not_click() -> None:
    async def story() -> None:
        loud = Answer([np.full(24_000, 9000, np.int16).tobytes()], then=Then.CUT)
        async with ladder(lambda _: loud, spoken) as (tts, _):
            heard = await say(tts)
            fading = heard[24_000 : 24_000 + FADING]
            assert fading[-1] == 0
            assert np.abs(np.diff(fading.astype(int))).max() < 9000 / FADING * 2

    run(story)


def test_servers_that_die_one_after_another_say_it_together() -> None:
    async def story() -> None:
        async with ladder(dying(1.4), dying(1.2), spoken) as (tts, peers):
            await say(tts)
            first, second, third = (texts(peer)[0] for peer in peers)
            assert first.endswith(second)
            assert second.endswith(third)
            assert len(first) > len(second) > len(third) > 0

    run(story)


def test_the_pace_that_a_voice_has_shown_tells_where_it_was() -> None:
    async def story() -> None:
        # Twice as slow as usual.
        slow = Answer([tone(9.0, SPEECH_RATE).tobytes()])
        async with ladder(lambda _: slow, spoken) as (tts, (first, second)):
            await say(tts)
            first.answer = dying(4.4)
            await say(tts)
            assert texts(second) == ["take an umbrella with you, just in case."]

    run(story)


def test_a_server_that_dies_when_all_was_said_leaves_nothing_to_say() -> None:
    async def story() -> None:
        async with ladder(dying(6.0), spoken) as (tts, (_, second)):
            heard = await say(tts)
            assert len(heard) == 6 * SPEECH_RATE + FADING
            assert second.requests == []

    run(story)


def test_without_another_server_what_was_said_stands_and_the_error_is_told() -> None:
    async def story() -> None:
        async with ladder(dying(2.0)) as (tts, _):
            heard: list[Samples] = []

            async def listen() -> None:
                async for chunk in tts.synthesize(WEATHER, voice="sage"):
                    heard.append(chunk)  # noqa: PERF401 - what came before the error counts

            with pytest.raises(TextToSpeechError, match="broke off"):
                await listen()
            assert sum(map(len, heard)) == 2 * SPEECH_RATE + FADING

    run(story)
