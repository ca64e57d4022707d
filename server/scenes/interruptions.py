"""What became of the replies that people talked over. Sans I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.interfaces import Volume
from server.scenes.observed import Playback, PlayedScene, Spoken, SpokenInterruption

CAUSE = 1.5
"""Seconds before a reply stopped in which the speech that stopped it is looked for."""


@dataclass(frozen=True, slots=True)
class WrongStop:
    """A reply that was broken off, and should not have been."""

    at: float
    cause: Literal["backchannel", "echo"]
    """What it stopped for; with no person talking it has heard itself."""


def met(scene: PlayedScene) -> Iterator[tuple[SpokenInterruption, Playback | None]]:
    """Yield each spoken interruption with the reply it met, if there was one."""
    for spoken in scene.interruptions:
        replies = (turn.reply_heard_at(spoken.start) for turn in scene.turns)
        yield spoken, next(filter(None, replies), None)


def wrong_stops(scene: PlayedScene) -> Iterator[WrongStop]:
    """Yield the replies that stopped for a backchannel, or while no person was talking."""
    speech: list[Spoken] = [*scene.scene.turns, *scene.interruptions]
    broken_off = [
        reply
        for turn in scene.turns
        for reply in turn.replies
        if reply is not turn.reply or turn.record.interrupted
    ]
    for at in (reply.over for reply in broken_off):
        cause = _cause(scene, at)
        if cause is not None and cause.kind == "backchannel":
            yield WrongStop(at, "backchannel")
        if not any(item.start <= at <= item.end + CAUSE for item in speech):
            yield WrongStop(at, "echo")


def stop_delays(played: Iterable[PlayedScene], *, stop_words: bool = False) -> Iterator[float]:
    """Yield true start of each barge-in to the last sample of the reply.

    Args:
        played: The scenes.
        stop_words: Only of those that wanted nothing but silence.

    """
    for spoken, reply in _met_replies(played):
        if spoken.kind == "barge_in" and (spoken.stop_word or not stop_words):
            yield reply.end - spoken.start


def duck_delays(played: Iterable[PlayedScene]) -> Iterator[float]:
    """Yield true start of speech over a reply to the reply's first getting quieter."""
    for spoken, reply in _met_replies(played):
        quieter = [at for at, volume in reply.volumes if volume is not Volume.FULL]
        first = min((at for at in quieter if at >= spoken.start), default=reply.end)
        if first < reply.end or reply.stopped is not None:
            yield first - spoken.start


def ignored(played: Sequence[PlayedScene]) -> int | None:
    """Count the barge-ins over which the reply went on to its end."""
    stopped = [
        reply.stopped is not None
        for scene in played
        for spoken, reply in met(scene)
        if spoken.kind == "barge_in" and reply is not None
    ]
    return stopped.count(False) if stopped else None


def missed(played: Sequence[PlayedScene]) -> int | None:
    """Count the interruptions that met no reply."""
    replies = [reply for scene in played for _, reply in met(scene)]
    unspoken = sum(len(scene.unspoken) for scene in played)
    return replies.count(None) + unspoken if replies or unspoken else None


def backchannel_stops(played: Sequence[PlayedScene]) -> int | None:
    """Count the replies that stopped for a backchannel."""
    if not any(_backchannels(scene) for scene in played):
        return None
    return _count(played, "backchannel")


def echo_stops(played: Sequence[PlayedScene]) -> int | None:
    """Count the replies that stopped while no person was talking."""
    if not any(turn.replies for scene in played for turn in scene.turns):
        return None
    return _count(played, "echo")


def backchannel_holds(played: Sequence[PlayedScene]) -> int | None:
    """Count the backchannels in which the reply fell silent and went on."""
    if not any(_backchannels(scene) for scene in played):
        return None
    return sum(
        any(spoken.start <= at <= spoken.end + CAUSE for at in _holds(scene))
        for scene in played
        for spoken in _backchannels(scene)
    )


def _met_replies(played: Iterable[PlayedScene]) -> Iterator[tuple[SpokenInterruption, Playback]]:
    for scene in played:
        for spoken, reply in met(scene):
            if reply is not None:
                yield spoken, reply


def _count(played: Sequence[PlayedScene], cause: Literal["backchannel", "echo"]) -> int:
    return sum(stop.cause == cause for scene in played for stop in wrong_stops(scene))


def _backchannels(scene: PlayedScene) -> list[SpokenInterruption]:
    return [spoken for spoken in scene.interruptions if spoken.kind == "backchannel"]


def _holds(scene: PlayedScene) -> Iterator[float]:
    for reply in (reply for turn in scene.turns for reply in turn.replies):
        yield from (at for at, volume in reply.volumes if volume is Volume.HELD)


def _cause(scene: PlayedScene, at: float) -> SpokenInterruption | None:
    """Return the interruption that a stop follows: the last one before it."""
    before = [
        spoken for spoken in scene.interruptions if spoken.start <= at and at - spoken.end <= CAUSE
    ]
    return max(before, key=lambda spoken: spoken.start, default=None)
