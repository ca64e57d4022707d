"""Frames are read strictly where we need them and tolerantly where we do not."""

import json

import pytest

from openclaw_client.errors import ProtocolError
from openclaw_client.frames import (
    LONGEST_QUOTE,
    LONGEST_WAIT,
    Event,
    Response,
    WireError,
    parse_frame,
    quoted,
    request_text,
    text_of,
)
from tests.openclaw_client.captured import FOLDER, incoming

CAPTURED = sorted((path.parent.name, path.stem) for path in FOLDER.glob("*/*.json"))


@pytest.mark.parametrize(("version", "scenario"), CAPTURED)
def test_every_captured_frame_is_read(version: str, scenario: str):
    for text in incoming(version, scenario):
        assert isinstance(parse_frame(text), Response | Event)


def test_an_event_has_name_payload_and_number():
    assert parse_frame('{"type":"event","event":"tick","payload":{"ts":1},"seq":7,"new":1}') == (
        Event("tick", {"ts": 1}, 7)
    )


def test_an_event_without_payload_has_an_empty_one():
    assert parse_frame('{"type":"event","event":"tick"}') == Event("tick", {}, None)


@pytest.mark.parametrize("seq", ["true", '"3"', "1.5", "null"])
def test_a_number_that_is_none_is_ignored(seq: str):
    frame = parse_frame(f'{{"type":"event","event":"tick","seq":{seq}}}')
    assert frame == Event("tick", {}, None)


def test_a_response_has_a_payload():
    assert parse_frame('{"type":"res","id":"1","ok":true,"payload":{"a":1}}') == (
        Response("1", {"a": 1}, None)
    )


def test_a_refusal_has_code_details_and_delay():
    text = (
        '{"type":"res","id":"1","ok":false,"error":{"code":"UNAVAILABLE","message":"later",'
        '"retryAfterMs":500,"details":{"code":"X"}}}'
    )
    frame = parse_frame(text)
    assert isinstance(frame, Response)
    assert frame.error == WireError("UNAVAILABLE", "later", {"code": "X"}, 0.5)
    assert frame.error.detail_code == "X"


def test_a_refusal_without_an_error_is_still_one():
    frame = parse_frame('{"type":"res","id":"1","ok":false}')
    assert isinstance(frame, Response)
    assert frame.error == WireError("UNKNOWN", "")


@pytest.mark.parametrize("text", ['{"type":"ping"}', '{"type":"req","id":"1"}'])
def test_a_frame_of_an_unknown_type_is_ignored(text: str):
    assert parse_frame(text) is None


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        "",
        "hello",
        "[]",
        "null",
        '"event"',
        "{}",
        '{"type":1}',
        '{"type":"event"}',
        '{"type":"event","event":5}',
        '{"type":"res"}',
        '{"type":"res","id":"1"}',
        '{"type":"res","id":1,"ok":true}',
        '{"type":"res","id":"1","ok":"yes"}',
        "[" * 100_000,
        '{"type":"event","event":"x","seq":' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_frame_is_a_protocol_error(data: str | bytes):
    with pytest.raises(ProtocolError):
        parse_frame(data)


def test_an_error_does_not_repeat_what_came():
    with pytest.raises(ProtocolError) as caught:
        parse_frame("secret words")
    assert "secret" not in str(caught.value)


def test_a_request_is_compact_json():
    text = request_text("7", "agent", {"message": "Ann: grüß dich"})
    assert text == '{"type":"req","id":"7","method":"agent","params":{"message":"Ann: grüß dich"}}'
    assert json.loads(text)["params"] == {"message": "Ann: grüß dich"}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "plain"}, "plain"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab"),
        ({"content": [{"type": "image"}, "x", {"text": 5}]}, ""),
        ({"content": []}, ""),
        ({}, None),
        ({"content": None}, None),
        (None, None),
        ("text", None),
    ],
)
def test_the_text_of_a_message(message: object, text: str | None):
    assert text_of(message) == text


def test_half_a_character_is_left_out_until_it_is_whole():
    assert text_of({"content": "ten \ud83d"}) == "ten "
    assert text_of({"content": [{"text": "ten \ud83d"}]}) == "ten "
    assert text_of({"content": "ten \U0001f600"}) == "ten \U0001f600"


def test_half_a_character_can_be_sent_all_the_same():
    text = request_text("1", "agent", {"message": "ten \ud83d é"})
    assert json.loads(text.encode())["params"] == {"message": "ten ? é"}


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("500", 0.5),
        ("1e999", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        ("NaN", None),
        ("-1", None),
        ('"5"', None),
    ],
)
def test_how_long_a_gateway_can_make_us_wait(asked: str, seconds: float | None):
    frame = parse_frame('{"type":"res","id":"1","ok":false,"error":{"retryAfterMs":' + asked + "}}")
    assert isinstance(frame, Response)
    assert frame.error
    assert frame.error.retry_after == seconds


def test_a_quote_is_one_short_line():
    assert quoted("a\n b\t c") == "a b c"
    assert len(quoted("x" * 1000)) == LONGEST_QUOTE
