"""The client against a scripted gateway on loopback."""

import asyncio
import logging
from contextlib import aclosing
from typing import Any

import pytest

from openclaw_client import (
    AgentTier,
    LinkState,
    RunError,
    SessionKeyError,
    SpontaneousRun,
    UnknownAgentError,
)
from tests.openclaw_client.captured import hello
from tests.openclaw_client.clients import SESSION, connected, guarded, turn_that, whole
from tests.peers.gateway_hub import GatewayHub, Visit, echo, until


def test_a_turn_is_asked_and_streamed():
    async def test() -> None:
        gateway, heard = GatewayHub(), asyncio.Event()

        async def in_two_parts(visit: Visit, request: dict[str, Any]) -> None:
            key = request["params"]["idempotencyKey"]
            await visit.answer(request["id"], {"runId": key, "status": "accepted"})
            await visit.chat(key, "delta", "It is")
            await heard.wait()
            await visit.chat(key, "final", "It is ten.")

        gateway.replies["agent"] = in_two_parts
        async with gateway.running(), connected(gateway) as client:
            async with aclosing(client.ask(SESSION, "Ann: hi")) as pieces:
                assert await anext(pieces) == "It is"
                heard.set()
                assert [piece async for piece in pieces] == [" ten."]
            (asked,) = gateway.asked("agent")
            assert asked["sessionKey"] == SESSION
            assert asked["message"] == "Ann: hi"
            assert asked["deliver"] is False
            assert "spoken aloud" in asked["extraSystemPrompt"]
            assert gateway.asked("sessions.messages.subscribe") == [{"key": SESSION}]

    guarded(test)


def test_on_protocol_3_the_words_are_quoted_and_sent_by_chat_send():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.hello = hello(3, auth=None)
        async with gateway.running(), connected(gateway) as client:
            await whole(client.ask(SESSION, "Ann: stop"))
            (asked,) = gateway.asked("chat.send")
            assert asked["message"] == '[voice] Ann: "stop"'
            assert asked.keys() == {"message", "sessionKey", "idempotencyKey"}

    guarded(test)


def test_on_protocol_3_a_turn_waits_for_the_one_before_in_its_session():
    async def test() -> None:
        gateway, order = GatewayHub(), []
        gateway.hello = hello(3, auth=None)

        async def slow(visit: Visit, request: dict[str, Any]) -> None:
            order.append("begin")
            await visit.answer(request["id"], {"runId": request["params"]["idempotencyKey"]})
            await asyncio.sleep(0.05)
            order.append("end")
            await visit.chat(request["params"]["idempotencyKey"], "final", "done")

        gateway.replies["chat.send"] = slow
        async with (
            gateway.running(),
            connected(gateway) as client,
            asyncio.TaskGroup() as tasks,
        ):
            for _ in range(3):
                tasks.create_task(whole(client.ask(SESSION, "Ann: hi")))
        assert order == ["begin", "end"] * 3

    guarded(test)


def test_two_turns_at_a_time_keep_their_words():
    async def test() -> None:
        async with (
            GatewayHub().running() as gateway,
            connected(gateway) as client,
            asyncio.TaskGroup() as tasks,
        ):
            asked = [
                tasks.create_task(whole(client.ask(f"{SESSION}{n}", f"Ann: {n}")))
                for n in range(10)
            ]
        assert [one.result() for one in asked] == [f"echo Ann: {n}" for n in range(10)]

    guarded(test)


def test_steering_stops_the_run_and_asks_anew():
    async def test() -> None:
        gateway = GatewayHub()

        async def long_or_echo(visit: Visit, request: dict[str, Any]) -> None:
            if "long" not in request["params"]["message"]:
                await echo(visit, request)
                return
            key = request["params"]["idempotencyKey"]
            await visit.answer(request["id"], {"runId": key, "status": "accepted"})
            await visit.chat(key, "delta", "One")

        gateway.replies["agent"] = long_or_echo
        async with gateway.running(), connected(gateway) as client:
            first = client.ask(SESSION, "Ann: long")
            assert await anext(first) == "One"
            steered = asyncio.create_task(whole(client.steer(SESSION, "Ann: short", heard="One")))
            assert await whole(first) == ""
            assert (await steered).startswith("echo [You were interrupted.")
            assert len(gateway.asked("chat.abort")) == 1

    guarded(test)


