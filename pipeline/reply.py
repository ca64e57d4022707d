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
from datetime import datetime

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.errors import AgentError, StageError
from pipeline.interfaces import AudioTransport, ReplyAudio, TextToSpeech
from pipeline.loudness import VoiceLevels, levelled
from pipeline.speech_text import (
    LONGEST_SPEECH,
    CallDirective,
    ReplyText,
    SpokenPiece,
    VoiceDirective,
)
from pipeline.voice_choice import ChosenVoice
from pipeline.word_times import WordTimes

SENTENCES_AHEAD = 64
"""Sentences the agent may be ahead of the voice before its stream is slowed down."""

SYNTHESIS_AHEAD = 10.0
"""Seconds of sound that may be synthesized ahead of what plays."""

SLICE = 0.1
"""Longest piece of sound handed to the transport at once, in seconds."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a reply is given."""

    voice: Callable[[VoiceDirective | None, str], ChosenVoice]
    """Chooses the voice of a piece from what the reply asks for and the piece's language."""

    language: str = "en"
    """ISO 639-1 code of the language that the reply is probably in."""

    now: datetime | None = None
    """Time at the listeners' place, by which times in the reply are told."""

    show: Callable[[str], None] | None = None
    """Shows people a reply, as markdown, that is more than was spoken; ``None`` where they can
    read nothing: then a long reply is spoken to its end."""


@dataclass(slots=True)
class Piece:
    """One sentence of a reply as sound."""

    number: int
    spoken: SpokenPiece
    times: WordTimes = field(default_factory=WordTimes)
    """When its words are said."""


@dataclass(slots=True)
class Spoken:
    """What came of a reply."""

    text: str = ""
    """Everything the agent said: markdown, without reasoning and directives."""

    pieces: list[Piece] = field(default_factory=list)
    """The sentences of which sound went to the transport."""

    directive: VoiceDirective | None = None
    """How the agent wanted to sound."""

    calls: tuple[CallDirective, ...] = ()
    """What the agent wants of the telephone call."""

    failure: StageError | None = None
    """What went wrong first; known before what was said until then has been played."""

    def fail(self, error: StageError) -> None:
        """Take in that something went wrong."""
        self.failure = self.failure or error

    def heard(self, transport: AudioTransport) -> str:
        """Return the words really played so far, as the agent wrote them where all were."""
        return " ".join(filter(None, (_heard(piece, transport) for piece in self.pieces)))

    def forget(self, transport: AudioTransport) -> None:
        """Drop the transport's account of it: nobody will ask again what was heard."""
        for piece in self.pieces:
            transport.ledger.forget(piece.number)


@dataclass(frozen=True, slots=True)
class _Sound:
    piece: Piece
    samples: Samples


@dataclass(frozen=True, slots=True)
class _Sentence:
    spoken: SpokenPiece
    voice: ChosenVoice


async def _at_once() -> bool:
    return True


