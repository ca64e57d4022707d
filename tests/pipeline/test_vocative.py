import pytest

from pipeline.names import NameFinder, split_words
from pipeline.vocative import Position, call_position, calling_places, is_bare

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


@pytest.mark.parametrize(
    "text",
    [
        "jarvis and in paris",
        "jarvis and what about rome",
        "so jarvis or tomorrow",
    ],
)
def test_a_wish_may_begin_with_a_link(text: str) -> None:
    assert position(text) is Position.FIRST


@pytest.mark.parametrize(
    "text",
    [
        "Hallo Jarvis, wie spät ist es?",
        "sag mal Jarvis wie wird das Wetter",
        "guten Morgen Jarvis wie geht es",
        "Bonjour Jarvis, quelle heure est-il ?",
        "s'il te plaît Jarvis mets de la musique",
        "Oye Jarvis, ¿qué hora es?",
        "Ciao Jarvis, che ore sono?",
        "Olá Jarvis, que horas são?",
        "Hoi Jarvis, hoe laat is het?",
        "Hei Jarvis, hva er klokka?",
        "Hej Jarvis, vad är klockan?",
        "undskyld Jarvis hvad er klokken",
    ],
)
def test_greetings_of_other_languages_may_stand_before_a_name(text: str) -> None:
    assert position(text) is Position.FIRST


@pytest.mark.parametrize(
    "text",
    [
        "wie spät ist es Jarvis bitte",
        "quelle heure est-il Jarvis s'il te plaît",
        "qué hora es Jarvis por favor",
        "che ore sono Jarvis per favore",
        "que horas são Jarvis por favor",
        "hoe laat is het Jarvis alsjeblieft",
        "hva er klokka Jarvis takk",
        "vad är klockan Jarvis tack",
        "hvad er klokken Jarvis tak",
    ],
)
def test_please_in_other_languages_may_stand_behind_a_name(text: str) -> None:
    assert position(text) is Position.LAST


@pytest.mark.parametrize(
    "text",
    ["jarvis", "Hey, Jarvis!", "um okay jarvis", "Jarvis, bitte", "oye jarvis por favor"],
)
def test_nothing_but_a_name(text: str) -> None:
    words = split_words(text)
    assert is_bare(words, FINDER.find(words)[0])


@pytest.mark.parametrize(
    "text", ["thank you jarvis", "jarvis yes", "jarvis stop", "gracias jarvis"]
)
def test_more_than_a_name(text: str) -> None:
    words = split_words(text)
    assert not is_bare(words, FINDER.find(words)[0])


def test_the_first_and_the_last_word_would_call_if_they_were_names() -> None:
    def places(text: str) -> tuple[int, ...]:
        return calling_places(split_words(text))

    assert places("hey darvish what time is it please") == (1, 5)
    assert places("darvish") == (0,)
    assert places("hey darvish") == (1,)
    assert places("") == ()
    assert places("please") == (0,)
