"""The list of a gateway's agents."""

from typing import Any

import pytest

from openclaw_client.agents import AgentInfo, read_agents


def test_agents_have_name_model_and_which_is_the_default():
    payload = {
        "defaultId": "main",
        "agents": [
            {"id": "main", "name": "Main", "model": {"primary": "fake/echo-1"}, "new": 1},
            {"id": "jarvis", "model": "fake/other"},
        ],
    }
    assert read_agents(payload) == (
        AgentInfo("main", "Main", "fake/echo-1", default=True),
        AgentInfo("jarvis", "jarvis", "fake/other"),
    )


@pytest.mark.parametrize("payload", [{}, {"agents": 5}, {"agents": [None, {}, {"id": 7}]}])
def test_what_is_no_list_is_empty(payload: dict[str, Any]):
    assert read_agents(payload) == ()
