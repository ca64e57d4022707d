"""The route that gives calls which did not reach the agent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query

from server.phone.calls.missed import why_missed
from server.phone.calls.record import CallRecord
from server.phone.control.desk import ControlDesk
from server.phone.control.problems import PlainRoute, problem, problems


def missed_router(desk: ControlDesk) -> APIRouter:
    """Make ``/missed-calls``."""
    router = APIRouter(prefix="/missed-calls", tags=["phone"], route_class=PlainRoute)

    @router.get("", responses=problems())
    async def newest(
        limit: Annotated[int, Query(ge=1, le=1000)] = 20, before: str | None = None
    ) -> dict[str, Any]:
        try:
            records = await desk.store.missed(limit, before)
        except (ValueError, OverflowError):
            raise problem(
                HTTPStatus.BAD_REQUEST,
                "before is neither the id of a call nor an RFC 3339 time: send one of them",
            ) from None
        return {"missed_calls": [_missed(record) for record in records]}

    return router


def _missed(record: CallRecord) -> dict[str, Any]:
    whole = record.to_json(transcript=False)
    names = ("id", "from", "to", "identity", "status", "startedAt", "endedAt", "duration")
    sound = f"/history/{record.id}/audio" if record.recording is not None else None
    return {
        **{name: whole[name] for name in names},
        "reason": why_missed(record),
        "message": whole["message"],
        "audio": sound,
    }
