"""Calls over a real socket, with the fake OpenAI at the other end."""

from __future__ import annotations

import asyncio
import json

import pytest

from pipeline.errors import AgentError
from server.phone.calls.status import EndReason
from server.phone.engines.engine import (
    AgentSaid,
    CallerSaid,
    EngineEnd,
    SendDigits,
    ToolUsed,
    Transfer,
)
from tests.peers.openai_realtime import CallTool, FakeOpenAI, Say
from tests.server.phone.engines.realtime.talking_line import CALL, ScriptedAgent, Talk

WORD = 0.3
"""Seconds of a word, about."""


def outputs(session):
    """Return what the model was told of its functions."""
    items = [event["item"] for event in session.received_of("conversation.item.create")]
    return [item["output"] for item in items if item["type"] == "function_call_output"]


def messages(session):
    items = [event["item"] for event in session.received_of("conversation.item.create")]
    return [(item["role"], item["content"][0]["text"]) for item in items if "role" in item]


@pytest.mark.slow
def test_a_call_from_the_first_words_to_the_goodbye():
    async def call():
        script = [
            Say("Hello, this is Nia.", 0.4),
            Say("It is three o'clock.", 0.4),
            [Say("Goodbye.", 0.3), CallTool("end_call", {"reason": "all done"})],
        ]
        async with FakeOpenAI(script, heard=["What time is it?", "Thanks, bye."]) as fake:
            talk = Talk(fake)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                run = tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await talk.line.speak(0.4, pause=0.7)
                await talk.desk.until(AgentSaid, 2)
                await talk.line.speak(0.4, pause=0.7)
            return run.result(), talk, fake.sessions

    end, talk, (session,) = asyncio.run(call())
    assert end == EngineEnd(EndReason.AGENT, "all done")
    assert not session.errors
    said = talk.desk.of(AgentSaid)
    assert [one.heard for one in said] == [
        "Hello, this is Nia.",
        "It is three o'clock.",
        "Goodbye.",
    ]
    assert not any(one.interrupted for one in said)
    assert [one.text for one in talk.desk.of(CallerSaid)] == ["What time is it?", "Thanks, bye."]
    assert said[0].waited is None
    assert 0.4 < said[1].waited < 1.5  # the fake waits for half a second of silence
    order = sorted([*said, *talk.desk.of(CallerSaid)], key=lambda one: one.at)
    assert [type(one).__name__ for one in order] == [
        "AgentSaid",
        "CallerSaid",
        "AgentSaid",
        "CallerSaid",
        "AgentSaid",
    ]


@pytest.mark.slow
def test_three_interruptions_in_one_call_the_model_learns_what_was_heard():
    words = " ".join(f"word{number}" for number in range(20))

    async def call():
        script = [Say("Hello.", 0.2), *(Say(words, 6.0) for _ in range(3)), Say("Fine.", 0.2)]
        async with FakeOpenAI(script) as fake:
            talk = Talk(fake)
            async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await talk.line.speak(0.3, pause=0.6)
                for number in range(3):
                    await asyncio.sleep(0.8 + 0.4 * number)
                    await talk.line.speak(0.4, pause=0.6)
                await talk.desk.until(AgentSaid, 5)
                talk.line.hang_up()
            return talk, fake.sessions[0]

    talk, session = asyncio.run(call())
    assert not session.errors
    cut = [one for one in talk.desk.of(AgentSaid) if one.interrupted]
    assert len(cut) == len(session.truncations) == 3
    for piece, (said, truncation) in enumerate(zip(cut, session.truncations, strict=True), 2):
        assert truncation["audio_end_ms"] / 1000 == pytest.approx(talk.line.ear[piece], abs=WORD)
        really = talk.line.ear[piece] / 6.0 * 20
        assert abs(len(said.heard.split()) - really) <= 1
        assert said.text == words
    assert cut[0].heard_seconds < cut[1].heard_seconds < cut[2].heard_seconds


