import pytest

from pipeline.dialogue_acts import (
    is_answer,
    is_asked_of_speaker,
    is_nod,
    is_of_people,
    is_question,
    is_request,
    is_to_people,
    is_to_whoever_is_there,
    is_topical,
    may_answer,
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


@pytest.mark.parametrize(
    "text",
    [
        "can you",
        "can you please",
        "i set a timer",
        "did you play",
        "well",
        "",
        "can you pass the salt",
    ],
)
def test_no_requests(text: str) -> None:
    assert not is_request(split_words(text))


@pytest.mark.parametrize(
    "text",
    [
        "did you watch the game last night",
        "let us start the meeting",
        "could you pass me the salt",
        "you should try it",
        "we are late",
        "is your back any better",
    ],
)
def test_people_speak_to_people(text: str) -> None:
    assert is_to_people(split_words(text))


@pytest.mark.parametrize(
    "text",
    [
        "can you play some jazz",
        "what time is it",
        "tell us more",
        "thank you",
        "thank you so much",
        "what do you mean",
        "how are you",
        "are you sure",
    ],
)
def test_what_an_assistant_may_be_told_is_not_said_to_people(text: str) -> None:
    assert not is_to_people(split_words(text))


def test_people_speak_of_people() -> None:
    assert is_of_people(split_words("she wants to read it"))
    assert not is_of_people(split_words("you want to read it"))


@pytest.mark.parametrize(
    "text",
    [
        "can you repeat that",
        "sorry could you please say that again",
        "what did you say",
        "you mean paris",
        "are you sure",
        "repeat that please",
        "say that again",
    ],
)
def test_who_has_just_spoken_is_asked(text: str) -> None:
    assert is_asked_of_speaker(split_words(text))


@pytest.mark.parametrize(
    "text", ["", "um", "do you like pizza", "can you pass me the salt", "you know what", "in paris"]
)
def test_somebody_else_may_be_asked(text: str) -> None:
    assert not is_asked_of_speaker(split_words(text))


def test_people_call_whoever_is_there() -> None:
    assert is_to_whoever_is_there(split_words("So, can you hear me?"))
    assert not is_to_whoever_is_there(split_words("can you hear me when the door is shut"))


WHAT = "what is the capital of australia"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (WHAT, "it is canberra not sydney"),
        (WHAT, "canberra"),
        (WHAT, "well um the capital is a city whose name i forget"),
        ("how many days are in february", "there are twenty eight of those i think"),
        ("how many days are in february", "there were 28 of those this year i think"),
        ("is it raining", "yes"),
        ("is it raining", "no"),
        ("the sunny one", "yes"),
        ("so", "yes"),
    ],
)
def test_what_may_answer_a_question(question: str, answer: str) -> None:
    assert may_answer(split_words(answer), split_words(question), marked=False)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (WHAT, ""),
        (WHAT, "yeah"),
        (WHAT, "um what country"),
        (WHAT, "play some jazz"),
        (WHAT, "i don't know"),
        (WHAT, "Um, no idea."),
        (WHAT, "ask the others"),
        (WHAT, "what is the point of all this talk"),
        (WHAT, "everyone was home early because of snow"),
        ("is it raining", "mm"),
    ],
)
def test_what_does_not_answer_a_question(question: str, answer: str) -> None:
    assert not may_answer(split_words(answer), split_words(question), marked=False)


def test_a_question_mark_answers_nothing() -> None:
    assert not may_answer(split_words("canberra"), split_words(WHAT), marked=True)


def test_topics_of_assistants() -> None:
    assert is_topical(split_words("the weather in london"))
    assert not is_topical(split_words("the weatherman of london"))
