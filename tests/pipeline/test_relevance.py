import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import RelevanceConfig, Sensitivity
from pipeline.feedback import BOUND
from pipeline.interfaces import Participant
from pipeline.name_variants import NameVariants, NearMiss
from pipeline.names import word_set
from pipeline.relevance import Judgement, NamedAgent, Relevance, Utterance, short_names

ANN = Participant("1", "Ann")
BEN = Participant("2", "Ben Miller")
TRAVIS = Participant("3", "Travis")
WILL = Participant("4", "Will")
AGENTS = (NamedAgent("jarvis", ("Jarvis",)), NamedAgent("sage", ("Sage", "wise one")))
TIME = "what time is it"
LEVELS: tuple[Sensitivity, ...] = ("low", "medium", "high")


class Room:
    """A conversation of Ann and others, told utterance by utterance."""

    def __init__(
        self,
        sensitivity: Sensitivity,
        *people: Participant,
        config: Callable[[Sensitivity], RelevanceConfig] = lambda s: RelevanceConfig(sensitivity=s),
    ) -> None:
        self.relevance = Relevance(config(sensitivity), AGENTS)
        self.people: Sequence[Participant] = people or (ANN, BEN)

    def hear(self, text: str, at: float = 100.0, speaker: Participant = ANN) -> Judgement:
        said = Utterance(speaker, text, at, at + 1.0)
        judgement = self.relevance.judge(said, people=self.people, agent="jarvis")
        self.relevance.receive_turn(said, judgement)
        return judgement

    def reply(self, at: float, text: str = "It is ten past four.", speaker: str = "1") -> None:
        self.relevance.receive_reply(speaker=speaker, agent="sage", text=text, at=at)


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


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("sage what time is it", "sage"),
        ("jarvis what time is it", "jarvis"),
        ("tell me, wise one", "sage"),
        ("jarvis ask sage what time it is", "jarvis"),
        ("what time is it", "jarvis"),
    ],
)
def test_the_agent_that_is_called_answers_this_turn(text: str, agent: str) -> None:
    room = Room("medium", ANN)
    assert room.hear(text).agent == agent
    assert room.hear("and tomorrow", 110.0).agent == "jarvis"


def test_a_follow_up_needs_no_name_for_eight_seconds_and_sixteen_at_high() -> None:
    heard = {}
    for level, gap in itertools.product(LEVELS, (0.5, 8.0, 8.1, 16.0, 16.1)):
        room = Room(level)
        room.reply(at=50.0)
        heard[level, gap] = room.hear("in paris i mean", 50.0 + gap).addressed
    assert [gap for (level, gap), yes in heard.items() if yes and level == "low"] == []
    assert [gap for (level, gap), yes in heard.items() if yes and level == "medium"] == [0.5, 8.0]
    assert [g for (level, g), yes in heard.items() if yes and level == "high"] == [0.5, 8, 8.1, 16]


def test_the_follow_up_window_is_a_setting() -> None:
    room = Room("medium", config=lambda s: RelevanceConfig(sensitivity=s, follow_up=2.0))
    room.reply(at=50.0)
    assert room.hear("in paris", 52.0).addressed
    assert not room.hear("in paris", 52.1).addressed


def test_a_follow_up_is_of_the_person_who_was_answered() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    assert not room.hear("in paris", 51.0, BEN).addressed
    assert room.hear("in paris", 54.0, ANN).addressed


def test_words_that_stopped_the_reply_are_a_follow_up() -> None:
    room = Room("medium")
    room.reply(at=50.6)
    assert room.hear("no i meant paris", 50.0).addressed


def test_a_nod_after_a_reply_is_for_nobody_but_answers_a_question() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    assert not room.hear("yeah", 51.0).addressed
    room.reply(at=60.0, text="Shall I book it?")
    assert room.hear("yeah", 61.0).addressed
    assert room.hear("no", 62.0).addressed
    assert not room.hear("mm", 63.0).addressed
    assert not room.hear("yes", 80.0).addressed


