"""From the end of a turn to its record: words, relevance, the agent, the spoken reply."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from pipeline.cast import Cast
from pipeline.clock import Clock
from pipeline.engines import Engines
from pipeline.errors import AgentError, StageError
from pipeline.interfaces import AudioTransport, Question, Transcript
from pipeline.relevance import Judgement, Utterance
from pipeline.reply import ReplySpeech, Spoken
from pipeline.timeline import Stage, Timeline
from pipeline.turn import Turn, finished
from pipeline.turn_record import TurnRecord
from pipeline.turns import EndTurn, Span

logger = logging.getLogger(__name__)

TURNS_WAITING = 8
"""Turns that may wait for their reply; beyond it the oldest that waits is given up."""


class Floor(Protocol):
    """The conversation that the answers belong to."""

    name: str
    cast: Cast

    def reply_started(self, span: Span) -> None:
        """Take in that the first sample of a turn's reply is on its way out."""

    def turn_done(self, number: int) -> None:
        """Take in that a turn was recorded, or needs no record."""

    def turn_id(self, number: int) -> str:
        """Return the record's id of a turn."""


class Answerer:
    """Understands every ended turn at once, and answers them one after another.

    Args:
        floor: The conversation.
        transport: Where the replies are heard.
        engines: Models and servers.
        clock: The conversation clock.
        began: Wall time at the clock's zero.
        on_turn: Gets the record of every finished turn.
        hold: Seconds after its speech for which a turn that nobody answers may be gone on with.

    """

    def __init__(
        self,
        floor: Floor,
        transport: AudioTransport,
        engines: Engines,
        clock: Clock,
        began: datetime,
        on_turn: Callable[[TurnRecord], None],
        hold: float,
    ) -> None:
        self._hold = hold
        self._floor = floor
        self._transport = transport
        self._agent = engines.agent
        self._clock = clock
        self._began = began
        self._on_turn = on_turn
        self._speech = ReplySpeech(transport, engines.tts)
        self._line = _Line()
        self._reply_task: asyncio.Task[None] | None = None
        self._cut_short: dict[tuple[str, str | None], str] = {}
        self._closed = False

    def close(self) -> None:
        """Nobody can hear a reply any more: turns are still understood and recorded.

        A reply that plays ends here; its record tells what of it was heard.
        """
        self._closed = True
        self._transport.stop()
        if self._reply_task is not None:
            self._reply_task.cancel()

    def resume(self, turn: Turn) -> None:
        """Throw away what was begun for a turn whose speaker goes on."""
        self._line.leave_all(turn)
        turn.void()

    def interrupt(self, turn: Turn) -> None:
        """Stop the reply to a turn: what is queued, the synthesis, the agent's run."""
        self._transport.stop()
        turn.interrupted = turn.reply_task is not None and turn.reply_task.cancel()

    async def take(self, turn: Turn, ended: EndTurn) -> None:
        """Understand an ended turn, answer it when it is its time, and record it.

        Cancelling drops the turn without a record: its speaker goes on, or the
        conversation is over.
        """
        place = self._line.join(turn)
        try:
            record = await self._understand(turn, ended)
            if record is not None:
                if record.addressed:
                    record = await self._answer_in_turn(turn, record, ended.span, place)
                else:
                    self._line.leave(place)
                    await self._hold_open(ended.span)
                self._emit(finished(record, turn))
        finally:
            self._line.leave(place)
        self._floor.turn_done(ended.span.turn)

    async def _hold_open(self, span: Span) -> None:
        """Let the speaker of a turn that nobody answers go on with it for a moment."""
        if not self._closed:
            await self._clock.sleep_until(span.end + self._hold)

    async def _understand(self, turn: Turn, ended: EndTurn) -> TurnRecord | None:
        """Return the record so far; ``None`` when nothing was said."""
        draft = turn.draft(self._floor.name, self._began, ended)
        if ended.continues is not None:
            draft = replace(draft, continues=self._floor.turn_id(ended.continues))
        if turn.transcription is None:  # set before a turn ends
            raise AssertionError(turn.id)
        turn.transcription.recognition.commit()
        heard = await turn.transcription.task
        turn.timeline.reach(Stage.TRANSCRIPT, self._clock.now(), ready=heard.ready)
        if heard.transcript is None:
            logger.error("%s: turn %s: %s", self._floor.name, turn.id, heard.error)
            return replace(draft, agent=self._floor.cast.agent, error=str(heard.error))
        if not heard.transcript.text:
            logger.debug("%s: no words (%s)", self._floor.name, heard.transcript.dropped)
            return None
        return self._judge(turn, draft, heard.transcript, ended.span)

    def _judge(
        self, turn: Turn, draft: TurnRecord, transcript: Transcript, span: Span
    ) -> TurnRecord:
        worked = self._clock.stopwatch()
        cast = self._floor.cast
        if cast.relevance is None:
            judgement = Judgement(addressed=True, score=1.0, why="every turn", agent=cast.agent)
        else:
            judgement = cast.relevance.judge(
                Utterance(turn.speaker, transcript.text, span.start, span.end),
                people=self._transport.participants(),
                agent=cast.agent,
            )
        turn.timeline.reach(Stage.JUDGED, self._clock.now(), work=worked())
        return replace(
            draft,
            text=transcript.text,
            language=transcript.language,
            addressed=judgement.addressed,
            relevance=None if cast.relevance is None else round(judgement.score, 4),
            why=judgement.why,
            agent=judgement.agent,
            session_key=cast.session_key(turn.speaker, judgement.agent),
        )

    async def _answer_in_turn(
        self, turn: Turn, record: TurnRecord, span: Span, place: _Place
    ) -> TurnRecord:
        if not await self._line.wait(place):
            message = f"gateway: {TURNS_WAITING} later turns were waiting, this one was given up"
            return replace(record, error=message)
        if self._closed:
            return record
        session = record.agent, record.session_key
        question = Question(
            record.text,
            turn.speaker,
            record.agent,
            self._floor.name,
            record.session_key,
            self._cut_short.get(session),
        )
        spoken = Spoken()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._reply(turn, question, span, spoken))
            self._reply_task = turn.reply_task = task
        self._reply_task = None
        if spoken.text:  # else it was taken back or failed, and the agent may not know
            self._cut_short.pop(session, None)
        heard = spoken.heard(self._transport)
        if turn.interrupted:
            self._cut_short[session] = heard
        self._remember(turn, record, spoken, heard)
        error = None if spoken.failure is None else str(spoken.failure)
        return replace(record, reply=spoken.text.strip(), heard=heard, error=error)

    async def _reply(self, turn: Turn, question: Question, span: Span, spoken: Spoken) -> None:
        """Speak the reply; what went wrong is in ``spoken``."""
        voice = self._floor.cast.persona(question.agent).voice
        step = _Step(turn.timeline, self._clock)

        def on_text() -> None:
            step.reach(Stage.FIRST_TEXT)

        def on_audio() -> None:
            step.reach(Stage.FIRST_AUDIO)
            self._floor.reply_started(span)

        try:
            await self._speech.say(
                self._agent.ask(question),
                voice=voice,
                spoken=spoken,
                on_text=on_text,
                on_audio=on_audio,
            )
        except StageError as error:
            spoken.fail(error)
            logger.error(  # noqa: TRY400 - a stage's failure, not a bug
                "%s: turn %s: %s", self._floor.name, turn.id, error
            )
            if isinstance(error, AgentError):
                await self._apologise(error, voice, span)

    async def _apologise(self, error: StageError, voice: str, span: Span) -> None:
        """Tell the room that there is no answer, or no more of it; not part of the reply."""
        apology = Spoken()
        try:
            await self._speech.say(
                _sentence(error.spoken),
                voice=voice,
                spoken=apology,
                on_text=lambda: None,
                on_audio=lambda: self._floor.reply_started(span),
            )
        except StageError as failure:
            logger.error("%s: %s", self._floor.name, failure)  # noqa: TRY400 - as above
        finally:
            apology.forget(self._transport)

    def _remember(self, turn: Turn, record: TurnRecord, spoken: Spoken, heard: str) -> None:
        relevance = self._floor.cast.relevance
        if relevance is not None and spoken.pieces:
            relevance.receive_reply(
                speaker=turn.speaker.id,
                agent=record.agent,
                text=heard,
                at=self._clock.now(),
            )
        spoken.forget(self._transport)

    def _emit(self, record: TurnRecord) -> None:
        logger.info(
            "%s: turn %s%s: %s",
            record.conversation,
            record.id,
            "" if record.addressed else " (not for the bot)",
            record.latency_line(),
        )
        logger.debug("%s: %s said: %s", record.conversation, record.speaker, record.text)
        self._on_turn(record)


