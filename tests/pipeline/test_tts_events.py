from __future__ import annotations

import json
from base64 import b64encode

import pytest

from pipeline.speech_audio import SpeechAudioError
from pipeline.tts_events import SpeechEvents, offers_word_times
from pipeline.word_times import WordStart


def event(kind: str, **fields: object) -> bytes:
    return f"data: {json.dumps({'type': kind, **fields})}\n\n".encode()


def delta(sound: bytes, *words: tuple[int, float]) -> bytes:
    told = [{"offset": offset, "start": start} for offset, start in words]
    return event("speech.audio.delta", audio=b64encode(sound).decode(), words=told)


DONE = event("speech.audio.done", usage={"input_tokens": 0})


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_sound_and_words_come_out_of_any_chunks(step: int) -> None:
    data = b": hello\r\n\r\n" + delta(b"abc", (0, 0.0), (4, 0.5)) + delta(b"defg") + DONE
    events = SpeechEvents()
    pieces = [events.push(data[at : at + step]) for at in range(0, len(data) - 2, step)]
    assert b"".join(pieces) == b"abcdefg"
    assert events.take_words() == (WordStart(0, 0.0), WordStart(4, 0.5))
    assert events.take_words() == ()
    events.push(data[-2:])
    assert events.complete


def test_openais_own_events_tell_no_words() -> None:
    events = SpeechEvents()
    assert events.push(event("speech.audio.delta", audio="YWJj")) == b"abc"
    assert events.push(event("something.new") + b"event: x\nid: 7\n\n") == b""
    assert events.take_words() == ()
    assert not events.complete
    events.push(b"data: [DONE]\n\n")
    assert not events.complete


def test_a_server_that_fails_on_the_way_says_why() -> None:
    with pytest.raises(SpeechAudioError, match="only a part of the sound: out of breath"):
        SpeechEvents().push(event("error", error={"message": "out of breath"}))


@pytest.mark.parametrize(
    "data",
    [
        b"data: {\n",
        b"data: 7\n",
        b"data: {}\n",
        event("speech.audio.delta"),
        event("speech.audio.delta", audio="?"),
        event("speech.audio.delta", audio="YWJj", words=[{"offset": "x", "start": 1}]),
        event("speech.audio.delta", audio="YWJj", words=[7]),
        event("error"),
    ],
)
def test_what_is_no_event_of_openais_is_refused(data: bytes) -> None:
    with pytest.raises(SpeechAudioError, match="not OpenAI's"):
        SpeechEvents().push(data)


def test_an_event_without_an_end_is_given_up() -> None:
    events = SpeechEvents()
    events.push(b"data:" + b"x" * 3_000_000)
    with pytest.raises(SpeechAudioError, match="without an end"):
        events.push(b"x" * 3_000_000)


def test_a_server_offers_the_times_of_words_by_a_header() -> None:
    assert offers_word_times({"X-Word-Times": "sse"})
    assert not offers_word_times({"X-Word-Times": "later"})
    assert not offers_word_times({})
