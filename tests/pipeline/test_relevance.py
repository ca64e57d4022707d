import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import RelevanceConfig, Sensitivity
from pipeline.feedback import BOUND
from pipeline.interfaces import Participant
from pipeline.judgement import Utterance
from pipeline.names import word_set
from tests.pipeline.relevance_scene import ANN, BEN, LEVELS, TRAVIS, Room

# Who is meant by each sentence when nobody spoke before: the lowest sensitivity
# at which the bot answers with two people in the room, and alone with one.
NEVER = len(LEVELS)


TABLE = [
    ("hey jarvis what is the weather in london", 0, 0),
    ("jarvis set a timer for five minutes", 0, 0),
    ("sage tell me about philosophy", 0, 0),
    ("what time is it jarvis", 0, 0),
    ("hey sage what is the news for tomorrow", 0, 0),
    ("jarvis stop talking", 0, 0),
    ("ok jarvis", 0, 0),
    ("turn off the kitchen lights", 2, 1),
    ("what is the weather for friday", 2, 1),
    ("what time is it", 2, 1),
    ("play some jazz", 2, 1),
    ("remind me on friday at three", 2, 1),
    ("tell me about philosophy", 2, 1),
    ("can you hear me", NEVER, 1),
    ("stop talking", NEVER, 1),
    ("did you watch the game last night", NEVER, 1),
    ("i will be back in ten minutes", NEVER, 1),
    ("let us start the meeting", NEVER, 1),
    ("how are you", NEVER, 1),
    ("thank you", NEVER, 1),
    ("jarvis said yesterday that it would rain", NEVER, 1),
    ("i told jarvis", NEVER, 1),
    ("yeah", NEVER, NEVER),
    ("mm-hm", NEVER, NEVER),
    ("", NEVER, NEVER),
]


@pytest.mark.parametrize(("text", "in_company", "alone"), TABLE)
def test_from_which_sensitivity_on_the_bot_answers(text: str, in_company: int, alone: int) -> None:
    for index, level in enumerate(LEVELS):
        assert Room(level, ANN, BEN).hear(text).addressed is (index >= in_company), level
        assert Room(level, ANN).hear(text).addressed is (index >= alone), level


def test_one_is_alone_also_when_the_list_of_people_lacks_the_speaker() -> None:
    room = Room("medium")
    room.people = ()
    assert room.hear("what time is it").addressed


def test_who_speaks_is_known_by_their_id() -> None:
    speaker, listed = (Participant(f"{ANN.id}-{BEN.id}", "Ann") for _ in range(2))
    room = Room("medium", listed)
    assert room.hear("what time is it", speaker=speaker).addressed


def test_even_odds_are_enough() -> None:
    room = Room("medium", ANN)
    room.relevance.leaning = -1.5
    assert room.hear("what time is it").score == 0.5
    assert room.hear("what time is it").addressed
    room.relevance.leaning = -1.51
    assert not room.hear("what time is it").addressed


def test_sensitivity_changes_at_once() -> None:
    room = Room("low", ANN)
    assert not room.hear("what time is it").addressed
    room.relevance.sensitivity = "medium"
    assert room.hear("what time is it").addressed


def test_the_threshold_of_high_is_a_setting() -> None:
    strict = Room("high", config=lambda s: RelevanceConfig(sensitivity=s, high_threshold=0.9))
    assert not strict.hear("what time is it").addressed
    strict.reply(at=150.0)
    assert strict.hear("in paris", 151.0).addressed  # what medium answers, high always does


def test_a_score_that_just_reaches_the_threshold_is_enough() -> None:
    score = Room("high").hear("what time is it").score

    def answers(threshold: float) -> bool:
        config = RelevanceConfig(sensitivity="high", high_threshold=threshold)
        return Room("high", config=lambda _: config).hear("what time is it").addressed

    assert answers(score - 0.001)
    assert not answers(score + 0.001)


_WORDS = sorted(
    word_set("jarvis sage ben ann yeah mm what time is it play jazz you said told i we and , . ?")
)


@given(
    words=st.lists(st.sampled_from(_WORDS), max_size=8),
    people=st.sampled_from([(ANN,), (ANN, BEN), (ANN, BEN, TRAVIS)]),
    gap=st.one_of(st.none(), st.floats(-2.0, 20.0)),
    question=st.booleans(),
    other=st.one_of(st.none(), st.floats(-4.0, 0.0)),
)
def test_what_is_enough_at_one_sensitivity_is_enough_at_the_next(
    words: list[str],
    people: tuple[Participant, ...],
    gap: float | None,
    question: bool,
    other: float | None,
) -> None:
    judged = []
    for level in LEVELS:
        room = Room(level, *people)
        if gap is not None:
            room.reply(100.0 - gap, "Anything else?" if question else "Done.")
        if other is not None:
            room.hear("so it goes", 100.0 + other, BEN)
        judgement = room.hear(" ".join(words), 100.0)
        assert 0.0 <= judgement.score <= 1.0
        assert judgement.addressed is (judgement.score >= 0.5)
        assert "\n" not in judgement.why
        judged.append(judgement.addressed)
    assert judged == sorted(judged)


def test_judging_changes_nothing() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    asks = Utterance(BEN, "do you like pizza", 51.0, 52.0)
    for _ in range(2):
        room.relevance.judge(asks, people=room.people, agent="jarvis")
    assert room.hear("with cheese", 53.0, ANN).addressed


def test_corrections_move_what_is_not_named_and_nothing_else() -> None:
    def answers(leaning: float, text: str, level: Sensitivity = "high") -> bool:
        room = Room(level)
        room.relevance.leaning = leaning
        return room.hear(text).addressed

    assert not answers(0.0, "did you watch the game last night")
    assert answers(0.0, "what time is it")
    assert not answers(-2.0, "what time is it")
    assert answers(-2.0, "jarvis turn off the kitchen lights", "low")
    assert not answers(2.0, "i told jarvis", "low")
    assert not answers(2.0, "turn off the kitchen lights", "medium")
    room = Room("high")
    room.relevance.leaning = -0.5
    assert "corrections here -0.5" in room.hear("what time is it").why


@pytest.mark.parametrize("level", ["medium", "high"])
def test_corrections_within_their_bounds_take_nothing_from_who_is_alone_or_follows_up(
    level: Sensitivity,
) -> None:
    alone, company = Room(level, ANN), Room(level)
    alone.relevance.leaning = company.relevance.leaning = -BOUND
    company.reply(at=99.0)
    assert alone.hear("what time is it").addressed
    assert company.hear("and in paris").addressed
