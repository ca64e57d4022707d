"""What became of the replies that people talked over. Sans I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.interfaces import Volume
from server.scenes.observed import ObservedTurn, Playback, PlayedScene, Spoken, SpokenInterruption

CAUSE = 1.5
"""Seconds before a reply stopped in which the speech that stopped it is looked for."""


def stop_delays(played: Iterable[PlayedScene], *, stop_words: bool = False) -> Iterator[float]:
    """Yield true start of each barge-in to the last sample of the reply.

    Args:
        played: The scenes.
        stop_words: Only of those that wanted nothing but silence.

    """
    for spoken, turn in _met(played):
        wanted = spoken.kind == "barge_in" and (spoken.stop_word or not stop_words)
        if wanted and turn is not None and turn.reply is not None:
            yield turn.reply.end - spoken.start


def duck_delays(played: Iterable[PlayedScene]) -> Iterator[float]:
    """Yield true start of speech over a reply to the reply's first getting quieter."""
    for spoken, turn in _met(played):
        if turn is None or turn.reply is None:
            continue
        quieter = [at for at, volume in turn.reply.volumes if volume is not Volume.FULL]
        first = min((at for at in quieter if at >= spoken.start), default=turn.reply.end)
        if first < turn.reply.end or turn.reply.stopped is not None:
            yield first - spoken.start


def ignored(played: Sequence[PlayedScene]) -> int | None:
    """Count the barge-ins over which the reply went on to its end."""
    met = [turn for spoken, turn in _met(played) if spoken.kind == "barge_in" and turn is not None]
    return sum(not turn.record.interrupted for turn in met) if met else None


def missed(played: Sequence[PlayedScene]) -> int | None:
    """Count the interruptions that met no reply."""
    met = [turn is not None for _, turn in _met(played)]
    unspoken = sum(len(scene.unspoken) for scene in played)
    return met.count(False) + unspoken if met or unspoken else None


def backchannel_stops(played: Sequence[PlayedScene]) -> int | None:
    """Count the replies that stopped for a backchannel."""
    if not any(_backchannels(scene) for scene in played):
        return None
    return sum(
        cause is not None and cause.kind == "backchannel"
        for scene in played
        for at in _stops(scene)
        for cause in [_cause(scene, at)]
    )


def backchannel_holds(played: Sequence[PlayedScene]) -> int | None:
    """Count the backchannels in which the reply fell silent and went on."""
    if not any(_backchannels(scene) for scene in played):
        return None
    return sum(
        any(
            spoken.start <= at <= spoken.end + CAUSE
            for turn in scene.turns
            if turn.reply is not None
            for at in _holds(turn.reply)
        )
        for scene in played
        for spoken in _backchannels(scene)
    )


def unexplained_stops(scene: PlayedScene) -> int:
    """Count the replies that stopped while no person was talking."""
    speech: list[Spoken] = [*scene.scene.turns, *scene.interruptions]
    return sum(
        not any(item.start <= at <= item.end + CAUSE for item in speech) for at in _stops(scene)
    )


def _met(
    played: Iterable[PlayedScene],
) -> Iterator[tuple[SpokenInterruption, ObservedTurn | None]]:
    """Yield each spoken interruption with the turn whose reply it met."""
    for scene in played:
        for spoken in scene.interruptions:
            turns = (turn for turn in scene.turns if turn.reply_heard_at(spoken.start))
            yield spoken, next(turns, None)


def _backchannels(scene: PlayedScene) -> list[SpokenInterruption]:
    return [spoken for spoken in scene.interruptions if spoken.kind == "backchannel"]


def _holds(reply: Playback) -> Iterator[float]:
    return (at for at, volume in reply.volumes if volume is Volume.HELD)


def _stops(scene: PlayedScene) -> Iterator[float]:
    """Yield when replies were broken off."""
    for turn in scene.turns:
        if turn.reply is not None and turn.record.interrupted:
            yield turn.reply.over


def _cause(scene: PlayedScene, at: float) -> SpokenInterruption | None:
    """Return the interruption that a stop follows: the last one before it."""
    before = [
        spoken for spoken in scene.interruptions if spoken.start <= at and at - spoken.end <= CAUSE
    ]
    return max(before, key=lambda spoken: spoken.start, default=None)