class ReplySpeech:
    """Speaks replies over one transport, one after another.

    Args:
        transport: Where people hear it.
        tts: Speech synthesis.
        levels: How loud voices are.
        first: Number of the first piece; nobody else on the transport gives the same.

    """

    def __init__(
        self,
        transport: AudioTransport,
        tts: TextToSpeech,
        levels: VoiceLevels | None = None,
        first: int = 1,
    ) -> None:
        self._transport = transport
        self._tts = tts
        self._levels = levels or VoiceLevels()
        self._numbers = itertools.count(first)

    async def say(
        self,
        reply: AsyncGenerator[str],
        *,
        manner: Manner,
        spoken: Spoken,
        on_text: Callable[[], None],
        before_sound: Callable[[], Awaitable[bool]] = _at_once,
        on_audio: Callable[[], None],
    ) -> None:
        """Speak a reply to its end.

        What belongs to be read is shown once the whole text is there and its first sound plays,
        and so is what the voice fails to say.

        Args:
            reply: The agent's text as it arrives; closed in every case.
            manner: With which voice, and what becomes of what is not spoken.
            spoken: Filled in as the reply goes on.
            on_text: Called when the first speakable piece of text is there.
            before_sound: Awaited when the first sound is there, or is known never to come; the
                reply goes on being made meanwhile. When it returns ``False``, nothing is spoken
                or shown, all is aborted, and nothing is raised.
            on_audio: Called just before the first sample is handed to the transport.

        Raises:
            AgentError: The agent failed; what it had said before was spoken.
            TextToSpeechError: The speech server failed; what it gave before was played. The
                agent's run is aborted, unless its text can be shown.
            StageError: The transport could not play it; likewise.

        Cancelling aborts the agent's run and the synthesis at once; what the
        transport has queued is the caller's to drop.

        """
        sentences: asyncio.Queue[_Sentence | None] = asyncio.Queue(SENTENCES_AHEAD)
        sounds: asyncio.Queue[_Sound | None] = asyncio.Queue(round(SYNTHESIS_AHEAD / SLICE))
        reader = _Reader(manner, spoken, sentences, on_text)
        begun, played = asyncio.Event(), asyncio.Event()

        def begin() -> None:
            begun.set()
            on_audio()

        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(reader.read(reply))
            synthesis = tasks.create_task(self._synthesize(spoken, sentences, sounds))
            showing = tasks.create_task(reader.show(begun, played))
            wanted = await self._play(sounds, spoken, before_sound, begin)
            # From here on all have ended, unless the rest cannot be heard or is not wanted.
            synthesis.cancel()
            if wanted and manner.show is not None:
                reader.mute()
                begun.set()
                played.set()
            else:
                reading.cancel()
                showing.cancel()
        if not wanted:
            return
        if spoken.pieces:  # else what is heard is not this reply
            await self._transport.drain()
        if spoken.failure is not None:
            raise spoken.failure

    async def _synthesize(
        self,
        spoken: Spoken,
        sentences: asyncio.Queue[_Sentence | None],
        sounds: asyncio.Queue[_Sound | None],
    ) -> None:
        """Turn sentences into sound; what a failing server gave before stands."""
        try:
            while (sentence := await sentences.get()) is not None:
                await self._synthesize_piece(sentence, sounds)
        except StageError as error:
            spoken.fail(error)
        await sounds.put(None)

    async def _synthesize_piece(
        self, sentence: _Sentence, sounds: asyncio.Queue[_Sound | None]
    ) -> None:
        piece = Piece(next(self._numbers), sentence.spoken)
        step = round(SLICE * SPEECH_RATE)
        seconds = 0.0
        speech = self._tts.synthesize(
            sentence.spoken.text,
            voice=sentence.voice.name,
            speed=sentence.voice.speed,
            times=piece.times,
        )
        async with aclosing(speech) as chunks:
            async for chunk in levelled(chunks, self._levels.begin(sentence.voice.name)):
                seconds += len(chunk) / SPEECH_RATE
                for first in range(0, len(chunk), step):
                    await sounds.put(_Sound(piece, chunk[first : first + step]))
        piece.times.end(seconds)

    async def _play(
        self,
        sounds: asyncio.Queue[_Sound | None],
        spoken: Spoken,
        before_sound: Callable[[], Awaitable[bool]],
        on_audio: Callable[[], None],
    ) -> bool:
        """Play what is synthesized; returns whether the reply is wanted at all.

        Where the voice gives nothing, that it failed is not told sooner than it would be heard.
        """
        try:
            while (sound := await sounds.get()) is not None:
                piece = sound.piece
                if not spoken.pieces:
                    if not await before_sound():
                        return False
                    on_audio()
                if not spoken.pieces or spoken.pieces[-1] is not piece:
                    spoken.pieces.append(piece)
                audio = ReplyAudio(piece.number, piece.spoken.text, sound.samples)
                await self._transport.play(audio)
        except StageError as error:
            self._transport.stop()  # what it still holds may never be heard
            spoken.fail(error)
        mute = not spoken.pieces and _is_unsaid(spoken.failure)
        return await before_sound() if mute else True


class _Reader:
    """Reads the agent's text: cuts it into sentences, and shows what belongs to be read."""

    def __init__(
        self,
        manner: Manner,
        spoken: Spoken,
        sentences: asyncio.Queue[_Sentence | None],
        on_text: Callable[[], None],
    ) -> None:
        shown = manner.show is not None
        self._text = ReplyText(
            language=manner.language,
            in_channel=shown,
            longest=LONGEST_SPEECH if shown else None,
            now=manner.now,
        )
        self._manner = manner
        self._spoken = spoken
        self._sentences = sentences
        self._on_text = on_text
        self._begun = self._muted = False
        self._read = asyncio.Event()

    async def read(self, reply: AsyncGenerator[str]) -> None:
        """Cut the text into sentences; what a failing agent said before is spoken."""
        try:
            async with aclosing(reply) as deltas:
                async for delta in deltas:
                    await self._put(self._text.push(delta))
        except StageError as error:
            self._spoken.fail(error)
        finally:
            self._spoken.text = self._text.written
        await self._put(self._text.flush())
        self._spoken.text = self._text.written
        self._read.set()
        await self._sentences.put(None)

    def mute(self) -> None:
        """Take in that nobody takes the sentences any more: the rest is only read."""
        self._muted = True
        while not self._sentences.empty():
            self._sentences.get_nowait()

    async def show(self, begun: asyncio.Event, played: asyncio.Event) -> None:
        """Show what belongs to be read, once all of it is there and it is certain to be wanted.

        Args:
            begun: Set when the reply is first heard, or never will be.
            played: Set when all was played that can be.

        """
        await self._read.wait()
        await begun.wait()
        if not self._text.belongs_in_channel:
            await played.wait()
            if not _is_unsaid(self._spoken.failure):
                return
        if self._manner.show is not None and self._text.written:
            self._manner.show(self._text.written)

    async def _put(self, pieces: Iterable[SpokenPiece]) -> None:
        self._spoken.directive = self._text.voice
        self._spoken.calls = self._text.calls
        for piece in pieces:
            if not self._begun:
                self._on_text()
                self._begun = True
            if self._muted:
                continue
            voice = self._manner.voice(self._text.voice, piece.language)
            await self._sentences.put(_Sentence(piece, voice))


def _is_unsaid(failure: StageError | None) -> bool:
    """Return whether something failed by which not all that the agent said is heard."""
    return failure is not None and not isinstance(failure, AgentError)


def _heard(piece: Piece, transport: AudioTransport) -> str:
    """Return the words of a piece that were played; of our own words none."""
    words = transport.ledger.heard(piece.number, piece.times)
    spoken = piece.spoken
    if not spoken.written:
        return ""
    return spoken.written if words == " ".join(spoken.text.split()) else words
