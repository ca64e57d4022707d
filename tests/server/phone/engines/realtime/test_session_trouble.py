"""What goes wrong between us and OpenAI in the middle of a call."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

import pytest
from websockets import ConnectionClosed
from websockets.asyncio.server import serve

from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import EndReason
from server.phone.engines.engine import AgentSaid, CallerSaid, PhaseChanged
from server.phone.engines.realtime.session import MOST_TRIES
from tests.peers.openai_realtime import CallTool, Fail, FakeOpenAI, Say
from tests.server.phone.engines.realtime.talking_line import CALL, ScriptedAgent, Talk
from tests.server.phone.engines.realtime.test_session import messages


def test_a_dropped_socket_the_next_session_knows_what_was_said_and_the_caller_loses_nothing():
    async def call():
        script = [Say("Hello.", 0.1), Say("It is blue.", 0.1), Say("As I said.", 0.1)]
        async with FakeOpenAI(script, heard=["What colour?", "Again?"]) as fake:
            talk = Talk(fake)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await talk.line.speak(0.3, pause=0.6)
                await talk.desk.until(AgentSaid, 2)
                fake.sessions[0].drop()
                await talk.line.speak(0.3, pause=0.6)  # while there is no session
                await talk.desk.until(AgentSaid, 3)
                talk.line.hang_up()
            return talk, fake.sessions

    talk, (first, second) = asyncio.run(call())
    assert not first.errors
    assert not second.errors
    assert messages(second) == [
        ("assistant", "Hello."),
        ("user", "What colour?"),
        ("assistant", "It is blue."),
    ]
    assert [one.text for one in talk.desk.of(CallerSaid)] == ["What colour?", "Again?"]
    assert talk.desk.of(AgentSaid)[-1].heard == "As I said."


def test_a_socket_dropped_while_the_model_speaks_it_goes_on_in_the_next_session():
    async def call():
        script = [Say("One two three four.", 4.0), Say("Where was I?", 0.2)]
        async with FakeOpenAI(script, delta_pause=0.1) as fake:
            talk = Talk(fake)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                session = await fake.next_session()
                await asyncio.sleep(0.6)
                session.drop()
                await talk.desk.until(AgentSaid, 2)
                talk.line.hang_up()
            return talk, fake.sessions[1]

    talk, second = asyncio.run(call())
    assert not second.errors
    told = messages(second)
    assert told[0][0] == "assistant"  # what is still being heard
    assert told[-1][0] == "system"
    assert "broken" in told[-1][1]
    said = talk.desk.of(AgentSaid)
    assert not said[0].interrupted  # all of it that came was heard
    assert said[1].heard == "Where was I?"


def test_an_answer_asked_for_in_a_session_that_is_gone_is_told_in_the_next():
    async def call():
        script = [
            Say("Hello.", 0.1),
            [Say("I look.", 0.1), CallTool("ask_openclaw", {"request": "Find it"})],
            Say("Here it is.", 0.1),
        ]
        async with FakeOpenAI(script) as fake:
            talk = Talk(fake, agent=ScriptedAgent("In the shed.", delay=1.5))
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await talk.line.speak(0.3, pause=0.6)
                await talk.desk.until(AgentSaid, 2)
                await fake.sessions[0].expire()
                await talk.desk.until(AgentSaid, 3)
                talk.line.hang_up()
            return fake.sessions[1]

    second = asyncio.run(call())
    assert not second.errors
    assert messages(second)[-1] == ("system", "ask_openclaw has answered: In the shed.")


def test_a_session_that_expires_is_followed_by_another():
    async def call():
        async with FakeOpenAI([Say("Hello.", 0.1), Say("Yes.", 0.1)]) as fake:
            talk = Talk(fake)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                run = tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                await fake.sessions[0].expire()
                await talk.line.speak(0.3, pause=0.6)
                await talk.desk.until(AgentSaid, 2)
                talk.line.hang_up()
            return run.result(), fake.sessions

    end, sessions = asyncio.run(call())
    assert end.reason is EndReason.HUNG_UP
    assert len(sessions) == 2


def test_a_refused_handshake_is_tried_again():
    async def call():
        async with FakeOpenAI([Say("Hello.", 0.1)]) as fake:
            fake.refuse(429)
            fake.refuse(503)
            talk = Talk(fake)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                talk.line.hang_up()
            return fake.handshakes

    assert len(asyncio.run(call())) == 3


def test_a_wrong_key_ends_the_call_and_says_so():
    async def call():
        async with FakeOpenAI() as fake:
            talk = Talk(fake, api_key="sk-secret-wrong")
            async with asyncio.timeout(20):
                return await talk.session.run()

    end = asyncio.run(call())
    assert end.reason is EndReason.ENGINE
    assert "OPENAI_API_KEY" in end.error
    assert "sk-secret" not in end.error


@pytest.mark.slow
def test_a_service_that_is_gone_ends_the_call_after_some_tries(
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO)

    async def call():
        async with FakeOpenAI() as fake:
            talk = Talk(fake)
            await fake.stop()
            async with asyncio.timeout(30):
                return await talk.session.run()

    end = asyncio.run(call())
    assert end.reason is EndReason.ENGINE
    assert "cannot be reached" in end.error
    told = [one for one in caplog.messages if "another session is opened" in one]
    assert len(told) == 1  # of many tries
    assert told[0].startswith("call:")


def test_a_rate_limit_is_waited_for():
    async def call():
        script = [Fail(message="Rate limit reached. Please try again in 1.2s."), Say("Hello.", 0.1)]
        async with FakeOpenAI(script) as fake:
            talk = Talk(fake)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                began = talk.clock.now()
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                talk.line.hang_up()
            return talk.desk.of(AgentSaid)[0].at - began, fake.sessions[0]

    waited, session = asyncio.run(call())
    assert waited > 1.2
    assert not session.errors
    requests = session.received_of("response.create")
    assert requests[0]["response"]["instructions"] == requests[1]["response"]["instructions"]


def test_an_account_without_credit_ends_the_call():
    async def call():
        async with FakeOpenAI([Fail("insufficient_quota", "You exceeded your quota.")]) as fake:
            talk = Talk(fake)
            async with asyncio.timeout(20):
                return await talk.session.run()

    end = asyncio.run(call())
    assert end.reason is EndReason.ENGINE
    assert "credit" in end.error


def test_settings_that_openai_refuses_end_the_call():
    async def call():
        async with FakeOpenAI() as fake:
            talk = Talk(fake, voice="nobody")
            async with asyncio.timeout(20):
                return await talk.session.run()

    end = asyncio.run(call())
    assert end.reason is EndReason.ENGINE
    assert "invalid_value" in end.error


def test_events_that_are_malformed_or_unknown_change_nothing():
    strange = [
        "",
        "{",
        "[]",
        "null",
        '{"type": 5}',
        '{"type": "response.telepathy.delta", "delta": "x"}',
        '{"type": "response.output_audio.delta", "delta": 7}',
        '{"type": "response.output_audio.delta", "response_id": "r", "item_id": "i", "delta": "*"}',
        '{"type": "response.done", "response": {"id": "x", "status": "completed", "output": [5]}}',
        '{"type": "input_audio_buffer.speech_started", "item_id": "i"}',
        '{"type": "error"}',
        '{"type": "rate_limits.updated", "rate_limits": "none"}',
    ]

    async def call():
        async with FakeOpenAI([Say("Hello.", 0.1), Say("Yes.", 0.1)]) as fake:
            talk = Talk(fake)
            async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                tasks.create_task(talk.session.run())
                await talk.desk.until(AgentSaid)
                for text in strange:
                    await fake.sessions[0]._socket.send_str(text)
                await fake.sessions[0]._socket.send_bytes(b"\xff\x00")
                await talk.line.speak(0.3, pause=0.6)
                await talk.desk.until(AgentSaid, 2)
                talk.line.hang_up()
            return fake.sessions

    (session,) = asyncio.run(call())
    assert not session.errors


@pytest.mark.slow
def test_somebody_silent_is_asked_twice_and_then_told_goodbye():
    limits = LimitsConfig(silence=1.0, silence_prompts=2)

    async def call():
        script = [
            Say("Hello.", 0.1),
            Say("Are you there?", 0.1),
            Say("Hello?", 0.1),
            Say("Goodbye.", 0.1),
        ]
        async with FakeOpenAI(script) as fake:
            talk = Talk(fake, limits=limits)
            async with asyncio.timeout(20):
                return await talk.session.run(), talk.desk.of(AgentSaid)

    end, said = asyncio.run(call())
    assert end.reason is EndReason.SILENCE
    assert [one.heard for one in said] == ["Hello.", "Are you there?", "Hello?", "Goodbye."]


@pytest.mark.slow
def test_a_service_that_ends_every_session_at_once_is_not_asked_for_ever():
    async def call():
        async with FakeOpenAI() as fake:
            talk = Talk(fake)
            async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
                run = tasks.create_task(talk.session.run())
                for _ in range(MOST_TRIES):
                    await (await fake.next_session()).expire()
            return run.result(), len(fake.handshakes)

    end, tries = asyncio.run(call())
    assert end.reason is EndReason.ENGINE
    assert tries == MOST_TRIES


def test_a_connection_that_takes_nothing_any_more_is_given_up():
    async def call():
        connected, over = asyncio.Semaphore(0), asyncio.Event()

        async def deaf(socket):
            connected.release()
            with suppress(ConnectionClosed):
                await socket.recv()
                await socket.send('{"type": "session.updated", "session": {}}')
            await over.wait()

        async with (
            FakeOpenAI() as fake,
            serve(deaf, "127.0.0.1", 0, compression=None, close_timeout=0.2) as server,
        ):
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/v1"
            talk = Talk(fake, call=replace(CALL, opening=""), websocket_base_url=url)
            run = asyncio.get_running_loop().create_task(talk.session.run())
            try:
                async with asyncio.timeout(20):
                    await connected.acquire()
                    await talk.desk.until(PhaseChanged)  # the session takes sound
                    await talk.line.flood(2000)
                    await connected.acquire()  # the next session
            finally:
                over.set()
                talk.line.hang_up()
            return await run

    assert asyncio.run(call()).reason is EndReason.HUNG_UP
