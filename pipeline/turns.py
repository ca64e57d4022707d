"""Sans-I/O turn taking: who has the floor, and what to do about it.

Tell :class:`TurnTaking` what was heard and when; take out what to do. It owns
no task, no clock and no model, so every rule of the conversation is tested
with plain calls and made-up times.

A turn goes ``TALKING -> PAUSED`` and back to ``TALKING``, or, once it is over,
to ``ENDED``. While the reply to an ended turn has not begun to play, more
speech of the same person takes the turn up again; after that it is a new turn.
"""

from __future__ import annotations

from collections import deque

from pipeline.barge_in import BargeIn, Meaning
from pipeline.config import TurnsConfig
from pipeline.endpointing import wait_for
from pipeline.habits import PAUSE, Habit
from pipeline.interfaces import Volume
from pipeline.turn_actions import (
    Action,
    DropTurn,
    EndedBy,
    EndTurn,
    Resume,
    ScoreEndOfTurn,
    SetVolume,
    Span,
    Speculate,
    StopReply,
)
from pipeline.turn_state import Phase, ReplyState, TurnState

ASKED_PATIENCE = 1.3
"""How much longer than usual to wait for more from who answers the bot's question."""


UNNOTICED = 0.6
"""Seconds of a reply within which nobody can have begun to speak because of it: who does then was
not done with their turn."""

EARLY_ANSWER = 0.3
"""Seconds before the end of a question from which people begin to answer it."""

STOPPED_CERTAIN = 0.9
"""End-of-turn score from which a client that stopped sending ends the turn by itself."""

STOPPED_WAIT = 0.06
"""Seconds after it stopped: a client that only lost a packet or two is back by then."""


