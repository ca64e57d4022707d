from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.turn_record import TurnRecord
from server.scenes.figures import Percentiles
from server.scenes.format import Interruption, Scene, Track, TrueTurn
from server.scenes.observed import Effort, ObservedTurn, Playback, PlayedScene, SpokenInterruption
from server.scenes.score import Addressing, CutInRates, Summary, summarize

ANN_TURN = TrueTurn("ann", 1.0, 3.0, "jarvis what time is it", addressed=True)


def scene(*turns: TrueTurn, **options: Any) -> Scene:
    speakers = dict.fromkeys(turn.speaker for turn in turns) or {"ann": None}
    tracks = tuple(Track(speaker, Path("voice.wav")) for speaker in speakers)
    return Scene("test", ("jarvis", "sage"), tracks, turns, **options)


def observed(
    speaker: str,
    start: float,
    end: float,
    *,
    text: str = "",
    addressed: bool = True,
    agent: str = "jarvis",
    spans: tuple[int | None, ...] = (96, 104, 0, 0, 300, 100),
    closed: float | None = None,
    last_audio: float | None = None,
    interrupted: bool = False,
) -> ObservedTurn:
    """A turn that was decided 200 ms after its end and answered 400 ms after that."""
    stages = ("vad", "smart_turn", "stt", "relevance", "gateway", "tts")
    latency: dict[str, int | None] = dict(zip(stages, spans, strict=True))
    total = None if latency["tts"] is None else sum(span or 0 for span in spans)
    record = TurnRecord(
        id="t",
        conversation="scene:test",
        at="",
        speaker=speaker,
        speaker_id=speaker,
        start=start,
        end=end,
        ended_by="smart_turn",
        end_of_turn_probability=0.9,
        text=text,
        language="en",
        addressed=addressed,
        relevance=1.0,
        why="",
        agent=agent,
        interrupted=interrupted,
        latency_ms={**latency, "total": total},
    )
    if total is None:
        return ObservedTurn(record, end + 0.2 if closed is None else closed)
    start = end + total / 1000
    reply = Playback(start, start + 2.0 if last_audio is None else last_audio)
    return ObservedTurn(record, reply.end if closed is None else closed, reply)


def unanswered(speaker: str, start: float, end: float, **options: Any) -> ObservedTurn:
    spans = (96, 104, 0, 0, None, None)
    return observed(speaker, start, end, addressed=False, spans=spans, **options)


def summary(*played: PlayedScene, cpu_seconds: float = 0.0) -> Summary:
    return summarize(played, mode="fast", cpu_seconds=cpu_seconds)


def test_one_perfect_turn():
    turn = observed("ann", 1.0, 3.0, text="Jarvis, what time is it?")
    played = PlayedScene(scene(ANN_TURN), (turn,), seconds=10.0)
    assert summary(played, cpu_seconds=0.5) == Summary(
        mode="fast",
        scenes=1,
        turns=1,
        turn_recall=1.0,
        extra_turns=0,
        cut_in_rate=0.0,
        split_rate=0.0,
        endpoint_ms=Percentiles(200, 200),
        wer=0.0,
        addressed=Addressing(1.0, 1.0),
        false_replies=0,
        other_talk_s=None,
        first_audio_ms=Percentiles(600, 600),
        barge_in_stop_ms=None,
        backchannel_stops=None,
        echo_stops=0,
        interruptions_missed=None,
        total_without_agent_ms=Percentiles(300, 300),
        cpu_s_per_audio_s=0.05,
    )


def test_silence_has_nothing_to_count():
    result = summary(PlayedScene(scene(), ()))
    assert (result.turns, result.extra_turns, result.false_replies) == (0, 0, 0)
    counted = {"type", "mode", "scenes", "turns", "extra_turns", "false_replies"}
    assert all(value is None for key, value in result.to_json().items() if key not in counted)


def test_json_has_the_fields_of_the_contract_in_order():
    turn = observed("ann", 1.0, 3.0, text="jarvis what time is it")
    content = summary(PlayedScene(scene(ANN_TURN), (turn,))).to_json()
    contract = [
        "type",
        "mode",
        "scenes",
        "turns",
        "turn_recall",
        "extra_turns",
        "cut_in_rate",
        "split_rate",
        "endpoint_ms",
        "wer",
        "addressed",
        "false_replies",
        "other_talk_s",
        "first_audio_ms",
        "barge_in_stop_ms",
        "backchannel_stops",
        "echo_stops",
        "interruptions_missed",
        "total_without_agent_ms",
        "cpu_s_per_audio_s",
    ]
    assert list(content)[: len(contract)] == contract
    assert content["type"] == "summary"
    assert content["endpoint_ms"] == {"p50": 200, "p95": 200}
    assert content["addressed"] == {"precision": 1.0, "recall": 1.0}


