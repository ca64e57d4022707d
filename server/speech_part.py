"""The voice of the service: its own speech server, or the one the settings name."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import httpx
from fastapi import APIRouter, HTTPException, Path, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.status import (
    HTTP_502_BAD_GATEWAY,
    HTTP_503_SERVICE_UNAVAILABLE,
    HTTP_508_LOOP_DETECTED,
)
from starlette.types import Send

from models.config import ModelsConfig
from pipeline.config import SttConfig, TtsConfig
from server.control_guard import OWN_VIA
from server.parts import PartState, PartStatus
from server.speech.child import SpeechServer, SpeechServerError
from server.speech.config import SpeechConfig
from server.speech_ladder import with_fallback_first, with_server
from server.streamed_audio import StreamedAudio

logger = logging.getLogger(__name__)

PATH = "/v1/audio"

_Below = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")]
"""What may follow it: no dots, with which a path would leave it again."""

_PASSED_ON = ("content-type", "accept")
"""Headers of a request that the speech server gets. Not the token: that one is ours."""

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-encoding"}
"""Headers of a response that belong to one connection, or no longer fit what is sent."""


class SpeechPart:
    """Keeps a speech server reachable while the service runs.

    Args:
        speech: How our own is run.
        tts: How the server is asked, ours or the one at its ``url``.
        stt: Recognition of ours, for transcriptions.
        models: Where voices and recognition models are.

    """

    name = "speech"

    def __init__(
        self,
        speech: SpeechConfig,
        tts: TtsConfig,
        *,
        stt: SttConfig | None = None,
        models: ModelsConfig | None = None,
    ) -> None:
        self._speech = speech
        self._stt = stt
        self._models = models
        self._tts = tts
        self._url = tts.url
        self._servers = None if tts.url is None else tts
        self._status = PartStatus(PartState.STARTING)
        self._server: SpeechServer | None = None
        self._settled = asyncio.Event()
        if tts.url is not None:
            self._settled.set()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(tts.first_audio_timeout, connect=tts.connect_timeout),
            trust_env=False,
        )
        self.router = self._proxy()

    @property
    def url(self) -> str | None:
        """Where the speech server is; ``None`` while there is none."""
        return self._url

    async def servers(self) -> TtsConfig | None:
        """Wait until it is known who speaks; ``None`` when nobody does.

        Returns:
            The client's settings with the first server in their ``url``: the one that the user
            names, else our own, else the first fallback.

        It stays the same while the part runs. Cancelling is safe.

        """
        await self._settled.wait()
        return self._servers

    def status(self) -> PartStatus:
        """How the part is doing now."""
        if self._server is not None and not self._server.answers:
            return PartStatus(PartState.DEGRADED, "the speech server is being started again")
        return self._status

    async def run(self) -> None:
        """Keep the speech server until cancelled."""
        async with self._client:
            if self._tts.url is not None:
                self._status = PartStatus(PartState.OK, "uses the speech server of tts.url")
                await asyncio.Event().wait()
            try:
                async with SpeechServer(
                    self._speech, stt=self._stt, models=self._models
                ) as self._server:
                    self._url = self._server.url
                    self._servers = with_server(self._tts, self._server.url)
                    self._settled.set()
                    self._status = PartStatus(PartState.OK, f"{self._server.engine} voices")
                    await asyncio.Event().wait()
            except SpeechServerError as error:
                await self._do_without(error)
            finally:
                self._url = self._server = self._servers = None
                self._settled.set()

    async def _do_without(self, error: SpeechServerError) -> None:
        """Let a fallback speak until cancelled; return when there is none."""
        try:
            self._servers = with_fallback_first(self._tts, error)
        except SpeechServerError:
            logger.error("Nothing can be said: %s", error)  # noqa: TRY400 - it says it all
            self._status = PartStatus(PartState.FAILED, str(error))
            return
        speaking = f"tts.fallbacks.{next(iter(self._tts.fallbacks))} speaks"
        logger.error("Our own speech server does not start: %s; %s", error, speaking)
        message = f"{speaking}, our own speech server does not start: {error}"
        self._status = PartStatus(PartState.DEGRADED, message)
        self._settled.set()
        await asyncio.Event().wait()

    def _proxy(self) -> APIRouter:
        """Make ``/v1/audio/*``, passed on to the speech server."""
        router = APIRouter(tags=["speech"])

        @router.get(PATH + "/{path:path}")
        @router.post(PATH + "/{path:path}")
        async def pass_on(path: _Below, request: Request) -> Response:
            if self._url is None:
                raise HTTPException(
                    HTTP_503_SERVICE_UNAVAILABLE, "There is no speech server at the moment."
                )
            if OWN_VIA in request.headers.get("via", ""):  # it has come back
                raise HTTPException(HTTP_508_LOOP_DETECTED, "tts.url is this service itself.")
            try:
                return await self._pass_on(self._url, path, request)
            except ClientDisconnect:  # in the middle of its request: nobody waits for an answer
                return Response()

        return router

    async def _pass_on(self, url: str, path: str, request: Request) -> Response:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        headers["via"] = OWN_VIA
        if self._tts.api_key is not None:
            headers["authorization"] = f"Bearer {self._tts.api_key.get_secret_value()}"
        outgoing = self._client.build_request(
            request.method,
            f"{url.rstrip('/').removesuffix('/v1')}{PATH}/{path}",
            params=request.query_params,
            headers=headers,
            content=await request.body(),
        )
        try:
            incoming = await self._client.send(outgoing, stream=True)
        except httpx.HTTPError as error:
            raise HTTPException(
                HTTP_502_BAD_GATEWAY, f"The speech server does not answer: {type(error).__name__}."
            ) from error
        kept = {name: text for name, text in incoming.headers.items() if name not in _HOP_BY_HOP}
        return _PassedOn(incoming.aiter_bytes(), incoming, incoming.status_code, kept)


class _PassedOn(StreamedAudio):
    async def stream_response(self, send: Send) -> None:
        """Send it all, or as much as came: an unfinished response tells the client."""
        try:
            await super().stream_response(send)
        except httpx.HTTPError as error:
            logger.warning("The speech server broke off mid-response: %s", type(error).__name__)
