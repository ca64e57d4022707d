from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import aclosing

import numpy as np
import pytest

from pipeline.audio import Samples
from pipeline.word_times import WordStart
from server.speech.engine import EngineError
from server.speech.espeak import NAMES, SEGMENT, EspeakEngine
from server.speech.espeak_thread import MOST_CHUNKS, Espeak

TEXT = "The weather in Oslo is fine today. Take an umbrella with you, just in case."
LONG = " ".join([TEXT] * 50)


@pytest.fixture(scope="module")
def engine() -> Iterator[EspeakEngine]:
    espeak = Espeak()
    yield EspeakEngine(espeak)
    espeak.close()


@pytest.fixture(scope="module")
def rate(engine: EspeakEngine) -> int:
    async def first() -> int:
        async with aclosing(engine.synthesize("Yes.", voice="en-gb", speed=1)) as sounds:
            return (await anext(sounds)).rate

    return asyncio.run(first())


async def speak(
    engine: EspeakEngine, text: str = TEXT, *, voice: str = "en-gb", speed: float = 1.0
) -> Samples:
    chunks = [sound.samples async for sound in engine.synthesize(text, voice=voice, speed=speed)]
    return np.concatenate([np.empty(0, np.int16), *chunks])


def level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples.astype(float)))))


def test_a_text_becomes_speech(engine: EspeakEngine, rate: int) -> None:
    heard = asyncio.run(speak(engine))
    seconds = len(heard) / rate
    assert 3 < seconds < 6
    assert 1000 < level(heard) < 10_000
    frames = heard[: len(heard) // 441 * 441].reshape(-1, 441)  # 20 ms
    loud = np.array([level(frame) for frame in frames]) > 300
    assert 0.5 < loud.mean() < 0.98  # words, with pauses between them
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    voice_band = spectrum[: round(4000 * seconds)].sum() / spectrum.sum()
    assert voice_band > 0.8


def test_the_first_sound_arrives_before_the_rest(engine: EspeakEngine, rate: int) -> None:
    async def story() -> list[int]:
        return [
            len(sound.samples) async for sound in engine.synthesize(LONG, voice="en-gb", speed=1)
        ]

    lengths = asyncio.run(story())
    assert lengths[0] <= rate * 0.41
    assert max(lengths) <= rate * 0.41 * MOST_CHUNKS
    assert len(lengths) > 20


def test_longer_texts_take_longer_and_faster_speech_is_shorter(engine: EspeakEngine) -> None:
    async def story() -> None:
        usual = len(await speak(engine))
        assert len(await speak(engine, f"{TEXT} {TEXT}")) == pytest.approx(2 * usual, rel=0.1)
        assert len(await speak(engine, speed=2)) == pytest.approx(usual / 2, rel=0.1)
        assert len(await speak(engine, speed=0.25)) > 1.8 * usual

    asyncio.run(story())


def test_two_voices_sound_different(engine: EspeakEngine, rate: int) -> None:
    async def story() -> list[Samples]:
        return [await speak(engine, voice=voice) for voice in ("en-gb", "en-us+f3", "de")]

    spectra = []
    for heard in asyncio.run(story()):
        spectrum = np.abs(np.fft.rfft(heard[: 2 * rate]))[:8000]
        bands = spectrum.reshape(-1, 200).sum(axis=1)
        spectra.append(bands / np.linalg.norm(bands))
    assert max(spectra[0] @ spectra[1], spectra[0] @ spectra[2], spectra[1] @ spectra[2]) < 0.98


def test_every_built_in_voice_exists(engine: EspeakEngine) -> None:
    assert all(engine.has_voice(voice) for voice in NAMES.values())
    assert len(set(NAMES.values())) == len(NAMES)


@pytest.mark.parametrize("voice", ["EN-GB", "fr", "en-us+Annie", "de+f2"])
def test_language_tags_with_and_without_variants_are_voices(
    engine: EspeakEngine, voice: str
) -> None:
    assert engine.has_voice(voice)
    assert len(asyncio.run(speak(engine, "Yes.", voice=voice))) > 1000


@pytest.mark.parametrize(
    "voice", ["", "nobody", "en-gb+", "en-gb+nobody", "../../x", "en-gb+../f3"]
)
def test_an_unknown_voice_is_an_error(engine: EspeakEngine, voice: str) -> None:
    assert not engine.has_voice(voice)
    with pytest.raises(EngineError, match="no voice"):
        asyncio.run(speak(engine, voice=voice))


@pytest.mark.parametrize("text", ["", " ", "\0", "\udcff", "...", "😀" * 500, "x" * 3000])
def test_odd_texts_do_no_harm(engine: EspeakEngine, text: str) -> None:
    asyncio.run(speak(engine, text))
    assert len(asyncio.run(speak(engine, "Yes."))) > 1000


def test_a_text_in_several_segments_is_spoken_whole(engine: EspeakEngine) -> None:
    assert len(LONG) > 5 * SEGMENT
    once = len(asyncio.run(speak(engine)))
    assert len(asyncio.run(speak(engine, LONG))) == pytest.approx(50 * once, rel=0.15)


def test_the_sound_tells_when_each_word_begins(engine: EspeakEngine, rate: int) -> None:
    async def story() -> None:
        told: list[WordStart] = []
        seconds = 0.0
        async for sound in engine.synthesize(LONG, voice="en-gb", speed=1):
            after = seconds + len(sound.samples) / rate
            assert all(seconds - 0.1 <= word.seconds <= after for word in sound.words)
            told += sound.words
            seconds = after
        words = [match.start() for match in re.finditer(r"\S+", LONG)]
        assert [word.offset for word in told] == words
        starts = [word.seconds for word in told]
        assert starts == sorted(starts)
        assert starts[0] == 0.0
        # Each repetition takes as long as the first, pauses between segments included.
        assert starts[-1] - starts[-1 - len(TEXT.split())] == pytest.approx(
            starts[len(TEXT.split())], abs=0.5
        )

    asyncio.run(story())


def test_places_of_words_are_counted_in_characters(engine: EspeakEngine) -> None:
    text = "Größe über Straße \N{EM DASH} naïve Äpfel."

    async def story() -> list[str]:
        sounds = engine.synthesize(text, voice="de", speed=1)
        places = [word.offset async for sound in sounds for word in sound.words]
        return [text[place:].split(maxsplit=1)[0] for place in places]

    assert asyncio.run(story()) == ["Größe", "über", "Straße", "naïve", "Äpfel."]


def test_speech_is_synthesized_only_as_far_as_it_is_taken(engine: EspeakEngine) -> None:
    """While one listener waits, another is served."""

    async def story() -> None:
        waiting = engine.synthesize(LONG, voice="en-gb", speed=1)
        await anext(waiting)
        async with asyncio.timeout(10):
            assert len(await speak(engine, "Yes.")) > 1000
        await waiting.aclose()

    asyncio.run(story())


def test_speech_of_several_at_once_is_not_mixed(engine: EspeakEngine) -> None:
    async def story() -> None:
        async with asyncio.TaskGroup() as tasks:
            both = [
                tasks.create_task(speak(engine, text, voice=voice))
                for text, voice in ((LONG, "en-gb"), (TEXT, "en-us+f3")) * 3
            ]
        alone = [len(await speak(engine, LONG)), len(await speak(engine, voice="en-us+f3"))]
        for task, length in zip(both, alone * 3, strict=True):
            assert len(task.result()) == pytest.approx(length, rel=0.02)

    asyncio.run(story())


def test_leaving_early_stops_the_synthesis(engine: EspeakEngine) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await speak(engine, LONG)
        whole = loop.time() - began
        began = loop.time()
        for _ in range(20):
            leaving = engine.synthesize(LONG, voice="en-gb", speed=1)
            await anext(leaving)
            await leaving.aclose()
        await speak(engine, "Yes.")
        assert loop.time() - began < max(10 * whole, 1)

    asyncio.run(story())


def test_a_cancelled_listener_stops_the_synthesis(engine: EspeakEngine) -> None:
    async def story() -> None:
        task = asyncio.create_task(speak(engine, LONG))
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(10):
            assert len(await speak(engine, "Yes.")) > 1000

    asyncio.run(story())