@pytest.mark.parametrize(
    ("start", "end", "recall"),
    [(1.0, 2.0, 1.0), (2.0, 9.0, 1.0), (1.0, 1.99, 0.0), (3.1, 5.0, 0.0)],
)
def test_a_turn_is_recalled_by_one_that_covers_half_of_it(start: float, end: float, recall: float):
    played = PlayedScene(scene(ANN_TURN), (observed("ann", start, end),))
    assert summary(played).turn_recall == recall


def test_somebody_elses_record_recalls_nothing_and_is_extra():
    result = summary(PlayedScene(scene(ANN_TURN), (observed("ben", 1.0, 3.0),)))
    assert result.turn_recall == 0.0
    assert result.extra_turns == 1
    assert result.split_rate == 0.0


def test_overlapping_speakers_are_kept_apart():
    ben = TrueTurn("ben", 2.0, 4.0, addressed=False)
    turns = (observed("ann", 1.0, 3.0), unanswered("ben", 2.0, 4.0))
    result = summary(PlayedScene(scene(ANN_TURN, ben), turns))
    assert (result.turn_recall, result.extra_turns, result.split_rate) == (1.0, 0, 0.0)
    assert result.addressed == Addressing(1.0, 1.0)
    assert result.other_talk_s == 2.0


def test_a_turn_in_two_records_is_split_and_timed_by_its_last():
    # Decided at 1.2 and 3.2; the first is given up at 1.9, so the bot cut in.
    turns = (unanswered("ann", 1.0, 1.7), observed("ann", 2.3, 3.0))
    result = summary(PlayedScene(scene(ANN_TURN), turns))
    assert (result.split_rate, result.cut_in_rate, result.extra_turns) == (1.0, 1.0, 0)
    assert result.turn_recall == 0.0
    assert result.endpoint_ms is None


@pytest.mark.parametrize(("end", "rate"), [(2.29, 1.0), (2.31, 0.0)])
def test_a_reply_more_than_100_ms_before_the_true_end_cuts_in(end: float, rate: float):
    # The reply begins 600 ms after the record's end; true end is 3.0.
    played = PlayedScene(scene(ANN_TURN), (observed("ann", 1.0, end),))
    assert summary(played).cut_in_rate == rate


@pytest.mark.parametrize(("closed", "rate"), [(2.89, 1.0), (2.91, 0.0)])
def test_a_record_closed_more_than_100_ms_before_the_true_end_cuts_in(closed: float, rate: float):
    played = PlayedScene(scene(ANN_TURN), (unanswered("ann", 1.0, 2.5, closed=closed),))
    assert summary(played).cut_in_rate == rate


def test_delays_are_counted_from_the_true_end():
    # Heard 50 ms too long: decided at 3.25, replied at 3.65.
    result = summary(PlayedScene(scene(ANN_TURN), (observed("ann", 1.0, 3.05),)))
    assert result.endpoint_ms == Percentiles(250, 250)
    assert result.first_audio_ms == Percentiles(650, 650)
    assert result.total_without_agent_ms == Percentiles(300, 300)


def test_percentiles_lie_between_the_nearest_delays():
    turns = tuple(TrueTurn("ann", 10.0 * n, 10.0 * n + 1.0) for n in range(5))
    waits = (104, 204, 304, 404, 904)
    seen = tuple(
        observed("ann", turn.start, turn.end, spans=(96, wait, 0, 0, 300, 100))
        for turn, wait in zip(turns, waits, strict=True)
    )
    # 200, 300, 400, 500, 1000: the 95th of 0..4 is at 3.8.
    assert summary(PlayedScene(scene(*turns), seen)).endpoint_ms == Percentiles(400, 900)


def test_an_undecided_turn_has_no_endpoint():
    turn = observed("ann", 1.0, 3.0, spans=(None, None, None, None, None, None))
    assert summary(PlayedScene(scene(ANN_TURN), (turn,))).endpoint_ms is None