class TurnTaking:
    """Turn taking of one conversation: many speakers, one agent.

    After any ``receive_*``, :meth:`close` or :meth:`handle_timer` call, drain
    :meth:`next_action` and arm a timer for :meth:`get_timer`.

    Args:
        config: Timings and thresholds.

    """

    def __init__(self, config: TurnsConfig) -> None:
        self._config = config
        self._turns: dict[str, TurnState] = {}
        self._reply: ReplyState | None = None
        self._barge_in = BargeIn(config)
        self._volume = Volume.FULL
        self._cut: dict[str, ReplyState] = {}
        self._habits: dict[str, Habit] = {}
        self._asked: set[str] = set()
        self._count = 0
        self._actions: deque[Action] = deque()

    @property
    def idle(self) -> bool:
        """Whether nobody talks, no turn may still be gone on with, and no reply plays."""
        return not self._turns and self._reply is None

    def others_talk(self, speaker: str) -> bool:
        """Return whether anybody but ``speaker`` is talking now."""
        return any(
            turn.phase is Phase.TALKING and not turn.speculated
            for turn in self._turns.values()
            if turn.speaker != speaker
        )

    def others_answer(self, speaker: str, asked: float) -> bool:
        """Return whether anybody may be answering ``speaker``, and is not done with it.

        Args:
            speaker: Who asked something.
            asked: Seconds; the end of the question.

        """
        return any(
            turn.phase is not Phase.ENDED and turn.start > asked - EARLY_ANSWER
            for turn in self._turns.values()
            if turn.speaker != speaker
        )

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
            turn.paused |= start - turn.end >= PAUSE
            self._take_up(turn)
        turn.phase = Phase.TALKING
        turn.voiced += end - start
        turn.end = end
        if self._is_over_reply(turn):
            self._barge_in.receive_speech(turn.number, start=start, end=end)
            self._judge_barge_in(speaker)
        if end - turn.start >= self._config.max_turn:
            self._end(turn, EndedBy.LIMIT)

    def receive_stir(self, speaker: str, at: float) -> None:
        """Take in a sound that may yet turn out to be speech: a reply makes room for it.

        Args:
            speaker: Whose.
            at: Seconds; up to when it was heard.

        """
        turn = self._turns.get(speaker)
        if self._reply is not None and (turn is None or self._is_over_reply(turn)):
            self._barge_in.receive_stir(at)
            self._tell_volume()

    def receive_stop(self, speaker: str, at: float) -> None:
        """Take in that ``speaker``'s client stopped sending: a pause need not be waited for.

        Args:
            speaker: Who.
            at: Seconds; after everything that was heard of them.

        """
        turn = self._turns.get(speaker)
        if turn is None or turn.phase is not Phase.TALKING:
            return
        turn.stopped_at = at
        while turn.phase is Phase.TALKING:
            self._pass(turn)

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
        turn.scored, turn.probability = True, probability
        self._set_deadline(turn)

    def receive_words(self, span: Span, meaning: Meaning, *, trails_off: bool = False) -> None:
        """Take in what a turn says so far, before its end or after; late words may be void.

        Args:
            span: Where it was said.
            meaning: What it wants, should it be said over a reply.
            trails_off: Whether the words break off in the middle of a sentence.

        """
        turn = self._turns.get(span.speaker)
        if turn is not None and turn.span() == span:
            turn.trails_off = trails_off
            self._set_deadline(turn)
        if self._reply is None or span.turn == self._reply.turn:
            return
        self._barge_in.receive_words(span.turn, meaning)
        self._judge_barge_in(span.speaker)

    def receive_reply_started(self, span: Span, at: float) -> None:
        """Take in that the first sample of the reply to a turn was handed over.

        Args:
            span: The turn.
            at: Seconds; now.

        """
        turn = self._turns.get(span.speaker)
        if turn is not None and turn.number == span.turn:
            self._forget(turn)
        self._reply = ReplyState(span.turn, span.speaker, span.start, span.end, span.voiced, at)
        self._barge_in = BargeIn(self._config)
        self._tell_volume()

    def receive_done(self, number: int, *, asked: bool = False) -> None:
        """Take in that a turn needs nothing more: not for the bot, or its reply ended.

        Args:
            number: The turn.
            asked: Whether its reply ended in a question: the answer may take some thought.

        """
        if self._reply is not None and self._reply.turn == number:
            if asked:
                self._asked.add(self._reply.speaker)
            self._end_reply()
        for turn in list(self._turns.values()):
            if turn.number == number and turn.phase is Phase.ENDED:
                self._forget(turn)

    def close(self, speaker: str) -> None:
        """Take in that no more will be heard of ``speaker``, who left or was cut off.

        Should they come back, what they say then is a new turn.
        """
        turn = self._turns.get(speaker)
        if turn is not None and turn.phase is not Phase.ENDED:
            self._end(turn, EndedBy.CLOSED)
        self._turns.pop(speaker, None)
        self._cut.pop(speaker, None)
        self._habits.pop(speaker, None)
        self._asked.discard(speaker)

    def get_timer(self) -> float | None:
        """When to call :meth:`handle_timer`, in seconds; ``None`` for never."""
        timers = [self._deadline(turn) for turn in self._turns.values()]
        timers.append(self._barge_in.get_timer())
        return min((at for at in timers if at is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Let time pass: silence may begin, become a pause, or end the turn.

        Discord sends no packet while someone is silent, so silence is the
        passing of time and not audio.
        """
        for turn in list(self._turns.values()):
            while (at := self._deadline(turn)) is not None and at <= now:
                self._pass(turn)
        self._barge_in.handle_timer(now)
        self._tell_volume()

    def next_action(self) -> Action | None:
        """Take the next action out, or ``None``."""
        return self._actions.popleft() if self._actions else None

    # Turns.

    def _begin(self, speaker: str, start: float) -> TurnState:
        self._count += 1
        turn = TurnState(self._count, speaker, start, start)
        reply = self._reply
        cut = self._cut.pop(speaker, None)
        before = cut or (reply if reply and reply.speaker == speaker else None)
        if before and start - before.turn_end <= self._config.continuation:
            turn.continues = before.turn
            turn.paused = True
            if speaker in self._habits:
                self._habits[speaker].take_back()
        turn.over_reply = reply.turn if reply else None
        self._turns[speaker] = turn
        return turn

    def _take_up(self, turn: TurnState) -> None:
        """Void what was begun for a turn: its speaker goes on."""
        self._actions.append(Resume(turn.number))
        if turn.phase is Phase.ENDED and self._reply is not None:
            turn.over_reply = self._reply.turn  # it waits behind the reply, and cannot wait
        turn.speculated = False
        turn.scored = turn.trails_off = False
        turn.probability = turn.stopped_at = None

    def _may_go_on(self, turn: TurnState, end: float) -> bool:
        """Take an ended turn from its speaker once going on would make it too long."""
        if turn.phase is Phase.ENDED and end - turn.start >= self._config.max_turn:
            self._cut_off(turn)
            return False
        return True

    def _cut_off(self, turn: TurnState) -> None:
        """Let the turn be answered as it is, whatever its speaker says now."""
        del self._turns[turn.speaker]
        self._cut[turn.speaker] = ReplyState(
            turn.number, turn.speaker, turn.start, turn.end, turn.voiced
        )

    def _forget(self, turn: TurnState) -> None:
        """Let a turn go: nothing can be added to it any more."""
        del self._turns[turn.speaker]
        self._habits.setdefault(turn.speaker, Habit()).receive_turn(paused=turn.paused)

    def _set_deadline(self, turn: TurnState) -> None:
        """Decide how long to wait in a pause, from what is known of it so far."""
        if not turn.scored:
            return
        config, probability = self._config, turn.probability
        if probability is None:
            wait = config.unscored_pause
        else:
            habit = self._habits.get(turn.speaker) or Habit()
            asked = ASKED_PATIENCE if turn.speaker in self._asked else 1.0
            patience = habit.patience * asked
            wait = wait_for(probability, config, patience=patience, thought=habit.thought)
            if turn.stopped_at is not None and probability >= STOPPED_CERTAIN:
                wait = min(wait, turn.stopped_at + STOPPED_WAIT - turn.end)
        if turn.trails_off:
            wait = max(wait, config.trailing_pause)
        turn.deadline = turn.end + wait

    def _deadline(self, turn: TurnState) -> float | None:
        match turn.phase:
            case Phase.TALKING if self._config.speculation and not turn.speculated:
                return turn.end + min(self._config.speculate, self._config.pause)
            case Phase.TALKING:
                return turn.end + self._config.pause
            case Phase.PAUSED:
                return turn.deadline
            case Phase.ENDED:
                return None

    def _pass(self, turn: TurnState) -> None:
        """Do what was due at the turn's deadline."""
        config = self._config
        if turn.phase is Phase.PAUSED:
            by_score = turn.probability is not None and turn.deadline < turn.end + config.max_pause
            self._end(turn, EndedBy.SMART_TURN if by_score else EndedBy.SILENCE)
        elif config.speculation and not turn.speculated:
            turn.speculated = True
            if self._is_over_reply(turn) or turn.voiced >= config.min_speech:
                self._actions.append(Speculate(turn.span()))
        else:
            turn.phase = Phase.PAUSED
            self._barge_in.receive_silence(turn.number, turn.end)
            if config.end_of_turn_model == "silence":
                turn.deadline = turn.end + config.unscored_pause
            else:
                turn.deadline = turn.end + config.max_pause
                self._actions.append(ScoreEndOfTurn(turn.span()))

    def _end(self, turn: TurnState, by: EndedBy) -> None:
        turn.phase = Phase.ENDED
        self._asked.discard(turn.speaker)
        if turn.voiced < self._config.min_speech:
            del self._turns[turn.speaker]
            self._barge_in.forget(turn.number)
            self._actions.append(DropTurn(turn.number))
            return
        self._actions.append(EndTurn(turn.span(), by, turn.probability))

    # Speech over the reply.

    def _is_over_reply(self, turn: TurnState) -> bool:
        # Someone who was talking before the reply began does not interrupt it:
        # they are talking with each other.
        return self._reply is not None and turn.over_reply == self._reply.turn

    def _judge_barge_in(self, speaker: str) -> None:
        reply, turn = self._reply, self._turns.get(speaker)
        if reply is None or not self._barge_in.stopped:
            self._tell_volume()
            return
        if turn is not None and self._goes_on(turn, reply) and not self._barge_in.silenced:
            self._actions.append(StopReply(reply.turn, speaker, merged_into=turn.number))
            self._merge(reply, turn)
        else:
            self._actions.append(StopReply(reply.turn, speaker))
        self._end_reply()

    def _goes_on(self, turn: TurnState, reply: ReplyState) -> bool:
        """Return whether someone was not done, rather than has something to say to the reply."""
        return turn.continues == reply.turn and turn.start - reply.began <= UNNOTICED

    def _merge(self, before: ReplyState, turn: TurnState) -> None:
        """Make one turn of a turn and of what its speaker still had to say."""
        turn.start, turn.continues = before.turn_start, None
        turn.voiced += before.voiced
        if turn.speculated or turn.phase is not Phase.TALKING:
            # Its words were understood without those before them.
            self._actions.append(Resume(turn.number))
            self._actions.append(Speculate(turn.span()))

    def _end_reply(self) -> None:
        self._reply = None
        self._barge_in = BargeIn(self._config)
        self._tell_volume()

    def _tell_volume(self) -> None:
        if self._barge_in.volume is not self._volume:
            self._volume = self._barge_in.volume
            self._actions.append(SetVolume(self._volume))