def test_a_person_who_is_called_is_meant() -> None:
    for level in ("medium", "high"):
        room = Room(level)
        room.reply(at=50.0)
        assert not room.hear("ben what time is it", 51.0).addressed
        assert not room.hear("what do you think, Ben Miller?", 52.0).addressed
        assert room.hear("what did ben say yesterday", 53.0).addressed  # about him


def test_a_called_agent_is_meant_whoever_else_is_called() -> None:
    assert Room("low").hear("ben, wait. jarvis, what time is it?").addressed


def test_a_persons_name_is_no_misspelling_of_an_agents() -> None:
    assert Room("low", ANN, BEN).hear("travis what time is it").addressed
    assert not Room("low", ANN, TRAVIS).hear("travis what time is it").addressed


def test_a_person_called_like_an_agent_leaves_the_name_to_the_agent() -> None:
    assert Room("low", ANN, Participant("5", "Jarvis")).hear("jarvis what time is it").addressed


def test_people_whose_names_are_common_words_are_not_called_by_accident() -> None:
    for person in (
        WILL,
        Participant("5", "The Dude"),
        Participant("6", "Jo"),
        Participant("7", ""),
    ):
        room = Room("medium", ANN, person)
        room.reply(at=50.0)
        assert room.hear("will the dude jo be late", 51.0).addressed


def test_an_answer_to_someone_else_is_not_for_the_bot() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    room.hear("do you like pizza", 51.0, BEN)
    judged = room.hear("with cheese", 53.0, ANN)
    assert not judged.addressed
    assert "answers someone else (Ben Miller) -2.0" in judged.why


def test_what_is_no_answer_to_someone_else_stays_a_follow_up() -> None:
    def after(text: str, seconds: float, reply: str) -> bool:
        room = Room("medium")
        room.reply(at=50.0)
        room.hear(text, 51.0, BEN)
        return room.hear(reply, 52.0 + seconds, ANN).addressed

    assert not after("do you like pizza", 1.5, "with cheese")
    assert after("do you like pizza", 1.6, "with cheese")
    assert after("do you like pizza", 0.5, "what is the weather in rome")
    assert after("do you like pizza", 0.5, "play some jazz")
    assert after("mm-hm", 0.5, "with cheese")  # a nod asks for no answer
    assert after("jarvis do you like pizza", 0.5, "with cheese")  # that was for the bot


def test_words_begun_before_someone_elses_are_no_answer_to_them() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    room.hear("do you like pizza", 52.0, BEN)
    assert room.hear("with cheese", 51.9, ANN).addressed


def test_talk_about_the_agent_is_not_for_it_but_alone_with_it_everything_is() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    assert not room.hear("jarvis is great", 51.0).addressed
    assert Room("medium", ANN).hear("jarvis is great").addressed


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


def test_the_score_has_four_decimals() -> None:
    assert Room("medium", ANN).hear("what time is it").score == 0.8176


def test_the_time_since_the_reply_is_told() -> None:
    room = Room("medium")
    room.reply(at=3.0)
    assert "follow-up 6.0 s after sage" in room.hear("in paris", 9.0).why
    room.reply(at=30.0)
    assert "follow-up 0.0 s after sage" in room.hear("in paris", 29.0).why


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


def test_names_of_up_to_four_letters_are_warned_of() -> None:
    agents = (NamedAgent("a", ("Sage", "the wise one")), NamedAgent("b", ("Nia", "Sage")))
    assert short_names(agents) == ["Sage", "Nia"]


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


@pytest.mark.parametrize(
    "text", ["Jarvis.", "hey jarvis", "Jarvis, please?", "ok jarvis", "jarvis"]
)
def test_a_bare_name_is_told(text: str) -> None:
    judged = Room("low").hear(text, 1.0, ANN)
    assert (judged.addressed, judged.bare_name, judged.named) == (True, True, True)


