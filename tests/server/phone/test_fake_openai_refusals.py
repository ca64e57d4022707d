"""What the fake Realtime service refuses, sent with OpenAI's own SDK."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.peers.openai_realtime import FakeOpenAI
from tests.server.phone.realtime_caller import call

REFUSED_SETTINGS = [
    ({"modalities": ["text"], "voice": "alloy"}, "unknown_parameter"),
    ({"instructions": "x"}, "missing_required_parameter"),
    ({"type": "realtime", "audio": {"output": {"voice": "nova"}}}, "invalid_value"),
    (
        {"type": "realtime", "audio": {"output": {"format": {"type": "audio/pcm"}}}},
        "missing_required_parameter",
    ),
    (
        {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcmu", "rate": 8000}}}},
        "unknown_parameter",
    ),
    ({"type": "realtime", "audio": {"input": {"format": "pcm16"}}}, "invalid_type"),
    ({"type": "realtime", "output_modalities": ["audio", "text"]}, "invalid_value"),
    ({"type": "realtime", "temperature": 0.6}, "unknown_parameter"),
    (
        {
            "type": "realtime",
            "audio": {
                "input": {"turn_detection": {"type": "semantic_vad", "eagerness": "balanced"}}
            },
        },
        "invalid_value",
    ),
    (
        {"type": "realtime", "tools": [{"type": "function", "function": {"name": "x"}}]},
        "unknown_parameter",
    ),
    (
        {"type": "realtime", "tools": [{"type": "function", "name": "with space"}]},
        "invalid_value",
    ),
    ({"type": "realtime", "audio": {"output": {"speed": 2.0}}}, "decimal_out_of_range"),
    ({"type": "realtime", "model": "another"}, "invalid_value"),
]


@pytest.mark.parametrize(("settings", "code"), REFUSED_SETTINGS)
def test_settings_of_the_beta_and_other_mistakes_are_refused(
    settings: dict[str, Any], code: str
) -> None:
    async def main() -> None:
        async with FakeOpenAI() as fake, call(fake, None) as caller:
            event = {"type": "session.update", "session": settings, "event_id": "mine"}
            await caller.connection.send_raw(json.dumps(event))
            error = (await caller.until("error", "session.updated")).error
            assert (error.code, error.event_id) == (code, "mine")

    asyncio.run(main())


REFUSED_EVENTS = [
    ({"type": "response.cancel"}, "response_cancel_not_active"),
    ({"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty"),
    ({"type": "input_audio_buffer.append", "audio": "!"}, "invalid_value"),
    ({"type": "output_audio_buffer.clear"}, "invalid_value"),
    ({"type": "conversation.item.delete", "item_id": "x"}, "item_delete_invalid_item_id"),
    ({"type": "conversation.item.retrieve", "item_id": "x"}, "item_retrieve_invalid_item_id"),
    (
        {
            "type": "conversation.item.truncate",
            "item_id": "x",
            "content_index": 0,
            "audio_end_ms": 1,
        },
        "item_truncate_invalid_item_id",
    ),
    (
        {
            "type": "conversation.item.create",
            "item": {"type": "function_call_output", "call_id": "nope", "output": "x"},
        },
        "invalid_tool_call_id",
    ),
    (
        {
            "type": "conversation.item.create",
            "item": {
                "type": "message",
                "role": "system",
                "content": [{"type": "text", "text": "x"}],
            },
        },
        "invalid_value",
    ),
    (
        {"type": "response.create", "response": {"audio": {"output": {"voice": "onyx"}}}},
        "invalid_value",
    ),
    ({"type": "response.audio.delta"}, "invalid_value"),
    ({"no": "type"}, "missing_required_parameter"),
]


@pytest.mark.parametrize(("event", "code"), REFUSED_EVENTS)
def test_events_that_do_not_fit_are_refused(event: dict[str, Any], code: str) -> None:
    async def main() -> None:
        async with FakeOpenAI() as fake, call(fake) as caller:
            await caller.connection.send_raw(json.dumps(event))
            assert (await caller.until("error")).error.code == code
            await caller.connection.send_raw("no json")
            assert (await caller.until("error")).error.code == "invalid_json"

    asyncio.run(main())
