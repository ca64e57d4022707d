import dataclasses

import pytest

from pipeline.answered import is_answer_to
from pipeline.interfaces import Participant
from pipeline.judgement import Judgement, Utterance

ANN = Participant("ann", "Ann")
BEN = Participant("ben", "Ben")
QUESTION = Utterance(ANN, "what is the capital of australia", 10.0, 12.0)
ASKED = Judgement(addressed=True, score=0.9, why="", agent="jarvis")
ANSWER = Utterance(BEN, "it is canberra", 12.5, 13.5)
SAID = Judgement(addressed=False, score=0.1, why="", agent="jarvis")


def answers(
    question: Utterance = QUESTION,
    asked: Judgement = ASKED,
    answer: Utterance = ANSWER,
    said: Judgement = SAID,
) -> bool:
    return is_answer_to(question, asked, answer, said)


def test_somebody_answers_first() -> None:
    assert answers()


def test_the_question_of_who_named_the_agent_takes_a_plain_answer() -> None:
    named = dataclasses.replace(ASKED, named=True)
    assert answers(asked=named)
    question = dataclasses.replace(QUESTION, text="hey jarvis what time is it")
    assert answers(question=question, asked=named)
    assert not answers(asked=named, answer=dataclasses.replace(ANSWER, text="nice hat"))
    assert answers(answer=dataclasses.replace(ANSWER, text="nice hat"))


def test_who_speaks_to_the_agent_does_not_answer() -> None:
    assert not answers(said=dataclasses.replace(SAID, addressed=True))


def test_nobody_answers_themselves() -> None:
    assert not answers(answer=dataclasses.replace(ANSWER, speaker=ANN))


@pytest.mark.parametrize(
    ("start", "expected"), [(10.0, False), (10.1, True), (16.0, True), (16.1, False)]
)
def test_an_answer_comes_soon(start: float, expected: bool) -> None:
    assert answers(answer=dataclasses.replace(ANSWER, start=start)) is expected


def test_only_questions_are_answered() -> None:
    assert not answers(question=dataclasses.replace(QUESTION, text="play some jazz"))
    assert answers(question=dataclasses.replace(QUESTION, text="the capital of australia?"))


def test_not_everything_is_an_answer() -> None:
    assert not answers(answer=dataclasses.replace(ANSWER, text="no idea"))
    assert not answers(answer=dataclasses.replace(ANSWER, text="canberra?"))
