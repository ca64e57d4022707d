"""Latency spans follow one another and sum to the total."""

from pipeline.timeline import Stage, Timeline


def reached(*stages: tuple[Stage, float]) -> Timeline:
    timeline = Timeline()
    timeline.restart(2.0)
    for stage, at in stages:
        timeline.reach(stage, at)
    return timeline


def test_spans_are_between_stages_and_sum_to_the_total():
    latency = reached(
        (Stage.PAUSE, 2.2),
        (Stage.TURN_END, 2.25),
        (Stage.TRANSCRIPT, 2.25),
        (Stage.JUDGED, 2.251),
        (Stage.FIRST_TEXT, 2.8),
        (Stage.FIRST_AUDIO, 2.9),
    ).latency_ms()
    assert latency == {
        "vad": 200,
        "smart_turn": 50,
        "stt": 0,
        "relevance": 1,
        "gateway": 549,
        "tts": 100,
        "total": 900,
    }


def test_rounding_does_not_add_up():
    latency = reached(
        (Stage.PAUSE, 2.2004),
        (Stage.TURN_END, 2.2508),
        (Stage.TRANSCRIPT, 2.3012),
        (Stage.JUDGED, 2.3016),
        (Stage.FIRST_TEXT, 2.802),
        (Stage.FIRST_AUDIO, 2.9024),
    ).latency_ms()
    total = latency.pop("total")
    assert total == 902
    assert sum(latency.values()) == total


def test_a_span_not_reached_is_none_and_so_is_the_total():
    latency = reached((Stage.PAUSE, 2.2), (Stage.TURN_END, 2.4)).latency_ms()
    assert latency["smart_turn"] == 200
    assert latency["stt"] is None
    assert latency["total"] is None


def test_only_the_first_time_of_a_stage_counts():
    timeline = reached((Stage.PAUSE, 2.2))
    timeline.reach(Stage.PAUSE, 9.0)
    assert timeline.latency_ms()["vad"] == 200


def test_work_done_ahead_takes_no_time_of_its_own():
    timeline = reached((Stage.PAUSE, 2.2))
    timeline.reach(Stage.TRANSCRIPT, 2.26)
    timeline.reach(Stage.JUDGED, 2.262)
    timeline.reach(Stage.FIRST_TEXT, 2.5)
    timeline.reach(Stage.TURN_END, 2.4)
    timeline.reach(Stage.FIRST_AUDIO, 2.56)
    assert timeline.latency_ms() == {
        "vad": 200,
        "smart_turn": 200,
        "stt": 0,
        "relevance": 0,
        "gateway": 100,
        "tts": 60,
        "total": 560,
    }


def test_a_stage_is_reached_when_all_before_it_are():
    timeline = reached((Stage.PAUSE, 2.2))
    timeline.reach(Stage.TURN_END, 2.5)
    timeline.reach(Stage.TRANSCRIPT, 2.3)
    assert timeline.reached(Stage.PAUSE) == 2.2
    assert timeline.reached(Stage.TRANSCRIPT) == 2.5
    assert timeline.reached(Stage.JUDGED) == 2.5


def test_speech_that_goes_on_begins_again():
    timeline = reached((Stage.PAUSE, 2.2), (Stage.TURN_END, 2.4))
    timeline.restart(3.0)
    timeline.reach(Stage.PAUSE, 3.2)
    assert timeline.latency_ms()["vad"] == 200
    assert timeline.latency_ms()["smart_turn"] is None
    assert timeline.speech_end == 3.0


def test_before_any_speech_there_is_no_end_of_it():
    assert Timeline().speech_end is None
    assert Timeline().reached(Stage.PAUSE) == 0.0
