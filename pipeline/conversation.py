"""One conversation: hears everyone, and carries out what turn taking decides."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

from pipeline.answer import Answerer
from pipeline.audio import Samples
from pipeline.cast import Cast
from pipeline.clock import Clock, Timer
from pipeline.config import PipelineConfig
from pipeline.earcons import Earcon
from pipeline.ears import Ears
from pipeline.echo import EchoGuard
from pipeline.engines import Engines
from pipeline.errors import EndOfTurnError, SpeechToTextError
from pipeline.interfaces import (
    AudioTransport,
    Recognition,
    Segment,
)
from pipeline.played import TappedTransport
from pipeline.speech_gate import Voiced
from pipeline.timeline import Stage
from pipeline.turn import Attempt, Heard, Transcription, Turn
from pipeline.turn_actions import (
    Action,
    DropTurn,
    EndTurn,
    Resume,
    ScoreEndOfTurn,
    SetVolume,
    Span,
    Speculate,
    StopReply,
)
from pipeline.turn_record import TurnRecord
from pipeline.turns import TurnTaking
from pipeline.understanding import Understood
from pipeline.waiting_sounds import Room, play_earcon

logger = logging.getLogger(__name__)

BEFORE_SPEECH = 0.2
"""Seconds of sound before the first speech that recognition gets, so that no onset is cut."""

AFTER_SPEECH = 0.1
"""Seconds after the last speech, likewise."""

BEFORE_TURN = 0.5
"""Seconds before the turn that the end-of-turn model gets, as it was trained."""

LOOK_AGAIN = 0.02
"""Seconds until silence is judged again, while there is sound that was not listened to yet."""


class Conversation:
    """People talking with agents over one transport.

    :meth:`run` owns every task of the conversation; cancelling it leaves none.

    Args:
        name: As in the turn record: ``demo``, ``guild:<id>`` …
        transport: Where people talk.
        engines: Models and servers.
        cast: The agents, and whether the bot was addressed.
        clock: The conversation clock.
        config: Settings of the pipeline.
        began: Wall time at the clock's zero, with its time zone.
        on_turn: Gets the record of every finished turn.

    """

    def __init__(
        self,
        name: str,
        *,
        transport: AudioTransport,
        engines: Engines,
        cast: Cast,
        clock: Clock,
        config: PipelineConfig,
        began: datetime,
        on_turn: Callable[[TurnRecord], None],
    ) -> None:
        self.name = name
        self.greets = False
        """Whether a short sound tells at the beginning that the bot has come."""
        self.cast = cast
        self._echo = EchoGuard()
        self._transport = TappedTransport(transport, clock, self._echo.receive_played)
        self._engines = engines
        self._clock = clock
        self._config = config
        self._turn_taking = TurnTaking(config.turns)
        self._tasks = asyncio.TaskGroup()
        self._ears = Ears(name, self, transport, engines.vad, config, self._tasks, self._is_echo)
        self._turns: dict[int, Turn] = {}
        self._timer: Timer | None = None
        self._quiet = asyncio.Event()
        self._id = uuid.uuid4().hex[:12]
        self._room = Room(
            self._transport,
            engines.tts,
            clock,
            config.sounds,
            self._someone_speaks,
            engines.wait_times,
            engines.levels,
        )
        self._answerer = Answerer(
            self,
            engines,
            self._room,
            began,
            on_turn,
            config.turns,
            lambda: self._transport.said,
        )

    async def run(self) -> None:
        """Converse until the transport closes and every turn was recorded.

        Cancelling is safe: playback stops, the agent's run is aborted, and no
        task is left.
        """
        try:
            async with self._tasks:
                if self.greets:
                    self._tasks.create_task(play_earcon(self._room, Earcon.JOINED), name="greet")
                try:
                    async for event in self._transport.events():
                        self._ears.receive(event)
                    self._answerer.close()
                    await self._ears.finish(self._clock.now())
                    await self.wait_idle()
                finally:
                    self._cancel_timer()  # nothing more may begin while the tasks end
        finally:
            self._ears.close()
            self._transport.stop()

    async def wait_idle(self) -> None:
        """Wait until nobody talks, every turn was recorded, and no reply plays."""
        self._check_quiet()
        await self._quiet.wait()

    # What the answerer tells.

    def reply_started(self, span: Span) -> None:
        """Take in that the first sample of a turn's reply is on its way out."""
        self._turn_taking.receive_reply_started(span, self._clock.now())
        self._step()

    def understood(self, span: Span, understood: Understood) -> None:
        """Take in what somebody says, whether or not their turn is over."""
        self._turn_taking.receive_words(span, understood.meaning, trails_off=understood.trails_off)
        self._step()

    def turn_done(self, number: int, *, asked: bool = False) -> None:
        """Take in that a turn was recorded, or needs no record; its reply may have asked back."""
        self._turns.pop(number, None)
        self._turn_taking.receive_done(number, asked=asked)
        self._step()

    async def wait_free(self, speaker: str, asked: float) -> None:
        """Wait until nobody else talks or answers, or for as long as that is polite."""
        began, turns, floor = self._clock.now(), self._config.turns, self._turn_taking
        while True:
            if floor.others_answer(speaker, asked) or self._answerer.is_judging(speaker):
                longest = turns.answer_wait
            elif floor.others_talk(speaker) or self._ears.stirs(self._clock.now()):
                longest = turns.floor_wait
            else:
                return
            if self._clock.now() - began >= longest:
                return
            await self._clock.sleep_until(self._clock.now() + LOOK_AGAIN)

    # What the ears tell.

    def hear_speech(self, speaker: str, speech: Sequence[Voiced]) -> None:
        """Take in windows in which someone spoke, in order."""
        for window in speech:
            self._turn_taking.receive_speech(speaker, start=window.start, end=window.end)
        self._step()

    def hear_stir(self, speaker: str, at: float) -> None:
        """Take in a sound up to a time that may yet turn out to be speech."""
        self._turn_taking.receive_stir(speaker, at)
        self._step()

    def hear_stop(self, speaker: str, at: float) -> None:
        """Take in that someone's client stopped sending, after everything it had sent."""
        self._turn_taking.receive_stop(speaker, at)
        self._step()

    def hear_leave(self, speaker: str) -> None:
        """Take in that someone left, after everything they said."""
        self._echo.forget(speaker)
        self._turn_taking.close(speaker)
        self._step()

    def _someone_speaks(self) -> bool:
        return self._turn_taking.others_talk("") or self._ears.stirs(self._clock.now())

    def _is_echo(self, speaker: str, window: Samples, at: float) -> bool:
        if not self._config.turns.echo_guard:
            return False
        self._transport.tell_played()
        return self._echo.receive_heard(speaker, window, at)

    # Acting.

    def _step(self) -> None:
        """Carry out pending actions and arm the timer."""
        while (action := self._turn_taking.next_action()) is not None:
            self._perform(action)
        self._cancel_timer()
        if (at := self._turn_taking.get_timer()) is not None:
            now = self._clock.now()
            if self._ears.heard_until(now) < now:
                at = max(at, now + LOOK_AGAIN)
            self._timer = self._clock.call_at(at, self._let_time_pass)
        self._check_quiet()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _let_time_pass(self) -> None:
        # An event loop may fire a timer up to one clock resolution early.
        now = max(self._clock.now(), self._turn_taking.get_timer() or 0.0)
        self._turn_taking.handle_timer(self._ears.heard_until(now))
        self._step()

    def _check_quiet(self) -> None:
        if self._turn_taking.idle and not self._turns:
            self._quiet.set()
        else:
            self._quiet.clear()

    def _perform(self, action: Action) -> None:
        match action:
            case Speculate(span):
                turn = self._turn(span)
                turn.timeline.restart(span.end)
                self._begin_attempt(turn, span)
            case ScoreEndOfTurn(span):
                turn = self._turn(span)
                if turn.timeline.speech_end != span.end:
                    turn.timeline.restart(span.end)
                turn.timeline.reach(Stage.PAUSE, self._clock.now())
                self._ask_whether_over(turn, span)
            case EndTurn():
                self._end_turn(action)
            case Resume() | DropTurn() | StopReply():
                self._take_back(action)
            case SetVolume(volume):
                self._transport.set_volume(volume)
            case _:
                assert_never(action)

    def _take_back(self, action: Resume | DropTurn | StopReply) -> None:
        turn = self._turns.get(action.turn)
        if turn is None:
            return
        match action:
            case Resume():
                self._answerer.resume(turn)
            case DropTurn():
                turn.take_back()
                del self._turns[action.turn]
            case StopReply():
                logger.info("%s: turn %s: the reply is interrupted", self.name, turn.id)
                self._answerer.interrupt(turn, merged=action.merged_into is not None)
            case _:
                assert_never(action)

    def _turn(self, span: Span) -> Turn:
        turn = self._turns.get(span.turn)
        if turn is None:
            turn = Turn(self.turn_id(span.turn), self._ears.participant(span.speaker))
            self._turns[span.turn] = turn
        return turn

    def turn_id(self, number: int) -> str:
        """Return the record's id of a turn."""
        return f"{self._id}-{number}"

    def _end_turn(self, ended: EndTurn) -> None:
        turn, span, now = self._turn(ended.span), ended.span, self._clock.now()
        if turn.timeline.speech_end != span.end:
            turn.timeline.restart(span.end)
        turn.timeline.reach(Stage.PAUSE, min(now, span.end + self._config.turns.pause))
        turn.timeline.reach(Stage.TURN_END, max(now, turn.score_ready))
        attempt = turn.attempt
        if attempt is None or attempt.transcription.end != span.end:
            attempt = self._begin_attempt(turn, span)
        if turn.scoring is not None:
            turn.scoring.cancel()
        self._answerer.confirm(attempt, ended)

    def _begin_attempt(self, turn: Turn, span: Span) -> Attempt:
        """Understand a turn, on the chance that it is over."""
        if turn.attempt is not None:
            turn.attempt.take_back()
        attempt = turn.attempt = Attempt(self._transcribe(turn, span))
        self._tasks.create_task(self._engines.tts.warm(), name=f"warm:{turn.id}")
        attempt.task = self._tasks.create_task(
            self._answerer.take(turn, attempt, span), name=f"turn:{turn.id}"
        )
        return attempt

    def _ask_whether_over(self, turn: Turn, span: Span) -> None:
        # As much silence as the model knows from its training, though not all has passed yet.
        until = max(self._clock.now(), span.end + self._config.turns.pause)
        samples = self._ears.recall(span.speaker, span.start - BEFORE_TURN, until)
        turn.scoring = self._tasks.create_task(
            self._score(turn, span, samples), name=f"score:{turn.id}"
        )

    async def _score(self, turn: Turn, span: Span, samples: Samples) -> None:
        detector = self._engines.end_of_turn
        probability = None
        worked = self._clock.stopwatch()
        if detector is not None:
            try:
                probability = await detector.score(samples)
            except EndOfTurnError as error:
                logger.warning("%s: %s", self.name, error)
        turn.score_ready = self._clock.now() + worked()
        self._turn_taking.receive_score(span, probability)
        self._step()

    def _transcribe(self, turn: Turn, span: Span) -> Transcription:
        start, end = max(0.0, span.start - BEFORE_SPEECH), span.end + AFTER_SPEECH
        recognition = self._engines.stt.start(
            self._ears.recall(span.speaker, start, end),
            Segment(span.speaker, start, end, span.voiced),
            hotwords=self._hotwords(),
        )
        task = self._tasks.create_task(self._words(recognition), name=f"stt:{turn.id}")
        return Transcription(span.end, recognition, task)

    async def _words(self, recognition: Recognition) -> Heard:
        worked = self._clock.stopwatch()
        try:
            transcript = await recognition.transcript()
        except SpeechToTextError as error:
            return Heard(None, error, self._clock.now() + worked())
        return Heard(transcript, None, self._clock.now() + worked())

    def _hotwords(self) -> tuple[str, ...]:
        if not self._config.stt.hotwords:
            return ()
        agents = (persona.name for persona in self.cast.personas.values())
        people = (person.name for person in self._transport.participants())
        return tuple(dict.fromkeys([*agents, *people]))