def test_words_are_compared_turn_by_turn():
    ben = TrueTurn("ben", 5.0, 7.0, "turn off the lights")
    lost = TrueTurn("ann", 8.0, 9.0, "thank you")
    unscored = TrueTurn("ben", 11.0, 12.0)
    turns = (
        observed("ann", 1.0, 3.0, text="Jarvis, what dime is it?"),
        observed("ben", 5.0, 6.0, text="turn off"),
        observed("ben", 6.2, 7.0, text="the lights"),
        observed("ben", 11.0, 12.0, text="whatever"),
    )
    # One of 5 wrong, 4 right in two pieces, 2 missing.
    result = summary(PlayedScene(scene(ANN_TURN, ben, lost, unscored), turns))
    assert result.wer == round(3 / 11, 4)


def test_two_turns_taken_for_one_are_compared_as_one():
    more = TrueTurn("ann", 3.5, 5.0, "and the date")
    turn = observed("ann", 1.0, 5.0, text="jarvis what time is it and the date")
    result = summary(PlayedScene(scene(ANN_TURN, more), (turn,)))
    assert (result.wer, result.turn_recall) == (0.0, 1.0)


def test_addressing_counts_turns_taken_wrongly_and_missed():
    turns = [TrueTurn("ann", 10.0 * n, 10.0 * n + 1, addressed=n < 3) for n in range(5)]
    turns.append(TrueTurn("ann", 50.0, 51.0))
    answered = [observed("ann", 10.0 * n, 10.0 * n + 1) for n in (0, 1, 3, 5)]
    quiet = [unanswered("ann", 10.0 * n, 10.0 * n + 1) for n in (2, 4)]
    result = summary(PlayedScene(scene(*turns), (*answered, *quiet)))
    # Taken: 0, 1 and 3, of which 3 was not meant. Meant: 0, 1, 2.
    assert result.addressed == Addressing(round(2 / 3, 4), round(2 / 3, 4))
    assert result.false_replies == 1
    assert result.other_talk_s == 2.0


def test_an_answer_by_the_wrong_agent_is_wrong_both_ways():
    true = TrueTurn("ann", 1.0, 3.0, addressed=True, agent="sage")
    result = summary(PlayedScene(scene(true), (observed("ann", 1.0, 3.0, agent="jarvis"),)))
    assert result.addressed == Addressing(0.0, 0.0)


def test_a_turn_never_heard_is_not_taken():
    assert summary(PlayedScene(scene(ANN_TURN), ())).addressed == Addressing(None, 0.0)


def test_a_reply_to_nothing_is_false():
    result = summary(PlayedScene(scene(), (observed("ann", 4.0, 5.0),)))
    assert (result.false_replies, result.extra_turns) == (1, 1)


def test_a_scene_counts_only_for_what_it_scores():
    other = TrueTurn("ann", 5.0, 6.0, "did you eat", addressed=False)
    turns = (observed("ann", 1.0, 3.0, text="wrong words"), observed("ann", 5.0, 6.0))
    timing = PlayedScene(scene(ANN_TURN, other, scores=("end_of_turn",)), turns)
    result = summary(timing)
    assert (result.turns, result.turn_recall, result.cut_in_rate) == (2, 1.0, 0.0)
    assert (result.wer, result.addressed) == (None, None)
    assert (result.false_replies, result.other_talk_s) == (None, None)
    meaning = PlayedScene(scene(ANN_TURN, other, scores=("addressing",)), turns)
    result = summary(meaning)
    assert (result.cut_in_rate, result.split_rate, result.endpoint_ms) == (None, None, None)
    assert (result.wer, result.false_replies) == (None, 1)


def test_a_barge_in_is_timed_to_the_last_sample():
    turn = observed("ann", 1.0, 3.0, last_audio=5.4, interrupted=True)
    stop = SpokenInterruption("ben", "barge_in", 5.0, 5.8)
    answer = observed("ben", 5.05, 5.8)
    result = summary(PlayedScene(scene(ANN_TURN), (turn, answer), (stop,)))
    assert result.barge_in_stop_ms == Percentiles(400, 400)
    assert (result.interruptions_missed, result.echo_stops) == (0, 0)
    assert result.backchannel_stops is None
    # What was said to break in is no extra turn, and may be answered.
    assert (result.extra_turns, result.false_replies) == (0, 0)


def test_an_ignored_barge_in_is_timed_to_the_end_of_the_reply():
    turn = observed("ann", 1.0, 3.0, last_audio=9.0)
    stop = SpokenInterruption("ben", "barge_in", 5.0, 5.8)
    result = summary(PlayedScene(scene(ANN_TURN), (turn,), (stop,)))
    assert result.barge_in_stop_ms == Percentiles(4000, 4000)


