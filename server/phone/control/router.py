"""Everything that the telephone adds to the control API."""

from __future__ import annotations

from fastapi import APIRouter

from server.phone.control.calling import acting_router, calling_router
from server.phone.control.desk import ControlDesk
from server.phone.control.history import history_router
from server.phone.control.missed import missed_router


def phone_router(desk: ControlDesk) -> APIRouter:
    """Make the routes of the telephone."""
    router = APIRouter()
    routers = (calling_router(desk), acting_router(desk), history_router(desk), missed_router(desk))
    for one in routers:
        router.include_router(one)
    return router
