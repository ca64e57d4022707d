"""The client learns when words are said: from a server that tells, else from the voice's pace."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.errors import TextToSpeechError
from pipeline.tts import FADE, HttpTextToSpeech
from pipeline.word_times import WordTimes
from tests.peers.speech_server import Answer, Request, SpeechPeer, Then, json_answer, tone
from tests.pipeline.tts_ladder import ladder, run

TEXT = "one two three four five six seven eight nine ten and a good many more"
STARTS = [0.0, 0.1, 0.2, 1.6, 1.7, 1.8]
"""When the first words begin, unlike what any pace would tell."""

OFFER = {"X-Word-Times": "sse"}
SAID = tone(2.0, SPEECH_RATE)
PLAIN = Answer([SAID.tobytes()], headers=OFFER)
DONE = b'data: {"type": "speech.audio.done"}\n\n'

Script = Callable[[Request], Answer]


def delta(sound: Samples, *words: tuple[int, float]) -> bytes:
    event = {
        "type": "speech.audio.delta",
        "audio": b64encode(sound.tobytes()).decode(),
        "words": [{"offset": offset, "start": start} for offset, start in words],
    }
    return f"data: {json.dumps(event)}\n\n".encode()


def starts() -> list[tuple[int, float]]:
    places = [0, *(at + 1 for at, sign in enumerate(TEXT) if sign == " ")]
    return list(zip(places, STARTS, strict=False))


def events(*chunks: bytes, then: Then = Then.END, kind: str = "text/event-stream") -> Answer:
    return Answer(list(chunks), 200, kind, headers=OFFER, then=then)


def telling(request: Request) -> Answer:
    """Tell the times of words to who asks for them."""
    if request.body.get("stream_format") != "sse":
        return PLAIN
    return events(delta(SAID[:24_000], *starts()[:3]), delta(SAID[24_000:], *starts()[3:]), DONE)


async def say(tts: HttpTextToSpeech, text: str = TEXT) -> tuple[Samples, WordTimes]:
    times = WordTimes()
    chunks = [chunk async for chunk in tts.synthesize(text, voice="sage", times=times)]
    return np.concatenate(chunks), times


def heard(times: WordTimes, seconds: float, text: str = TEXT) -> int:
    return len(text[: times.said(text, seconds)].split())


def asked(peer: SpeechPeer) -> list[str | None]:
    return [
        request.body.get("stream_format") for request in peer.requests if request.method == "POST"
    ]


def test_a_server_that_offers_the_times_of_words_is_asked_for_them_from_then_on() -> None:
    async def story() -> None:
        async with ladder(telling) as (tts, (peer,)):
            first, _ = await say(tts)
            second, times = await say(tts)
            assert asked(peer) == [None, "sse"]
            assert np.array_equal(first, SAID)
            assert np.array_equal(second, SAID)
            assert [heard(times, at) for at in (0.01, 0.19, 0.5, 1.5, 1.69)] == [0, 2, 2, 3, 4]
            assert heard(times, 2.0) == 15

    run(story)


def test_warming_the_connection_is_enough_to_learn_of_the_offer() -> None:
    def script(request: Request) -> Answer:
        return telling(request) if request.method == "POST" else Answer(headers=OFFER)

    async def story() -> None:
        async with ladder(script) as (tts, (peer,)):
            await tts.warm()
            await say(tts)
            assert asked(peer) == ["sse"]

    run(story)


def test_other_servers_never_see_anything_unusual() -> None:
    async def story() -> None:
        async with ladder(lambda _: Answer([SAID.tobytes()])) as (tts, (peer,)):
            await tts.voices()
            await tts.warm()
            await say(tts)
            await say(tts)
            assert asked(peer) == [None, None]

    run(story)


def test_the_times_are_known_before_the_sound_that_they_tell_of() -> None:
    async def story() -> None:
        async with ladder(telling) as (tts, _):
            await say(tts)
            times = WordTimes()
            speech = tts.synthesize(TEXT, voice="sage", times=times)
            await anext(speech)
            assert heard(times, 0.95) == 3
            await speech.aclose()

    run(story)


def test_phrases_said_from_memory_keep_their_times() -> None:
    text = "one two three four"

    async def story() -> None:
        async with ladder(telling) as (tts, (peer,)):
            await tts.warm()
            await say(tts, text)
            _, times = await say(tts, text)
            assert len(asked(peer)) == 1
            assert [heard(times, at, text) for at in (0.19, 1.5, 1.65, 1.9)] == [2, 3, 3, 4]

    run(story)


def test_another_server_at_the_address_is_asked_as_usual() -> None:
    async def story() -> None:
        async with ladder(telling) as (tts, (peer,)):
            await say(tts)

            def strict(request: Request) -> Answer:
                unknown = json_answer({"error": {"message": "unknown field stream_format"}}, 422)
                return unknown if "stream_format" in request.body else Answer([SAID.tobytes()])

            peer.answer = strict
            await say(tts)
            await say(tts)
            assert asked(peer) == [None, "sse", None, None]

    run(story)


def test_a_server_that_sends_plain_sound_all_the_same_is_understood() -> None:
    async def story() -> None:
        async with ladder(lambda _: PLAIN) as (tts, (peer,)):
            for _ in range(2):
                sound, _ = await say(tts)
                assert np.array_equal(sound, SAID)
            assert asked(peer) == [None, "sse"]

    run(story)


def test_the_rest_begins_at_the_word_where_the_server_died_by_its_own_times() -> None:
    def dying(request: Request) -> Answer:
        if request.body.get("stream_format") != "sse":
            return PLAIN
        return events(delta(SAID[: round(1.55 * SPEECH_RATE)], *starts()[:3]), then=Then.CUT)

    def second(_: Request) -> Answer:
        return Answer([tone(3.0, SPEECH_RATE).tobytes()])

    async def story() -> None:
        async with ladder(dying, second) as (tts, peers):
            await tts.warm()
            sound, times = await say(tts)
            (request,) = peers[1].requests
            # By its pace it would have been at the seventh word.
            assert request.body["input"] == TEXT.removeprefix("one two three ")
            assert len(sound) == round((1.55 + FADE + 3.0) * SPEECH_RATE)
            assert heard(times, 1.5) == 3
            assert heard(times, 1.6) == 3
            assert heard(times, 1.555 + 1.5) == pytest.approx(3 + 6, abs=1)
            assert heard(times, 4.5) == 15

    run(story)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (events(delta(SAID)), "broke off"),
        (events(b'data: {"type": "error", "error": {"message": "no breath"}}\n\n'), "no breath"),
        (events(b"data: {}\n\n"), "events that are not OpenAI's"),
        (events(DONE), "sent no audio"),
    ],
)
def test_a_stream_of_events_that_goes_wrong_is_an_error(answer: Answer, message: str) -> None:
    async def story() -> None:
        async with ladder(lambda _: answer) as (tts, _):
            with pytest.raises(TextToSpeechError, match=message):
                await say(tts)

    run(story)


def test_without_times_the_pace_of_the_voice_tells() -> None:
    async def story() -> None:
        slow = Answer([tone(8.0, SPEECH_RATE).tobytes()])
        async with ladder(lambda _: slow) as (tts, _):
            await say(tts)
            times = WordTimes()
            speech = tts.synthesize(TEXT, voice="sage", times=times)
            await anext(speech)
            assert heard(times, 4.0) == pytest.approx(8, abs=1)
            await speech.aclose()

    run(story)
