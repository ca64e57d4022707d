"""Who is called by which name, and what it may be misheard as."""

import pytest

from pipeline.config import RelevanceConfig
from pipeline.interfaces import Participant
from pipeline.judgement import NamedAgent, Utterance
from pipeline.name_variants import NameVariants, NearMiss
from pipeline.names import word_set
from pipeline.relevance import Relevance
from tests.pipeline.relevance_scene import AGENTS, ANN, BEN, TIME, TRAVIS, WILL, Room


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


def test_talk_about_the_agent_is_not_for_it_but_alone_with_it_everything_is() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    assert not room.hear("jarvis is great", 51.0).addressed
    assert Room("medium", ANN).hear("jarvis is great").addressed


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
