"""The fake Realtime service beside OpenAI's own SDK."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.peers.openai_realtime import CallTool, Fail, FakeOpenAI, Say
from tests.server.phone.realtime_caller import MODEL, PHONE, Caller, call, sdk

AUDIO_TURN = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
    "rate_limits.updated",
]


def test_an_answer_comes_as_the_service_sends_it() -> None:
    async def main() -> None:
        async with FakeOpenAI([Say("Hello there caller", 1.0)]) as fake, call(fake) as caller:
            await caller.connection.response.create(response={"instructions": "greet"})
            size = 0
            while True:
                event = await caller.until("response.output_audio.delta", "rate_limits.updated")
                if event.type == "rate_limits.updated":
                    break
                size += len(base64.b64decode(event.delta))
            assert size == 8000
            assert list(dict.fromkeys(caller.seen)) == AUDIO_TURN

    asyncio.run(main())


def test_a_caller_s_turn_leads_to_a_tool_and_its_output_to_an_answer() -> None:
    async def main() -> None:
        script = [CallTool("ask_openclaw", {"request": "calendar"}), Say("You are free")]
        fake = FakeOpenAI(script, heard=["what is on my calendar"])
        async with fake, call(fake) as caller:
            await caller.speak(800)
            await caller.be_quiet(800)
            said = "conversation.item.input_audio_transcription.completed"
            assert (await caller.until(said)).transcript == "what is on my calendar"
            tool = (await caller.until("response.done")).response.output[0]
            assert json.loads(tool.arguments) == {"request": "calendar"}
            assert [one for one in dict.fromkeys(caller.seen) if one.startswith("input_")] == [
                "input_audio_buffer.speech_started",
                "input_audio_buffer.speech_stopped",
                "input_audio_buffer.committed",
            ]
            output = {"type": "function_call_output", "call_id": tool.call_id, "output": "free"}
            await caller.connection.conversation.item.create(item=output)
            await caller.connection.response.create()
            answer = (await caller.until("response.done")).response
            assert answer.output[0].content[0].transcript == "You are free"
            assert not fake.sessions[0].errors

    asyncio.run(main())


@pytest.mark.parametrize("speed", [1, 8])
def test_speech_breaks_an_answer_off(speed: float) -> None:
    async def main() -> None:
        script = [Say("a very long answer that keeps going on and on", 6.0)]
        fake = FakeOpenAI(script, delta_ms=200, delta_pause=0.2, speed=speed)
        async with fake, call(fake) as caller:
            await caller.connection.response.create()
            item_id = (await caller.until("response.output_audio.delta")).item_id
            await caller.speak(200)
            done = (await caller.until("response.done")).response
            assert (done.status, done.status_details.reason) == ("cancelled", "turn_detected")
            spoken = fake.sessions[0].conversation.spoken_ms[item_id]
            assert 200 <= spoken < 6000
            truncate = caller.connection.conversation.item.truncate
            await truncate(item_id=item_id, content_index=0, audio_end_ms=150)
            assert (await caller.until("conversation.item.truncated")).audio_end_ms == 150
            await truncate(item_id=item_id, content_index=0, audio_end_ms=60_000)
            message = (await caller.until("error")).error.message
            assert message == f"Audio content of {int(spoken)}ms is already shorter than 60000ms"
            assert len(fake.sessions[0].truncations) == 1

    asyncio.run(main())


def test_what_was_spoken_cannot_be_changed() -> None:
    async def main() -> None:
        async with FakeOpenAI([Say("Hi", 0.1)]) as fake, call(fake) as caller:
            await caller.connection.response.create()
            await caller.until("response.done")
            voice = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
            await caller.connection.session.update(session=voice)
            assert (await caller.until("error")).error.code == "cannot_update_voice"

    asyncio.run(main())


def test_only_one_answer_at_a_time_except_out_of_band() -> None:
    async def main() -> None:
        fake = FakeOpenAI([Say("long", 5.0), Say("side", 0.1)], delta_pause=0.1)
        async with fake, call(fake) as caller:
            await caller.connection.response.create()
            await caller.until("response.output_audio.delta")
            await caller.connection.response.create()
            code = "conversation_already_has_active_response"
            assert (await caller.until("error")).error.code == code
            await caller.connection.response.create(response={"conversation": "none"})
            done = (await caller.until("response.done")).response
            assert (done.status, done.conversation_id) == ("completed", None)
            await caller.connection.response.cancel()
            done = (await caller.until("response.done")).response
            assert done.status_details.reason == "client_cancelled"

    asyncio.run(main())


def test_a_response_may_fail() -> None:
    async def main() -> None:
        async with FakeOpenAI([Fail(), Say("Again", 0.1)]) as fake, call(fake) as caller:
            await caller.connection.response.create()
            done = (await caller.until("response.done")).response
            assert (done.status, done.status_details.error.code) == (
                "failed",
                "rate_limit_exceeded",
            )
            await caller.connection.response.create()
            assert (await caller.until("response.done")).response.status == "completed"

    asyncio.run(main())


def test_a_silent_caller_is_spoken_to() -> None:
    async def main() -> None:
        idle = {
            "audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5000}}}
        }
        fake = FakeOpenAI([Say("Hello?", 0.5), Say("Are you there?", 0.5)], speed=40)
        async with fake, call(fake, PHONE | idle) as caller:
            await caller.connection.response.create()
            event = await caller.until("input_audio_buffer.timeout_triggered")
            assert event.audio_end_ms - event.audio_start_ms == 5000
            done = (await caller.until("response.done")).response
            assert done.output[0].content[0].transcript == "Are you there?"

    asyncio.run(main())


def test_a_session_ends_after_its_longest_duration() -> None:
    async def main() -> None:
        async with FakeOpenAI() as fake, call(fake) as caller:
            await fake.sessions[0].expire()
            assert (await caller.until("error")).error.code == "session_expired"
            with pytest.raises(ConnectionClosed):
                await caller.until("nothing")

    asyncio.run(main())


def test_a_network_may_break() -> None:
    async def main() -> None:
        async with FakeOpenAI() as fake, call(fake) as caller:
            fake.sessions[0].drop()
            with pytest.raises(ConnectionClosed) as caught:
                await caller.until("nothing")
            assert caught.value.rcvd is None

    asyncio.run(main())


def test_strangers_and_the_beta_do_not_get_in() -> None:
    async def main() -> None:
        async with FakeOpenAI() as fake:
            async with sdk(fake, "wrong") as client:
                with pytest.raises(InvalidStatus):
                    await client.realtime.connect(model=MODEL).enter()
            fake.refuse(429)
            async with sdk(fake) as client:
                with pytest.raises(InvalidStatus) as caught:
                    await client.realtime.connect(model=MODEL).enter()
                assert caught.value.response.status_code == 429
                beta = {"OpenAI-Beta": "realtime=v1"}
                connecting = client.realtime.connect(model=MODEL, extra_headers=beta)
                async with connecting as connection:
                    caller = Caller(connection)
                    error = (await caller.until("error")).error
                    assert error.code == "beta_api_shape_disabled"
                    with pytest.raises(ConnectionClosed) as closed:
                        await caller.until("nothing")
                    assert closed.value.rcvd is not None
                    assert closed.value.rcvd.code == 4000
                assert (await client.models.list()).data[0].id == MODEL

    asyncio.run(main())


def test_turns_of_several_steps_and_text() -> None:
    async def main() -> None:
        turn: Sequence[Any] = [Say("One moment.", 0.2), CallTool("ask_openclaw", "no json {")]
        async with FakeOpenAI([turn, Say("as text")]) as fake, call(fake) as caller:
            await caller.connection.response.create()
            output = (await caller.until("response.done")).response.output
            assert [one.type for one in output] == ["message", "function_call"]
            assert output[1].arguments == "no json {"
            await caller.connection.response.create(response={"output_modalities": ["text"]})
            assert (await caller.until("response.output_text.done")).text == "as text"

    asyncio.run(main())
