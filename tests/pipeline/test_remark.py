import pytest

from pipeline.interfaces import Participant
from pipeline.names import NameFinder
from pipeline.remark import Remark, called, is_marked

FINDER = NameFinder({"jarvis": ("jarvis",)})
TRAVIS = Participant("3", "Travis")


def test_who_is_called() -> None:
    remark = Remark.read("Travis, wait. Jarvis, what time is it?", [TRAVIS], FINDER)
    assert remark.call is not None
    assert remark.call.owner == "jarvis"
    assert remark.called_person is not None
    assert remark.called_person.owner == "3"


def test_what_is_exactly_a_persons_name_is_theirs() -> None:
    assert Remark.read("travis wait", [TRAVIS], FINDER).call is None
    assert Remark.read("travis wait", [], FINDER).call is not None
    jarvis = Participant("4", "Jarvis")
    assert Remark.read("jarvis wait", [jarvis], FINDER).call is not None


def test_who_is_spoken_of_is_mentioned_and_not_called() -> None:
    remark = Remark.read("i told jarvis and travis about it", [TRAVIS], FINDER)
    assert [mention.owner for mention in (*remark.agents, *remark.people)] == ["jarvis", "3"]
    assert remark.call is None
    assert remark.called_person is None


def test_kinds_of_remark() -> None:
    assert Remark.read("mm-hm", [], FINDER).is_nod
    assert Remark.read("play some jazz", [], FINDER).is_request
    assert Remark.read("in London?", [], FINDER).is_question
    plain = Remark.read("in London", [], FINDER)
    assert not (plain.is_nod)
    assert not (plain.is_request)
    assert not (plain.is_question)


@pytest.mark.parametrize("text", ["What?", 'He said "what?" ', "(what?)", "\uff1f"])
def test_a_question_mark_may_stand_before_closing_marks(text: str) -> None:
    assert is_marked(text)


def test_an_earlier_question_mark_does_not_count() -> None:
    assert not is_marked("What? No.")


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("Ann", ("ann",)),
        ("Ben Miller", ("Ben Miller", "ben")),
        ("The Dude", ("The Dude",)),
        ("Will", ()),
        ("Jo", ()),
        ("", ()),
        ("?!", ()),
    ],
)
def test_what_people_may_be_called(name: str, names: tuple[str, ...]) -> None:
    assert called(Participant("1", name)) == names
