from __future__ import annotations

import json

import pytest

from pipeline.tts_refusal import Refusal, read_refusal, voice_names


def refusal(content: object, status: int = 400, **headers: str) -> Refusal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_refusal(status, named, json.dumps(content).encode())


@pytest.mark.parametrize(
    ("content", "voice", "model", "text"),
    [
        ({"error": {"message": "no such voice", "param": "voice"}}, True, False, False),
        ({"error": {"message": "unknown voice 'x'", "code": "unknown_voice"}}, True, False, False),
        ({"error": {"message": "unknown", "code": "model_not_loaded"}}, False, True, False),
        ({"error": {"message": "unsupported response_format 'pcm'"}}, False, False, True),
        ({"error": {"message": "too long", "param": "input"}}, False, False, True),
        ({"detail": [{"loc": ["body", "voice"], "msg": "bad"}]}, True, False, False),
        ({"detail": "model x cannot do format pcm"}, False, False, True),
    ],
)
def test_it_is_told_what_is_refused(content: object, voice: bool, model: bool, text: bool) -> None:
    found = refusal(content)
    assert (found.of_voice, found.of_model, found.of_text) == (voice, model, text)
    assert found.of_format is ("format" in str(content))


def test_a_server_that_fails_refuses_nothing_that_was_asked() -> None:
    found = refusal({"error": {"message": "the voice model crashed"}}, 500)
    assert (found.of_request, found.of_voice, found.of_model, found.of_text) == (False,) * 4


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "7", "Retry_After_Ms": "250"}, 0.25),
        (
            {
                "Retry_After": "Fri, 07 Nov 2025 23:59:59 GMT",
                "Date": "Fri, 07 Nov 2025 23:59:29 GMT",
            },
            30.0,
        ),
        (
            {
                "Retry_After": "Fri, 07 Nov 2025 23:00:00 GMT",
                "Date": "Fri, 07 Nov 2025 23:59:29 GMT",
            },
            0.0,
        ),
        ({"Retry_After": "Fri, 07 Nov 2025 23:59:59 GMT"}, 0.0),
        ({"Retry_After": "soon"}, 0.0),
        ({"Retry_After": "-1"}, 0.0),
        ({"Retry_After": "9" * 5000}, 0.0),
        ({}, 0.0),
    ],
)
def test_when_to_ask_again_is_read_in_every_form(headers: dict[str, str], seconds: float) -> None:
    assert refusal("busy", 429, **headers).retry_after == seconds


def test_a_redirection_has_a_target_and_a_refusal_has_none() -> None:
    assert refusal("", 308, Location="https://h/").target == "https://h/"
    assert refusal("", 400, Location="https://h/").target == ""


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[]", b"{}", b"null", b'{"error": {}}', b"[1]"]
)
def test_any_body_is_some_refusal(body: bytes) -> None:
    assert read_refusal(400, {}, body).status == 400


def test_voices_in_no_known_form_are_none() -> None:
    assert list(voice_names({"voices": 7})) == []
    assert list(voice_names(None)) == []
    told = {"voices": [{"id": "sage", "voice": "en-us+f3"}, {"id": "nova", "voice": 7}]}
    assert dict(voice_names(told)) == {"sage": "en-us+f3", "nova": "nova"}
