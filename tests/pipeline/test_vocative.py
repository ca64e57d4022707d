import pytest

from pipeline.names import NameFinder, split_words
from pipeline.vocative import Position, call_position

FINDER = NameFinder({"jarvis": ("jarvis",)})


def position(text: str) -> Position | None:
    words = split_words(text)
    (mention,) = FINDER.find(words)
    return call_position(words, mention)


@pytest.mark.parametrize(
    "text",
    [
        "jarvis",
        "hey jarvis",
        "Jarvis, what time is it?",
        "jarvis what time is it",
        "um okay so jarvis set a timer",
        "thank you jarvis",
        "good morning jarvis how are you",
        "jarvis is it raining",
        "jarvis is the shop open today",
        "jarvis will it rain tomorrow",
        "jarvis has my package arrived",
        "jarvis does pizza hut deliver",
        "jarvis did i miss a call",
        "jarvis isn't it late",
        "jarvis can you hear me",
        "jarvis just play some jazz",
        "hey jarvis said who",
        "Jarvis, said the king, means spear.",
        "Turn it off. Jarvis, what time is it?",
    ],
)
def test_a_name_that_opens_a_sentence_calls(text: str) -> None:
    assert position(text) is Position.FIRST


@pytest.mark.parametrize(
    "text",
    [
        "what time is it jarvis",
        "what time is it, Jarvis?",
        "turn on the lights jarvis please",
        "what is this song called jarvis",
        "who am i meeting with jarvis",
        "do that again jarvis",
        "Stop it, Jarvis. I am tired.",
        "I was just talking with Ann, Jarvis.",
    ],
)
def test_a_name_that_ends_a_sentence_calls(text: str) -> None:
    assert position(text) is Position.LAST


def test_a_name_between_pauses_calls() -> None:
    assert position("I was thinking, Jarvis, could you book it?") is Position.ASIDE


@pytest.mark.parametrize(
    "text",
    [
        "jarvis said yesterday that it would rain",
        "jarvis told me so",
        "so jarvis said no",
        "jarvis is great",
        "jarvis is a robot",
        "jarvis is working again",
        "jarvis isn't working today",
        "jarvis was wrong about it",
        "jarvis has crashed",
        "jarvis has a bug today",
        "jarvis doesn't work",
        "jarvis can do that",
        "jarvis can do it for us",
        "jarvis just said so",
        "jarvis and i went home",
        "jarvis 's voice is nice",
    ],
)
def test_a_name_that_is_the_subject_does_not_call(text: str) -> None:
    assert position(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "i told jarvis",
        "I told Jarvis.",
        "you should ask jarvis",
        "let us give it to jarvis",
        "this is the jarvis",
        "ben and jarvis",
        "what about jarvis",
        "who is jarvis",
        "have you heard of jarvis",
        "i love jarvis",
        "we bought it for the jarvis",
        "i told jarvis and he laughed",
        "yesterday jarvis said it would rain",
        "We asked Ann, Jarvis, and Ben about it.",
    ],
)
def test_a_name_that_is_spoken_of_does_not_call(text: str) -> None:
    assert position(text) is None