@pytest.mark.parametrize(
    "text", ["jarvis what time is it", "stop jarvis", "thank you jarvis", "jarvis no"]
)
def test_a_name_with_a_wish_is_not_bare(text: str) -> None:
    judged = Room("low").hear(text, 1.0, ANN)
    assert (judged.addressed, judged.bare_name, judged.named) == (True, False, True)


@pytest.mark.parametrize("level", LEVELS)
def test_after_a_call_no_name_is_needed(level: Sensitivity) -> None:
    room = Room(level)
    room.relevance.receive_call(speaker=ANN.id, agent="sage", at=10.0)
    judged = room.hear("so it goes", 18.0, ANN)
    assert (judged.addressed, judged.agent, judged.named) == (True, "sage", True)
    assert judged.why == "goes on: base -3.0, called sage before +6.0"
    assert not room.hear("so it goes", 18.0, BEN).addressed
    nod = room.hear("yeah", 18.0, ANN)
    assert (nod.addressed, nod.named) == (False, False)
    assert nod.why == "not addressed: base -3.0, called sage before +6.0, only a nod -9.0"
    assert not room.hear("ben so it goes", 18.0, ANN).addressed
    late = 26.1 if level == "high" else 18.1
    assert not room.hear("so it goes", late, ANN).addressed
    assert room.hear("jarvis so it goes", 18.0, ANN).agent == "jarvis"


def test_a_reply_takes_the_place_of_a_call() -> None:
    room = Room("low")
    room.relevance.receive_call(speaker=ANN.id, agent="sage", at=10.0)
    room.reply(at=12.0)
    assert not room.hear("and in paris", 13.0).addressed


@pytest.mark.parametrize("level", LEVELS)
def test_what_goes_on_with_a_turn_for_the_bot_is_for_the_same_agent(level: Sensitivity) -> None:
    room = Room(level)
    before = room.hear("sage what is the weather", 1.0, ANN)

    def going_on(text: str) -> Judgement:
        said = Utterance(ANN, text, 3.0, 4.0, before)
        return room.relevance.judge(said, people=room.people, agent="jarvis")

    judged = going_on("in london")
    assert (judged.addressed, judged.agent, judged.named) == (True, "sage", True)
    assert judged.why == "goes on: base -3.0, goes on with what was for the bot +6.0"
    unnamed = Utterance(ANN, "in rome", 5.0, 6.0, replace(judged, named=False))
    assert not room.relevance.judge(unnamed, people=room.people, agent="jarvis").named
    assert going_on("jarvis i mean").agent == "jarvis"
    assert not going_on("mm-hm").addressed
    assert not going_on("ben come here").addressed


def test_what_goes_on_with_talk_between_people_is_judged_by_itself() -> None:
    room = Room("medium")
    before = room.hear("did you see the game", 1.0, ANN)
    said = Utterance(ANN, "last night", 3.0, 4.0, before)
    assert not room.relevance.judge(said, people=room.people, agent="jarvis").addressed


def test_judging_changes_nothing() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    asks = Utterance(BEN, "do you like pizza", 51.0, 52.0)
    for _ in range(2):
        room.relevance.judge(asks, people=room.people, agent="jarvis")
    assert room.hear("with cheese", 53.0, ANN).addressed


def test_words_over_a_reply_are_a_follow_up_of_whom_it_answers() -> None:
    room = Room("medium")
    room.relevance.receive_reply_start(speaker=ANN.id, agent="sage")
    judged = room.hear("no i meant paris", 50.0)
    assert judged.addressed
    assert judged.why == "in conversation: base -3.0, follow-up over sage +4.5"
    assert not room.hear("no i meant paris", 50.0, BEN).addressed
    assert room.hear("can you repeat that", 50.0, BEN).addressed


