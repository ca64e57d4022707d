"""Answers of other projects' speech servers, as they were seen on the wire.

For :class:`tests.peers.speech_server.SpeechPeer`. Supertonic 1.3.1 (``supertonic serve``) has no
PCM, speaks at 44.1 kHz and refuses what it does not know. LiteLLM 1.106.2 (``litellm --config``)
passes requests on, keeps only the media type of the answer's headers, and wraps what was refused
in words of its own.
"""

from __future__ import annotations

import json
from dataclasses import replace

from pipeline.audio import SPEECH_RATE
from tests.peers.speech_server import (
    Answer,
    Framing,
    Request,
    json_answer,
    tone,
    wav_bytes,
)

SUPERTONIC_RATE = 44_100
SUPERTONIC_MODELS = ("supertonic", "supertonic-2", "supertonic-3")
SUPERTONIC_VOICES = ("M1", "F1")
SECONDS = 0.5

_NOT_FOUND = json_answer({"detail": "Not Found"}, 404)


def supertonic(request: Request) -> Answer:
    """Answer as Supertonic's server with ``supertonic-3`` loaded."""
    return replace(_supertonic(request), framing=Framing.LENGTH)


def _supertonic(request: Request) -> Answer:
    if request.path != "/v1/audio/speech":
        return _NOT_FOUND
    model, voice = request.body["model"], request.body["voice"]
    audio_format, speed = request.body["response_format"], request.body["speed"]
    if not 0.7 <= speed <= 2.0:
        words = "Input should be less than or equal to 2"
        detail = {"type": "less_than_equal", "loc": ["body", "speed"], "msg": words, "input": speed}
        return json_answer({"detail": [detail]}, 422)
    known = ", ".join(SUPERTONIC_MODELS)
    refusals = (
        (
            model not in SUPERTONIC_MODELS,
            f"unknown model {model!r}; valid: {known}",
            "unknown_model",
        ),
        (
            model != SUPERTONIC_MODELS[-1],
            (
                f"this server serves 'supertonic-3'; request asked for {model!r}. "
                f"Restart with --model {model} to switch."
            ),
            "model_not_loaded",
        ),
        (
            audio_format not in {"wav", "flac", "ogg"},
            (
                f"unsupported response_format {audio_format!r}; "
                "set response_format to one of: wav, flac, ogg"
            ),
            "unsupported_response_format",
        ),
        (voice not in SUPERTONIC_VOICES, f"unknown voice {voice!r}", "unknown_voice"),
    )
    for applies, message, code in refusals:
        if applies:
            content = {"message": message, "type": "invalid_request_error", "code": code}
            return json_answer({"error": content}, 400)
    sound = tone(SECONDS, SUPERTONIC_RATE).tobytes()
    headers = {
        "x-audio-duration": str(SECONDS),
        "x-supertonic-version": "1.3.1",
        "x-sample-rate": str(SUPERTONIC_RATE),
    }
    body = wav_bytes(sound, SUPERTONIC_RATE, size=len(sound))
    return Answer([body], content_type="audio/wav", headers=headers)


def litellm(request: Request) -> Answer:
    """Answer as LiteLLM's proxy with Supertonic's server and one that has PCM behind it."""
    if request.path != "/v1/audio/speech":
        return replace(_NOT_FOUND, framing=Framing.LENGTH)
    group = request.body["model"]
    if group == "supertonic":
        behind = _supertonic(replace(request, body=request.body | {"model": "supertonic-3"}))
    elif group == "voices":
        behind = Answer([tone(SECONDS, SPEECH_RATE).tobytes()], content_type="audio/pcm")
    else:
        words = (
            f"/audio/speech: Invalid model name passed in model={group}. "
            "Call `/v1/models` to view available models for your key."
        )
        content = {"message": words, "type": "None", "param": "None", "code": "400"}
        return replace(json_answer({"error": content}, 400), framing=Framing.LENGTH)
    if behind.status == 200:
        return replace(behind, headers={"x-litellm-version": "1.106.2"})
    said = json.loads(behind.chunks[0])["error"]["message"]
    words = (
        f"litellm.BadRequestError: OpenAIException - {said}\n\nLiteLLM: model group {group!r} "
        "failed with the error above. No fallback was attempted."
    )
    content = {"message": words, "type": "invalid_request_error", "param": None, "code": "400"}
    return replace(json_answer({"error": content}, 400), framing=Framing.LENGTH)