def test_what_was_heard_of_a_cut_reply_stands_before_the_next_turn():
    async def test() -> None:
        async with GatewayHub().running() as gateway, connected(gateway) as client:
            await whole(client.ask(SESSION, "Ann: hi", heard=" It\nis "))
            await whole(client.ask(SESSION, "Ann: hi", heard=""))
            some, none = (asked["message"] for asked in gateway.asked("agent"))
        assert some.endswith('only this was heard: "It is"]\nAnn: hi')
        assert none.startswith("[You were interrupted before anything")

    guarded(test)


def test_an_unknown_agent_is_refused_with_the_known_ones():
    async def test() -> None:
        async with GatewayHub().running() as gateway, connected(gateway) as client:
            with pytest.raises(UnknownAgentError) as caught:
                await whole(client.ask("agent:nobody:x", "Ann: hi"))
            assert caught.value.known == ("main", "jarvis")
            assert not gateway.asked("agent")
            gateway.agents.append("nobody")
            assert await whole(client.ask("agent:nobody:x", "Ann: hi"))

    guarded(test)


def test_a_malformed_session_key_is_refused():
    async def test() -> None:
        async with GatewayHub().running() as gateway, connected(gateway) as client:
            with pytest.raises(SessionKeyError):
                await whole(client.ask("agent::discord:dm:1", "Ann: hi"))

    guarded(test)


def test_agents_and_history():
    async def test() -> None:
        gateway = GatewayHub()

        async def history(visit: Visit, request: dict[str, Any]) -> None:
            await visit.answer(request["id"], {"messages": [{"role": "user", "content": "hi"}]})

        gateway.replies["chat.history"] = history
        async with gateway.running(), connected(gateway) as client:
            assert [agent.name for agent in await client.agents()] == ["Main", "Jarvis"]
            (message,) = await client.history(SESSION, 7)
            assert (message.role, message.text) == ("user", "hi")
            assert gateway.asked("chat.history") == [{"sessionKey": SESSION, "limit": 7}]

    guarded(test)


def test_a_transcript_is_a_real_turn_whose_answer_is_dropped():
    async def test() -> None:
        async with GatewayHub().running() as gateway, connected(gateway) as client:
            await client.add_transcript(SESSION, "Ann called.", idempotency_key="call-1")
            (asked,) = gateway.asked("agent")
            assert asked["message"] == "[transcript]\nAnn called."
            assert asked["idempotencyKey"] == "call-1"
            assert "NOTED" in asked["extraSystemPrompt"]

    guarded(test)


def test_a_transcript_may_be_taken_in_silence_but_not_fail():
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = turn_that(("final", None))
        async with gateway.running(), connected(gateway) as client:
            await client.add_transcript(SESSION, "Ann called.")
            gateway.replies["agent"] = turn_that(("error", None))
            with pytest.raises(RunError):
                await client.add_transcript(SESSION, "Ann called.")

    guarded(test)


def test_a_warm_up_uses_a_session_of_its_own():
    async def test() -> None:
        async with GatewayHub().running() as gateway, connected(gateway) as client:
            await client.warm_up("jarvis")
            assert gateway.asked("agent")[0]["sessionKey"] == "agent:jarvis:voice:warm-up"

    guarded(test)


def test_model_and_thinking_come_from_the_settings_of_the_agent():
    async def test() -> None:
        tiers = {"main": AgentTier(model="fake/fast", thinking="low")}
        async with GatewayHub().running() as gateway, connected(gateway, agents=tiers) as client:
            await whole(client.ask(SESSION, "Ann: hi"))
            await whole(client.ask(SESSION, "Ann: hi", thinking="high"))
            await whole(client.ask("agent:jarvis:x", "Ann: hi"))
            assert gateway.asked("sessions.patch") == [{"key": SESSION, "model": "fake/fast"}]
            levels = [asked.get("thinking") for asked in gateway.asked("agent")]
            assert levels == ["low", "high", None]

    guarded(test)


