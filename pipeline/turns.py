"""Sans-I/O turn taking: who has the floor, and what to do about it.

Tell :class:`TurnTaking` what was heard and when; take out what to do. It owns
no task, no clock and no model, so every rule of the conversation is tested
with plain calls and made-up times.

A turn goes ``TALKING -> PAUSED`` and back to ``TALKING``, or, once it is over,
to ``ENDED``. While the reply to an ended turn has not begun to play, more
speech of the same person takes the turn up again; after that it is a new turn.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass

from pipeline.config import TurnsConfig
from pipeline.endpointing import wait_for


class Phase(enum.Enum):
    """Where a turn stands."""

    TALKING = enum.auto()
    """Speech is heard, or was a moment ago."""

    PAUSED = enum.auto()
    """Silence long enough to ask whether the turn is over."""

    ENDED = enum.auto()
    """Over; its reply has not begun to play."""


class EndedBy(enum.StrEnum):
    """What ended a turn, as the turn record has it."""

    SMART_TURN = "smart_turn"
    """The wait chosen from the end-of-turn score ran out."""

    SILENCE = "silence"
    """The longest pause ran out, or the pause was not scored."""

    CLOSED = "closed"
    """The input ended, or the speaker left."""

    LIMIT = "limit"
    """The longest turn was reached."""


@dataclass(frozen=True, slots=True)
class Span:
    """A turn's audio so far, in seconds on the conversation clock."""

    turn: int
    """Number of the turn; grows over the conversation."""

    speaker: str
    start: float
    """First speech."""

    end: float
    """Last speech."""

    voiced: float
    """Seconds of speech between them."""


@dataclass(frozen=True, slots=True)
class Speculate:
    """Silence begins: transcribe on the chance that the turn is over."""

    span: Span


@dataclass(frozen=True, slots=True)
class ScoreEndOfTurn:
    """A pause: ask the end-of-turn model, and answer with ``receive_score``."""

    span: Span


