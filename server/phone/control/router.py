"""Everything that the telephone adds to the control API."""

from __future__ import annotations

from fastapi import APIRouter

from server.phone.control.calling import acting_router, calling_router
from server.phone.control.desk import ControlDesk
from server.phone.control.history import history_router, sound_router
from server.phone.control.missed import missed_router


def phone_router(desk: ControlDesk) -> APIRouter:
    """Make the routes of the telephone."""
    router = APIRouter()
    made = (calling_router, acting_router, history_router, sound_router, missed_router)
    for make in made:
        router.include_router(make(desk))
    return router
