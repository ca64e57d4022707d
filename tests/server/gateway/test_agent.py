"""The Gateway as an agent of the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

import openclaw_client
from openclaw_client import GatewayClient
from pipeline.errors import AgentError
from pipeline.interfaces import Participant, Question
from server.config import Config
from server.gateway.agent import GatewayAgent, translated, warm_up
from server.roster import configured_roster
from tests.openclaw_client.clients import connected, turn_that, whole
from tests.peers.gateway_hub import GUARD, GatewayHub, Visit, until

SESSION = "agent:jarvis:discord:channel:5"
ANN = Participant("7", "Ann")


def question(text: str = "hello", session_key: str | None = SESSION, **more: str) -> Question:
    return Question(text, ANN, "jarvis", "guild:1", session_key, **more)


def at(hub: GatewayHub, test: Callable[[GatewayClient], Awaitable[None]]) -> None:
    async def run() -> None:
        async with hub.running(), connected(hub) as client:
            await test(client)

    asyncio.run(asyncio.wait_for(run(), GUARD))


def test_a_question_goes_to_its_session_with_the_speakers_name():
    hub = GatewayHub()

    async def test(client: GatewayClient) -> None:
        assert await whole(GatewayAgent(client).ask(question())) == "echo Ann: hello"
        asked = hub.asked("agent")[0]
        assert (asked["sessionKey"], asked["message"]) == (SESSION, "Ann: hello")

    at(hub, test)


def test_what_was_heard_of_a_reply_that_was_cut_off_is_told():
    hub = GatewayHub()

    async def test(client: GatewayClient) -> None:
        await whole(GatewayAgent(client).ask(question(interrupted="It is ten")))
        assert 'only this was heard: "It is ten"]\nAnn: hello' in hub.asked("agent")[0]["message"]

    at(hub, test)


def test_the_tools_of_its_own_run_are_told():
    hub = GatewayHub()
    used: list[str] = []

    async def looks_up(visit: Visit, request: dict[str, Any]) -> None:
        key = request["params"]["idempotencyKey"]
        await visit.answer(request["id"], {"runId": key, "status": "accepted"})
        for run, phase in ((key, "start"), (key, "result"), ("another", "start")):
            data = {"phase": phase, "name": f"web_search of {run == key}", "args": {}}
            payload = {"runId": run, "sessionKey": SESSION, "stream": "tool", "data": data}
            await visit.event("agent", payload)
        await visit.chat(key, "final", "Ten degrees.")

    hub.replies["agent"] = looks_up

    async def test(client: GatewayClient) -> None:
        asked = replace(question(), on_tool=used.append)
        assert await whole(GatewayAgent(client).ask(asked)) == "Ten degrees."
        assert used == ["web_search of True"]

    at(hub, test)


def test_closing_the_reply_aborts_the_run():
    hub = GatewayHub()
    hub.replies["agent"] = turn_that(("delta", "One"))

    async def test(client: GatewayClient) -> None:
        async with aclosing(GatewayAgent(client).ask(question())) as reply:
            assert await anext(reply) == "One"
        await until(lambda: hub.asked("chat.abort"))

    at(hub, test)


def test_a_run_that_fails_is_an_error_of_the_conversation_with_what_was_said_before():
    hub = GatewayHub()
    hub.replies["agent"] = turn_that(("delta", "One "), ("error", None), errorMessage="no model")

    async def test(client: GatewayClient) -> None:
        reply = GatewayAgent(client).ask(question())
        assert await anext(reply) == "One "
        with pytest.raises(AgentError, match="no model") as raised:
            await anext(reply)
        assert raised.value.spoken == "Sorry, the agent could not answer."

    at(hub, test)


def test_a_question_without_a_session_is_refused():
    async def test(client: GatewayClient) -> None:
        with pytest.raises(AgentError, match="needs a session"):
            await whole(GatewayAgent(client).ask(question(session_key=None)))

    at(GatewayHub(), test)


@pytest.mark.parametrize(
    ("error", "spoken"),
    [
        (openclaw_client.NoReplyError("x"), "I have no answer to that."),
        (openclaw_client.ReplyTimeoutError("x"), "Sorry, the agent took too long."),
        (openclaw_client.UnknownAgentError("x", ["y"]), "Sorry, I do not know that agent."),
        (openclaw_client.UnreachableError("x"), "Sorry, I could not reach the agent."),
        (openclaw_client.RunError("x"), "Sorry, the agent could not answer."),
    ],
)
def test_people_are_told_what_is_wrong_in_a_sentence(error, spoken):
    assert translated(error).spoken == spoken


def test_the_record_has_the_message_with_its_fix():
    error = openclaw_client.UnreachableError("nobody is there", fix="Start it")
    assert str(translated(error)) == "gateway: nobody is there. Start it"


def test_warming_up_asks_the_default_agent_first_and_outlives_failures():
    hub = GatewayHub()
    hub.agents = ["sage"]

    async def test(client: GatewayClient) -> None:
        await warm_up(client, configured_roster(Config(), "sage"))
        sessions = [asked["sessionKey"] for asked in hub.asked("agent")]
        assert sessions == ["agent:sage:voice:warm-up"]

    at(hub, test)
