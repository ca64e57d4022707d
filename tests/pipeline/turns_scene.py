"""Speech, silence and what is decided about them, in made-up times."""

from pipeline.interfaces import Volume
from pipeline.turn_actions import Action, EndTurn, ScoreEndOfTurn, SetVolume
from pipeline.turns import TurnTaking

WINDOW = 0.032

DUCKED, HELD, FULL = map(SetVolume, (Volume.DUCKED, Volume.HELD, Volume.FULL))


def actions(turns: TurnTaking) -> list[Action]:
    found: list[Action] = []
    while (action := turns.next_action()) is not None:
        found.append(action)
    return found


def kinds(turns: TurnTaking) -> list[type]:
    return [type(action) for action in actions(turns)]


def talk(turns: TurnTaking, speaker: str, start: float, end: float) -> None:
    at = start
    while at < end - 1e-9:
        turns.receive_speech(speaker, start=at, end=min(at + WINDOW, end))
        at += WINDOW


def pause(turns: TurnTaking, until: float) -> None:
    while (at := turns.get_timer()) is not None and at <= until:
        turns.handle_timer(at)


def end_turn(turns: TurnTaking, speaker: str, start: float, end: float) -> EndTurn:
    """Let one turn end by a certain score, and return what was decided."""
    talk(turns, speaker, start, end)
    pause(turns, end + 0.2)
    score = next(a for a in actions(turns) if isinstance(a, ScoreEndOfTurn))
    turns.receive_score(score.span, 1.0)
    pause(turns, end + 0.2)
    [ended] = actions(turns)
    assert isinstance(ended, EndTurn)
    return ended


def end_turn_over(turns: TurnTaking, speaker: str, start: float, end: float) -> EndTurn:
    talk(turns, speaker, start, end)
    pause(turns, end + 2.0)
    ended = actions(turns)[-1]
    assert isinstance(ended, EndTurn)
    return ended


def ends_after(turns: TurnTaking, start: float, end: float, probability: float) -> float:
    """Let Ann say something; return how long its pause was waited out."""
    talk(turns, "ann", start, end)
    pause(turns, end + 0.2)
    turns.receive_score(actions(turns)[-1].span, probability)
    wait = (turns.get_timer() or 0.0) - end
    pause(turns, end + 3.0)
    ended = actions(turns)[-1]
    assert isinstance(ended, EndTurn)
    turns.receive_done(ended.span.turn)
    return wait
