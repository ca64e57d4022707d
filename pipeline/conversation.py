"""One conversation: hears everyone, and carries out what turn taking decides."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from pipeline.answer import Answerer
from pipeline.audio import HEARING_RATE, VAD_WINDOW, AudioFrame, Samples
from pipeline.cast import Cast
from pipeline.clock import Clock, Timer
from pipeline.config import PipelineConfig
from pipeline.engines import Engines
from pipeline.errors import EndOfTurnError, SpeechToTextError, VoiceActivityError
from pipeline.hearing import History, Windows
from pipeline.interfaces import (
    AudioTransport,
    Participant,
    ParticipantLeft,
    Recognition,
    Segment,
    VoiceStream,
)
from pipeline.speech_gate import SpeechGate
from pipeline.timeline import Stage
from pipeline.turn import Heard, Transcription, Turn
from pipeline.turn_record import TurnRecord
from pipeline.turns import (
    Action,
    DropTurn,
    EndTurn,
    Resume,
    ScoreEndOfTurn,
    Span,
    Speculate,
    StopReply,
    TurnTaking,
)

logger = logging.getLogger(__name__)

BEFORE_SPEECH = 0.2
"""Seconds of sound before the first speech that recognition gets, so that no onset is cut."""

AFTER_SPEECH = 0.1
"""Seconds after the last speech, likewise."""

BEFORE_TURN = 0.5
"""Seconds before the turn that the end-of-turn model gets, as it was trained."""

FRAMES_WAITING = 250
"""Frames of one speaker that may wait for the VAD; beyond it (a stalled machine) the oldest go."""


@dataclass(slots=True)
class _Ear:
    """What is kept per speaker while they are in the room."""

    speaker: Participant
    voice: VoiceStream
    gate: SpeechGate
    history: History
    windows: Windows = field(default_factory=Windows)
    frames: asyncio.Queue[AudioFrame] = field(default_factory=lambda: asyncio.Queue(FRAMES_WAITING))
    task: asyncio.Task[None] | None = None


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
        self.cast = cast
        self._transport = transport
        self._engines = engines
        self._clock = clock
        self._config = config
        self._turn_taking = TurnTaking(config.turns)
        self._ears: dict[str, _Ear] = {}
        self._turns: dict[int, Turn] = {}
        self._timer: Timer | None = None
        self._quiet = asyncio.Event()
        self._id = uuid.uuid4().hex[:12]
        self._answerer = Answerer(
            self, transport, engines, clock, began, on_turn, config.turns.unaddressed_hold
        )
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> None:
        """Converse until the transport closes and every turn was recorded.

        Cancelling is safe: playback stops, the agent's run is aborted, and no
        task is left.
        """
        try:
            async with self._tasks:
                async for event in self._transport.events():
                    self._receive(event)
                self._answerer.close()
                self._turn_taking.close_all()
                self._step()
                await self.wait_idle()
                for ear in self._ears.values():
                    _hush(ear)
        finally:
            for ear in self._ears.values():
                ear.voice.close()
            if self._timer is not None:
                self._timer.cancel()
            self._transport.stop()

    async def wait_idle(self) -> None:
        """Wait until nobody talks, every turn was recorded, and no reply plays."""
        self._check_quiet()
        await self._quiet.wait()

    # What the answerer tells.

    def reply_started(self, span: Span) -> None:
        """Take in that the first sample of a turn's reply is on its way out."""
        self._turn_taking.receive_reply_started(span)
        self._step()

    def turn_done(self, number: int) -> None:
        """Take in that a turn was recorded, or needs no record."""
        self._turns.pop(number, None)
        self._turn_taking.receive_done(number)
        self._step()

    # Hearing.

    def _receive(self, event: AudioFrame | ParticipantLeft) -> None:
        match event:
            case AudioFrame():
                ear = self._ears.get(event.speaker) or self._open_ear(event.speaker)
                if ear.frames.full():
                    ear.frames.get_nowait()
                    logger.warning("%s: hearing falls behind, a frame was dropped", self.name)
                ear.frames.put_nowait(event)
            case ParticipantLeft():
                self._turn_taking.close(event.speaker)
                self._step()
                if (left := self._ears.pop(event.speaker, None)) is not None:
                    _hush(left)
                    left.voice.close()
            case _:
                assert_never(event)

    def _open_ear(self, speaker: str) -> _Ear:
        people = {person.id: person for person in self._transport.participants()}
        ear = _Ear(
            people.get(speaker) or Participant(speaker, speaker),
            self._engines.vad.open(),
            SpeechGate(self._config.vad),
            History(self._config.turns.max_turn + 2 * BEFORE_TURN),
        )
        ear.task = self._tasks.create_task(self._listen(ear), name=f"listen:{speaker}")
        self._ears[speaker] = ear
        return ear

    async def _listen(self, ear: _Ear) -> None:
        """Find speech in one person's voice."""
        while True:
            frame = await ear.frames.get()
            ear.history.push(frame)
            for start, window in ear.windows.push(frame):
                end = start + VAD_WINDOW / HEARING_RATE
                try:
                    probability = await ear.voice.score(window)
                except VoiceActivityError as error:
                    logger.error("%s: %s", self.name, error)  # noqa: TRY400 - not a bug
                    continue
                voiced = ear.gate.receive(probability, start=start, end=end)
                for speech in voiced:
                    self._turn_taking.receive_speech(
                        ear.speaker.id, start=speech.start, end=speech.end
                    )
                if voiced:
                    self._step()

    # Acting.

    def _step(self) -> None:
        """Carry out pending actions and arm the timer."""
        while (action := self._turn_taking.next_action()) is not None:
            self._perform(action)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (at := self._turn_taking.get_timer()) is not None:
            self._timer = self._clock.call_at(at, self._let_time_pass)
        self._check_quiet()

    def _let_time_pass(self) -> None:
        # An event loop may fire a timer up to one clock resolution early.
        now = max(self._clock.now(), self._turn_taking.get_timer() or 0.0)
        self._turn_taking.handle_timer(now)
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
                self._transcribe(turn, span)
            case ScoreEndOfTurn(span):
                turn = self._turn(span)
                turn.timeline.restart(span.end)
                turn.timeline.reach(Stage.PAUSE, self._clock.now())
                self._tasks.create_task(self._score(turn, span), name=f"score:{turn.id}")
            case EndTurn():
                self._end_turn(action)
            case Resume() | DropTurn() | StopReply():
                self._take_back(action)
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
                turn.void()
                del self._turns[action.turn]
            case StopReply():
                logger.info("%s: turn %s: the reply is interrupted", self.name, turn.id)
                self._answerer.interrupt(turn)
            case _:
                assert_never(action)

    def _turn(self, span: Span) -> Turn:
        turn = self._turns.get(span.turn)
        if turn is None:
            turn = Turn(self.turn_id(span.turn), self._ears[span.speaker].speaker)
            self._turns[span.turn] = turn
        return turn

    def turn_id(self, number: int) -> str:
        """Return the record's id of a turn."""
        return f"{self._id}-{number}"

    def _end_turn(self, ended: EndTurn) -> None:
        turn, span, now = self._turn(ended.span), ended.span, self._clock.now()
        if turn.timeline.marks.get(Stage.SPEECH_END) != span.end:
            turn.timeline.restart(span.end)
        turn.timeline.reach(Stage.PAUSE, min(now, span.end + self._config.turns.pause))
        turn.timeline.reach(Stage.TURN_END, now, ready=turn.score_ready)
        if turn.transcription is None or turn.transcription.end != span.end:
            self._transcribe(turn, span)
        turn.task = self._tasks.create_task(
            self._answerer.take(turn, ended), name=f"turn:{turn.id}"
        )

    async def _score(self, turn: Turn, span: Span) -> None:
        detector = self._engines.end_of_turn
        probability = None
        worked = self._clock.stopwatch()
        if detector is not None:
            try:
                probability = await detector.score(
                    self._recall(span.speaker, span.start - BEFORE_TURN, self._clock.now())
                )
            except EndOfTurnError as error:
                logger.warning("%s: %s", self.name, error)
        turn.score_ready = self._clock.now() + worked()
        self._turn_taking.receive_score(span, probability)
        self._step()

    def _recall(self, speaker: str, start: float, end: float) -> Samples:
        return self._ears[speaker].history.cut(start, end)

    def _transcribe(self, turn: Turn, span: Span) -> None:
        if turn.transcription is not None:
            turn.transcription.cancel()
        start, end = max(0.0, span.start - BEFORE_SPEECH), span.end + AFTER_SPEECH
        recognition = self._engines.stt.start(
            self._recall(span.speaker, start, end),
            Segment(span.speaker, start, end, span.voiced),
            hotwords=self._hotwords(),
        )
        task = self._tasks.create_task(self._words(recognition), name=f"stt:{turn.id}")
        turn.transcription = Transcription(span.end, recognition, task)

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


def _hush(ear: _Ear) -> None:
    if ear.task is not None:
        ear.task.cancel()
