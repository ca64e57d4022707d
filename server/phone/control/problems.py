"""What the control API says when it does not do something: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from server.phone.calls.request import CallRefusedError, Obstacle
from server.phone.security.refusals import printable
from server.store.errors import StoreError

_STATUS: Final = {
    Obstacle.REQUEST: HTTPStatus.BAD_REQUEST,
    Obstacle.POLICY: HTTPStatus.FORBIDDEN,
    Obstacle.LIMIT: HTTPStatus.CONFLICT,
    Obstacle.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}

_MOST: Final = 5
"""Mistakes of one request that are told."""

_ADVICE: Final = {
    "missing": "is missing: add it",
    "extra_forbidden": "is not known here: leave it out",
}
"""What to do about what pydantic finds, by its types."""


class Problem(BaseModel):
    """Why something was not done."""

    detail: str
    """What happened and what to do, for people."""


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return how a route's refusals are documented."""
    usual = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
    return {status.value: {"model": Problem} for status in (*usual, *statuses)}


def problem(status: HTTPStatus, what: str) -> HTTPException:
    """Return a refusal with a sentence."""
    return HTTPException(status, sentence(what))


def refused(error: CallRefusedError) -> HTTPException:
    """Return the refusal of a call."""
    return problem(_STATUS[error.obstacle], str(error))


def sentence(text: str) -> str:
    """Return a message as a sentence; names such as ``caller_id`` stay as they are."""
    first = text.partition(" ")[0]
    begun = f"{text[:1].upper()}{text[1:]}" if first.isalpha() else text
    return f"{begun.removesuffix('.')}."


class PlainRoute(APIRoute):
    """A route whose every refusal is one sentence; a wrong body is status 400, like a wrong number.

    That the store does not work is 503.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers requests."""
        answer = super().get_route_handler()

        async def plainly(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError as error:
                mistakes = _mistakes(error.errors())
                raise HTTPException(HTTPStatus.BAD_REQUEST, mistakes) from None
            except CallRefusedError as error:
                raise refused(error) from None
            except StoreError as error:
                raise problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error

        return plainly


def _mistakes(errors: Sequence[Any]) -> str:
    return " ".join(dict.fromkeys(_mistake(error) for error in errors[:_MOST]))


def _mistake(error: dict[str, Any]) -> str:
    name = ".".join(printable(str(part)) for part in error["loc"][1:])
    kind = error["type"]
    if kind == "value_error":
        return sentence(str(error["ctx"]["error"]))
    if not name or kind == "json_invalid":
        return "The body is not understood: send one JSON object, as application/json."
    if kind in _ADVICE:
        return f"{name} {_ADVICE[kind]}."
    return f"{name} cannot be used: {error['msg'][:1].lower()}{error['msg'][1:]}."
