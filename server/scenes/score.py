"""What played scenes say about quality and latency: the summary of ``bench scenes``. Sans I/O.

Rates are over true turns. A figure with nothing to count is ``None``. Which
scene counts for which figure is said by its ``scores``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from server.scenes import interruptions
from server.scenes.figures import Percentiles, percentiles, share
from server.scenes.format import Score, TrueTurn
from server.scenes.observed import Effort, ObservedTurn, PlayedScene, Spoken, belongs, recalls
from server.scenes.words import word_error_rate

Mode = Literal["fast", "realtime"]
Pair = tuple[TrueTurn, tuple[ObservedTurn, ...]]

_CUT_IN_MARGIN = 0.1  # seconds before the true end from which answering is no longer cutting in
THOUGHT = 0.3
"""Seconds of silence from which a pause inside a turn may be taken for its end."""


@dataclass(frozen=True, slots=True)
class CutInRates:
    """Shares of turns in which the bot did not let people finish."""

    flowing: float | None
    """Of those without a pause inside longer than :data:`THOUGHT`."""

    pausing: float | None
    """Of the rest."""


@dataclass(frozen=True, slots=True)
class Addressing:
    """How well the bot knows that it is meant; wrong agent counts as wrong."""

    precision: float | None
    """Share of the true turns it took for its own that were."""

    recall: float | None
    """Share of its own true turns that it took."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures over all scenes: the last line of ``bench scenes``."""

    mode: Mode
    scenes: int
    turns: int
    """True turns."""

    turn_recall: float | None
    """Share of which one record of the same speaker covers at least half."""

    extra_turns: int
    """Records in which that person said nothing."""

    cut_in_rate: float | None
    """Share in which a reply began, or the record closed, before the true end less 100 ms."""

    split_rate: float | None
    """Share that came out as several records."""

    endpoint_ms: Percentiles | None
    """Decision minus true end, of turns that were not cut in on."""

    wer: float | None
    addressed: Addressing | None
    false_replies: int | None
    """Replies played to what was not meant for the bot."""

    other_talk_s: float | None
    """Seconds of true turns that were not meant for the bot."""

    first_audio_ms: Percentiles | None
    """First sample of the reply minus true end, of turns that were not cut in on."""

    barge_in_stop_ms: Percentiles | None
    """Last sample of the reply minus true start of the speech that broke in."""

    backchannel_stops: int | None
    """Replies that stopped for a backchannel."""

    echo_stops: int | None
    """Replies that stopped while no person was talking."""

    interruptions_missed: int | None
    """Interruptions that met no reply."""

    total_without_agent_ms: Percentiles | None
    """Last speech heard to first sample of the reply, less the agent's own time, of turns whose end
    is scored: the wait for it is the most of it."""

    cpu_s_per_audio_s: float | None
    """Processor seconds of this process per second of conversation."""

    cut_in_rate_by_pause: CutInRates | None = None
    """Cut-ins among turns with and without a pause for thought, where the scene tells."""

    stop_word_stop_ms: Percentiles | None = None
    """Like :attr:`barge_in_stop_ms`, of those that wanted nothing but silence."""

    barge_ins_ignored: int | None = None
    """Barge-ins over which the reply went on to its end."""

    duck_ms: Percentiles | None = None
    """True start of speech over a reply to the reply's first getting quieter or stopping."""

    backchannel_holds: int | None = None
    """Backchannels in which the reply fell silent, for however short."""

    effort: Effort | None = None
    """What was asked of recogniser and agent, and how much of it for nothing."""

    def to_json(self) -> dict[str, Any]:
        """Return the summary as a JSON object, ``"type": "summary"`` first."""
        return {"type": "summary", **asdict(self)}


def summarize(played: Sequence[PlayedScene], *, mode: Mode, cpu_seconds: float) -> Summary:
    """Score what was played.

    Args:
        played: The scenes.
        mode: Whether conversation time was real time.
        cpu_seconds: Processor time that this process spent on them.

    """
    pairs = [pair for scene in played for pair in scene.pairs()]
    timed = [pair for scene in _scoring(played, "end_of_turn") for pair in scene.pairs()]
    replied = [
        turn
        for scene in _scoring(played, "end_of_turn")
        for turn in scene.turns
        if turn.reply is not None
    ]
    addressing = tuple(_scoring(played, "addressing"))
    seconds = sum(scene.seconds for scene in played)
    return Summary(
        mode=mode,
        scenes=len(played),
        turns=len(pairs),
        turn_recall=share(any(recalls(turn, true) for turn in turns) for true, turns in pairs),
        extra_turns=sum(1 for scene in played for _ in scene.extra()),
        cut_in_rate=share(cut_in(pair) for pair in timed),
        split_rate=share(len(turns) > 1 for _, turns in timed),
        endpoint_ms=percentiles(_endpoint_delays(timed)),
        wer=_wer(_scoring(played, "words")),
        addressed=_addressing(pair for scene in addressing for pair in scene.pairs()),
        false_replies=_count_false_replies(addressing),
        other_talk_s=_other_talk(addressing),
        first_audio_ms=percentiles(_first_audio_delays(pairs)),
        barge_in_stop_ms=percentiles(interruptions.stop_delays(played)),
        backchannel_stops=interruptions.backchannel_stops(played),
        echo_stops=interruptions.echo_stops(played),
        interruptions_missed=interruptions.missed(played),
        total_without_agent_ms=percentiles(_own_delays(replied)),
        cpu_s_per_audio_s=round(cpu_seconds / seconds, 4) if seconds else None,
        cut_in_rate_by_pause=_cut_ins_by_pause(timed),
        stop_word_stop_ms=percentiles(interruptions.stop_delays(played, stop_words=True)),
        barge_ins_ignored=interruptions.ignored(played),
        duck_ms=percentiles(interruptions.duck_delays(played)),
        backchannel_holds=interruptions.backchannel_holds(played),
        effort=_effort(played),
    )


