"""Who is behind a number, and which conversation their call goes on with."""

from __future__ import annotations

from typing import Any

import pytest

from openclaw_client.session_key import SessionKeyError
from server.phone.calls.people import People, Person, chosen_key, phone_key
from server.phone.security.callers import Assurance
from tests.server.phone.calls.call_records import OURS, THEIRS

ANN = Person("ann", (THEIRS, "+4930123456"), discord="123456789012345678")
CHANNEL = "agent:main:discord:channel:987654321098765432"


def key(**changes: Any) -> str:
    values: dict[str, Any] = {"call_id": "abc12345", "number": THEIRS}
    return phone_key("Main", **(values | changes))


def test_strangers_share_a_session_with_their_own_number() -> None:
    assert key() == "agent:main:voice:15550002222"


def test_other_scopes() -> None:
    assert key(scope="per-call") == "agent:main:voice:call:abc12345"
    assert key(scope="main") == "agent:main:main"


def test_callers_who_hide_their_number_share_nothing() -> None:
    assert key(number=None) == "agent:main:voice:call:abc12345"


def test_a_person_goes_on_with_their_channel_else_the_settings_else_their_messages() -> None:
    told = Person("ann", (THEIRS,), discord=ANN.discord, session_key="Agent:Sage:Main")
    assert key(person=told, last_key=CHANNEL) == CHANNEL
    assert key(person=told, last_key=CHANNEL.replace("main", "sage")) == CHANNEL
    assert key(person=told) == "agent:sage:main"
    assert key(person=ANN) == "agent:main:discord:direct:123456789012345678"
    assert key(person=ANN, scope="per-call") == key(person=ANN)


def test_the_telephones_of_a_person_without_discord_are_one() -> None:
    ben = Person("ben", ("+4930123456", THEIRS))
    assert key(person=ben) == "agent:main:voice:4930123456"


def test_wrong_keys_in_the_settings_are_told() -> None:
    with pytest.raises(SessionKeyError, match="agent:<agent>:<rest>"):
        key(person=Person("ben", session_key="nonsense"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHANNEL, CHANNEL),
        ("voice:+15550002222", "agent:main:voice:15550002222"),
        ("session_123", "agent:main:session_123"),
        (" Test_123 ", "agent:main:test_123"),
    ],
)
def test_a_call_may_ask_for_its_session(text: str, expected: str) -> None:
    assert chosen_key("main", text) == expected


@pytest.mark.parametrize("text", ["", "agent:main", "a b", "agent::x", "x" * 600])
def test_what_is_no_session_is_refused(text: str) -> None:
    with pytest.raises(SessionKeyError):
        chosen_key("main", text)


def test_a_caller_is_that_person_when_it_is_sure_enough() -> None:
    for required, taken in [
        (Assurance.CLAIMED, {Assurance.CLAIMED, Assurance.ATTESTED, Assurance.PIN}),
        (Assurance.ATTESTED, {Assurance.ATTESTED, Assurance.PIN}),
        (Assurance.PIN, {Assurance.PIN}),
    ]:
        people = People([ANN], required)
        assert {one for one in Assurance if people.caller(THEIRS, one) is ANN} == taken
        assert people.called(THEIRS) is ANN


def test_unknown_and_hidden_numbers_are_nobodys() -> None:
    people = People([ANN, Person("ben", (THEIRS,))])
    assert people.numbers == set(ANN.phones)
    assert people.caller(OURS, Assurance.PIN) is None
    assert people.caller(None, Assurance.PIN) is None
    assert people.called(THEIRS) is ANN
