"""Speech over a reply: quieter, held, stopped, or nothing, with exact times."""

from __future__ import annotations

import pytest

from pipeline.interfaces import Volume
from tests.pipeline.scene import Scene

STORY = "Once upon a time there was a very old king who had a horse."
WINDOW = 0.032


def over_a_story(*script: tuple[str, float, float], said: dict, **more) -> Scene:
    """Let Ann ask for a story of 10 s, which begins at 3.5 s, and people talk over it."""
    return Scene(
        [("ann", 0.5, 2.5), *script],
        said={("ann", 0.5): "jarvis tell me a story", **said},
        replies=(STORY,),
        speech=10.0,
        people=("ann", "ben"),
        **more,
    ).run()


def test_a_short_nod_only_ducks_the_reply():
    scene = over_a_story(("ben", 6.0, 6.27), said={("ben", 6.0): "mm-hm"})
    (ducked, at), (full, back) = ((volume, at) for at, volume in scene.transport.volumes)
    assert (ducked, full) == (Volume.DUCKED, Volume.FULL)
    assert at == pytest.approx(6.0 + 2 * WINDOW, abs=0.001)  # before the VAD is sure
    assert back == pytest.approx(6.256 + 0.096 + 0.3, abs=0.002)
    first = scene.records[-1]
    assert (first.heard, first.interrupted) == (STORY, False)
    assert scene.transport.reply_spans == [(pytest.approx(3.484, abs=0.03),) * 1 + (
        pytest.approx(13.484, abs=0.03),
    )]  # fmt: skip


def test_a_long_nod_holds_the_reply_and_nothing_of_it_is_lost():
    scene = over_a_story(("ben", 6.0, 6.6), said={("ben", 6.0): "yeah yeah"})
    volumes = [volume for _, volume in scene.transport.volumes]
    assert volumes == [Volume.DUCKED, Volume.HELD, Volume.FULL]
    (_, held_from), (held_to, end) = scene.transport.reply_spans
    assert held_from == pytest.approx(6.0 + 9 * WINDOW, abs=0.001)
    assert held_to == pytest.approx(6.0 + 19 * WINDOW + 0.096 + 0.3, abs=0.03)
    assert end == pytest.approx(13.484 + held_to - held_from, abs=0.03)
    first = next(record for record in scene.records if record.reply)
    assert (first.heard, first.interrupted) == (STORY, False)


@pytest.mark.parametrize("words", ["stop", "wait", "jarvis stop", "please stop"])
def test_a_stop_word_stops_the_reply_and_nobody_is_asked_about_it(words):
    scene = over_a_story(("ben", 6.0, 6.27), said={("ben", 6.0): words})
    told, stop = sorted(scene.records, key=lambda record: record.start)
    assert told.interrupted
    assert told.heard
    assert told.heard != STORY
    assert scene.transport.reply_spans[-1][1] == pytest.approx(6.256 + 0.396, abs=0.002)
    assert (stop.speaker, stop.text, stop.reply, stop.error) == ("Ben", words, "", None)
    assert stop.addressed
    assert stop.why.startswith("stop word over a reply; ")
    assert len(scene.agent.asked) == 1


def test_the_agent_is_told_what_was_heard_before_a_stop_word():
    scene = over_a_story(
        ("ben", 6.0, 6.3),
        ("ann", 12.0, 13.0),
        said={("ben", 6.0): "stop", ("ann", 12.0): "jarvis what time is it"},
    )
    told = next(record for record in scene.records if record.interrupted)
    assert scene.agent.asked[1].interrupted == told.heard != ""


def test_an_interruption_is_silence_at_once_and_answered():
    scene = over_a_story(("ben", 6.0, 8.0), said={("ben", 6.0): "jarvis tell me about philosophy"})
    told, asked = scene.records
    assert told.interrupted
    assert scene.transport.reply_spans[0][1] == pytest.approx(6.288, abs=0.001)
    assert asked.reply == "ok."
    assert scene.agent.asked[1].interrupted == told.heard


