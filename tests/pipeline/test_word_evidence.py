import pytest

from pipeline.names import NameFinder
from pipeline.remark import Remark
from pipeline.word_evidence import words_for_assistants


def weighed(text: str) -> list[str]:
    return [str(item) for item in words_for_assistants(Remark.read(text, [], NameFinder({})))]


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("turn off the lights", ["request +1.1", "assistant's topic +0.7", "wording +4.0"]),
        ("can you play some jazz?", ["request +1.1", "assistant's topic +0.7", "wording +4.0"]),
        ("what is the point", ["question +0.7", "wording +2.6"]),
        ("we should leave", ["speaks to people -1.0", "wording -4.0"]),
        ("she said so", ["speaks of people -1.0", "wording -2.8"]),
        ("how are you", ["question +0.7", "said to whoever is there -4.0", "wording -0.4"]),
        ("i mean yeah i think so so yeah i think", ["wording -4.0"]),
        ("", ["wording +0.0"]),
    ],
)
def test_what_words_weigh(text: str, evidence: list[str]) -> None:
    assert weighed(text) == evidence
