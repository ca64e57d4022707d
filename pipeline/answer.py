"""From the words of a turn to its record: whose turn it is, the agent, the spoken reply."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from pipeline.answered import is_answer_to
from pipeline.config import TurnsConfig
from pipeline.earcons import Earcon
from pipeline.engines import Engines
from pipeline.floor import Floor
from pipeline.interfaces import Question
from pipeline.records import answered_record, given_up_record, log_record, understood_record
from pipeline.reply import Manner, Spoken
from pipeline.speaking import Cue, Speaking
from pipeline.turn import Attempt, Turn, finished
from pipeline.turn_actions import EndTurn, Span
from pipeline.turn_record import TurnRecord
from pipeline.understanding import Understanding, Understood
from pipeline.waiting_line import Place, WaitingLine
from pipeline.waiting_sounds import Room

logger = logging.getLogger(__name__)

ASKED_AHEAD = 3
"""How often a turn may be asked ahead and taken back, before it waits for its end."""

_REMEMBERED = 16
"""Turns that others may go on with."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A turn whose answer is on its way."""

    understood: Understood
    attempt: Attempt
    begun: bool = False
    """Whether it is heard."""

    answered_by: str = ""
    """Who answered before the bot did."""

    given_up: bool = False
    """Whether too many later turns came to wait."""


