"""What is told of a judgement: its score, whether it was close, and every weight."""

import pytest

from pipeline.config import RelevanceConfig
from pipeline.judgement import Judgement
from tests.pipeline.relevance_scene import ANN, BEN, Room


def test_the_score_has_four_decimals() -> None:
    assert Room("medium", ANN).hear("what time is it").score == 0.8176


def test_the_time_since_the_reply_is_told() -> None:
    room = Room("medium")
    room.reply(at=3.0)
    assert "follow-up 6.0 s after sage" in room.hear("in paris", 9.0).why
    room.reply(at=30.0)
    assert "follow-up 0.0 s after sage" in room.hear("in paris", 29.0).why


def whys(room: Room) -> list[str]:
    """What counts in one conversation in which every rule has its turn, at one sensitivity."""
    told = [
        room.hear("hey jarvis what is up", 1.0).why,
        room.hear("hey jarvus what is up", 2.0).why,
        room.hear("hey jarvin what is up", 3.0).why,
    ]
    room.reply(at=10.0, text="Shall I book it?")
    told += [room.hear("yes", 13.25).why, room.hear("mm", 14.0).why]
    room.hear("the train was late", 15.0, BEN)
    told += [
        room.hear("because of the snow", 16.5).why,
        room.hear("ben look", 18.0).why,
        room.hear("did you watch the game", 18.0).why,
    ]
    room.reply(at=30.0)
    told += [
        room.hear("they drove the jarvis family home", 31.0).why,
        room.hear("what did you say", 32.0, BEN).why,
    ]
    return told


def test_why_names_the_rule_and_every_weight_at_low() -> None:
    named = [
        "named: base -3.0, called by name (jarvis) +10.0",
        "named: base -3.0, called by another name (jarvus) +9.5",
        "named: base -3.0, called by a similar name (jarvin) +9.0",
    ]
    assert whys(Room("low")) == named + ["not named: base -3.0"] * 7
    assert whys(Room("medium"))[:3] == named
    assert whys(Room("high"))[:3] == named


def test_why_names_the_rule_and_every_weight_at_medium() -> None:
    assert whys(Room("medium"))[3:] == [
        (
            "in conversation: base -3.0, follow-up 3.2 s after sage +4.5,"
            " answers the bot's question +1.0"
        ),
        "not addressed: base -3.0, follow-up 4.0 s after sage +4.5, only a nod -9.0",
        (
            "not addressed: base -3.0, follow-up 6.5 s after sage +4.5,"
            " answers someone else (Ben Miller) -2.0"
        ),
        (
            "not addressed: base -3.0, follow-up 8.0 s after sage +4.5,"
            " has turned to people -2.0, calls someone else (ben) -10.0"
        ),
        "not addressed: base -3.0, follow-up 8.0 s after sage +4.5, turns to people -4.0",
        "not addressed: base -3.0, follow-up 1.0 s after sage +4.5, speaks of the agent -2.0",
        "not addressed: base -3.0",
    ]


def test_why_names_the_rule_and_every_weight_at_high() -> None:
    room = Room("high")
    why = whys(room)
    assert why[5] == (
        "not addressed: base -3.0, follow-up 6.5 s after sage +4.5,"
        " answers someone else (Ben Miller) -2.0, people are talking -1.5,"
        " assistant's topic +0.7, wording -2.2"
    )
    assert room.hear("what time is it", 200.0).why == (
        "meant for the bot: base -3.0, question +0.7, assistant's topic +0.7, wording +3.2"
    )
    assert room.hear("what time is it", 200.0).score == pytest.approx(0.832, abs=1e-3)


def test_alone_counts_and_nothing_that_company_counts_for() -> None:
    room = Room("medium", ANN)
    assert room.hear("what time is it").why == (
        "in conversation: base -3.0, alone with the bot +4.5"
    )
    room.reply(at=99.0)
    assert room.hear("did you like jarvis").why == (
        "in conversation: base -3.0, alone with the bot +4.5, follow-up 1.0 s after sage +4.5"
    )


def test_close_decisions_are_grey() -> None:
    room = Room("high")
    assert room.hear("how many ounces are in a pound").grey
    assert not room.hear("turn off the kitchen lights").grey
    assert not room.hear("the train was late").grey
    assert not room.hear("jarvis what time is it").grey
    assert not Room("medium", ANN).hear("what time is it").grey
    assert not Room("low").hear("how many ounces are in a pound").grey


def test_close_is_what_is_near_the_threshold_of_high() -> None:
    def is_grey(threshold: float) -> bool:
        config = RelevanceConfig(sensitivity="high", high_threshold=threshold)
        return Room("high", config=lambda _: config).hear("what time is it").grey  # 0.83

    assert [is_grey(threshold) for threshold in (0.5, 0.7, 0.9, 0.95, 1.0)] == [
        *(False, True, True, False, False)
    ]


def test_a_judgement_by_itself_is_neither_about_a_name_nor_a_close_one() -> None:
    judged = Judgement(addressed=True, score=1.0, why="every turn", agent="jarvis")
    extras = (judged.bare_name, judged.named, judged.grey, judged.near_miss)
    assert extras == (False, False, False, None)


def test_one_unit_of_log_odds_is_no_longer_close() -> None:
    room = Room("medium", ANN)
    room.relevance.leaning = -0.5  # 1.0 left of what speaks for who is alone
    assert not room.hear("what time is it").grey
    room.relevance.leaning = -0.6
    assert room.hear("what time is it").grey
