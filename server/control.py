"""The control API: one HTTP application that every part of the service adds its routes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from starlette.status import HTTP_422_UNPROCESSABLE_CONTENT, HTTP_503_SERVICE_UNAVAILABLE

from server.body_limit import BodyLimit
from server.config import ServerConfig
from server.control_guard import STRANGER, ControlGuard
from server.parts import Part, PartState
from server.store.errors import StoreError

_LONGEST_BODY = 32_000_000
"""Bytes of a request: OpenAI's clients send recordings of up to 25 MB."""


class TurnReader(Protocol):
    """Where finished turns are read from."""

    async def newest(
        self, *, limit: int, before: str | None = None, conversation: str | None = None
    ) -> list[dict[str, Any]]:
        """Return turn records, newest first.

        Raises:
            ValueError: ``before`` is neither a turn's id nor a time.
            StoreError: The store cannot be read.

        Cancelling is safe.

        """


def create_control_app(server: ServerConfig, parts: Sequence[Part]) -> FastAPI:
    """Make the control API.

    Args:
        server: Has the token.
        parts: What ``/health`` tells about, and whose routes are added.

    """
    # No page of documentation: its scripts come from another site, and could use this API.
    app = FastAPI(title="openclaw-voice", docs_url=None, redoc_url=None)
    app.include_router(health_router(parts))
    for part in parts:
        if part.router is not None:
            app.include_router(part.router)
    app.add_middleware(BodyLimit, limit=_LONGEST_BODY)
    app.add_middleware(ControlGuard, server=server)
    return app


def health_router(parts: Sequence[Part]) -> APIRouter:
    """Make ``GET /health``: how every part is doing, at once and without a token.

    Why it is so, in which folders of this machine may be named, only those with the token read.
    """
    router = APIRouter(tags=["health"])

    @router.get("/health")
    async def health(request: Request) -> dict[str, Any]:
        told = STRANGER not in request.scope
        statuses = {part.name: part.status() for part in parts}
        return {
            "status": _overall({status.state for status in statuses.values()}),
            "parts": {
                name: {"status": status.state, "message": status.message if told else ""}
                for name, status in statuses.items()
            },
        }

    return router


def _overall(states: set[PartState]) -> PartState:
    if states & {PartState.FAILED, PartState.DEGRADED}:
        return PartState.DEGRADED
    return PartState.STARTING if PartState.STARTING in states else PartState.OK


def turns_router(turns: TurnReader) -> APIRouter:
    """Make ``GET /turns``: finished turns, newest first."""
    router = APIRouter(tags=["turns"])

    @router.get("/turns")
    async def newest(
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        before: str | None = None,
        conversation: str | None = None,
    ) -> dict[str, Any]:
        try:
            found = await turns.newest(limit=limit, before=before, conversation=conversation)
        except ValueError:
            raise HTTPException(
                HTTP_422_UNPROCESSABLE_CONTENT,
                "before is neither the id of a turn nor an RFC 3339 time.",
            ) from None
        except StoreError as error:
            raise HTTPException(HTTP_503_SERVICE_UNAVAILABLE, str(error)) from error
        return {"turns": found}

    return router
