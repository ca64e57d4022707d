"""The public listener's application: Twilio's routes, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from pipeline.clock import Clock
from server.phone.public.door import Door
from server.phone.public.gate import Gate
from server.phone.public.media import MediaSockets
from server.phone.public.telephone import Telephone
from server.phone.public.webhooks import Carry, Webhooks
from server.phone.security.admission import MEDIA_SOCKETS, WEBHOOKS, AdmissionLimits
from server.phone.security.forms import Form
from server.phone.security.forwarding import TrustedProxies
from server.phone.security.media_tokens import MediaTokens
from server.phone.security.replays import Answer
from server.phone.security.twiml import CONTENT_TYPE
from server.phone.security.webhook_guard import WebhookGuard

VOICE: Final = "/voice"
STATUS: Final = "/status"
DETECTION: Final = "/amd"
RECORDING: Final = "/recording"
STREAM: Final = "/voice/stream"
"""Paths that Twilio is told; :data:`STREAM` with a token behind it."""

NOTHING: Final = Answer(HTTPStatus.NO_CONTENT)


@dataclass(frozen=True, slots=True)
class Guards:
    """What stands before the telephone."""

    webhooks: WebhookGuard
    tokens: MediaTokens
    proxies: TrustedProxies
    door: Door
    media: AdmissionLimits = MEDIA_SOCKETS
    """How many media sockets, and how long each has to name its call."""


def create_public_app(telephone: Telephone, guards: Guards, clock: Clock) -> Starlette:
    """Make the application.

    Args:
        telephone: Gets what is Twilio's.
        guards: What keeps everything else out.
        clock: The clock of all limits.

    """
    door, proxies = guards.door, guards.proxies
    webhooks = Webhooks(Gate("webhook", WEBHOOKS, door, proxies, clock), guards.webhooks, clock)
    media_gate = Gate("media socket", guards.media, door, proxies, clock)
    media = MediaSockets(media_gate, guards.webhooks, guards.tokens, door, clock)
    carried = _Carried(telephone)

    async def talk(socket: WebSocket) -> None:
        await media.receive(socket, telephone)

    return Starlette(
        routes=[
            _route(VOICE, webhooks, carried.voice),
            _route(f"{VOICE}/twiml", webhooks, carried.voice),
            _route(f"{VOICE}/step/{{step}}", webhooks, carried.voice),
            _route(STATUS, webhooks, carried.status),
            _route(f"{STATUS}/{{step}}", webhooks, carried.status),
            _route(DETECTION, webhooks, carried.detection),
            _route(f"{DETECTION}/{{step}}", webhooks, carried.detection),
            _route(RECORDING, webhooks, carried.recording),
            _route(f"{RECORDING}/{{step}}", webhooks, carried.recording),
            WebSocketRoute(f"{STREAM}/{{token}}", talk),
            Route("/health", _health, methods=["GET"]),
        ]
    )


class _Carried:
    """What the telephone says, as answers."""

    def __init__(self, telephone: Telephone) -> None:
        self._telephone = telephone

    async def voice(self, form: Form, step: str) -> Answer:
        return Answer(HTTPStatus.OK, CONTENT_TYPE, await self._telephone.voice(form, step))

    async def status(self, form: Form, step: str) -> Answer:
        await self._telephone.status(form, step)
        return NOTHING

    async def detection(self, form: Form, step: str) -> Answer:
        await self._telephone.detection(form, step)
        return NOTHING

    async def recording(self, form: Form, step: str) -> Answer:
        await self._telephone.recording(form, step)
        return NOTHING


def _route(path: str, webhooks: Webhooks, carry: Carry) -> Route:
    async def endpoint(request: Request) -> Response:
        return await webhooks.receive(request, carry)

    return Route(path, endpoint, methods=["POST"])


async def _health(_request: Request) -> Response:
    return JSONResponse({"ok": True})
