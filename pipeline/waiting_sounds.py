"""Plays what is heard while an answer lets people wait, and makes way for the answer."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.clock import Clock
from pipeline.config import SoundsConfig
from pipeline.earcons import Earcon, earcon, thinking
from pipeline.errors import StageError
from pipeline.interfaces import AudioTransport, ReplyAudio, TextToSpeech
from pipeline.loudness import VoiceLevels, levelled
from pipeline.voice_choice import ChosenVoice
from pipeline.wait_times import WaitTimes
from pipeline.waiting import LONGEST_WORDS, Awaited, Cue, Kind, Waiting

logger = logging.getLogger(__name__)

NO_PIECE = 0
"""Piece number of everything that is heard and is no part of a reply; those count from 1."""

LOOK = 0.02
"""Seconds between one decision and the next: a frame."""

AHEAD = 0.2
"""Seconds of sound that the transport has in hand, so that nothing stutters."""

TOOLS_KEPT = 16
"""Tools that the agent used before anything could be heard, of which it may still be told."""

_SLICE = 0.1  # seconds handed over at once
_AFTER_WORDS = 0.15  # seconds between words and the answer


class _Playout:
    """Hands a sound to the transport little by little, so that it can be stopped or followed.

    Args:
        transport: Where it is heard.
        clock: The conversation clock.

    """

    def __init__(self, transport: AudioTransport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._sound: Samples = np.empty(0, np.int16)
        self._text = ""
        self._position = 0
        self._loops = False
        self._until = 0.0

    @property
    def ended(self) -> bool:
        """Whether all was heard, as far as the clock knows."""
        return self._position >= len(self._sound) and self._clock.now() >= self._until

    def begin(self, sound: Samples, *, text: str = "", loops: bool = False) -> None:
        """Play a sound instead of what is heard."""
        self.stop()
        self._sound, self._text, self._position, self._loops = sound, text, 0, loops

    async def feed(self) -> None:
        """Hand over what is due. Call it every :data:`LOOK` seconds; cancelling is safe.

        Raises:
            StageError: The transport cannot play it.

        """
        while self._position < len(self._sound) and self._until < self._clock.now() + AHEAD:
            part = self._sound[self._position : self._position + round(_SLICE * SPEECH_RATE)]
            self._position += len(part)
            if self._loops:
                self._position %= len(self._sound)
            self._until = max(self._until, self._clock.now()) + len(part) / SPEECH_RATE
            await self._transport.play(ReplyAudio(NO_PIECE, self._text, part))

    def stop(self) -> None:
        """Fall silent now, within one frame. Harmless when nothing is heard."""
        if self._until > self._clock.now():
            self._transport.stop()
        self._sound, self._until = self._sound[:0], 0.0
        self._transport.ledger.forget(NO_PIECE)


@dataclass(frozen=True, slots=True)
class Room:
    """Where waits are filled, and with what."""

    transport: AudioTransport
    """Where it is heard; while an answer is waited for, nobody else plays there."""

    tts: TextToSpeech
    """Speaks a few words."""

    clock: Clock
    """The conversation clock."""

    config: SoundsConfig
    """What may be heard."""

    someone_speaks: Callable[[], bool]
    """Tells whether anybody speaks, or makes a sound that may be speech."""

    times: WaitTimes
    """How long agents take; may be shared by all conversations with the same agents."""

    levels: VoiceLevels
    """How loud voices are."""


async def play_earcon(room: Room, which: Earcon) -> None:
    """Play an earcon to its end, unless they are off or somebody speaks.

    Only while nothing else is played. Never fails: a sound that cannot be played is let go.
    Cancelling silences it.
    """
    if not room.config.earcons:
        return
    playout = _Playout(room.transport, room.clock)
    playout.begin(earcon(which))
    try:
        while not playout.ended and not room.someone_speaks():
            await playout.feed()
            await room.clock.sleep_until(room.clock.now() + LOOK)
    except StageError as error:
        logger.debug("An earcon was not played: %s", error)
    finally:
        playout.stop()


class WaitingSound:
    """Accompanies the wait for one answer, from when the agent is asked.

    Args:
        room: Where, and with what.
        agent: Id of the agent that was asked.
        voice: The agent's, for that language.
        language: Of the conversation: an ISO 639-1 code.

    """

    def __init__(self, room: Room, *, agent: str, voice: ChosenVoice, language: str) -> None:
        self._room = room
        self._agent = agent
        self._voice = voice
        self._language = language
        self._asked = room.clock.now()
        self._playout = _Playout(room.transport, room.clock)
        self._waiting: Waiting | None = None
        self._tools: deque[str] = deque(maxlen=TOOLS_KEPT)
        self._answered = False
        self._over = False
        self._speaks = False
        self._silent = asyncio.Event()

    async def run(self, taken: Callable[[], Awaitable[bool]]) -> None:
        """Play what the wait calls for, until the answer is there.

        Args:
            taken: Waits until the turn is over and is the next to be answered; returns whether it
                is to be answered at all.

        Never fails: what cannot be played is let go. Cancelling silences it.

        """
        try:
            if await taken() and not self._over:
                await self._fill()
        except StageError as error:
            logger.debug("A wait is not filled: %s", error)
        finally:
            self._playout.stop()
            self._speaks = False
            self._silent.set()

    def receive_tool(self, name: str) -> None:
        """Take in that the agent has begun to use a tool."""
        self._tools.append(name)
        if self._waiting is not None:
            self._waiting.receive_tool(name)

    def receive_words(self) -> None:
        """Take in that the first words of the answer are there: nothing new begins."""
        if self._answered:
            return
        self._answered = True
        self._room.times.learn(self._agent, self._room.clock.now() - self._asked)
        if self._waiting is not None:
            self._waiting.receive_words()

    async def give_way(self) -> None:
        """Fall silent, since something else is about to be heard: the answer, or an apology.

        At once; only words that are being said are heard out, which takes
        :data:`~pipeline.waiting.LONGEST_WORDS` at most. Cancelling is safe.
        """
        self._over = True
        if self._speaks:
            await self._silent.wait()
        self._playout.stop()

    async def _fill(self) -> None:
        clock = self._room.clock
        awaited = Awaited(self._agent, self._language, self._asked, clock.now())
        waiting = self._waiting = Waiting(awaited, self._room.config, self._room.times)
        for tool in self._tools:
            waiting.receive_tool(tool)
        if self._answered:
            waiting.receive_words()
        while self._speaks or not self._over:
            speaks = self._room.someone_speaks()
            cue = waiting.decide(clock.now(), someone_speaks=speaks)
            if cue is not None:
                await self._begin(cue, waiting)
            await self._playout.feed()
            if self._playout.ended and waiting.heard in {Kind.SIGN, Kind.WORDS}:
                self._end(waiting)
            await clock.sleep_until(clock.now() + LOOK)

    async def _begin(self, cue: Cue, waiting: Waiting) -> None:
        match cue.kind:
            case Kind.SILENCE:
                self._playout.stop()
                self._end(waiting)
            case Kind.SIGN:
                self._playout.begin(earcon(Earcon.HEARD))
            case Kind.THINKING:
                self._playout.begin(thinking(), loops=True)
            case Kind.WORDS:
                self._playout.stop()
                await self._begin_words(cue.text, waiting)
            case _:
                assert_never(cue.kind)

    async def _begin_words(self, text: str, waiting: Waiting) -> None:
        sound = await self._say(text)
        late = self._answered or self._over or self._room.someone_speaks()
        if late or not 0 < len(sound) <= LONGEST_WORDS * SPEECH_RATE:
            self._end(waiting)
            return
        self._speaks = True
        self._silent.clear()
        self._playout.begin(sound, text=text)

    async def _say(self, text: str) -> Samples:
        """Return a few words as sound, a short pause after them; nothing when that fails."""
        parts: list[Samples] = []
        voice = self._voice
        synthesis = self._room.tts.synthesize(text, voice=voice.name, speed=voice.speed)
        try:
            async with aclosing(synthesis) as chunks:
                sentence = self._room.levels.begin(voice.name)
                parts = [chunk async for chunk in levelled(chunks, sentence)]
        except StageError as error:
            logger.debug("A wait is not spoken of: %s", error)
            return np.empty(0, np.int16)
        pause = np.zeros(round(_AFTER_WORDS * SPEECH_RATE), np.int16)
        return np.concatenate([*parts, pause])

    def _end(self, waiting: Waiting) -> None:
        """Take in that nothing is heard any more."""
        waiting.receive_ended()
        self._speaks = False
        self._silent.set()