def test_a_sound_without_words_lets_the_reply_go_on():
    scene = over_a_story(("ben", 6.0, 6.6), said={("ben", 6.0): ""})
    assert [volume for _, volume in scene.transport.volumes][-1] is Volume.FULL
    [record] = scene.records
    assert (record.heard, record.interrupted) == (STORY, False)


def test_a_turn_that_goes_on_over_its_answer_is_asked_again_as_one():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.0, 4.0)],
        said={("ann", 0.5): "what is the weather", ("ann", 2.0): "in london tomorrow"},
        scores=(1.0, 1.0),
        replies=("It rains here all day and all night.", "It is dry in London."),
        speech=4.0,
        agent_takes=0.01,
        stt_takes=0.05,
        asks_ahead=True,
    ).run()
    [record] = scene.records
    assert record.continues is None
    assert (record.start, record.text) == (0.5, "what is the weather in london tomorrow")
    assert record.heard == "It is dry in London."
    assert not record.interrupted
    first, second = scene.agent.asked
    assert second.text == record.text
    assert not second.taken_back()
    assert first.text == "what is the weather"
    assert second.interrupted is not None


def test_a_reply_waits_until_somebody_else_has_finished():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ben", 1.5, 4.0)],
        said={("ann", 0.5): "jarvis what time is it", ("ben", 1.5): "and then we went home"},
        people=("ann", "ben"),
    ).run()
    ann = next(record for record in scene.records if record.speaker == "Ann")
    start = scene.transport.reply_spans[0][0]
    assert start == pytest.approx(4.0 + 0.096, abs=0.05)
    assert ann.latency_ms["total"] == pytest.approx(1000 * (start - ann.end), abs=2)


def test_a_reply_does_not_wait_for_ever():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ben", 1.5, 9.0)],
        said={("ann", 0.5): "jarvis what time is it", ("ben", 1.5): "and then we went home"},
        people=("ann", "ben"),
    ).run()
    ann = next(record for record in scene.records if record.speaker == "Ann")
    assert scene.transport.reply_spans[0][0] == pytest.approx(ann.end + 0.996 + 2.0, abs=0.03)
    assert not ann.interrupted


def test_the_bots_own_words_through_a_microphone_are_nobodys():
    scene = over_a_story(("ben", 6.0, 6.8), said={("ben", 6.0): "once upon a thyme there was"})
    [record] = scene.records
    assert (record.heard, record.interrupted) == (STORY, False)
    assert [volume for _, volume in scene.transport.volumes][-1] is Volume.FULL


def test_the_same_words_are_somebodys_when_nothing_plays():
    scene = over_a_story(("ben", 20.0, 21.5), said={("ben", 20.0): "once upon a time there was"})
    assert [record.speaker for record in scene.records] == ["Ann", "Ben"]


def test_nods_in_a_row_are_answered_by_nobody_however_many():
    nods = {("ann", 5.0): "mm-hm right", ("ann", 5.9): "i see", ("ann", 6.8): "oh nice"}
    scene = over_a_story(*(("ann", at, at + 0.3) for _, at in nods), said=nods)
    assert len(scene.agent.asked) == 1
    assert scene.records[-1].reply == STORY
    nodded = [record for record in scene.records if record.start > 4]
    assert all(record.why.startswith("only a nod over a reply; ") for record in nodded)


def test_a_reply_does_not_begin_into_a_sound_that_may_be_its_speaker_going_on():
    """Ann goes on 40 ms before the reply would begin: 56 ms later that is known to be speech."""
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 3.42, 4.5)],
        said={("ann", 0.5): "what is the weather", ("ann", 3.42): "in london"},
        scores=(1.0, 1.0),
        people=("ann",),
    ).run()
    [record] = scene.records
    assert record.text == "what is the weather in london"
    assert len(scene.transport.reply_spans) == 1