class _Step:
    """Steps of a turn that follow one another: none begins before the last has ended.

    On a clock that stands still for work, a wait in a step comes on top of the
    work of the steps before it.
    """

    def __init__(self, timeline: Timeline, clock: Clock) -> None:
        self._timeline = timeline
        self._clock = clock
        self._begin()

    def reach(self, stage: Stage) -> None:
        """Record the end of a step."""
        now = self._clock.now()
        self._timeline.reach(stage, now, ready=self._path + now - self._now + self._worked())
        self._begin()

    def _begin(self) -> None:
        self._now = self._clock.now()
        self._path = max(self._timeline.path, self._now)
        self._worked = self._clock.stopwatch()


async def _sentence(text: str) -> AsyncGenerator[str]:
    yield text


@dataclass(slots=True, eq=False)
class _Place:
    turn: Turn
    waits: bool = False
    given_up: bool = False
    moved: asyncio.Event = field(default_factory=asyncio.Event)


class _Line:
    """Turns in the order in which they ended; the first of them may be answered.

    A turn that is taken back and ends again has a new place: the answer that was
    begun from the old one may still be on its way out.
    """

    def __init__(self) -> None:
        self._places: deque[_Place] = deque()

    def join(self, turn: Turn) -> _Place:
        """Stand at the end."""
        place = _Place(turn)
        self._places.append(place)
        return place

    def leave(self, place: _Place) -> None:
        """Give a place up; harmless twice."""
        if place in self._places:
            self._places.remove(place)
        if self._places:
            self._places[0].moved.set()

    def leave_all(self, turn: Turn) -> None:
        """Give a turn's place up, if it has one."""
        for place in [place for place in self._places if place.turn is turn]:
            self.leave(place)

    async def wait(self, place: _Place) -> bool:
        """Wait to be first.

        Returns:
            Whether it is the turn's time; ``False`` when too many came to wait behind it.

        """
        if place is self._places[0]:
            return True
        place.waits = True
        waiting = [other for other in self._places if other.waits and not other.moved.is_set()]
        if len(waiting) > TURNS_WAITING:
            waiting[0].given_up = True
            waiting[0].moved.set()
        await place.moved.wait()
        place.waits = False
        return not place.given_up
