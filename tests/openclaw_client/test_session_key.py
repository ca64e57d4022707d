"""Session keys are OpenClaw's own, and nothing hostile gets into one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_client.errors import AgentError, UnknownAgentError
from openclaw_client.session_key import (
    LONGEST_KEY,
    Place,
    SessionKeyError,
    SessionScope,
    agent_id,
    agent_of,
    checked_key,
    discord_key,
    known_agent,
    phone_key,
    warm_up_key,
    with_agent,
)

HERE = Place(user_id="123456789", channel_id="555", guild_id="777")
SCOPES: tuple[SessionScope, ...] = ("channel", "user", "dm", "guild")


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("channel", "agent:jarvis:discord:channel:555"),
        ("user", "agent:jarvis:discord:direct:123456789"),
        ("dm", "agent:jarvis:discord:dm:123456789"),
        ("guild", "agent:jarvis:discord:guild:777"),
    ],
)
def test_the_key_of_each_scope(scope: SessionScope, key: str):
    assert discord_key(scope, "Jarvis", HERE) == key
    assert agent_of(key) == "jarvis"


@pytest.mark.parametrize("scope", SCOPES)
def test_a_place_without_the_id_that_the_scope_needs_is_refused(scope: SessionScope):
    with pytest.raises(SessionKeyError, match="needs the id"):
        discord_key(scope, "jarvis", Place())


@pytest.mark.parametrize(
    "agent", ["", " ", ":", "a:b", "main\n", "ma in", "-x", "é", "x" * 65, "İ", "../etc", "a\x00b"]
)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_hostile_agent_is_refused(scope: SessionScope, agent: str):
    if agent == "main\n":
        assert discord_key(scope, agent, HERE).startswith("agent:main:")
        return
    with pytest.raises(SessionKeyError):
        discord_key(scope, agent, HERE)


@pytest.mark.parametrize("user", ["", "a:b", "a b", "x" * 129, "١٢٣", "a\nb", "<@1>"])
def test_a_hostile_speaker_is_refused(user: str):
    with pytest.raises(SessionKeyError):
        discord_key("dm", "main", Place(user_id=user))


@given(st.text(), st.text(), st.sampled_from(SCOPES))
def test_any_input_gives_a_sound_key_or_an_error(agent: str, place: str, scope: SessionScope):
    try:
        key = discord_key(scope, agent, Place(place, place, place))
    except AgentError:
        return
    assert key == key.lower()
    assert key.isascii()
    assert len(key) <= LONGEST_KEY
    assert len(key.split(":")) == 5
    assert all(key.split(":"))
    assert checked_key(key) == key


@pytest.mark.parametrize("number", ["+15551234567", "+1 (555) 123-4567", "1555 123.4567"])
def test_a_telephone_number_becomes_its_digits(number: str):
    assert phone_key("main", number) == "agent:main:voice:15551234567"


@pytest.mark.parametrize("number", ["", "+", "12", "+1555abc", "1" * 21, "anonymous", "+1555:1"])
def test_what_is_no_telephone_number_is_refused(number: str):
    with pytest.raises(SessionKeyError):
        phone_key("main", number)


def test_the_warm_up_has_a_session_of_its_own():
    assert checked_key(warm_up_key("sage")) == "agent:sage:voice:warm-up"


def test_a_written_key_is_put_into_lower_case():
    assert checked_key(" Agent:Main:Discord:Channel:5 ") == "agent:main:discord:channel:5"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "main",
        "agent:main",
        "agent:main:",
        "agent::discord:dm:1",
        "agent:main::x",
        "agent:main:x:",
        "agent:main:a b",
        "discord:main:x",
        "agent:main:" + "x" * LONGEST_KEY,
    ],
)
def test_a_malformed_key_is_refused(key: str):
    with pytest.raises(SessionKeyError):
        checked_key(key)


def test_the_session_of_another_agent_in_the_same_place():
    key = with_agent("agent:Jarvis:discord:channel:7", "Sage")
    assert key == "agent:sage:discord:channel:7"
    with pytest.raises(SessionKeyError):
        with_agent("discord:channel:7", "sage")


def test_an_agent_that_the_gateway_knows_is_taken():
    assert known_agent("JARVIS", ["main", "Jarvis"]) == "jarvis"


def test_an_unknown_agent_is_refused_with_the_known_ones():
    with pytest.raises(UnknownAgentError) as caught:
        known_agent("nobody", ["main", "jarvis"])
    assert caught.value.known == ("main", "jarvis")


def test_a_refused_agent_id_says_how_to_choose_one():
    with pytest.raises(SessionKeyError, match="/agent"):
        agent_id("")
