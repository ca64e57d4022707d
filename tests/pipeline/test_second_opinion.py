import asyncio
from collections.abc import AsyncGenerator

import pytest

from pipeline.errors import AgentError
from pipeline.interfaces import Participant, Question
from pipeline.judgement import Judgement, Utterance
from pipeline.second_opinion import SecondOpinion, read_verdict

ANN = Participant("ann", "Ann")
BEN = Participant("ben", "Ben")
UTTERANCE = Utterance(ANN, 'how many "ounces"\nare in a pound', 0.0, 1.0)
CLOSE = Judgement(addressed=True, score=0.6, why="a rule", agent="jarvis", grey=True)


class Opinion:
    """An agent with an opinion; ``None`` stands for silence."""

    asks_ahead = False

    def __init__(self, *pieces: str | AgentError | None) -> None:
        self.pieces = pieces
        self.asked: list[Question] = []
        self.closed = False

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        self.asked.append(question)
        try:
            for piece in self.pieces:
                if isinstance(piece, AgentError):
                    raise piece
                if piece is None:
                    await asyncio.Event().wait()
                else:
                    yield piece
        finally:
            self.closed = True


def opinion(agent: Opinion, judgement: Judgement = CLOSE, *, timeout: float = 5.0) -> Judgement:
    judge = SecondOpinion(agent, lambda id_: f"agent:{id_}:opinion", timeout=timeout)
    return asyncio.run(judge.judge(UTTERANCE, judgement, people=(ANN, BEN), conversation="demo"))


def test_the_agent_decides_close_cases() -> None:
    assert opinion(Opinion("Y", "ES", ".")).addressed
    judged = opinion(Opinion("no"))
    assert not judged.addressed
    assert judged.why == "a rule; jarvis says no"
    assert judged.score == CLOSE.score


def test_the_agent_is_asked_in_a_session_of_its_own() -> None:
    agent = Opinion("no")
    opinion(agent)
    (question,) = agent.asked
    assert (question.session_key, question.agent) == ("agent:jarvis:opinion", "jarvis")
    assert (question.speaker, question.conversation) == (ANN, "demo")
    assert "Ann, Ben" in question.text
    assert "YES or NO" in question.text
    assert "\n" not in question.text


def test_clear_cases_ask_nobody() -> None:
    agent = Opinion("no")
    clear = Judgement(addressed=True, score=0.99, why="named", agent="jarvis", named=True)
    assert opinion(agent, clear) is clear
    assert not agent.asked


@pytest.mark.parametrize(
    ("agent", "why"),
    [
        (Opinion("It is ten past four. "), "gave no opinion"),
        (Opinion(), "gave no opinion"),
        (Opinion("... " * 60, None), "gave no opinion"),
        (Opinion(AgentError("gone")), "could not be asked"),
    ],
)
def test_without_an_opinion_the_rules_decide(agent: Opinion, why: str) -> None:
    judged = opinion(agent)
    assert judged.addressed
    assert judged.why == f"a rule; jarvis {why}"
    assert agent.closed


def test_a_late_opinion_is_not_waited_for() -> None:
    agent = Opinion(None)
    assert opinion(agent, timeout=0.0).why == "a rule; jarvis had no opinion within 0 s"


def test_what_follows_the_verdict_is_not_waited_for() -> None:
    agent = Opinion("NO ", None)
    assert not opinion(agent).addressed
    assert agent.closed


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("YES", True),
        ("**No.**", False),
        ("Yes, it was", True),
        ("nobody", None),
        ("I think yes", None),
        ("", None),
        ("1", None),
    ],
)
def test_the_first_word_is_the_verdict(reply: str, verdict: bool | None) -> None:
    assert read_verdict(reply) is verdict


def test_a_word_that_may_go_on_is_no_verdict_yet() -> None:
    assert read_verdict("no", whole=False) is None
    assert read_verdict("no ", whole=False) is False
