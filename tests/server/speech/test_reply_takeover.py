"""A speech server is killed in the middle of a sentence: the next one of the ladder says the rest.

All of it is real but the room: the agent's text goes through ReplySpeech and the client to two
speech servers with espeak, of which the first is a process that is killed while it streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.config import TtsConfig, TtsFallback
from pipeline.interfaces import HeardEvent, Participant, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger
from pipeline.reply import Manner, ReplySpeech, Spoken
from pipeline.tts import FADE, HttpTextToSpeech
from pipeline.voice_choice import ChosenVoice
from server.speech.engine import Sound
from server.speech.espeak import EspeakEngine
from server.speech.espeak_thread import Espeak
from tests.peers.paced_speech_server import paced_speech_server
from tests.server.speech.fakes import application, serving

SENTENCE = "The weather in Oslo is fine today but take an umbrella with you just in case it rains."
WORDS = SENTENCE.split()


class KeepingTransport:
    """Keeps what it is to play; it is heard when the test says so.

    Args:
        fatal: Seconds of sound after which :attr:`fatal` is set.

    """

    def __init__(self, fatal: float) -> None:
        self.ledger = PlaybackLedger()
        self.sound: list[Samples] = []
        self.seconds = 0.0
        self.fatal = asyncio.Event()
        self._fatal_seconds = fatal

    def participants(self) -> Sequence[Participant]:
        return ()

    async def events(self) -> AsyncIterator[HeardEvent]:
        nobody: tuple[HeardEvent, ...] = ()
        for event in nobody:
            yield event

    async def play(self, audio: ReplyAudio) -> None:
        seconds = len(audio.samples) / SPEECH_RATE
        self.ledger.queue(audio.piece, audio.text, seconds)
        self.sound.append(audio.samples)
        self.seconds += seconds
        if self.seconds >= self._fatal_seconds:
            self.fatal.set()

    async def drain(self) -> None:
        pass

    def set_volume(self, volume: Volume) -> None:
        pass

    def stop(self) -> None:
        self.ledger.drop()


class AskedEngine(EspeakEngine):
    """Notes what it is asked for."""

    def __init__(self, espeak: Espeak) -> None:
        super().__init__(espeak)
        self.asked: list[str] = []

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        self.asked.append(text)
        async with aclosing(super().synthesize(text, voice=voice, speed=speed)) as sounds:
            async for sound in sounds:
                yield sound


async def starts(engine: EspeakEngine, text: str) -> tuple[list[float], float]:
    """Return when espeak begins each word, and how long it speaks."""
    told: list[float] = []
    seconds = 0.0
    async for sound in engine.synthesize(text, voice="en-gb", speed=1.0):
        told += [word.seconds for word in sound.words]
        seconds += len(sound.samples) / sound.rate
    return told, seconds


@asynccontextmanager
async def second_server(espeak: Espeak) -> AsyncIterator[tuple[str, AskedEngine]]:
    engine = AskedEngine(espeak)
    async with serving(application(engine)) as client:
        yield str(client.base_url), engine


async def tell(text: str) -> AsyncGenerator[str]:
    for word in text.split():
        yield f"{word} "


def true_words(cut: float, before: list[float], after: list[float], border: float) -> float:
    """Return how many words were said, by espeak's own times; the last of them in part."""
    begun = [at for at in before if at < border] + [border + at for at in after]
    times = [*begun, begun[-1] + 0.3]
    said = [min(max((cut - start) / (end - start), 0.0), 1.0) for start, end in pairwise(times)]
    return sum(said)


@pytest.mark.slow
@pytest.mark.parametrize("killed_after", [0.7, 1.9, 3.2])
def test_the_rest_is_said_by_the_next_and_what_was_heard_is_known(killed_after: float) -> None:
    async def story() -> None:
        espeak = Espeak()
        async with (
            paced_speech_server() as first,
            second_server(espeak) as (url, second),
            asyncio.TaskGroup() as tasks,
        ):
            transport = KeepingTransport(killed_after)
            config = TtsConfig(fallbacks={"second": TtsFallback(url=url)})
            tts = HttpTextToSpeech(config, first.url)
            await tts.warm()

            async def crash() -> None:
                await transport.fatal.wait()
                await first.kill()

            tasks.create_task(crash())
            spoken = Spoken()
            await ReplySpeech(transport, tts).say(
                tell(SENTENCE),
                manner=Manner(lambda _directive, _language: ChosenVoice("en-gb", 1.0)),
                spoken=spoken,
                on_text=lambda: None,
                on_audio=lambda: None,
            )
            await tts.aclose()
            await check(transport, spoken, second, EspeakEngine(espeak))
        espeak.close()

    asyncio.run(story())


async def check(
    transport: KeepingTransport, spoken: Spoken, second: AskedEngine, espeak: EspeakEngine
) -> None:
    (rest,) = second.asked
    assert SENTENCE.endswith(rest)
    assert 1 < len(rest.split()) < len(WORDS)
    before, whole = await starts(espeak, SENTENCE)
    after, rest_lasts = await starts(espeak, rest)
    border = transport.seconds - rest_lasts
    # The first server was cut off in a word or a pause, and the rest begins with the nearest word.
    at = len(WORDS) - len(rest.split())
    assert before[at - 1] < border < [*before, whole][at + 1] + 0.1
    assert transport.seconds < whole + 0.6
    # There is silence, and no click, where one takes over from the other.
    sound = np.concatenate(transport.sound)
    place = round((border - FADE) * SPEECH_RATE)
    fading = sound[place - 10 : place + round(FADE * SPEECH_RATE) + 10].astype(int)
    assert np.abs(np.diff(fading)).max() < 3000
    # Cut off at any moment, the agent is told the words that were heard. The second server had not
    # been heard before: only from its next sentence on is it asked when it says which word.
    step = 0.05
    for number in range(1, round(transport.seconds / step)):
        transport.ledger.play(step)
        heard = spoken.heard(transport).split()
        assert heard == WORDS[: len(heard)]
        wrong = len(heard) - true_words(number * step, before[:at], after, border)
        assert abs(wrong) <= (1.0 if number * step < border else 2.0)
    transport.ledger.play(1.0)
    assert spoken.heard(transport) == SENTENCE
