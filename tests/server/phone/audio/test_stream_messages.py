"""Messages of Media Streams: every kind, and everything that is none."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.phone.audio.stream_messages import (
    MOST_CHARACTERS,
    MOST_SOUND,
    PHONE_FORMAT,
    Connected,
    KeyPressed,
    Marked,
    Media,
    Started,
    Stopped,
    StreamMessageError,
    clear_message,
    mark_message,
    media_message,
    read_message,
)

STREAM, CALL, ACCOUNT = "MZ" + "1" * 32, "CA" + "2" * 32, "AC" + "3" * 32

CONNECTED = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
START = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": ACCOUNT,
        "streamSid": STREAM,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "abc"},
    },
    "streamSid": STREAM,
}
MEDIA = {
    "event": "media",
    "sequenceNumber": "3",
    "media": {
        "track": "inbound",
        "chunk": "1",
        "timestamp": "40",
        "payload": base64.b64encode(b"\x7f" * 160).decode(),
    },
    "streamSid": STREAM,
}
DTMF = {
    "event": "dtmf",
    "sequenceNumber": "9",
    "streamSid": STREAM,
    "dtmf": {"track": "inbound_track", "digit": "5"},
}
MARK = {"event": "mark", "sequenceNumber": "10", "streamSid": STREAM, "mark": {"name": "p7"}}
STOP = {
    "event": "stop",
    "sequenceNumber": "11",
    "streamSid": STREAM,
    "stop": {"accountSid": ACCOUNT, "callSid": CALL},
}


def changed(message: dict[str, Any], path: str, value: object) -> str:
    copy = json.loads(json.dumps(message))
    *inner, name = path.split(".")
    place = copy
    for step in inner:
        place = place[step]
    place[name] = value
    return json.dumps(copy)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (CONNECTED, Connected("Call", "1.0.0")),
        (
            START,
            Started(1, STREAM, CALL, ACCOUNT, ("inbound",), PHONE_FORMAT, {"token": "abc"}),
        ),
        (MEDIA, Media(3, STREAM, "inbound", 1, 0.04, b"\x7f" * 160)),
        (DTMF, KeyPressed(9, STREAM, "5")),
        (MARK, Marked(10, STREAM, "p7")),
        (STOP, Stopped(11, STREAM, CALL)),
    ],
)
def test_every_kind_is_read(message, expected):
    assert read_message(json.dumps(message)) == expected


def test_unknown_kinds_and_fields_are_ignored():
    assert read_message('{"event": "weather", "sun": true}') is None
    assert read_message(changed(MEDIA, "media.loudness", [1])) == read_message(json.dumps(MEDIA))


def test_numbers_may_be_numbers():
    assert read_message(changed(MEDIA, "media.timestamp", 40)) == read_message(json.dumps(MEDIA))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"media"',
        "[" * 60_000,
        '{"event": 1}',
        '{"event": "media"}',
        '{"event": "start", "start": []}',
        "{" + '"a":' * 10_000,
        '{"sequenceNumber": ' + "9" * 10_000 + "}",
        changed(MEDIA, "media.payload", "***"),
        changed(MEDIA, "media.payload", ""),
        changed(MEDIA, "media.payload", 7),
        changed(MEDIA, "media.payload", "é"),
        changed(MEDIA, "media.payload", base64.b64encode(bytes(MOST_SOUND + 1)).decode()),
        changed(MEDIA, "media.timestamp", "-1"),
        changed(MEDIA, "media.timestamp", "1e3"),
        changed(MEDIA, "media.timestamp", "\u0661"),
        changed(MEDIA, "media.timestamp", "9" * 17),
        changed(MEDIA, "media.timestamp", 1.5),
        changed(MEDIA, "media.timestamp", True),
        changed(MEDIA, "media.chunk", None),
        changed(MEDIA, "streamSid", ""),
        changed(MEDIA, "streamSid", "MZ\n"),
        changed(MEDIA, "streamSid", "../etc"),
        changed(DTMF, "dtmf.digit", "55"),
        changed(DTMF, "dtmf.digit", ""),
        changed(MARK, "mark.name", "x" * 201),
        changed(START, "start.callSid", 5),
        changed(START, "start.tracks", "inbound"),
        changed(START, "start.tracks", [1]),
        changed(START, "start.mediaFormat", None),
        changed(START, "start.customParameters", []),
        changed(START, "start.customParameters", {"a": 1}),
        changed(START, "start.customParameters", {"a": "x" * 500}),
        changed(START, "start.customParameters", {str(n): "" for n in range(65)}),
        changed(STOP, "stop", {}),
    ],
)
def test_malformed_messages_are_refused(text):
    with pytest.raises(StreamMessageError):
        read_message(text)


def test_too_long_a_message_is_not_even_parsed():
    with pytest.raises(StreamMessageError, match="65537 characters"):
        read_message("{" + " " * (MOST_CHARACTERS))


def test_a_message_of_the_longest_sound_is_read():
    message = changed(MEDIA, "media.payload", base64.b64encode(bytes(MOST_SOUND)).decode())
    media = read_message(message)
    assert isinstance(media, Media)
    assert len(media.ulaw) == MOST_SOUND


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=10,
)


@given(
    message=st.sampled_from([CONNECTED, START, MEDIA, DTMF, MARK, STOP]),
    name=st.sampled_from(["sequenceNumber", "streamSid", "start", "media", "mark", "dtmf", "stop"]),
    value=json_values,
)
def test_whatever_comes_is_read_or_refused(message, name, value):
    try:
        read_message(changed(message, name, value))
    except StreamMessageError as error:
        assert len(str(error)) < 200  # noqa: PT017 - one of two good ends


@given(text=st.text(max_size=200))
def test_any_text_is_refused_or_ignored(text):
    with suppress(StreamMessageError):
        assert read_message(text) is None


def test_what_is_sent_is_what_twilio_takes():
    assert json.loads(media_message(STREAM, b"\xff\x7f")) == {
        "event": "media",
        "streamSid": STREAM,
        "media": {"payload": "/38="},
    }
    assert json.loads(mark_message(STREAM, "0:160")) == {
        "event": "mark",
        "streamSid": STREAM,
        "mark": {"name": "0:160"},
    }
    assert json.loads(clear_message(STREAM)) == {"event": "clear", "streamSid": STREAM}