@dataclass(frozen=True, slots=True)
class Resume:
    """Speech goes on: whatever was begun for the turn is void, its answer included."""

    turn: int


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The turn is over: understand and answer it, then ``receive_done``."""

    span: Span
    ended_by: EndedBy
    probability: float | None
    """The end-of-turn score of the last pause; ``None`` when it was not scored."""

    continues: int | None
    """Turn that this one goes on with, whose reply had already begun."""


@dataclass(frozen=True, slots=True)
class DropTurn:
    """It was too short to be speech: forget the turn."""

    turn: int


@dataclass(frozen=True, slots=True)
class StopReply:
    """``speaker`` interrupted: drop the reply to ``turn`` and what is queued to play."""

    turn: int
    speaker: str


Action = Speculate | ScoreEndOfTurn | Resume | EndTurn | DropTurn | StopReply
"""Something the caller must do. Carry out in the order given."""


@dataclass(slots=True)
class _Turn:
    number: int
    speaker: str
    start: float
    end: float
    continues: int | None = None
    over_reply: int | None = None
    phase: Phase = Phase.TALKING
    voiced: float = 0.0
    speculated: bool = False
    probability: float | None = None
    deadline: float = 0.0

    def span(self) -> Span:
        return Span(self.number, self.speaker, self.start, self.end, self.voiced)


@dataclass(frozen=True, slots=True)
class _Reply:
    """The reply that is playing, or the turn a longest turn was cut at."""

    turn: int
    speaker: str
    turn_end: float


class TurnTaking:
    """Turn taking of one conversation: many speakers, one agent.

    After any ``receive_*``, :meth:`close` or :meth:`handle_timer` call, drain
    :meth:`next_action` and arm a timer for :meth:`get_timer`.

    Args:
        config: Timings and thresholds.

    """

    def __init__(self, config: TurnsConfig) -> None:
        self._config = config
        self._turns: dict[str, _Turn] = {}
        self._reply: _Reply | None = None
        self._cut: dict[str, _Reply] = {}
        self._count = 0
        self._actions: deque[Action] = deque()

    @property
    def idle(self) -> bool:
        """Whether nobody talks, no turn may still be gone on with, and no reply plays."""
        return not self._turns and self._reply is None

    def receive_speech(self, speaker: str, *, start: float, end: float) -> None:
        """Take in a window of ``speaker``'s audio that holds speech.

        Args:
            speaker: Who is talking.
            start: Seconds; first sample of the window.
            end: Seconds; last sample of the window.

        """
        turn = self._turns.get(speaker)
        if turn is None or not self._may_go_on(turn, end):
            turn = self._begin(speaker, start)
        elif turn.phase is not Phase.TALKING or turn.speculated:
            self._actions.append(Resume(turn.number))
            turn.speculated = False
            turn.probability = None
        turn.phase = Phase.TALKING
        turn.voiced += end - start
        turn.end = end
        self._check_barge_in(turn)
        if end - turn.start >= self._config.max_turn:
            self._end(turn, EndedBy.LIMIT)

    def receive_score(self, span: Span, probability: float | None) -> None:
        """Take in the answer to :class:`ScoreEndOfTurn`.

        A late answer, after the speaker has gone on talking, is void.

        Args:
            span: The span of the action.
            probability: That the turn is complete; ``None`` when it could not be scored.

        """
        turn = self._turns.get(span.speaker)
        if turn is None or turn.phase is not Phase.PAUSED or turn.span() != span:
            return
        turn.probability = probability
        if probability is None:
            turn.deadline = turn.end + self._config.unscored_pause
        else:
            turn.deadline = turn.end + wait_for(probability, self._config)

    def receive_reply_started(self, span: Span) -> None:
        """Take in that the first sample of the reply to a turn was handed over."""
        turn = self._turns.get(span.speaker)
        if turn is not None and turn.number == span.turn:
            del self._turns[span.speaker]
        self._reply = _Reply(span.turn, span.speaker, span.end)

    def receive_done(self, number: int) -> None:
        """Take in that a turn needs nothing more: not for the bot, or its reply ended."""
        if self._reply is not None and self._reply.turn == number:
            self._reply = None
        for speaker, turn in list(self._turns.items()):
            if turn.number == number and turn.phase is Phase.ENDED:
                del self._turns[speaker]

    def close(self, speaker: str) -> None:
        """Take in that no more will be heard of ``speaker``, who left or was cut off.

        Should they come back, what they say then is a new turn.
        """
        turn = self._turns.get(speaker)
        if turn is not None and turn.phase is not Phase.ENDED:
            self._end(turn, EndedBy.CLOSED)
        self._turns.pop(speaker, None)
        self._cut.pop(speaker, None)

    def get_timer(self) -> float | None:
        """When to call :meth:`handle_timer`, in seconds; ``None`` for never."""
        return min(
            (at for turn in self._turns.values() if (at := self._deadline(turn)) is not None),
            default=None,
        )

    def handle_timer(self, now: float) -> None:
        """Let time pass: silence may begin, become a pause, or end the turn.

        Discord sends no packet while someone is silent, so silence is the
        passing of time and not audio.
        """
        for turn in list(self._turns.values()):
            while (at := self._deadline(turn)) is not None and at <= now:
                self._pass(turn)

    def next_action(self) -> Action | None:
        """Take the next action out, or ``None``."""
        return self._actions.popleft() if self._actions else None

    def _begin(self, speaker: str, start: float) -> _Turn:
        self._count += 1
        turn = _Turn(self._count, speaker, start, start)
        reply = self._reply
        cut = self._cut.pop(speaker, None)
        before = cut or (reply if reply and reply.speaker == speaker else None)
        if before and start - before.turn_end <= self._config.continuation:
            turn.continues = before.turn
        turn.over_reply = reply.turn if reply else None
        self._turns[speaker] = turn
        return turn

    def _may_go_on(self, turn: _Turn, end: float) -> bool:
        """Take an ended turn from its speaker once going on would make it too long."""
        if turn.phase is Phase.ENDED and end - turn.start >= self._config.max_turn:
            self._cut_off(turn)
            return False
        return True

    def _cut_off(self, turn: _Turn) -> None:
        """Let the turn be answered as it is, whatever its speaker says now."""
        del self._turns[turn.speaker]
        self._cut[turn.speaker] = _Reply(turn.number, turn.speaker, turn.end)

    def _check_barge_in(self, turn: _Turn) -> None:
        # Someone who was talking before the reply began does not interrupt it:
        # they are talking with each other, or their turn is waiting behind it.
        reply = self._reply
        if reply is None or turn.over_reply != reply.turn:
            return
        if turn.voiced >= self._config.barge_in:
            self._reply = None
            self._actions.append(StopReply(reply.turn, turn.speaker))

    def _deadline(self, turn: _Turn) -> float | None:
        match turn.phase:
            case Phase.TALKING if self._config.speculation and not turn.speculated:
                return turn.end + min(self._config.speculate, self._config.pause)
            case Phase.TALKING:
                return turn.end + self._config.pause
            case Phase.PAUSED:
                return turn.deadline
            case Phase.ENDED:
                return None

    def _pass(self, turn: _Turn) -> None:
        """Do what was due at the turn's deadline."""
        config = self._config
        if turn.phase is Phase.PAUSED:
            scored = turn.probability is not None
            by_score = scored and turn.deadline < turn.end + config.max_pause
            self._end(turn, EndedBy.SMART_TURN if by_score else EndedBy.SILENCE)
        elif config.speculation and not turn.speculated:
            turn.speculated = True
            if turn.voiced >= config.min_speech:
                self._actions.append(Speculate(turn.span()))
        else:
            turn.phase = Phase.PAUSED
            if config.end_of_turn_model == "silence":
                turn.deadline = turn.end + config.unscored_pause
            else:
                turn.deadline = turn.end + config.max_pause
                self._actions.append(ScoreEndOfTurn(turn.span()))

    def _end(self, turn: _Turn, by: EndedBy) -> None:
        turn.phase = Phase.ENDED
        turn.speculated = False
        if turn.voiced < self._config.min_speech:
            del self._turns[turn.speaker]
            self._actions.append(DropTurn(turn.number))
            return
        self._actions.append(EndTurn(turn.span(), by, turn.probability, turn.continues))
        if by is EndedBy.LIMIT:
            self._cut_off(turn)  # its reply must not be taken back by every further word
