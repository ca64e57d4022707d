"""The speech server's HTTP: OpenAI's ``/v1/audio/*`` and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.status import HTTP_404_NOT_FOUND
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.tts_events import OFFER, OFFERED
from server.body_limit import BodyLimit
from server.speech import speech, transcriptions
from server.speech.config import SpeechConfig
from server.speech.errors import ApiError, explain_errors
from server.speech.ladder import Ladder
from server.speech.recogniser import Recogniser

_LONGEST_TEXT = 2_000_000
"""Bytes of a request: more than the longest text that ``speech.max_input`` may allow."""

_FORM = 100_000
"""Bytes of a form beside its file."""

_OFFER = (OFFER.lower().encode(), OFFERED.encode())
"""The header by which clients learn of the times of words."""


def create_app(config: SpeechConfig, ladder: Ladder, recogniser: Recogniser) -> FastAPI:
    """Build the ASGI application.

    Args:
        config: Limits.
        ladder: Who speaks; stays the caller's to close.
        recogniser: Who listens; stays the caller's to close.

    """
    app = FastAPI(title="Speech server", openapi_url=None)
    app.add_middleware(_BodyLimits, longest=_longest_bodies(config))
    app.add_middleware(_WordTimesOffer)
    explain_errors(app)
    app.include_router(speech.speech_router(ladder, config.max_input))
    app.include_router(transcriptions.transcription_router(recogniser))

    @app.get("/v1/audio/voices")
    async def list_voices() -> dict[str, Any]:
        """Names to use as ``voice``, and the engine's own name of each."""
        voices = [
            {"id": name, "name": name, "voice": ladder.behind(name)} for name in ladder.voices()
        ]
        return {"object": "list", "voices": voices}

    @app.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        """Names to use as ``model``."""
        return {"object": "list", "data": list(_models(ladder, recogniser).values())}

    @app.get("/v1/models/{name}")
    async def get_model(name: str) -> dict[str, Any]:
        """One of them."""
        model = _models(ladder, recogniser).get(name)
        if model is None:
            raise ApiError(
                HTTP_404_NOT_FOUND,
                f"There is no model {name[:40]!r}; GET /v1/models lists them.",
                param="model",
                code="model_not_found",
            )
        return model

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the server is up, and which engine speaks."""
        return {**ladder.health(), "recogniser": recogniser.model}

    return app


def _models(ladder: Ladder, recogniser: Recogniser) -> Mapping[str, dict[str, Any]]:
    owners = dict.fromkeys(speech.MODELS, ladder.engine.name)
    owners |= dict.fromkeys(transcriptions.MODELS, recogniser.model)
    return {
        name: {"id": name, "object": "model", "created": 0, "owned_by": owner}
        for name, owner in owners.items()
    }


def _longest_bodies(config: SpeechConfig) -> Callable[[str], int]:
    upload = config.max_upload + _FORM
    return lambda path: upload if path.startswith("/v1/audio/transcriptions") else _LONGEST_TEXT


class _WordTimesOffer:
    """Tells with every answer that the times of words may be had.

    Args:
        app: What is asked.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the answer on, a header added."""

        async def send_with_offer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _OFFER]
            await send(message)

        await self._app(scope, receive, send_with_offer)


class _BodyLimits:
    """Refuses a body that is too long for what is asked.

    Args:
        app: What is asked.
        longest: Returns the bytes that a path takes.

    """

    def __init__(self, app: ASGIApp, longest: Callable[[str], int]) -> None:
        self._app = app
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted."""
        limit = self._longest(scope.get("path", ""))
        await BodyLimit(self._app, limit)(scope, receive, send)