def test_an_agent_whose_model_cannot_be_chosen_keeps_its_own(caplog: pytest.LogCaptureFixture):
    async def test() -> None:
        gateway = GatewayHub()

        async def refuse(visit: Visit, request: dict[str, Any]) -> None:
            await visit.refuse(request["id"], "INVALID_REQUEST", "missing scope: operator.admin")

        gateway.replies["sessions.patch"] = refuse
        tiers = {"main": AgentTier(model="fake/fast")}
        async with gateway.running(), connected(gateway, agents=tiers) as client:
            for _ in range(3):
                assert await whole(client.ask(SESSION, "Ann: hi"))

    guarded(test)
    assert caplog.text.count("keeps its model") == 1


async def ring(gateway: GatewayHub, session_key: str, text: str, *, by_itself: bool) -> None:
    (visit,) = gateway.visits
    payload = {"runId": text, "sessionKey": session_key, "isHeartbeat": by_itself}
    begun = {**payload, "stream": "lifecycle", "data": {"phase": "start"}}
    await visit.event("agent", begun)
    await visit.chat(text, "final", text)


@pytest.mark.parametrize("allowed", [True, False])
def test_what_an_agent_says_by_itself_is_told_if_allowed(*, allowed: bool):
    async def test() -> None:
        said: list[SpontaneousRun] = []
        gateway = GatewayHub()
        async with gateway.running(), connected(gateway, said, spontaneous=allowed) as client:
            await client.connected()
            client.follow(SESSION)
            await ring(gateway, SESSION, "timer", by_itself=True)
            await ring(gateway, SESSION, "text channel", by_itself=False)
            await ring(gateway, "agent:main:elsewhere", "not ours", by_itself=True)
            await whole(client.ask(SESSION, "Ann: hi"))
        expected = [SpontaneousRun(SESSION, "timer", "timer")] if allowed else []
        assert said == expected

    guarded(test)


def test_leftovers_of_a_restart_are_not_told():
    async def test() -> None:
        said: list[SpontaneousRun] = []
        gateway = GatewayHub()
        async with gateway.running(), connected(gateway, said, spontaneous=True) as client:
            await client.connected()
            client.follow(SESSION)
            gateway.drop()
            await until(lambda: client.stats().reconnects == 1)
            await ring(gateway, SESSION, "leftover", by_itself=True)
            await whole(client.ask(SESSION, "Ann: hi"))
        assert said == []

    guarded(test)


def test_statistics():
    async def test() -> None:
        async with GatewayHub().running() as gateway, connected(gateway) as client:
            assert client.stats().state in {LinkState.IDLE, LinkState.CONNECTING}
            await whole(client.ask(SESSION, "Ann: hi"))
            stats = client.stats()
            assert (stats.state, stats.protocol, stats.turns) == (LinkState.READY, 4, 1)
            assert stats.scopes == ("operator.read", "operator.write")
            assert stats.server_version == "2026.9.6"
            assert stats.error == ""
            assert stats.first_words.count == stats.whole_reply.count == 1
            assert stats.acknowledged.p50 is not None

    guarded(test)


def test_logs_hold_no_token_and_no_words(caplog: pytest.LogCaptureFixture):
    async def test() -> None:
        async with GatewayHub().running() as gateway, connected(gateway) as client:
            await whole(client.ask(SESSION, "Ann: private-words"))
            gateway.drop()
            await until(lambda: client.stats().reconnects == 1)

    for ours in ("openclaw_client", "websockets.client", "asyncio"):
        caplog.set_level(logging.DEBUG, ours)
    guarded(test)
    assert "Connected to gateway" in caplog.text
    assert "hush-hush" not in caplog.text
    assert "private-words" not in caplog.text
