"""Asks the agent and speaks what it answers; when it cannot, the room is told."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from pipeline.clock import Clock
from pipeline.engines import Engines
from pipeline.errors import AgentError, StageError
from pipeline.interfaces import AudioTransport, Question
from pipeline.reply import Manner, ReplySpeech, Spoken
from pipeline.timeline import Stage, Timeline

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cue:
    """When a reply may be heard, and who is told that it is."""

    wait: Callable[[], Awaitable[bool]]
    """Waits until it may be heard; returns whether it shall be."""

    begin: Callable[[], None]
    """Called just before its first sample is handed to the transport."""


class Speaking:
    """Speaks the replies of one conversation.

    Args:
        name: The conversation's, for the log.
        transport: Where the replies are heard.
        engines: The agent and its voice.
        clock: The conversation clock.

    """

    def __init__(
        self, name: str, transport: AudioTransport, engines: Engines, clock: Clock
    ) -> None:
        self._name = name
        self._transport = transport
        self._agent = engines.agent
        self._clock = clock
        self._speech = ReplySpeech(transport, engines.tts)

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
        step = _Step(timeline, self._clock)

        async def wait() -> bool:
            step.end_work()
            return await cue.wait()

        def begin() -> None:
            step.reach(Stage.FIRST_AUDIO)
            cue.begin()

        try:
            await self._speech.say(
                self._reply(question, first),
                manner=manner,
                spoken=spoken,
                on_text=lambda: step.reach(Stage.FIRST_TEXT),
                before_sound=wait,
                on_audio=begin,
            )
        except StageError as error:
            spoken.fail(error)
            logger.error("%s: %s", self._name, error)  # noqa: TRY400 - a stage's failure, no bug
            if isinstance(error, AgentError):
                await self._apologise(error, manner, cue)

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
