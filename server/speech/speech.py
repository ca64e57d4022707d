"""``POST /v1/audio/speech``: a text as sound.

Differs from OpenAI's in four ways: voices have our names, ``sample_rate`` may be asked for, raw PCM
says its rate in the headers, and events tell when words begin.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.types import Send

from pipeline.audio import SPEECH_RATE, Resampler
from pipeline.word_times import WordStart
from server.speech import events
from server.speech.config import DEFAULT_VOICE
from server.speech.connected import while_connected
from server.speech.encode import (
    AudioFormat,
    EncodedSound,
    Encoder,
    UnsupportedRateError,
    media_type,
    open_encoder,
)
from server.speech.engine import EngineError, Sound
from server.speech.errors import bad_request
from server.speech.ladder import Ladder
from server.streamed_audio import StreamedAudio

MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""Model names clients are used to; all of them are the one ladder of engines."""

logger = logging.getLogger(__name__)


class VoiceId(BaseModel):
    """A voice as an object."""

    id: str


class SpeechRequest(BaseModel):
    """Body of ``POST /v1/audio/speech``; what we have no use for is ignored."""

    input: str
    """The text to speak."""

    model: str = MODELS[0]
    """Any name; the server's settings choose the engine."""

    voice: str | VoiceId = DEFAULT_VOICE
    """A name from ``GET /v1/audio/voices``, in any case."""

    response_format: AudioFormat = AudioFormat.MP3
    """How the sound is encoded."""

    speed: Annotated[float, Field(ge=0.25, le=4.0)] = 1.0
    """1 is the voice's usual pace."""

    sample_rate: Annotated[int, Field(ge=8000, le=48_000)] = SPEECH_RATE
    """Hertz (ours, not OpenAI's)."""

    stream_format: Literal["audio", "sse"] = "audio"
    """The bytes themselves, or events that carry them in base64, and the times of words."""


def speech_router(ladder: Ladder, max_input: int) -> APIRouter:
    """Make the route.

    Args:
        ladder: Who speaks.
        max_input: Characters of the longest text.

    """
    router = APIRouter()

    @router.post("/v1/audio/speech")
    async def speech(request: SpeechRequest, connection: Request) -> Response:
        """Speak a text."""
        _check_input(request.input, max_input)
        voice = request.voice.id if isinstance(request.voice, VoiceId) else request.voice
        if not ladder.has_voice(voice):
            raise bad_request(
                f"There is no voice {voice[:40]!r}; GET /v1/audio/voices lists them.",
                "voice",
                "voice_not_found",
            )
        encoder = _open_encoder(request)
        sounds = ladder.synthesize(request.input, voice=voice, speed=request.speed)
        return await _respond(request, connection, _encode(sounds, request.sample_rate, encoder))

    return router


def _check_input(text: str, limit: int) -> None:
    if not text.strip():
        raise bad_request("There is nothing to say.", "input", "empty_string")
    if len(text) > limit:
        raise bad_request(
            f"{len(text)} characters are too many; send at most {limit} at a time.",
            "input",
            "string_above_max_length",
        )


def _open_encoder(request: SpeechRequest) -> Encoder:
    try:
        return open_encoder(request.response_format, request.sample_rate)
    except UnsupportedRateError as error:
        raise bad_request(str(error), "sample_rate") from error


async def _respond(
    request: SpeechRequest, connection: Request, body: AsyncGenerator[EncodedSound]
) -> Response:
    try:
        # Wait for the first sound: after the headers an error can no longer be told.
        first = await while_connected(connection, anext(body, EncodedSound(b"")))
    except BaseException:  # the client's going too: nobody else closes what has begun
        await body.aclose()
        raise
    audio = _resumed(first, body)
    headers = {"X-Sample-Rate": str(request.sample_rate), "X-Accel-Buffering": "no"}
    match request.stream_format:
        case "audio":
            kind = media_type(request.response_format, request.sample_rate)
            return _Speech(_bytes(audio), body, headers={**headers, "Content-Type": kind})
        case "sse":
            kind = events.MEDIA_TYPE
            stream = events.speech_events(audio)
            return _Speech(stream, body, headers={**headers, "Content-Type": kind})


async def _encode(
    sounds: AsyncGenerator[Sound], rate: int, encoder: Encoder
) -> AsyncGenerator[EncodedSound]:
    resampler: Resampler | None = None
    words: tuple[WordStart, ...] = ()
    async with aclosing(sounds):
        async for sound in sounds:
            resampler = resampler or Resampler(sound.rate, rate)
            words += sound.words
            step = round(encoder.at_once * sound.rate)
            for first in range(0, len(sound.samples), step):
                part = resampler.push(sound.samples[first : first + step])
                if data := encoder.encode(part):
                    yield EncodedSound(data, words)
                    words = ()
        rest = encoder.encode(resampler.flush()) if resampler is not None else b""
        if data := rest + encoder.finish():
            yield EncodedSound(data, words)


async def _resumed(
    first: EncodedSound, rest: AsyncGenerator[EncodedSound]
) -> AsyncGenerator[EncodedSound]:
    yield first
    async for piece in rest:
        yield piece


async def _bytes(audio: AsyncGenerator[EncodedSound]) -> AsyncGenerator[bytes]:
    async for piece in audio:
        yield piece.data


class _Speech(StreamedAudio):
    async def stream_response(self, send: Send) -> None:
        """Send it all, or as much as there is: an unfinished response tells the client."""
        try:
            await super().stream_response(send)
        except EngineError as error:
            logger.warning("Speech broke off: %s", error)
