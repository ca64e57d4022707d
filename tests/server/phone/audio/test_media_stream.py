"""One call's stream: order, and whose messages they are."""

from __future__ import annotations

import json

import pytest

from server.phone.audio.media_stream import MediaStream
from server.phone.audio.stream_messages import Media, Started, Stopped, StreamMessageError
from tests.server.phone.audio.test_stream_messages import (
    CALL,
    CONNECTED,
    DTMF,
    MARK,
    MEDIA,
    START,
    STOP,
    STREAM,
    changed,
)


def started() -> MediaStream:
    stream = MediaStream(CALL)
    stream.receive(json.dumps(CONNECTED))
    assert isinstance(stream.receive(json.dumps(START)), Started)
    return stream


def test_a_stream_from_its_beginning_to_its_end():
    stream = started()
    assert stream.started is not None
    assert stream.started.parameters == {"token": "abc"}
    assert isinstance(stream.receive(changed(MEDIA, "sequenceNumber", "2")), Media)
    assert isinstance(stream.receive(changed(STOP, "sequenceNumber", "3")), Stopped)
    assert stream.missing == 0
    assert stream.receive(json.dumps(MEDIA)) is None


def test_left_out_numbers_are_counted():
    stream = started()
    stream.receive(changed(MEDIA, "sequenceNumber", "5"))
    stream.receive(changed(MEDIA, "sequenceNumber", "5"))
    stream.receive(changed(MEDIA, "sequenceNumber", "7"))
    assert stream.missing == 4


@pytest.mark.parametrize("message", [MEDIA, DTMF, MARK, STOP])
def test_nothing_comes_before_the_start(message):
    with pytest.raises(StreamMessageError, match="before"):
        MediaStream(CALL).receive(json.dumps(message))


@pytest.mark.parametrize("message", [MEDIA, DTMF, MARK, STOP])
def test_messages_of_another_stream_are_refused(message):
    with pytest.raises(StreamMessageError, match="another stream"):
        started().receive(changed(message, "streamSid", "MZ0"))


@pytest.mark.parametrize("message", [CONNECTED, START])
def test_a_stream_begins_once(message):
    with pytest.raises(StreamMessageError, match="twice"):
        started().receive(json.dumps(message))


def test_the_stream_of_another_call_is_refused():
    with pytest.raises(StreamMessageError, match="another call"):
        MediaStream("CA0").receive(json.dumps(START))


@pytest.mark.parametrize(
    ("field", "value"), [("encoding", "audio/l16"), ("sampleRate", 16_000), ("channels", 2)]
)
def test_another_coding_is_refused(field, value):
    with pytest.raises(StreamMessageError, match="8000 Hz"):
        MediaStream(CALL).receive(changed(START, f"start.mediaFormat.{field}", value))


def test_another_track_is_not_the_caller():
    assert started().receive(changed(MEDIA, "media.track", "outbound")) is None


def test_what_is_sent_carries_the_stream():
    stream = started()
    for text in (stream.media(b"\xff"), stream.mark("0:1"), stream.clear()):
        assert json.loads(text)["streamSid"] == STREAM


def test_nothing_can_be_sent_before_the_start():
    with pytest.raises(StreamMessageError):
        MediaStream(CALL).clear()
