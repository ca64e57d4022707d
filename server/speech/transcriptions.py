"""``POST /v1/audio/transcriptions``: a recording as words.

What OpenAI's API has and this has not: times of single words, speakers, log probabilities. The
language is that of the settings (``pipeline.stt.language``).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from server.speech import events
from server.speech.connected import while_connected
from server.speech.errors import ApiError, bad_request, unavailable
from server.speech.recogniser import Recogniser, RecogniserError
from server.speech.recordings import Recording, RecordingError
from server.speech.subtitles import (
    Passage,
    TranscribedRecording,
    TranscriptFormat,
    srt,
    verbose,
    vtt,
)
from server.streamed_audio import StreamedAudio

MODELS = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")
"""Model names clients are used to; all of them are the one recogniser."""

_SUBRIP = "application/x-subrip; charset=utf-8"

Granularity = Literal["segment", "word"]


def transcription_router(recogniser: Recogniser) -> APIRouter:
    """Make the route."""
    router = APIRouter()

    @router.post("/v1/audio/transcriptions")
    async def transcriptions(
        connection: Request,
        file: Annotated[UploadFile, File()],
        model: Annotated[str, Form()] = MODELS[0],
        response_format: Annotated[TranscriptFormat, Form()] = TranscriptFormat.JSON,
        stream: Annotated[bool, Form()] = False,  # noqa: FBT002 - OpenAI's
        granularities: Annotated[
            list[Granularity] | None, Form(alias="timestamp_granularities[]")
        ] = None,
    ) -> Response:
        """Write down what is said in a recording."""
        if "word" in (granularities or ()):
            raise bad_request(
                "Times of single words are not offered; ask for segments.",
                "timestamp_granularities",
            )
        try:
            recording = await while_connected(connection, recogniser.read(file.file))
        except RecordingError as error:
            raise bad_request(str(error), "file", "invalid_file") from error
        passages = recogniser.transcribe(recording)
        if stream:
            return await _stream(connection, passages)
        whole = await while_connected(connection, _gather(passages, recording))
        return _respond(whole, response_format)

    return router


async def _gather(passages: AsyncGenerator[Passage], recording: Recording) -> TranscribedRecording:
    try:
        async with aclosing(passages):
            heard = [passage async for passage in passages]
    except RecogniserError as error:
        raise unavailable(str(error)) from error
    return TranscribedRecording(heard, recording.seconds)


def _respond(recording: TranscribedRecording, form: TranscriptFormat) -> Response:
    match form:
        case TranscriptFormat.JSON:
            return JSONResponse({"text": recording.text, "usage": _usage(recording.seconds)})
        case TranscriptFormat.VERBOSE_JSON:
            return JSONResponse(verbose(recording) | {"usage": _usage(recording.seconds)})
        case TranscriptFormat.TEXT:
            return PlainTextResponse(f"{recording.text}\n")
        case TranscriptFormat.SRT:
            return PlainTextResponse(srt(recording.passages), media_type=_SUBRIP)
        case TranscriptFormat.VTT:
            return PlainTextResponse(vtt(recording.passages), media_type="text/vtt")


def _usage(seconds: float) -> dict[str, Any]:
    return {"type": "duration", "seconds": round(seconds)}


async def _stream(connection: Request, passages: AsyncGenerator[Passage]) -> Response:
    body = _events(passages)
    try:
        first = await while_connected(connection, anext(body))
    except BaseException:  # the client's going too: nobody else closes what has begun
        await body.aclose()
        raise
    headers = {"Content-Type": events.MEDIA_TYPE, "X-Accel-Buffering": "no"}
    return StreamedAudio(_resumed(first, body), body, headers=headers)


async def _events(passages: AsyncGenerator[Passage]) -> AsyncGenerator[bytes]:
    """Turn passages into ``transcript.text.delta`` events and a last ``transcript.text.done``.

    Raises:
        ApiError: The first passage could not be had; later failures are events.

    """
    heard: list[str] = []
    try:
        async with aclosing(passages):
            async for passage in passages:
                delta = f" {passage.text}" if heard else passage.text
                heard.append(passage.text)
                yield events.event({"type": "transcript.text.delta", "delta": delta})
    except RecogniserError as error:
        told: ApiError = unavailable(str(error))
        if not heard:
            raise told from error
        yield events.failure(told)
    else:
        yield events.event({"type": "transcript.text.done", "text": " ".join(heard)})


async def _resumed(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for data in rest:
        yield data
