"""Which agents people can talk with: those of the settings, as the gateway knows them."""

from __future__ import annotations

import logging

import pytest

from openclaw_client import AgentInfo, OpenClawConfig
from pipeline.config import AgentConfig
from server.config import Config
from server.roster import RosterError, configured_roster, gateway_roster


def known(*ids: str) -> list[AgentInfo]:
    return [AgentInfo(id=id_, name=f"{id_.title()} the Agent") for id_ in ids]


def settings(agent_id: str = "main", **agents: AgentConfig) -> Config:
    return Config(
        openclaw=OpenClawConfig(agent_id=agent_id),
        agents=agents or {"jarvis": AgentConfig(names=("service",)), "sage": AgentConfig()},
    )


def test_without_a_gateway_the_settings_count():
    assert configured_roster(settings()).default == "jarvis"
    assert configured_roster(settings("sage")).default == "sage"
    assert configured_roster(settings(), "sage").default == "sage"
    with pytest.raises(RosterError, match="no agent 'nobody'; the settings name jarvis, sage"):
        configured_roster(settings(), "nobody")


def test_people_can_name_the_agents_that_settings_and_gateway_share():
    roster = gateway_roster(settings("jarvis"), known("main", "jarvis", "coder"))
    assert list(roster.agents) == ["jarvis"]
    assert roster.default == "jarvis"
    assert roster.named()[0].names == ("jarvis", "service")


def test_the_default_agent_has_its_name_from_the_gateway():
    roster = gateway_roster(settings("main"), known("main", "jarvis"))
    assert roster.default == "main"
    assert roster.names() == {"jarvis": "Jarvis", "main": "Main the Agent"}


def test_ids_are_compared_without_case():
    assert gateway_roster(settings("jarvis"), known("Jarvis")).default == "jarvis"


def test_an_agent_that_was_asked_for_and_is_not_there_is_refused_with_the_list():
    with pytest.raises(RosterError, match=r"'sage'.* Choose one of these: main, jarvis"):
        gateway_roster(settings(), known("main", "jarvis"), "sage")


def test_a_default_that_is_not_there_gives_way_to_one_that_is_and_says_so(caplog):
    with caplog.at_level(logging.WARNING):
        roster = gateway_roster(settings("main"), known("sage"))
    assert roster.default == "sage"
    assert "knows no agent 'main'" in caplog.text
    assert "sage answers instead" in caplog.text


def test_a_gateway_with_none_of_the_agents_is_refused():
    with pytest.raises(RosterError, match="Choose one of these: coder"):
        gateway_roster(settings("main"), known("coder"))


def test_a_gateway_that_does_not_tell_its_agents_leaves_the_settings_to_count():
    assert gateway_roster(settings("sage"), ()).default == "sage"
