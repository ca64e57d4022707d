"""Where a played scene went wrong, one line each, for people who want to mend it. Sans I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.scenes import interruptions, score
from server.scenes.format import TrueTurn
from server.scenes.observed import ObservedTurn, PlayedScene, recalls

SLOW_ENDPOINT = 1.2
"""Seconds from which a decision is told as slow."""

SLOW_STOP = 0.7
"""Seconds from which a stop is told as slow."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that should not have happened."""

    scene: str
    at: float
    """Seconds of conversation time."""

    kind: str
    detail: str

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.scene}  {self.at:.2f} s  {self.kind}: {self.detail}"


def faults(played: PlayedScene) -> Iterator[Fault]:
    """Yield what went wrong in a scene, as far as the scene scores it."""
    scores = played.scene.scores
    for true, turns in played.pairs():
        if not any(recalls(turn, true) for turn in turns):
            yield _fault(played, true, "missed", true.text or "")
        if "end_of_turn" in scores:
            yield from _timing(played, true, turns)
        if "addressing" in scores:
            yield from _addressing(played, true, turns)
    for turn in played.extra():
        yield Fault(played.scene.name, turn.record.start, "extra turn", _told(turn))
    if "addressing" in scores:
        for turn in score.false_replies(played):
            yield Fault(played.scene.name, turn.record.start, "false reply", _told(turn))
    yield from _interruptions(played)


def _timing(
    played: PlayedScene, true: TrueTurn, turns: tuple[ObservedTurn, ...]
) -> Iterator[Fault]:
    pause = "" if true.pause is None else f", pause {true.pause:.2f} s"
    told = f"{'; '.join(map(_told, turns))}; true end {true.end:.2f}{pause}"
    if score.cut_in((true, turns)):
        yield _fault(played, true, "cut in", told)
    elif turns:
        decided = max(turns, key=lambda turn: turn.record.end).decided
        if decided is not None and decided - true.end > SLOW_ENDPOINT:
            yield _fault(played, true, "slow", f"{decided - true.end:.2f} s; {told}")
    if len(turns) > 1:
        yield _fault(played, true, "split", told)


def _addressing(
    played: PlayedScene, true: TrueTurn, turns: tuple[ObservedTurn, ...]
) -> Iterator[Fault]:
    taken = [turn for turn in turns if turn.record.addressed]
    if true.addressed and not any(score.right_agent(turn, true) for turn in taken):
        yield _fault(played, true, "not taken", "; ".join(map(_told, turns)) or "never heard")
    if true.addressed is False and taken:
        yield _fault(played, true, "wrongly taken", "; ".join(map(_told, taken)))


def _interruptions(played: PlayedScene) -> Iterator[Fault]:
    for spoken, reply in interruptions.met(played):
        where = played.scene.name, spoken.start
        what = "stop word" if spoken.stop_word else spoken.kind
        if reply is None:
            yield Fault(*where, f"{what} met no reply", spoken.speaker)
        elif spoken.kind == "barge_in":
            delay = reply.end - spoken.start
            if reply.stopped is None:
                yield Fault(*where, f"{what} ignored", f"reply ended {delay:.2f} s later")
            elif delay > SLOW_STOP:
                yield Fault(*where, f"{what} slow", f"{delay:.2f} s")
    for item in played.unspoken:
        yield Fault(played.scene.name, played.seconds, f"{item.kind} met no reply", item.speaker)
    for stop in interruptions.wrong_stops(played):
        yield Fault(played.scene.name, stop.at, "stopped", f"for {stop.cause}")


def _fault(played: PlayedScene, true: TrueTurn, kind: str, detail: str) -> Fault:
    return Fault(played.scene.name, true.start, kind, f"{true.speaker}: {detail}")


def _told(turn: ObservedTurn) -> str:
    record = turn.record
    probability = record.end_of_turn_probability
    scored = "" if probability is None else f" p {probability:.2f}"
    return f"[{record.start:.2f} - {record.end:.2f}{scored}] {record.text!r} ({record.why})"
