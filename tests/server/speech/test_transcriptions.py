from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from server.speech.config import SpeechConfig
from tests.server.speech.fakes import ScriptedRecogniser, application, ask, serving

PATH = "/v1/audio/transcriptions"


def transcribe(
    words: str = "hello\nyou", config: SpeechConfig | None = None, **fields: Any
) -> httpx.Response:
    files = {"file": ("a.wav", words.encode())}
    return ask(application(config=config), "POST", PATH, files=files, data=fields)


@pytest.mark.parametrize(
    ("form", "kind", "content"),
    [
        ("text", "text/plain; charset=utf-8", "hello you\n"),
        ("srt", "application/x-subrip; charset=utf-8", "1\n00:00:00,000 --> 00:00:00,900\nhello"),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:00.000 --> 00:00:00.900\nhello"),
    ],
)
def test_forms_of_text(form: str, kind: str, content: str) -> None:
    response = transcribe(response_format=form)
    assert response.status_code == 200
    assert response.headers["content-type"] == kind
    assert response.text.startswith(content)


def test_json_is_the_usual_form() -> None:
    expected = {"text": "hello you", "usage": {"type": "duration", "seconds": 2}}
    assert transcribe().json() == expected
    assert transcribe(model="whisper-1", response_format="json", language="en").json() == expected


def test_verbose_json_has_segments() -> None:
    fields = {"response_format": "verbose_json", "timestamp_granularities[]": ["segment"]}
    content = transcribe(**fields).json()
    assert [segment["text"] for segment in content["segments"]] == ["hello", "you"]


def test_words_are_streamed_as_they_are_understood() -> None:
    response = transcribe(stream="true")
    assert response.headers["content-type"] == "text/event-stream"
    events = [json.loads(line[6:]) for line in response.text.splitlines() if line]
    assert events == [
        {"type": "transcript.text.delta", "delta": "hello"},
        {"type": "transcript.text.delta", "delta": " you"},
        {"type": "transcript.text.done", "text": "hello you"},
    ]


def test_a_stream_of_silence_is_only_its_end() -> None:
    events = [line for line in transcribe("", stream="true").text.splitlines() if line]
    assert [json.loads(line[6:])["type"] for line in events] == ["transcript.text.done"]


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"response_format": "midi"}, "response_format", "json"),
        ({"stream": "maybe"}, "stream", "boolean"),
        ({"timestamp_granularities[]": ["word"]}, "timestamp_granularities", "not offered"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str, words: str) -> None:
    response = transcribe(**fields)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["param"] == param
    assert words in error["message"]


def test_what_is_no_audio_is_the_senders_error() -> None:
    error = transcribe("noise").json()["error"]
    assert (error["type"], error["param"], error["code"]) == (
        "invalid_request_error",
        "file",
        "invalid_file",
    )


@pytest.mark.parametrize("stream", ["false", "true"])
def test_a_recogniser_that_is_not_there_is_the_servers_error(stream: str) -> None:
    response = transcribe("!", stream=stream)
    assert response.status_code == 503
    assert response.json()["error"]["message"] == "there is no model"


def test_a_recogniser_that_fails_on_the_way_is_an_event() -> None:
    response = transcribe("hello\n!", stream="true")
    assert json.loads(response.text.splitlines()[-2][6:])["error"]["message"] == "there is no model"


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({"data": {"file": "words"}}, 400, "file"),
        ({"data": {}}, 400, "file"),
        ({"json": {"file": "words"}}, 400, "file"),
        ({"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "boundary"),
        (
            {"content": b"--", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
            400,
            "",
        ),
    ],
)
def test_a_form_that_is_none(options: dict[str, Any], status: int, words: str) -> None:
    response = ask(application(), "POST", PATH, **options)
    assert response.status_code == status
    assert words in response.json()["error"]["message"]


def test_an_upload_that_is_too_large_is_refused() -> None:
    response = transcribe("x" * 300_000, SpeechConfig(max_upload=100_000))
    assert response.status_code == 413
    assert "send at most 200000 bytes" in response.json()["error"]["message"]


def test_a_client_that_goes_away_stops_the_recogniser() -> None:
    async def story() -> None:
        recogniser = ScriptedRecogniser()
        async with serving(application(recogniser=recogniser)) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(PATH, files={"file": ("a", b"~")}, timeout=0.1)
            async with asyncio.timeout(10):
                await recogniser.closed.wait()

    asyncio.run(story())
