"""A small program that answers calls and judges every request by Twilio's own library."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiohttp import web
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client
from twilio.twiml.voice_response import Connect, VoiceResponse

from tests.peers.telephone_sound import to_ulaw, tone
from tests.peers.twilio import FakeTwilio

HOST = "phone.example.test"
VOICE = f"https://{HOST}/voice"
CALLER, CALLEE, OWN = "+15550001111", "+15550002222", "+15550009999"
EVENTS = ["initiated", "ringing", "answered", "completed"]
Message = dict[str, Any]
OnMessage = Callable[["SdkApp", Message], Awaitable[None]]


async def nothing(app: SdkApp, message: Message) -> None:
    pass


class SdkApp:
    """Serves webhooks and media sockets through the fake's tunnel."""

    def __init__(
        self, twilio: FakeTwilio, *, secret: str = "", on_message: OnMessage = nothing
    ) -> None:
        self.twilio = twilio
        self._validator = RequestValidator(secret or twilio.signer.auth_token)
        self._on_message = on_message
        self.twiml = stream_twiml()
        self.after = "<Response/>"
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.messages: list[Message] = []
        self.refused: list[str] = []
        self.close_code: int | None = None
        self._socket: web.WebSocketResponse | None = None
        self._stream_sid = ""
        application = web.Application()
        application.router.add_get("/voice/stream/{token}", self._stream)
        application.router.add_route("*", "/{path}", self._webhook)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.twilio.tunnel(HOST, self._runner.addresses[0][1])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def asked(self, path: str) -> list[dict[str, str]]:
        return [fields for asked, fields in self.requests if asked == path]

    async def create(self, **options: Any) -> None:
        """Make a call with Twilio's client."""
        options = {"to": CALLEE, "from_": OWN, "url": VOICE} | options
        await asyncio.to_thread(lambda: sdk(self.twilio).calls.create(**options))

    async def send(self, event: str, **body: Any) -> None:
        assert self._socket is not None
        message = {"event": event, "streamSid": self._stream_sid}
        await self._socket.send_str(json.dumps(message | ({event: body} if body else {})))

    async def speak(self, seconds: float, hertz: float = 700.0) -> None:
        payload = base64.b64encode(to_ulaw(tone(seconds, hertz))).decode()
        await self.send("media", payload=payload)

    async def send_raw(self, message: str | bytes) -> None:
        assert self._socket is not None
        if isinstance(message, bytes):
            await self._socket.send_bytes(message)
        else:
            await self._socket.send_str(message)

    async def close(self) -> None:
        assert self._socket is not None
        await self._socket.close()

    def _genuine(self, request: web.Request, scheme: str, fields: dict[str, str]) -> bool:
        url = f"{scheme}://{request.headers['X-Forwarded-Host']}{request.raw_path}"
        settings = request.headers.get("X-Twilio-Webhooks-Signature-Settings", "")
        genuine = self._validator.validate(
            url,
            fields,
            request.headers["X-Twilio-Signature"],
            get_signature_algorithm(settings),
        )
        if not genuine:
            self.refused.append(url)
        return bool(genuine)

    async def _webhook(self, request: web.Request) -> web.Response:
        fields = {key: str(value) for key, value in (await request.post()).items()}
        if not self._genuine(request, "https", fields):
            return web.Response(status=403)
        self.requests.append((request.path, fields or dict(request.query)))
        if request.path in {"/voice", "/after"}:
            text = self.twiml if request.path == "/voice" else self.after
            return web.Response(text=text, content_type="text/xml")
        return web.Response(status=204)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self._genuine(request, "wss", {}):
            return web.Response(status=403)
        self._socket = web.WebSocketResponse()
        await self._socket.prepare(request)
        async for received in self._socket:
            message = json.loads(received.data)
            self.messages.append(message)
            self._stream_sid = message.get("streamSid", "")
            await self._on_message(self, message)
        self.close_code = self._socket.close_code
        return self._socket


def stream_twiml(url: str = f"wss://{HOST}/voice/stream/token") -> str:
    response, connect = VoiceResponse(), Connect()
    stream = connect.stream(url=url, status_callback=f"https://{HOST}/stream-status")
    stream.parameter(name="call", value="abc")
    response.append(connect)
    return str(response)


def sdk(twilio: FakeTwilio, secret: str | None = None) -> Client:
    """Return Twilio's own client, pointed at the fake."""
    client = Client(twilio.account_sid, secret or twilio.signer.auth_token)
    client.api.base_url = twilio.api_base
    return client