def test_who_asks_the_bot_that_has_just_spoken_to_somebody_else_is_meant() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    judged = room.hear("can you repeat that", 58.0, BEN)
    assert judged.addressed
    assert judged.why == (
        "in conversation: base -3.0, sage has the floor +2.0, asks who just spoke +2.5"
    )
    assert not room.hear("can you repeat that", 58.1, BEN).addressed
    assert not room.hear("could you pass me the salt", 51.0, BEN).addressed


def test_the_bot_loses_the_floor_to_people() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    room.hear("the train was late", 51.0, BEN)
    assert not room.hear("can you repeat that", 54.0, BEN).addressed


def test_a_call_is_no_floor() -> None:
    room = Room("medium")
    room.relevance.receive_call(speaker=ANN.id, agent="sage", at=50.0)
    assert not room.hear("can you repeat that", 51.0, BEN).addressed


def test_who_has_turned_to_people_is_not_followed_up_by_a_statement() -> None:
    def after(gap: float, text: str) -> bool:
        room = Room("medium")
        room.reply(at=50.0)
        room.hear("did you watch the game", 50.0 + gap)
        return room.hear(text, 54.0).addressed

    assert not after(0.5, "two goals at the end")
    assert after(0.5, "play some jazz")
    assert after(0.5, "what time is it")
    assert after(0.0, "two goals at the end")  # it began before the reply had ended
    assert after(4.0, "two goals at the end")  # it began no earlier than these words
    assert after(4.5, "two goals at the end")


def test_amid_talk_of_people_high_wants_more() -> None:
    def after(seconds: float) -> bool:
        room = Room("high")
        room.hear("the train was late", 99.0, BEN)
        return room.hear("how many ounces are in a pound", 100.0 + seconds).addressed

    assert not after(3.0)
    assert after(3.1)


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


def test_a_form_of_the_name_is_learnt_from_repetition() -> None:
    room = Room("low")
    for at in (10.0, 40.0):
        missed = room.hear("darvish what time is it", at)
        assert not missed.addressed
        assert missed.near_miss == NearMiss("jarvis", "darvish", frozenset(word_set(TIME)))
        assert room.hear(f"jarvis {TIME}", at + 5.0).addressed
    judged = room.hear("darvish what time is it", 70.0)
    assert judged.why == "named: base -3.0, called by another name (darvish) +9.5"
    assert room.relevance.variants.learnt() == {"jarvis": ["darvish"]}


def test_a_form_is_learnt_at_once_from_a_correction() -> None:
    room = Room("medium")
    room.hear("darvish what time is it")
    room.relevance.receive_correction("darvish what time is it", people=())
    assert room.hear("darvish what time is it").named
    for text in ("what time is it", "jarvis what time is it"):  # nothing to learn
        room.relevance.receive_correction(text, people=())
    assert room.relevance.variants.learnt() == {"jarvis": ["darvish"]}


def test_the_name_of_a_person_is_not_learnt_from_a_correction() -> None:
    room = Room("medium")
    people = (Participant("4", "Darvish"),)
    room.relevance.receive_correction("darvish what time is it", people=people)
    assert room.relevance.variants.learnt() == {}


def test_what_was_learnt_before_counts_from_the_start() -> None:
    config = RelevanceConfig(sensitivity="low")
    relevance = Relevance(config, AGENTS, NameVariants({"jarvis": ["darvish"]}))
    said = Utterance(ANN, "hey darvish", 0.0, 1.0)
    assert relevance.judge(said, people=(ANN, BEN), agent="sage").agent == "jarvis"
    relevance.add_agent(NamedAgent("nia", ("Nia",)))
    assert relevance.judge(said, people=(ANN, BEN), agent="sage").agent == "jarvis"


def test_an_agent_that_comes_later_can_be_called() -> None:
    room = Room("low")
    assert not room.hear("watson what time is it").addressed
    room.relevance.add_agent(NamedAgent("watson", ("Watson",)))
    assert room.hear("watson what time is it").agent == "watson"