@pytest.mark.slow
def test_openclaw_is_asked_and_the_caller_told_that_it_takes_a_moment():
    async def call():
        script = [
            Say("Hello.", 0.2),
            CallTool("ask_openclaw", {"request": "What is on the calendar today?"}),
            Say("Let me look.", 0.3),
            Say("You have lunch with Bob.", 0.3),
        ]
        async with FakeOpenAI(script, heard=["What is on today?"]) as fake:
            agent = ScriptedAgent("Lunch ", "with Bob.", delay=2.0)
            talk = Talk(fake, agent=agent)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await talk.line.speak(0.4, pause=0.6)
                await talk.desk.until(AgentSaid, 3)
                talk.line.hang_up()
            return talk, agent, fake.sessions[0]

    talk, agent, session = asyncio.run(call())
    assert not session.errors
    (question,) = agent.questions
    assert question.text == "What is on the calendar today?"
    assert question.session_key == CALL.session_key
    assert question.conversation == "call:c1"
    assert outputs(session) == ["Lunch with Bob."]
    heard = [one.heard for one in talk.desk.of(AgentSaid)]
    assert heard == ["Hello.", "Let me look.", "You have lunch with Bob."]
    (used,) = talk.desk.of(ToolUsed)
    assert used.name == "ask_openclaw"
    assert used.seconds == pytest.approx(2.0, abs=0.5)


@pytest.mark.slow
def test_an_answer_that_is_late_is_told_when_it_comes():
    async def call():
        script = [
            Say("Hello.", 0.1),
            [Say("I ask.", 0.1), CallTool("ask_openclaw", {"request": "Find it"})],
            Say("It takes longer.", 0.1),
            Say("Found it.", 0.1),
        ]
        async with FakeOpenAI(script) as fake:
            agent = ScriptedAgent("Under the sofa.", delay=1.2)
            talk = Talk(fake, agent=agent, ask_timeout=0.3)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await talk.line.speak(0.3, pause=0.6)
                await talk.desk.until(AgentSaid, 4)
                talk.line.hang_up()
            return talk, fake.sessions[0]

    talk, session = asyncio.run(call())
    assert not session.errors
    assert "no answer yet" in outputs(session)[0]
    assert ("system", "ask_openclaw has answered: Under the sofa.") in messages(session)
    assert talk.desk.of(AgentSaid)[-1].heard == "Found it."


def test_an_agent_out_of_reach_is_told_to_the_model():
    async def call():
        script = [Say("Hello.", 0.1), CallTool("ask_openclaw", {"request": "Find it"}), Say("Oh.")]
        async with FakeOpenAI(script) as fake:
            talk = Talk(fake, agent=ScriptedAgent(error=AgentError("no gateway")))
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await talk.line.speak(0.3, pause=0.6)
                await talk.desk.until(ToolUsed)
                talk.line.hang_up()
            return fake.sessions[0]

    session = asyncio.run(call())
    assert not session.errors


@pytest.mark.parametrize("refusal", ["", "foreign numbers may not be called"])
def test_wishes_are_granted_once_all_was_heard_or_refused(refusal):
    async def call():
        wishes = [
            CallTool("send_dtmf", {"digits": "12#"}),
            CallTool("transfer", {"to": "+15557654321"}),
        ]
        script = [Say("Hello.", 0.1), [Say("One moment.", 0.5), *wishes], Say("Well.", 0.1)]
        async with FakeOpenAI(script) as fake:
            talk = Talk(fake)
            talk.desk.refusal = refusal
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await talk.line.speak(0.3, pause=0.6)
                await talk.desk.until(ToolUsed, 2)
                await talk.desk.until(AgentSaid, 3)
                talk.line.hang_up()
            return talk, fake.sessions[0]

    talk, session = asyncio.run(call())
    assert not session.errors
    assert set(talk.desk.wishes) == {SendDigits("12#"), Transfer("+15557654321")}
    result = {"error": refusal} if refusal else {"done": True}
    assert [json.loads(one) for one in outputs(session)] == [result, result]
    waited = min(one.seconds for one in talk.desk.of(ToolUsed))
    assert waited == pytest.approx(0.5, abs=0.2)


def test_cancelling_tells_what_was_heard_and_stops_the_agent():
    async def call():
        script = [Say("Hello there, how are you today?", 3.0)]
        async with FakeOpenAI(script) as fake:
            talk = Talk(fake)
            run = asyncio.get_running_loop().create_task(talk.session.run())
            await asyncio.sleep(1.0)
            run.cancel()
            await asyncio.wait({run})
            assert run.cancelled()
            return talk

    talk = asyncio.run(call())
    (said,) = talk.desk.of(AgentSaid)
    assert said.interrupted
    assert 0.2 < said.heard_seconds < 2.0
    assert said.heard
    assert said.text.startswith(said.heard)
