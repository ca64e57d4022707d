"""The demo with an OpenClaw Gateway: its agents are asked, and its refusals are told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.openclaw_client.clients import turn_that
from tests.peers.gateway_hub import GatewayHub, Visit
from tests.server.commands.program import CLIPS, FIXTURE, Ended, run_program


def demo(hub: GatewayHub, cache: Path, *arguments: str, file: str = "ben-time") -> Ended:
    async def main() -> Ended:
        async with hub.running():
            return await run_program(
                "demo",
                f"ben={CLIPS / f'{file}.flac'}",
                "--fast",
                "--json",
                *FIXTURE,
                *("--set", f"openclaw.base_url={hub.url}", "--set", f"data_dir={cache / 'data'}"),
                *arguments,
                cache=cache,
            )

    return asyncio.run(main())


def test_the_gateways_agent_answers_in_the_session_of_the_channel(tmp_path):
    hub = GatewayHub()
    hub.agents = ["main", "jarvis", "sage"]
    hub.replies["agent"] = turn_that(("delta", "It is "), ("final", "It is four."))
    ended = demo(hub, tmp_path)
    assert ended.code == 0, ended.err
    (turn,) = ended.turns
    assert (turn["text"], turn["agent"]) == ("what time is it jarvis", "jarvis")
    assert turn["session_key"] == "agent:jarvis:discord:channel:demo"
    assert turn["reply"] == turn["heard"] == "It is four."
    assert turn["error"] is None
    asked = next(one for one in hub.asked("agent") if "warm-up" not in one["sessionKey"])
    assert asked["message"] == "ben: what time is it jarvis"
    assert asked["sessionKey"] == turn["session_key"]
    assert "spoken aloud" in asked["extraSystemPrompt"]


def test_each_person_has_a_session_of_their_own_if_the_settings_say_so(tmp_path):
    ended = demo(GatewayHub(), tmp_path, "--set", "openclaw.session_scope=user")
    assert ended.turns[0]["session_key"] == "agent:jarvis:discord:direct:ben"


def test_a_turn_that_fails_is_told_aloud_and_in_its_record(tmp_path):
    hub = GatewayHub()
    hub.replies["agent"] = turn_that(("error", None), errorMessage="the model is away")
    ended = demo(hub, tmp_path)
    assert ended.code == 0
    assert ended.turns[0]["error"] == "gateway: the agent's run failed: the model is away"


def test_the_agent_can_be_any_of_the_gateways(tmp_path):
    hub = GatewayHub()
    hub.agents = ["main", "coder"]
    ended = demo(hub, tmp_path, "--agent", "coder", file="ann-game")
    assert ended.turns[0]["session_key"] == "agent:coder:discord:channel:demo"


def test_an_agent_that_the_gateway_does_not_have_is_refused_with_those_it_has(tmp_path):
    hub = GatewayHub()
    ended = demo(hub, tmp_path, "--agent", "nobody")
    assert ended.code == 2
    assert "knows no agent 'nobody'. Choose one of these: main, jarvis" in ended.err
    assert not hub.asked("agent")


@pytest.mark.parametrize(
    ("code", "details", "words"),
    [
        ("INVALID_REQUEST", {"code": "AUTH_TOKEN_MISMATCH"}, "Set OPENCLAW_AUTH_TOKEN"),
        (
            "NOT_PAIRED",
            {"code": "PAIRING_REQUIRED", "requestId": "r-1"},
            "On the gateway's machine run: openclaw devices approve r-1",
        ),
    ],
)
def test_a_refusal_ends_the_demo_with_what_to_do(
    code: str, details: dict[str, str], words: str, tmp_path: Path
):
    hub = GatewayHub()

    async def refuse(visit: Visit, request: dict[str, Any]) -> None:
        await visit.refuse(request["id"], code, "no", details=details)

    hub.greet = refuse
    ended = demo(hub, tmp_path)
    assert ended.code == 1
    assert words in ended.err
    assert "Traceback" not in ended.err
