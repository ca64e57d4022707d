"""Routes that give calls of the past: how they went, what was said, and how it sounded."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response, StreamingResponse

from server.phone.calls.record import CallRecord, Recording
from server.phone.calls.status import CallStatus
from server.phone.calls.store import HistoryQuery
from server.phone.control.calling import CallId
from server.phone.control.desk import ControlDesk
from server.phone.control.problems import PlainRoute, problem, problems
from server.phone.provider.twilio import ProviderError
from server.phone.security.numbers import parse_number
from server.phone.security.refusals import Refusal

_NO_SUCH_CALL = problems(HTTPStatus.NOT_FOUND)
_NO_SOUND = problems(HTTPStatus.NOT_FOUND, HTTPStatus.BAD_GATEWAY)
_SOUND: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/wav": {}}, "description": "Stereo WAV: caller left, agent right."},
    206: {"content": {"audio/wav": {}}, "description": "The range that was asked for."},
    416: {"description": "There is no such range."},
}


def history_router(desk: ControlDesk) -> APIRouter:
    """Make ``/history``: calls of the past, and those that go on."""
    router = APIRouter(prefix="/history", tags=["phone"], route_class=PlainRoute)

    @router.get("", responses=problems())
    async def newest(
        limit: Annotated[int, Query(ge=1, le=1000)] = 20,
        before: str | None = None,
        status: str | None = None,
        number: str | None = None,
    ) -> dict[str, Any]:
        query = HistoryQuery(limit, before, _status(status), _number(number, desk.country))
        try:
            records = await desk.store.history(query)
        except (ValueError, OverflowError):
            raise problem(
                HTTPStatus.BAD_REQUEST,
                "before is neither the id of a call nor an RFC 3339 time: send one of them",
            ) from None
        return {"calls": [record.to_json(transcript=False) for record in records]}

    @router.get("/{call_id}", responses=_NO_SUCH_CALL)
    async def one(call_id: CallId) -> dict[str, Any]:
        return (await desk.call(call_id)).to_json()

    @router.get("/{call_id}/transcript", responses=_NO_SUCH_CALL)
    async def transcript(call_id: CallId) -> dict[str, Any]:
        whole = (await desk.call(call_id)).to_json()
        return {name: whole[name] for name in ("id", "status", "transcript")}

    return router


def sound_router(desk: ControlDesk) -> APIRouter:
    """Make ``/history/{call_id}/audio``: how calls of the past sounded."""
    router = APIRouter(prefix="/history", tags=["phone"], route_class=PlainRoute)

    @router.get("/{call_id}/audio", response_class=Response, responses=_NO_SOUND | _SOUND)
    async def audio(call_id: CallId) -> Response:
        record = await desk.call(call_id)
        if record.recording is None and record.provider_recording is not None:
            return await _fetched(desk.switchboard().sound(record.provider_recording))
        path, found = await asyncio.to_thread(_sound, desk.recordings, _recording(record))
        return FileResponse(
            path,
            media_type="audio/wav",
            filename=f"{record.id}.wav",
            stat_result=found,
            content_disposition_type="inline",
        )

    return router


async def _fetched(sound: AsyncGenerator[bytes]) -> Response:
    """Return a recording that the provider keeps, as it comes from there."""
    try:
        first = await anext(sound, b"")
    except ProviderError as error:
        raise problem(HTTPStatus.BAD_GATEWAY, str(error)) from None

    async def whole() -> AsyncGenerator[bytes]:
        async with aclosing(sound):
            yield first
            async for piece in sound:
                yield piece

    return StreamingResponse(whole(), media_type="audio/wav")


def _recording(record: CallRecord) -> Recording:
    if not record.status.is_final:
        raise problem(HTTPStatus.NOT_FOUND, "the call goes on: its sound is there when it is over")
    if record.recording is None:
        raise problem(
            HTTPStatus.NOT_FOUND,
            "there is no recording of this call: phone.recording.mode says which are recorded,"
            " and phone.recording.retention_days for how long they are kept",
        )
    return record.recording


def _sound(folder: Path, recording: Recording) -> tuple[Path, os.stat_result]:
    """Return a recording's file; it works with files: call it in a thread.

    Raises:
        HTTPException: It is not there, or does not lie in the folder of recordings.

    """
    path = folder / recording.file
    try:
        whole = path.resolve(strict=True)
        inside = whole.parent == folder.resolve(strict=True) and whole.is_file()
        found = whole.stat()
    except (OSError, ValueError, RuntimeError):
        inside = False
    if not inside:
        raise problem(
            HTTPStatus.NOT_FOUND, "the recording of this call is not in its folder any more"
        )
    return whole, found


def _status(text: str | None) -> CallStatus | None:
    try:
        return None if text is None else CallStatus.of(text)
    except ValueError:
        known = ", ".join(CallStatus)
        raise problem(HTTPStatus.BAD_REQUEST, f"status should be one of {known}") from None


def _number(text: str | None, country: str) -> str | None:
    if text is None:
        return None
    number = parse_number(text, country)
    if isinstance(number, Refusal):
        raise problem(HTTPStatus.BAD_REQUEST, f"number is {number}: write it as +15551234567")
    return number.e164
