"""What goes wrong with a request, told in OpenAI's envelope."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.status import (
    HTTP_400_BAD_REQUEST,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)

from server.speech.engine import EngineError

logger = logging.getLogger(__name__)


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


def bad_request(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """Return the error of a request that the client has to change."""
    return ApiError(HTTP_400_BAD_REQUEST, message, param=param, code=code)


def unavailable(message: str) -> ApiError:
    """Return the error of a request that the server cannot serve now."""
    return ApiError(HTTP_503_SERVICE_UNAVAILABLE, message, code="service_unavailable")


def envelope(error: Exception) -> dict[str, Any]:
    """Return ``{"error": …}`` as OpenAI's clients read it."""
    status = error.status if isinstance(error, ApiError) else HTTP_500_INTERNAL_SERVER_ERROR
    kind = "invalid_request_error"
    if status >= HTTP_500_INTERNAL_SERVER_ERROR:
        kind = "server_error"
    param, code = (error.param, error.code) if isinstance(error, ApiError) else (None, None)
    return {"error": {"message": str(error), "type": kind, "param": param, "code": code}}


def explain_errors(app: FastAPI) -> None:
    """Have every failure of ``app`` answered in OpenAI's form."""
    known = (ApiError, RequestValidationError, HTTPException, EngineError, ClientDisconnect)
    for kind in (*known, Exception):
        app.add_exception_handler(kind, _explain)


async def _explain(request: Request, error: Exception) -> Response:
    """Answer a failure; the values that were sent are not repeated."""
    match error:
        case ClientDisconnect():  # in the middle of its request: nobody waits for an answer
            return Response()
        case ApiError():
            told = error
        case RequestValidationError():
            told = _invalid(error)
        case HTTPException():
            told = ApiError(error.status_code, f"{error.detail}: {_target(request)}")
        case EngineError():
            logger.warning("Nothing could be said: %s", error)
            told = ApiError(HTTP_500_INTERNAL_SERVER_ERROR, str(error))
        case _:  # a bug; the traceback is in the log
            told = ApiError(
                HTTP_500_INTERNAL_SERVER_ERROR, "The speech server failed; see its log."
            )
    return JSONResponse(envelope(told), told.status)


def _invalid(error: RequestValidationError) -> ApiError:
    first = error.errors()[0]
    where = [part for part in first["loc"][1:2] if isinstance(part, str)]
    return bad_request(": ".join([*where, first["msg"]]), where[0] if where else None)


def _target(request: Request) -> str:
    return f"{request.method} {request.url.path}"