def _effort(played: Sequence[PlayedScene]) -> Effort | None:
    effort = sum((scene.effort for scene in played), Effort())
    return effort if effort.recognitions else None


def _scoring(played: Iterable[PlayedScene], score: Score) -> Iterator[PlayedScene]:
    return (scene for scene in played if score in scene.scene.scores)


# Turns


def cut_in(pair: Pair) -> bool:
    """Return whether the bot answered, or gave the turn up, while it still went on."""
    true, turns = pair
    limit = true.end - _CUT_IN_MARGIN
    return any(
        turn.closed < limit
        or (turn.first_audio is not None and turn.first_audio < limit)
        or any(reply.start < limit for reply in turn.taken_back)
        for turn in turns
    )


def _cut_ins_by_pause(pairs: Sequence[Pair]) -> CutInRates | None:
    known = [(pair[0].pause, cut_in(pair)) for pair in pairs]
    flowing = [cut for pause, cut in known if pause is not None and pause <= THOUGHT]
    pausing = [cut for pause, cut in known if pause is not None and pause > THOUGHT]
    return CutInRates(share(flowing), share(pausing)) if flowing or pausing else None


def _whole(pairs: Iterable[Pair]) -> Iterator[tuple[TrueTurn, ObservedTurn]]:
    """Yield the turns that were let finish, with the observed turn that ended each."""
    for true, turns in pairs:
        if turns and not cut_in((true, turns)):
            yield true, max(turns, key=lambda turn: turn.record.end)


def _endpoint_delays(pairs: Iterable[Pair]) -> Iterator[float]:
    for true, turn in _whole(pairs):
        if turn.decided is not None:
            yield turn.decided - true.end


def _first_audio_delays(pairs: Iterable[Pair]) -> Iterator[float]:
    for true, turn in _whole(pairs):
        if turn.first_audio is not None:
            yield turn.first_audio - true.end


def _own_delays(replied: Iterable[ObservedTurn]) -> Iterator[float]:
    for turn in replied:
        total = turn.record.latency_ms.get("total")
        agent = turn.record.latency_ms.get("gateway")
        if total is not None and agent is not None:
            yield (total - agent) / 1000


# Words


def _wer(played: Iterable[PlayedScene]) -> float | None:
    rate = word_error_rate(pair for scene in played for pair in _utterances(scene))
    return None if rate is None else round(rate, 4)


def _utterances(scene: PlayedScene) -> Iterator[tuple[str, str]]:
    """Yield what was said and what was recognised, utterance by utterance.

    True turns that were taken for one are compared as one, so that a turn taken
    together with the next is not also counted as wrong words.
    """
    truth: list[TrueTurn] = []
    heard: list[ObservedTurn] = []
    ordered = sorted(scene.pairs(), key=lambda pair: (pair[0].speaker, pair[0].start))
    for true, turns in ordered:
        if truth and not any(turn in heard for turn in turns):
            yield from _joined(truth, heard)
            truth, heard = [], []
        truth.append(true)
        heard.extend(turn for turn in turns if turn not in heard)
    if truth:
        yield from _joined(truth, heard)


def _joined(truth: Sequence[TrueTurn], heard: Sequence[ObservedTurn]) -> Iterator[tuple[str, str]]:
    said = [true.text for true in truth if true.text is not None]
    if len(said) == len(truth):
        ordered = sorted(heard, key=lambda turn: turn.record.start)
        yield " ".join(said), " ".join(turn.record.text for turn in ordered)


# Addressing


def _addressing(pairs: Iterable[Pair]) -> Addressing | None:
    meant: list[bool] = []  # of each turn that was meant for the bot: was it taken so?
    taken: list[bool] = []  # of each turn that was taken so: was it meant?
    for true, turns in pairs:
        if true.addressed is None:
            continue
        answers = [turn for turn in turns if turn.record.addressed]
        right = true.addressed and any(right_agent(turn, true) for turn in answers)
        if true.addressed:
            meant.append(right)
        if answers:
            taken.append(right)
    return Addressing(share(taken), share(meant)) if meant or taken else None


def right_agent(turn: ObservedTurn, true: TrueTurn) -> bool:
    """Return whether it was taken by an agent that was meant."""
    return true.agent is None or turn.record.agent == true.agent


def false_replies(scene: PlayedScene) -> Iterator[ObservedTurn]:
    """Yield the turns that got a reply although nothing was meant for the bot."""
    for turn in scene.turns:
        if turn.first_audio is not None and not any(belongs(turn, one) for one in _meant(scene)):
            yield turn


def _count_false_replies(played: Sequence[PlayedScene]) -> int | None:
    return sum(1 for scene in played for _ in false_replies(scene)) if played else None


def _meant(scene: PlayedScene) -> Iterator[Spoken]:
    """Yield the speech that may be answered: what is meant for the bot, or not scored."""
    yield from (turn for turn in scene.scene.turns if turn.addressed is not False and turn.reply)
    yield from (spoken for spoken in scene.interruptions if spoken.kind == "barge_in")


def _other_talk(played: Iterable[PlayedScene]) -> float | None:
    lengths = [
        true.end - true.start
        for scene in played
        for true in scene.scene.turns
        if true.addressed is False
    ]
    return round(sum(lengths), 3) if lengths else None