class Answerer:
    """Understands every turn at its pause, and answers them one after another.

    Args:
        floor: The conversation.
        engines: Models and servers.
        room: Where the replies are heard, and what fills the waits for them.
        began: Wall time at the clock's zero.
        on_turn: Gets the record of every finished turn.
        config: How long turns may be gone on with, and whether agents are asked ahead.
        said: Tells what the bot said last.

    """

    def __init__(
        self,
        floor: Floor,
        engines: Engines,
        room: Room,
        began: datetime,
        on_turn: Callable[[TurnRecord], None],
        config: TurnsConfig,
        said: Callable[[], str],
    ) -> None:
        self._config = config
        self._floor = floor
        self._transport = room.transport
        self._asks_ahead = config.speculation and engines.agent.asks_ahead
        self._clock = room.clock
        self._began = began
        self._on_turn = on_turn
        self._understanding = Understanding(
            floor.cast, room.transport, room.clock, floor.name, said
        )
        self._speaking = Speaking(floor.name, engines, room)
        self._line = WaitingLine()
        self._asked: set[_Asked] = set()
        self._known: dict[int, Understood] = {}
        self._cut_short: dict[tuple[str, str | None], str] = {}
        self._judging: dict[int, str] = {}  # turns that are over, by speaker, and not judged yet
        self._closed = False

    def is_judging(self, speaker: str) -> bool:
        """Return whether it is still open if somebody else has answered ``speaker``."""
        return any(other != speaker for other in self._judging.values())

    def close(self) -> None:
        """Nobody can hear a reply any more: turns are still understood and recorded.

        A reply that plays ends here; its record tells what of it was heard.
        """
        self._closed = True
        self._transport.stop()
        for asked in self._asked:
            if asked.attempt.reply_task is not None:
                asked.attempt.reply_task.cancel()

    def confirm(self, attempt: Attempt, ended: EndTurn) -> None:
        """Take in that a turn is over: it gets its place in the line."""
        attempt.transcription.recognition.commit()
        attempt.ended = ended
        self._judging[ended.span.turn] = ended.span.speaker
        attempt.place = self._line.join()
        attempt.confirmed.set()

    def resume(self, turn: Turn) -> None:
        """Throw away what was begun for a turn whose speaker goes on."""
        if turn.attempt is not None and turn.attempt.place is not None:
            self._line.leave(turn.attempt.place)
        turn.take_back()

    def interrupt(self, turn: Turn, *, merged: bool) -> None:
        """Stop the reply to a turn: what is queued, the synthesis, the agent's run.

        Args:
            turn: Whose.
            merged: Whether another turn takes this one in: then it has no record of its own.

        """
        turn.merged = merged
        self._transport.stop()
        reply = turn.attempt.reply_task if turn.attempt else None
        turn.interrupted = reply is not None and reply.cancel()

    async def take(self, turn: Turn, attempt: Attempt, span: Span) -> None:
        """Understand what may be a whole turn; once it is, answer it when it is its time.

        Cancelling drops the turn without a record: its speaker goes on, or the
        conversation is over.
        """
        try:
            before = self._known.get(span.continues) if span.continues is not None else None
            understood = await self._understanding.understand(turn, attempt, span, before=before)
            self._floor.understood(span, understood)
            if understood.is_close and self._floor.cast.second_opinion is not None:
                await attempt.confirmed.wait()  # agents are not asked about every pause
                understood = await self._understanding.reconsider(understood)
            record = await self._take(turn, attempt, span, understood)
            if record is not None and not turn.merged:
                record = finished(record, turn)
                log_record(record)
                self._on_turn(record)
        finally:
            self._judging.pop(span.turn, None)
            if attempt.place is not None:
                self._line.leave(attempt.place)
        asked = record is not None and record.heard.rstrip().endswith("?")
        self._floor.turn_done(span.turn, asked=asked)

    async def _take(
        self, turn: Turn, attempt: Attempt, span: Span, understood: Understood
    ) -> TurnRecord | None:
        """Return the turn's record; ``None`` when nothing was said."""
        stops = understood.stops and span.over_reply
        if understood.wants_answer and not stops:
            return await self._answer(turn, attempt, span, understood)
        record = await self._record(turn, attempt, span, understood)
        if attempt.place is None:  # it has one since the turn is over
            raise AssertionError(turn.id)
        await self._tell_not_understood(attempt.place, understood)
        self._line.leave(attempt.place)
        if record is None:  # the beginning of a sentence may make no sense by itself
            await self._hold_open(span, self._config.unaddressed_hold)
            return None
        self._note_answers(understood)
        self._judging.pop(span.turn, None)
        if stops:  # that is all that was wanted
            return replace(record, addressed=True, why=f"stop word over a reply; {record.why}")
        if understood.is_call:
            await self._hold_open(span, self._config.bare_name_hold)
        elif not record.addressed:
            await self._hold_open(span, self._config.unaddressed_hold)
        self._settle(understood, record)
        return record

    async def _tell_not_understood(self, place: Place, understood: Understood) -> None:
        """Let who is alone with the bot know that their words were lost."""
        alone = len(self._transport.participants()) == 1 and not self._closed
        if understood.error is not None and alone and await self._line.wait(place):
            await self._speaking.play(Earcon.NOT_UNDERSTOOD)

    async def _hold_open(self, span: Span, seconds: float) -> None:
        """Let the speaker of a turn that nobody answers go on with it for a moment."""
        if not self._closed:
            await self._clock.sleep_until(span.end + seconds)

    async def _record(
        self, turn: Turn, attempt: Attempt, span: Span, understood: Understood
    ) -> TurnRecord | None:
        """Wait until the turn is over, and return the record so far."""
        await attempt.confirmed.wait()
        if attempt.ended is None:  # set together with the event
            raise AssertionError(turn.id)
        self._remember_words(span, understood)
        draft = turn.draft(self._floor.name, self._began, attempt.ended)
        if span.continues is not None:
            draft = replace(draft, continues=self._floor.turn_id(span.continues))
        if understood.error is not None:
            logger.error("%s: turn %s: %s", self._floor.name, turn.id, understood.error)
        return understood_record(draft, understood, self._floor.cast, turn.speaker)

    def _remember_words(self, span: Span, understood: Understood) -> None:
        self._known[span.turn] = understood
        if len(self._known) > _REMEMBERED:
            del self._known[min(self._known)]

    def _settle(self, understood: Understood, record: TurnRecord) -> None:
        """Take in for what follows that a turn came to its end without an answer."""
        relevance, judgement = self._floor.cast.relevance, understood.judgement
        if relevance is None or judgement is None:
            return
        relevance.receive_turn(understood.utterance, judgement)
        if understood.is_call:
            speaker = understood.utterance.speaker.id
            relevance.receive_call(speaker=speaker, agent=record.agent, at=self._clock.now())

    def _may_ask_ahead(self, turn: Turn) -> bool:
        """Whether the agent may be asked although the speaker may go on: one at a time."""
        free = self._line.is_empty and not self._asked and not self._closed
        return self._asks_ahead and free and turn.asked_ahead < ASKED_AHEAD

    def _note_answers(self, understood: Understood) -> None:
        """Drop the answers to questions that somebody has answered before the bot."""
        for asked in self._asked:
            question = asked.understood
            if asked.begun or question.judgement is None or understood.judgement is None:
                continue
            if is_answer_to(
                question.utterance, question.judgement, understood.utterance, understood.judgement
            ):
                asked.answered_by = understood.utterance.speaker.name
                if asked.attempt.reply_task is not None:
                    asked.attempt.reply_task.cancel()

    async def _answer(
        self, turn: Turn, attempt: Attempt, span: Span, understood: Understood
    ) -> TurnRecord | None:
        asked = _Asked(understood, attempt)
        # What is asked of the voice is done once, so not before it is certain.
        may_be_ahead = understood.request is None and not attempt.confirmed.is_set()
        ahead = may_be_ahead and self._may_ask_ahead(turn)
        turn.asked_ahead += ahead
        self._asked.add(asked)
        try:
            if not ahead:
                asked.given_up = not await self._is_its_time(attempt)
            spoken = Spoken()
            question = self._question(turn, attempt, span, understood)
            if not (self._closed or asked.given_up or asked.answered_by):
                await self._reply(turn, asked, question, span, spoken)
        finally:
            self._asked.discard(asked)
        record = await self._record(turn, attempt, span, understood)
        if record is None:
            return None
        return self._close_account(turn, asked, record, question, spoken)

    async def _is_its_time(self, attempt: Attempt) -> bool:
        """Wait until the turn is over and no earlier one is left to be answered."""
        await attempt.confirmed.wait()
        if attempt.place is None or attempt.ended is None:  # set together with the event
            raise AssertionError(attempt)
        self._judging.pop(attempt.ended.span.turn, None)
        return await self._line.wait(attempt.place)

    def _question(
        self, turn: Turn, attempt: Attempt, span: Span, understood: Understood
    ) -> Question:
        cast, judgement = self._floor.cast, understood.judgement
        agent = judgement.agent if judgement else cast.agent
        session = cast.session_key(turn.speaker, agent)
        text = understood.utterance.text
        before = self._known.get(span.continues) if span.continues is not None else None
        if understood.request is not None:  # that is not for the agent
            text = ""
        if before is not None and before.wants_answer and before.request is None:
            text = f"{before.utterance.text} {text}".strip()  # one question, answered once
        return Question(
            text,
            turn.speaker,
            agent,
            self._floor.name,
            session,
            self._cut_short.get((agent, session)),
            lambda: attempt.void,
        )

    async def _reply(
        self, turn: Turn, asked: _Asked, question: Question, span: Span, spoken: Spoken
    ) -> None:
        """Have the agent answer, unless it is no longer wanted."""
        attempt = asked.attempt

        async def taken() -> bool:
            asked.given_up = not await self._is_its_time(attempt)
            await self._clock.sleep_until(span.end + self._config.first_sound)
            return not asked.given_up

        async def wait() -> bool:
            shall = await taken()
            await self._floor.wait_free(turn.speaker.id, span.end)
            return shall

        def begin() -> None:
            asked.begun = True
            if (relevance := self._floor.cast.relevance) is not None:
                relevance.receive_reply_start(speaker=turn.speaker.id, agent=question.agent)
            self._floor.reply_started(span)

        cast, understood, first = self._floor.cast, asked.understood, ""
        if understood.request is not None:
            first = cast.carry_out(understood.request, question.agent, understood.language)
        async with asyncio.TaskGroup() as tasks:
            answer = self._speaking.answer(
                question if question.text else None,
                first=first,
                manner=self._manner(question.agent, asked.understood.language),
                timeline=turn.timeline,
                spoken=spoken,
                cue=Cue(taken, wait, begin),
            )
            attempt.reply_task = tasks.create_task(answer)

    def _manner(self, agent: str, language: str) -> Manner:
        cast = self._floor.cast
        show = None if cast.show is None else partial(cast.show, agent)
        now = (self._began + timedelta(seconds=self._clock.now())).astimezone()
        return Manner(partial(cast.voice, agent), language, now, show)

    def _remember_heard(self, turn: Turn, question: Question, spoken: Spoken, heard: str) -> None:
        """Take in what of the agent's reply was heard, for its next one."""
        session = question.agent, question.session_key
        if spoken.text:  # else it was taken back or failed, and the agent may not know
            self._cut_short.pop(session, None)
        if turn.interrupted:
            self._cut_short[session] = heard
        if spoken.pieces:
            self._floor.cast.voices.keep(question.agent, spoken.directive)

    def _close_account(
        self, turn: Turn, asked: _Asked, record: TurnRecord, question: Question, spoken: Spoken
    ) -> TurnRecord:
        """Return the record with what came of the reply, and remember it for later turns."""
        heard = spoken.heard(self._transport)
        if question.text:  # else the agent was not asked
            self._remember_heard(turn, question, spoken, heard)
        relevance, understood = self._floor.cast.relevance, asked.understood
        if relevance is not None and understood.judgement is not None:
            relevance.receive_turn(understood.utterance, understood.judgement)
            if spoken.pieces:
                relevance.receive_reply(
                    speaker=turn.speaker.id,
                    agent=record.agent,
                    text=heard,
                    at=self._clock.now(),
                )
        spoken.forget(self._transport)
        cut = turn.interrupted or self._closed or asked.given_up or asked.answered_by
        if not (cut or spoken.failure):
            self._floor.cast.carry_out_calls(spoken.calls)
        record = answered_record(record, spoken, heard)
        if asked.answered_by:
            record = replace(record, why=f"{record.why}; answered by {asked.answered_by}")
        return given_up_record(record) if asked.given_up else record
