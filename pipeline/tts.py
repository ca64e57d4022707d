"""Text-to-speech over HTTP, by a ladder of servers with OpenAI's ``/v1/audio/speech``.

The best server that is well speaks. One that fails rests for a while, and the next of the ladder
goes on, in the middle of a sentence if need be.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.config import TtsConfig, TtsFallback
from pipeline.tts_cache import Phrase, PhraseCache
from pipeline.tts_failure import SpeechServerError
from pipeline.tts_health import ServerHealth
from pipeline.tts_progress import Paces, Progress
from pipeline.tts_server import Address, Patience, ServerState, SpeechServerClient, Wanted
from pipeline.tts_sound import SpeechChunk
from pipeline.word_times import WordTimes

logger = logging.getLogger(__name__)

TRIAL = 0.25
"""Part of the time to its first sound that a server gets that failed before, where another is
there to speak."""

FADE = 0.005
"""Seconds in which the sound of a server that broke off dies away, so that it does not click."""


@dataclass(slots=True)
class _Sentence:
    """A text on its way through the ladder."""

    text: str
    times: WordTimes
    progress: Progress = field(default_factory=Progress)
    said: int = 0
    """Characters that servers have said which then broke off."""

    _began: float = 0.0
    _last_sample: int = 0

    @property
    def left(self) -> str:
        """What is still to be said."""
        return self.text[self.said :]

    @property
    def begun(self) -> bool:
        """Whether the server that speaks now has given any sound."""
        return self.progress.seconds > self._began

    @property
    def spoken(self) -> float:
        """Seconds that the server which speaks now has spoken."""
        return max(0.0, self.progress.spoken - self._began)

    def begin(self, pace: float) -> None:
        """Let a server speak what is left."""
        self._began = self.progress.seconds
        self.times.begin(self.said, self._began, pace)

    def add(self, chunk: SpeechChunk) -> Samples:
        """Take in sound, and return it."""
        self.progress.add(chunk.samples)
        for word in chunk.words:
            self.times.add(word)
        self._last_sample = int(chunk.samples[-1])
        return chunk.samples

    def end(self) -> None:
        """Take in that all was said."""
        self.times.end(self.progress.spoken)

    def break_off(self) -> Samples:
        """Leave the rest, from the nearest word border on, and return a sound that dies away."""
        self.said = max(self.said, self.times.said(self.text, self.progress.spoken))
        fading = np.linspace(self._last_sample, 0, round(FADE * SPEECH_RATE)).astype(np.int16)
        self.progress.seconds += FADE
        return fading


class HttpTextToSpeech:
    """Speech synthesis on servers; a :class:`pipeline.interfaces.TextToSpeech`.

    Keeps connections warm between sentences, so :meth:`aclose` it in the end.

    Args:
        config: Voice, pace, time limits, and the servers that speak when the first does not.
        url: The first server, with or without ``/v1``; the settings' own ``url`` is not looked at.

    Raises:
        TextToSpeechError: An address is not one.

    """

    def __init__(self, config: TtsConfig, url: str) -> None:
        self._config = config
        self._servers = tuple(
            SpeechServerClient(address, config) for address in _addresses(config, url)
        )
        self._health = ServerHealth(len(self._servers), config.rest)
        self._paces = Paces()
        self._phrases = PhraseCache(config.cached_phrases)

    async def aclose(self) -> None:
        """Close all connections; what is being synthesized breaks off."""
        for server in self._servers:
            await server.aclose()

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        """Stream the sound of ``text`` at :data:`pipeline.audio.SPEECH_RATE`.

        When a server dies in the middle, the next says the rest, from the word border nearest to
        where the sound ends.

        Args:
            text: A sentence or clause, already speakable.
            voice: As the first server names it; one that does not know it uses its settings' own.
            speed: 1 is the voice's usual pace; the settings' when not given.
            times: Filled in, ahead of the sound, with when its words are said: told by the server,
                else by the pace that the voice has shown.

        Raises:
            TextToSpeechError: No server was reached, or each refused, sent no audio, was too slow,
                or broke off. What was yielded stands.

        Closing the generator, or cancelling, ends the request at once.

        """
        speed = self._config.speed if speed is None else speed
        sentence = _Sentence(text, WordTimes() if times is None else times)
        order = self._health.order(self._now())
        failures: list[SpeechServerError] = []
        for place in order:
            phrase = Phrase(sentence.left, voice, speed, place)
            sentence.begin(self._paces.of((place, voice)) / speed)
            try:
                async with aclosing(self._say(phrase, sentence, place == order[-1])) as sound:
                    async for chunk in sound:
                        yield sentence.add(chunk)
            except SpeechServerError as failure:
                failures.append(failure)
            else:
                sentence.end()
                return
            if sentence.begun:
                yield sentence.break_off()
            self._note(place, failures[-1], all_said=not sentence.left)
            if not sentence.left:
                sentence.end()
                return
        raise failures[0]

    async def warm(self) -> None:
        """Open the connection that the next sentence will take; call it when one may come soon.

        Never fails: a server that cannot be reached rests, and the next is tried. Does nothing
        while the connection is surely open. Cancelling is safe.
        """
        for place in self._health.order(self._now()):
            try:
                await self._servers[place].warm()
            except SpeechServerError as failure:
                self._health.fail(place, self._now())
                logger.warning("%s", failure)
            else:
                return

    async def voices(self) -> dict[str, str]:
        """Ask the first server for the names of its voices.

        Returns:
            What stands behind each name, in the server's order: itself where the server does not
            tell another. Empty when it does not tell any.

        Raises:
            TextToSpeechError: The server cannot be reached.

        Cancelling is safe.

        """
        return await self._servers[0].voices()

    async def state(self) -> ServerState | None:
        """Ask the first server how it is doing.

        Returns:
            What a server of ours tells; ``None`` from any other.

        Raises:
            TextToSpeechError: The server cannot be reached.

        Cancelling is safe.

        """
        return await self._servers[0].state()

    async def _say(
        self,
        phrase: Phrase,
        sentence: _Sentence,
        alone: bool,  # noqa: FBT001 - no other is left
    ) -> AsyncGenerator[SpeechChunk]:
        """Let one server speak, or play what it said before."""
        kept = self._phrases.find(phrase)
        if kept is not None:
            yield kept
            return
        server = self._servers[phrase.server]
        wanted = Wanted(phrase.text, phrase.voice, phrase.speed)
        to_keep: list[SpeechChunk] | None = [] if self._phrases.wants(phrase) else None
        async with aclosing(server.speak(wanted, self._patience(phrase.server, alone))) as sound:
            async for chunk in sound:
                if to_keep is not None:
                    to_keep.append(chunk)
                yield chunk
        self._health.succeed(phrase.server)
        seconds = sentence.spoken * phrase.speed
        self._paces.learn((phrase.server, phrase.voice), phrase.text, seconds)
        if to_keep is not None:
            self._phrases.keep(phrase, to_keep)

    def _patience(self, place: int, alone: bool) -> Patience:  # noqa: FBT001 - see _say
        seconds = self._config.first_audio_timeout
        if self._health.on_trial(place) and not alone:
            seconds *= TRIAL
        return Patience(seconds, asks_again=alone)

    def _note(self, place: int, failure: SpeechServerError, *, all_said: bool) -> None:
        """Take in that a server has failed; tell it unless the caller gets to know it."""
        if not failure.well:
            self._health.fail(place, self._now(), retry_after=failure.retry_after)
        if len(self._servers) > 1 or all_said:
            logger.warning("%s", failure)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _addresses(config: TtsConfig, url: str) -> Iterator[Address]:
    """Yield the servers, the best first."""
    first = TtsFallback(url=url, model=config.model, voice=config.voice, api_key=config.api_key)
    yield _address("tts", first)
    for name, server in config.fallbacks.items():
        yield _address(f"tts.fallbacks.{name}", server)


def _address(setting: str, server: TtsFallback) -> Address:
    key = server.api_key.get_secret_value() if server.api_key else ""
    return Address(setting, server.url, server.model, server.voice, key)
