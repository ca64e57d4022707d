import asyncio

from pipeline.agents.echo import EchoAgent
from pipeline.interfaces import Participant, Question


def pieces(text: str, agent: str = "jarvis") -> list[str]:
    question = Question(text, Participant("1", "Ann"), agent, "demo")

    async def ask() -> list[str]:
        return [piece async for piece in EchoAgent({"jarvis": "Jarvis"}).ask(question)]

    return asyncio.run(ask())


def test_it_says_who_said_what_to_whom_word_by_word() -> None:
    said = pieces("what time is it")
    assert said == ["Ann,", " you", " said", " to", " Jarvis:", " what", " time", " is", " it."]


def test_an_agent_without_a_name_goes_by_its_id() -> None:
    assert "".join(pieces("hello", agent="sage")) == "Ann, you said to sage: hello."


def test_a_question_is_told_and_not_asked() -> None:
    assert "".join(pieces(" What time is it? ")) == "Ann, you said to Jarvis: What time is it."


def test_what_nobody_said_is_not_repeated() -> None:
    question = Question("hello", Participant("1", "Ann"), "jarvis", "call:1", notes="[Be kind.]\n")

    async def ask() -> list[str]:
        return [piece async for piece in EchoAgent({}).ask(question)]

    assert "".join(asyncio.run(ask())) == "Ann, you said to jarvis: hello."
    assert question.message == "Ann: [Be kind.]\nhello"


def test_silence_is_told_too() -> None:
    assert "".join(pieces("...")) == "Ann, you said to Jarvis: nothing."
