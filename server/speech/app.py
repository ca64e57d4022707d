"""The speech server's HTTP: OpenAI's ``/v1/audio/speech`` and what belongs to it.

Differs from OpenAI's in three ways: voices have our names, ``sample_rate`` may
be asked for, and raw PCM says its rate in the headers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from pipeline.audio import SPEECH_RATE, Resampler, Samples
from server.body_limit import BodyLimit
from server.speech.config import DEFAULT_VOICE, SpeechConfig
from server.speech.encode import (
    AudioFormat,
    Encoder,
    UnsupportedRateError,
    media_type,
    open_encoder,
)
from server.speech.engine import Engine, EngineError
from server.streamed_audio import StreamedAudio

MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""Model names clients are used to; all of them are the one engine."""

_LONGEST_BODY = 2_000_000
"""Bytes of a request: more than the longest text that ``speech.max_input`` may allow."""


class VoiceId(BaseModel):
    """A voice as an object."""

    id: str


class SpeechRequest(BaseModel):
    """Body of ``POST /v1/audio/speech``; what we have no use for is ignored."""

    input: str
    """The text to speak."""

    model: str = MODELS[0]
    """Any name; there is one engine."""

    voice: str | VoiceId = DEFAULT_VOICE
    """A name from ``GET /v1/audio/voices``, in any case."""

    response_format: AudioFormat = AudioFormat.MP3
    """How the sound is encoded."""

    speed: Annotated[float, Field(ge=0.25, le=4.0)] = 1.0
    """1 is the voice's usual pace."""

    sample_rate: Annotated[int, Field(ge=8000, le=48_000)] = SPEECH_RATE
    """Hertz (ours, not OpenAI's)."""

    stream_format: Literal["audio"] = "audio"
    """Events (sse) are not offered."""


class ApiError(Exception):
    """A request that cannot be fulfilled, in OpenAI's terms.

    Args:
        status: HTTP status.
        message: What is wrong and what to do.
        param: Name of the field that is wrong.
        code: OpenAI's code, for programs.

    """

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code


def create_app(config: SpeechConfig, engine: Engine) -> FastAPI:
    """Build the ASGI application.

    Args:
        config: Names of voices and limits.
        engine: Makes the sound; stays the caller's to close.

    Raises:
        EngineError: The settings name a voice that the engine does not have.

    """
    voices = _voices(config, engine)
    app = FastAPI(title="Speech server", openapi_url=None)
    app.add_middleware(BodyLimit, limit=_LONGEST_BODY)
    for error in (ApiError, RequestValidationError, HTTPException, EngineError, Exception):
        app.add_exception_handler(error, _explain)

    @app.post("/v1/audio/speech")
    async def speech(request: SpeechRequest) -> Response:
        """Speak a text."""
        _check_input(request.input, config.max_input)
        voice = _engine_voice(request.voice, voices, engine)
        chunks = engine.synthesize(request.input, voice=voice, speed=request.speed)
        return await _respond(request, chunks, engine.sample_rate)

    @app.get("/v1/audio/voices")
    async def list_voices() -> dict[str, Any]:
        """Names to use as ``voice``."""
        names = dict.fromkeys((*voices, *engine.voices()))
        return {"object": "list", "voices": [{"id": name, "name": name} for name in names]}

    @app.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        """Names to use as ``model``."""
        models = [
            {"id": name, "object": "model", "created": 0, "owned_by": engine.name}
            for name in MODELS
        ]
        return {"object": "list", "data": models}

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the server is up."""
        return {"status": "ok", "engine": engine.name}

    return app


def _voices(config: SpeechConfig, engine: Engine) -> dict[str, str]:
    """Return all names of the settings with the engine's voice for each."""
    default = config.voices.get(config.default_voice.lower(), config.default_voice)
    voices = {DEFAULT_VOICE: default} | config.voices
    for name, voice in voices.items():
        if not engine.has_voice(voice):
            setting = "default_voice" if name == DEFAULT_VOICE else f"voices.{name}"
            raise EngineError(f"speech.{setting}: {engine.name} has no voice {voice!r}")
    return voices


def _engine_voice(voice: str | VoiceId, voices: dict[str, str], engine: Engine) -> str:
    wanted = voice.id if isinstance(voice, VoiceId) else voice
    found = voices.get(wanted.lower(), wanted)
    if engine.has_voice(found):
        return found
    raise ApiError(
        400,
        f"There is no voice {wanted[:40]!r}; GET /v1/audio/voices lists them.",
        param="voice",
        code="voice_not_found",
    )


def _check_input(text: str, limit: int) -> None:
    if not text.strip():
        raise ApiError(400, "There is nothing to say.", param="input", code="empty_string")
    if len(text) > limit:
        raise ApiError(
            400,
            f"{len(text)} characters are too many; send at most {limit} at a time.",
            param="input",
            code="string_above_max_length",
        )


async def _respond(
    request: SpeechRequest, chunks: AsyncGenerator[Samples], engine_rate: int
) -> Response:
    rate = request.sample_rate
    try:
        encoder = open_encoder(request.response_format, rate)
    except UnsupportedRateError as error:
        raise ApiError(400, str(error), param="sample_rate") from error
    body = _encode(chunks, Resampler(engine_rate, rate), encoder)
    # Wait for the first sound: after the headers an error can no longer be told.
    first = await anext(body, b"")
    headers = {
        "Content-Type": media_type(request.response_format, rate),
        "X-Sample-Rate": str(rate),
        "X-Accel-Buffering": "no",
    }
    return StreamedAudio(_resumed(first, body), body, headers=headers)


async def _encode(
    chunks: AsyncGenerator[Samples], resampler: Resampler, encoder: Encoder
) -> AsyncGenerator[bytes]:
    async with aclosing(chunks):
        async for samples in chunks:
            if data := encoder.encode(resampler.push(samples)):
                yield data
        if data := encoder.encode(resampler.flush()) + encoder.finish():
            yield data


async def _resumed(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for data in rest:
        yield data


def _envelope(
    status: int, message: str, *, param: str | None = None, code: str | None = None
) -> JSONResponse:
    kind = "server_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004  HTTP's own boundary
    error = {"message": message, "type": kind, "param": param, "code": code}
    return JSONResponse({"error": error}, status)


async def _explain(request: Request, error: Exception) -> Response:
    """Answer any failure in OpenAI's form; the values sent are not repeated."""
    match error:
        case ApiError():
            return _envelope(error.status, str(error), param=error.param, code=error.code)
        case RequestValidationError():
            first = error.errors()[0]
            where = [part for part in first["loc"][1:2] if isinstance(part, str)]
            message = ": ".join([*where, first["msg"]])
            return _envelope(400, message, param=where[0] if where else None)
        case HTTPException():
            message = f"{error.detail}: {request.method} {request.url.path}"
            return _envelope(error.status_code, message)
        case EngineError():
            return _envelope(500, str(error))
        case _:
            return _envelope(500, "The speech server failed; see its log.")
