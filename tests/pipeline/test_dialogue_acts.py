import pytest

from pipeline.dialogue_acts import (
    is_answer,
    is_between_people,
    is_nod,
    is_question,
    is_request,
    is_topical,
)
from pipeline.names import split_words


@pytest.mark.parametrize("text", ["yeah", "Mm-hm.", "ok right", "uh huh", "I see.", "no no no", ""])
def test_nods(text: str) -> None:
    assert is_nod(split_words(text))


@pytest.mark.parametrize("text", ["yes please do", "thank you", "stop", "what", "in london"])
def test_more_than_nods(text: str) -> None:
    assert not is_nod(split_words(text))


def test_some_nods_answer_a_question() -> None:
    assert is_answer(split_words("yes"))
    assert is_answer(split_words("uh no"))
    assert not is_answer(split_words("mm"))


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("what is the weather in london", False),
        ("um so how far is it", False),
        ("is it going to rain", False),
        ("london or paris", True),
    ],
)
def test_questions(text: str, marked: bool) -> None:
    assert is_question(split_words(text), marked=marked)


@pytest.mark.parametrize("text", ["it is what it is", "is fine", "set a timer", "um", ""])
def test_no_questions(text: str) -> None:
    assert not is_question(split_words(text), marked=False)


@pytest.mark.parametrize(
    "text",
    [
        "set a timer for five minutes",
        "please turn off the lights",
        "can you play some jazz",
        "could you please help",
        "i want you to read it to me",
    ],
)
def test_requests(text: str) -> None:
    assert is_request(split_words(text))


@pytest.mark.parametrize("text", ["can you", "i set a timer", "did you play", "well", ""])
def test_no_requests(text: str) -> None:
    assert not is_request(split_words(text))


@pytest.mark.parametrize(
    "text",
    ["did you watch the game last night", "let us start the meeting", "can you call your mother"],
)
def test_people_speak_of_people(text: str) -> None:
    assert is_between_people(split_words(text))


def test_what_an_assistant_is_asked_to_do_is_not_about_people() -> None:
    assert not is_between_people(split_words("can you play some jazz"))
    assert not is_between_people(split_words("what time is it"))


def test_topics_of_assistants() -> None:
    assert is_topical(split_words("the weather in london"))
    assert not is_topical(split_words("the weatherman of london"))
