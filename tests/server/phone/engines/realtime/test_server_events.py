from __future__ import annotations

import json

import pytest

from server.phone.engines.realtime.server_events import (
    ErrorReported,
    FunctionCall,
    MalformedEventError,
    RateLimited,
    ResponseDone,
    SoundAdded,
    read_event,
)


def read(kind: str, **fields: object) -> object:
    return read_event(json.dumps({"type": kind, "event_id": "e", **fields}))


def test_sound_is_decoded():
    ids = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    assert read("response.output_audio.delta", delta="AAE=", **ids) == SoundAdded("r", "i", b"\0\1")


def test_the_end_of_a_response_tells_what_the_model_wants():
    call = {"type": "function_call", "call_id": "f", "name": "end_call", "arguments": "{}"}
    message = {"type": "message", "role": "assistant", "content": []}
    response = {"id": "r", "status": "completed", "output": [message, call], "metadata": None}
    done = read("response.done", response=response)
    assert done == ResponseDone("r", None, "completed", (FunctionCall("f", "end_call", "{}"),))


def test_the_end_of_a_response_tells_why_it_failed():
    error = {"type": "server_error", "code": "rate_limit_exceeded", "message": "Try later."}
    response = {
        "id": "r",
        "status": "failed",
        "status_details": {"type": "failed", "error": error},
        "metadata": {"request": "response_1"},
    }
    done = read("response.done", response=response)
    assert done == ResponseDone(
        "r", "response_1", "failed", (), "rate_limit_exceeded", "Try later."
    )


def test_only_limits_that_are_used_up_are_told():
    limits = [{"name": "tokens", "limit": 9, "remaining": 1, "reset_seconds": 3.0}]
    assert read("rate_limits.updated", rate_limits=limits) is None
    limits[0]["remaining"] = 0
    assert read("rate_limits.updated", rate_limits=limits) == RateLimited(3.0)


def test_errors_need_no_code():
    error = {"type": "server_error", "message": "Oh."}
    assert read("error", error=error) == ErrorReported("server_error", None, "Oh.", None)


@pytest.mark.parametrize("kind", ["session.created", "mcp_call.in_progress", "future.event"])
def test_what_is_nothing_to_us_is_left_alone(kind):
    assert read(kind) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"type": null}',
        b"\xff",
        '{"type": "error", "error": "bad"}',
        '{"type": "response.created", "response": {"id": 5}}',
        '{"type": "conversation.item.added", "item": {}}',
        '{"type": "response.done", "response": {"id": "r", "status": 5, "output": []}}',
        '{"type": "response.function_call", "response": 5, "type": "response.done"}',
        '{"type": "input_audio_buffer.speech_started", "item_id": "i", "audio_start_ms": "5"}',
    ],
)
def test_what_is_malformed_is_refused(text):
    with pytest.raises(MalformedEventError):
        read_event(text)
