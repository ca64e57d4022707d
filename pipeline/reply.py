"""Speaks one reply: text as it streams in, sentence by sentence, to sound as it plays.

Three stages run at once: the agent's text is cut into speakable sentences, the
next sentence is synthesized, and the one before it plays.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.errors import StageError
from pipeline.interfaces import AudioTransport, ReplyAudio, TextToSpeech
from pipeline.speech_text import SpeakableText

SENTENCES_AHEAD = 64
"""Sentences the agent may be ahead of the voice before its stream is slowed down."""

SYNTHESIS_AHEAD = 10.0
"""Seconds of sound that may be synthesized ahead of what plays."""

SLICE = 0.1
"""Longest piece of sound handed to the transport at once, in seconds."""


@dataclass(slots=True)
class Piece:
    """One sentence of a reply as sound."""

    number: int
    text: str
    seconds: float = 0.0
    """How much of it was synthesized."""

    complete: bool = False
    """Whether that is all of it."""


@dataclass(slots=True)
class Spoken:
    """What came of a reply."""

    text: str = ""
    """Everything the agent said."""

    pieces: list[Piece] = field(default_factory=list)
    """The sentences of which sound went to the transport."""

    failure: StageError | None = None
    """What went wrong first; known before what was said until then has been played."""

    def fail(self, error: StageError) -> None:
        """Take in that something went wrong."""
        self.failure = self.failure or error

    def heard(self, transport: AudioTransport) -> str:
        """Return the words really played so far."""
        ledger = transport.ledger
        words = (
            ledger.heard(piece.number, total=piece.seconds if piece.complete else None)
            for piece in self.pieces
        )
        return " ".join(filter(None, words))

    def forget(self, transport: AudioTransport) -> None:
        """Drop the transport's account of it: nobody will ask again what was heard."""
        for piece in self.pieces:
            transport.ledger.forget(piece.number)


@dataclass(frozen=True, slots=True)
class _Sound:
    piece: Piece
    samples: Samples


async def _at_once() -> bool:
    return True


class ReplySpeech:
    """Speaks replies over one transport, one after another.

    Args:
        transport: Where people hear it.
        tts: Speech synthesis.

    """

    def __init__(self, transport: AudioTransport, tts: TextToSpeech) -> None:
        self._transport = transport
        self._tts = tts
        self._numbers = itertools.count(1)

    async def say(
        self,
        reply: AsyncGenerator[str],
        *,
        voice: str,
        spoken: Spoken,
        on_text: Callable[[], None],
        before_sound: Callable[[], Awaitable[bool]] = _at_once,
        on_audio: Callable[[], None],
    ) -> None:
        """Speak a reply to its end.

        Args:
            reply: The agent's text as it arrives; closed in every case.
            voice: The agent's voice.
            spoken: Filled in as the reply goes on.
            on_text: Called when the first speakable piece of text is there.
            before_sound: Awaited when the first sound is there; the reply goes on being made
                meanwhile. When it returns ``False``, nothing is spoken and all is aborted.
            on_audio: Called just before the first sample is handed to the transport.

        Raises:
            AgentError: The agent failed; what it had said before was spoken.
            TextToSpeechError: The speech server failed; what it gave before was played, the
                agent's run is aborted.
            StageError: The transport could not play it; all is aborted.

        Cancelling aborts the agent's run and the synthesis at once; what the
        transport has queued is the caller's to drop.

        """
        sentences: asyncio.Queue[str | None] = asyncio.Queue(SENTENCES_AHEAD)
        sounds: asyncio.Queue[_Sound | None] = asyncio.Queue(round(SYNTHESIS_AHEAD / SLICE))
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(_read(reply, spoken, sentences, on_text))
            synthesis = tasks.create_task(self._synthesize(voice, spoken, sentences, sounds))
            await self._play(sounds, spoken, before_sound, on_audio)
            # Still running only when the rest is not wanted.
            reading.cancel()
            synthesis.cancel()
        await self._transport.drain()
        if spoken.failure is not None:
            raise spoken.failure

    async def _synthesize(
        self,
        voice: str,
        spoken: Spoken,
        sentences: asyncio.Queue[str | None],
        sounds: asyncio.Queue[_Sound | None],
    ) -> None:
        """Turn sentences into sound; what a failing server gave before stands."""
        try:
            while (sentence := await sentences.get()) is not None:
                await self._synthesize_piece(sentence, voice, sounds)
        except StageError as error:
            spoken.fail(error)
        await sounds.put(None)

    async def _synthesize_piece(
        self, sentence: str, voice: str, sounds: asyncio.Queue[_Sound | None]
    ) -> None:
        piece = Piece(next(self._numbers), sentence)
        step = round(SLICE * SPEECH_RATE)
        async with aclosing(self._tts.synthesize(sentence, voice=voice)) as chunks:
            async for chunk in chunks:
                piece.seconds += len(chunk) / SPEECH_RATE
                for first in range(0, len(chunk), step):
                    await sounds.put(_Sound(piece, chunk[first : first + step]))
        piece.complete = True

    async def _play(
        self,
        sounds: asyncio.Queue[_Sound | None],
        spoken: Spoken,
        before_sound: Callable[[], Awaitable[bool]],
        on_audio: Callable[[], None],
    ) -> None:
        try:
            while (sound := await sounds.get()) is not None:
                piece = sound.piece
                if not spoken.pieces:
                    if not await before_sound():
                        return
                    on_audio()
                if not spoken.pieces or spoken.pieces[-1] is not piece:
                    spoken.pieces.append(piece)
                await self._transport.play(ReplyAudio(piece.number, piece.text, sound.samples))
        except StageError as error:
            self._transport.stop()  # what it still holds may never be heard
            spoken.fail(error)


async def _read(
    reply: AsyncGenerator[str],
    spoken: Spoken,
    sentences: asyncio.Queue[str | None],
    on_text: Callable[[], None],
) -> None:
    """Cut the agent's text into sentences; what a failing agent said before is spoken."""
    speakable = SpeakableText()
    begun = False

    async def put(found: Iterable[str]) -> None:
        nonlocal begun
        for sentence in found:
            if not begun:
                on_text()
                begun = True
            await sentences.put(sentence)

    try:
        async with aclosing(reply) as pieces:
            async for piece in pieces:
                spoken.text += piece
                await put(speakable.push(piece))
    except StageError as error:
        spoken.fail(error)
    await put(speakable.flush())
    await sentences.put(None)
