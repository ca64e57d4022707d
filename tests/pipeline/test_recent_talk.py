import math

from pipeline.interfaces import Participant
from pipeline.recent_talk import MOST_PEOPLE, Exchange, RecentTalk, Talk

ANN = Participant("ann", "Ann")
BEN = Participant("ben", "Ben")


def test_the_last_exchange_of_each_person_is_remembered() -> None:
    recent = RecentTalk()
    recent.receive_exchange(Exchange("ann", "jarvis", 1.0))
    recent.receive_exchange(Exchange("ben", "jarvis", 2.0))
    recent.receive_exchange(Exchange("ann", "sage", 3.0))
    assert recent.exchange("ann") == Exchange("ann", "sage", 3.0)
    assert recent.exchange("ben") == Exchange("ben", "jarvis", 2.0)
    assert recent.exchange("cleo") is None


def test_the_bot_speaks_to_one_person_at_a_time() -> None:
    recent = RecentTalk()
    recent.receive_exchange(Exchange("ann", "jarvis", math.inf))
    recent.receive_exchange(Exchange("ben", "jarvis", math.inf))
    assert recent.exchange("ann") is None
    recent.receive_exchange(Exchange("ben", "jarvis", 5.0))
    assert recent.exchange("ben") == Exchange("ben", "jarvis", 5.0)


def test_people_are_forgotten_when_there_are_too_many() -> None:
    recent = RecentTalk()
    for number in range(MOST_PEOPLE + 1):
        if number == MOST_PEOPLE:  # the first is heard again, and is no longer the oldest
            recent.receive_exchange(Exchange("0", "jarvis", 1000.0))
            recent.receive_talk(Talk(Participant("0", ""), 1000.0, 1000.5))
        recent.receive_exchange(Exchange(str(number), "jarvis", float(number)))
        recent.receive_talk(Talk(Participant(str(number), ""), number, number + 0.5))
    for number in range(MOST_PEOPLE + 1):
        assert (recent.exchange(str(number)) is None) is (number == 1)
        assert (recent.talk(str(number)) is None) is (number == 1)


def test_the_bot_has_the_floor_until_people_talk() -> None:
    recent = RecentTalk()
    assert recent.floor() is None
    recent.receive_exchange(Exchange("ann", "jarvis", 10.0))
    recent.receive_exchange(Exchange("ben", "jarvis", 12.0))
    recent.receive_exchange(Exchange("cleo", "jarvis", 13.0, called=True))
    recent.receive_talk(Talk(ANN, 11.0, 12.0))
    assert recent.floor() == Exchange("ben", "jarvis", 12.0)
    recent.receive_talk(Talk(ANN, 11.0, 12.1))
    assert recent.floor() is None


def test_who_talked_just_before_may_be_answered() -> None:
    recent = RecentTalk()
    recent.receive_talk(Talk(BEN, 10.0, 12.0))

    def answered(start: float) -> Participant | None:
        return recent.answered([ANN, BEN], start, within=1.5)

    assert answered(13.5) == BEN
    assert answered(13.6) is None
    assert answered(10.1) == BEN  # talking over them
    assert answered(10.0) is None
    assert recent.answered([ANN], 13.0, within=1.5) is None
