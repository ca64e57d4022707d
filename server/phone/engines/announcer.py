"""Says what no turn of the other side has asked for: first words, questions into silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipeline.cast import Cast
from pipeline.clock import Clock
from pipeline.engines import Engines
from pipeline.errors import StageError
from pipeline.interfaces import AudioTransport
from pipeline.reply import Manner, ReplySpeech, Spoken
from server.phone.engines.caller_ear import CallerEar
from server.phone.engines.talk_line import FIRST_ANNOUNCED
from server.phone.line.playback import CallOverError

logger = logging.getLogger(__name__)

LOOK: Final = 0.02
"""Seconds between one look at whether the caller speaks and the next."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What came of it."""

    at: float
    """When it began, in seconds on the conversation clock."""

    spoken: Spoken
    heard: str
    seconds: float
    """How much of it was heard."""

    interrupted: bool


class Announcer:
    """Speaks over the line of one call, one thing after another.

    Args:
        line: Where it is heard.
        engines: The voice.
        cast: Who speaks.
        ear: Whether the caller does.
        clock: The conversation clock.
        on_said: Is told what came of everything, also when it was cancelled.
        barge_in: Seconds of the caller's speech that interrupt.

    """

    def __init__(
        self,
        line: AudioTransport,
        engines: Engines,
        cast: Cast,
        ear: CallerEar,
        clock: Clock,
        on_said: Callable[[Announced], None],
        barge_in: float,
    ) -> None:
        self._line = line
        self._cast = cast
        self._ear = ear
        self._clock = clock
        self._on_said = on_said
        self._barge_in = barge_in
        self._speech = ReplySpeech(line, engines.tts, engines.levels, FIRST_ANNOUNCED)

    async def say(
        self, words: AsyncGenerator[str], language: str, *, protected: bool = False
    ) -> Announced:
        """Speak until all was heard, or the caller interrupts.

        Args:
            words: As an agent writes them; closed in every case.
            language: ISO 639-1 code of the language they are probably in.
            protected: Whether they cannot be interrupted.

        What goes wrong is in :attr:`Announced.spoken`. Cancelling stops it; what is queued is the
        caller's to drop.

        """
        spoken, at, whole = Spoken(), self._clock.now(), False
        try:
            async with asyncio.TaskGroup() as tasks:
                speaking = self._speak(words, language, spoken)
                saying = tasks.create_task(speaking, name="announcement")
                whole = await self._wait_said(saying, protected=protected)
        finally:
            cut = isinstance(spoken.failure, CallOverError)
            said = self._account(at, spoken, interrupted=not whole or cut)
            self._on_said(said)
        return said

    async def _wait_said(self, saying: asyncio.Task[None], *, protected: bool) -> bool:
        """Wait until all is said; stop it and return ``False`` when the caller interrupts."""
        while not saying.done():
            if not protected and self._ear.spoken >= self._barge_in and saying.cancel():
                self._line.stop()
                return False
            await self._clock.sleep_until(self._clock.now() + LOOK)
        return True

    def _account(self, at: float, spoken: Spoken, *, interrupted: bool) -> Announced:
        heard = spoken.heard(self._line)
        seconds = sum(self._line.ledger.seconds_played(piece.number) for piece in spoken.pieces)
        spoken.forget(self._line)
        return Announced(at, spoken, heard, seconds, interrupted)

    async def _speak(self, words: AsyncGenerator[str], language: str, spoken: Spoken) -> None:
        manner = Manner(partial(self._cast.voice, self._cast.agent), language)
        try:
            await self._speech.say(
                words,
                manner=manner,
                spoken=spoken,
                on_text=lambda: None,
                on_audio=lambda: None,
            )
        except CallOverError as error:  # they hung up
            spoken.fail(error)
        except StageError as error:
            spoken.fail(error)
            logger.error("In a call: %s", error)  # noqa: TRY400 - a stage's failure, no bug
