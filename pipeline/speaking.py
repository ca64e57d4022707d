"""Asks the agent and speaks what it answers; when it cannot, the room is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from pipeline.clock import Clock
from pipeline.earcons import Earcon
from pipeline.engines import Engines
from pipeline.errors import AgentError, StageError
from pipeline.interfaces import Question
from pipeline.reply import Manner, ReplySpeech, Spoken
from pipeline.timeline import Stage, Timeline
from pipeline.waiting_sounds import Room, WaitingSound, play_earcon

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cue:
    """When a reply may be heard, and who is told that it is."""

    taken: Callable[[], Awaitable[bool]]
    """Waits until the turn is over and the next to be answered; returns whether it shall be."""

    wait: Callable[[], Awaitable[bool]]
    """Waits until it may be heard; returns whether it shall be."""

    begin: Callable[[], None]
    """Called just before its first sample is handed to the transport."""


class Speaking:
    """Speaks the replies of one conversation.

    Args:
        name: The conversation's, for the log.
        engines: The agent and its voice.
        room: Where the replies are heard, and what fills the waits for them.

    """

    def __init__(self, name: str, engines: Engines, room: Room) -> None:
        self._name = name
        self._transport = room.transport
        self._agent = engines.agent
        self._clock = room.clock
        self._room = room
        self._speech = ReplySpeech(room.transport, engines.tts, room.levels)

    async def play(self, earcon: Earcon) -> None:
        """Play a short sound, while nothing else is played. Never fails."""
        await play_earcon(self._room, earcon)

    async def answer(
        self,
        question: Question | None,
        *,
        manner: Manner,
        timeline: Timeline,
        spoken: Spoken,
        cue: Cue,
        first: str = "",
    ) -> None:
        """Ask the agent and speak its reply; what went wrong is in ``spoken``.

        Args:
            question: What the agent is asked; ``None`` for nothing.
            manner: With which voice, and what becomes of what is not spoken.
            timeline: Of the turn; filled in.
            spoken: Filled in as the reply goes on.
            cue: When it may be heard.
            first: What is said before the agent's reply, as a part of it.

        Cancelling aborts the agent's run; what the transport has queued is the
        caller's to drop.

        """
        sound: WaitingSound | None = None
        async with asyncio.TaskGroup() as tasks:
            if question is not None and not first:  # else there are words at once
                voice = manner.voice(None, manner.language)
                sound = WaitingSound(
                    self._room, agent=question.agent, voice=voice, language=manner.language
                )
                question = replace(question, on_tool=sound.receive_tool)
                filling = tasks.create_task(sound.run(cue.taken))
                cue = _after(sound, cue)
            reply = self._reply(question, first)
            await self._speak(reply, manner, timeline, spoken, cue, sound)
            if sound is not None:
                filling.cancel()

    async def _speak(
        self,
        reply: AsyncGenerator[str],
        manner: Manner,
        timeline: Timeline,
        spoken: Spoken,
        cue: Cue,
        sound: WaitingSound | None,
    ) -> None:
        step = _Step(timeline, self._clock)

        def receive_text() -> None:
            step.reach(Stage.FIRST_TEXT)
            if sound is not None:
                sound.receive_words()

        async def wait() -> bool:
            step.end_work()
            return await cue.wait()

        def begin() -> None:
            step.reach(Stage.FIRST_AUDIO)
            cue.begin()

        try:
            await self._speech.say(
                reply,
                manner=manner,
                spoken=spoken,
                on_text=receive_text,
                before_sound=wait,
                on_audio=begin,
            )
        except StageError as error:
            spoken.fail(error)
            logger.error("%s: %s", self._name, error)  # noqa: TRY400 - a stage's failure, no bug
            if isinstance(error, AgentError):
                await self._apologise(error, manner, cue)
            elif sound is not None and not spoken.pieces:  # there is no voice to say it
                await sound.give_way()
                await self.play(Earcon.ERROR)

    async def _reply(self, question: Question | None, first: str) -> AsyncGenerator[str]:
        if first:
            yield f"{first}\n\n"
        if question is not None:
            async with aclosing(self._agent.ask(question)) as answer:
                async for text in answer:
                    yield text

    async def _apologise(self, error: StageError, manner: Manner, cue: Cue) -> None:
        """Tell the room that there is no answer, or no more of it; not part of the reply."""
        apology = Spoken()
        try:
            await self._speech.say(
                _sentence(error.spoken),
                manner=replace(manner, language="en", show=None),
                spoken=apology,
                on_text=lambda: None,
                before_sound=cue.wait,
                on_audio=cue.begin,
            )
        except StageError as failure:
            logger.error("%s: %s", self._name, failure)  # noqa: TRY400 - as above
        finally:
            apology.forget(self._transport)


def _after(sound: WaitingSound, cue: Cue) -> Cue:
    """Return the cue of what is heard once a wait is over."""

    async def wait() -> bool:
        await sound.give_way()
        return await cue.wait()

    return replace(cue, wait=wait)


class _Step:
    """Steps of a turn that follow one another: none begins before the last has ended.

    On a clock that stands still for work, a wait in a step comes on top of the
    work of the steps before it.
    """

    def __init__(self, timeline: Timeline, clock: Clock) -> None:
        self._timeline = timeline
        self._clock = clock
        self._path = max(timeline.reached(Stage.JUDGED), clock.now())
        self._begin()

    def end_work(self) -> None:
        """Take in that the step's work is done; what follows is a wait for others."""
        now = self._clock.now()
        self._path += now - self._now + self._worked()
        self._begin()

    def reach(self, stage: Stage) -> None:
        """Record the end of a step."""
        if stage is Stage.FIRST_AUDIO:
            self._path = max(self._path, self._clock.now())
        else:
            self.end_work()
        self._timeline.reach(stage, self._path)

    def _begin(self) -> None:
        self._now = self._clock.now()
        self._worked = self._clock.stopwatch()


async def _sentence(text: str) -> AsyncGenerator[str]:
    yield text