@pytest.mark.parametrize(("start", "missed"), [(3.59, 1), (3.61, 0), (8.9, 0), (9.1, 1)])
def test_an_interruption_needs_a_reply(start: float, missed: int):
    turn = observed("ann", 1.0, 3.0, last_audio=9.0)
    stop = SpokenInterruption("ben", "barge_in", start, start + 0.5)
    result = summary(PlayedScene(scene(ANN_TURN), (turn,), (stop,)))
    assert result.interruptions_missed == missed


def test_an_interruption_whose_reply_never_came_is_missed():
    waiting = Interruption("ben", "barge_in", file=Path("stop.wav"), after_reply_start=1.0)
    result = summary(PlayedScene(scene(), (), unspoken=(waiting,)))
    assert result.interruptions_missed == 1
    assert result.barge_in_stop_ms is None


def test_a_reply_that_stops_for_a_backchannel_is_counted():
    nod = SpokenInterruption("ben", "backchannel", 5.0, 5.4)
    stopped = observed("ann", 1.0, 3.0, last_audio=5.5, interrupted=True)
    went_on = observed("ann", 1.0, 3.0, last_audio=9.0)
    assert summary(PlayedScene(scene(ANN_TURN), (stopped,), (nod,))).backchannel_stops == 1
    assert summary(PlayedScene(scene(ANN_TURN), (went_on,), (nod,))).backchannel_stops == 0


def test_a_reply_stopped_after_a_backchannel_by_a_barge_in_is_not_its_doing():
    nod = SpokenInterruption("ben", "backchannel", 5.0, 5.4)
    stop = SpokenInterruption("ann", "barge_in", 6.0, 6.8)
    turn = observed("ann", 1.0, 3.0, last_audio=6.4, interrupted=True)
    result = summary(PlayedScene(scene(ANN_TURN), (turn,), (nod, stop)))
    assert (result.backchannel_stops, result.interruptions_missed) == (0, 0)
    assert result.barge_in_stop_ms == Percentiles(400, 400)


def test_a_reply_to_a_backchannel_is_false():
    nod = SpokenInterruption("ben", "backchannel", 5.0, 5.4)
    turns = (observed("ann", 1.0, 3.0), observed("ben", 5.0, 5.4))
    result = summary(PlayedScene(scene(ANN_TURN), turns, (nod,)))
    assert (result.false_replies, result.extra_turns) == (1, 0)


def test_a_reply_that_stops_while_nobody_talks_heard_itself():
    turn = observed("ann", 1.0, 3.0, last_audio=5.5, interrupted=True)
    assert summary(PlayedScene(scene(ANN_TURN), (turn,))).echo_stops == 1
    ben = TrueTurn("ben", 4.5, 7.0, addressed=False)
    assert summary(PlayedScene(scene(ANN_TURN, ben), (turn,))).echo_stops == 0


def test_scenes_are_counted_together():
    good = PlayedScene(scene(ANN_TURN), (observed("ann", 1.0, 3.0),), seconds=6.0)
    bad = PlayedScene(scene(ANN_TURN), (), seconds=4.0)
    result = summary(good, bad, cpu_seconds=1.0)
    assert (result.scenes, result.turns, result.turn_recall) == (2, 2, 0.5)
    assert result.cpu_s_per_audio_s == 0.1


def test_cut_ins_are_told_apart_by_the_pauses_inside():
    flowing = TrueTurn("ann", 1.0, 3.0, pause=0.3)
    pausing = TrueTurn("ann", 11.0, 14.0, pause=0.8)
    unknown = TrueTurn("ann", 21.0, 23.0)
    turns = (observed("ann", 1.0, 3.0), observed("ann", 11.0, 12.0), observed("ann", 21.0, 22.0))
    result = summary(PlayedScene(scene(flowing, pausing, unknown), turns))
    assert result.cut_in_rate == round(2 / 3, 4)
    assert result.cut_in_rate_by_pause == CutInRates(0.0, 1.0)


def test_a_reply_where_somebody_else_answers_is_false():
    true = TrueTurn("ann", 1.0, 3.0, "jarvis what time is it", reply=False)
    answered = PlayedScene(scene(true), (observed("ann", 1.0, 3.0),))
    silent = PlayedScene(scene(true), (unanswered("ann", 1.0, 3.0),))
    assert (summary(answered).false_replies, summary(silent).false_replies) == (1, 0)


def test_what_was_asked_for_nothing_is_summed_up():
    played = PlayedScene(scene(), (), effort=Effort(3, 1, 2, 0))
    assert summary(played, played).effort == Effort(6, 2, 4, 0)
