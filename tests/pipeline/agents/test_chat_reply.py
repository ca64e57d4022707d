import json

import pytest

from pipeline.agents.chat_reply import Chunk, error_message, read_chunk
from pipeline.errors import AgentError


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"choices": [{"delta": {"content": "hi"}}]}, Chunk("hi", "")),
        (
            {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]},
            Chunk("hi", "stop"),
        ),
        ({"choices": [{"delta": {"role": "assistant"}}]}, Chunk("", "")),
        ({"choices": [{"delta": {"content": None, "reasoning_content": "hm"}}]}, Chunk("", "")),
        ({"choices": [{"delta": None, "finish_reason": "length"}]}, Chunk("", "length")),
        ({"choices": [], "usage": {"total_tokens": 3}}, Chunk("", "")),
        ({"choices": ["?"]}, Chunk("", "")),
        ({"choices": [{"delta": "?"}]}, Chunk("", "")),
        ({"usage": None, "error": None}, Chunk("", "")),
        (
            {"choices": [{"delta": {"content": [{"type": "text", "text": "a"}, {"type": "x"}]}}]},
            Chunk("a", ""),
        ),
        ({"choices": [{"delta": {"content": "a\ud83db"}}]}, Chunk("ab", "")),
    ],
)
def test_the_text_and_the_end_are_read_and_all_else_is_left(body: object, expected: Chunk) -> None:
    assert read_chunk(json.dumps(body)) == expected


@pytest.mark.parametrize("data", ["", "{", "[" * 100_000, b"\xff"])
def test_what_is_no_json_is_an_error(data: str | bytes) -> None:
    with pytest.raises(AgentError, match="not JSON"):
        read_chunk(data)


def test_json_of_another_form_is_an_error() -> None:
    with pytest.raises(AgentError, match="another form"):
        read_chunk("[1]")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "model\n  overloaded", "type": "server_error"}}, "model overloaded"),
        ({"error": "no such model"}, "no such model"),
        ({"message": "wrong path"}, "wrong path"),
        ({"detail": "Not Found"}, "Not Found"),
        ({"error": {"code": 3}}, ""),
        ({"error": {"message": "x" * 1000}}, "x" * 300),
        ([], ""),
    ],
)
def test_the_message_of_an_error_is_found_in_every_form(body: object, message: str) -> None:
    assert error_message(json.dumps(body)) == message


def test_an_error_that_cannot_be_read_says_nothing() -> None:
    assert error_message(b"<html>") == ""


def test_an_error_in_place_of_a_chunk_is_raised() -> None:
    with pytest.raises(AgentError, match="reported: no such model"):
        read_chunk('{"error": "no such model"}')
    with pytest.raises(AgentError, match="reported: an error"):
        read_chunk('{"error": {"code": 3}}')
