"""The public listener with a scripted telephone behind it, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from pydantic import SecretStr

from pipeline.clock import LoopClock
from server.phone.audio.media_stream import MediaStream
from server.phone.line.media_connection import MediaSocket, MediaSocketClosed
from server.phone.public.app import STREAM, Guards, create_public_app
from server.phone.public.door import Door
from server.phone.public.server import listen, public_server
from server.phone.security.admission import CONNECTIONS, MEDIA_SOCKETS, AdmissionLimits
from server.phone.security.forms import Form
from server.phone.security.forwarding import TrustedProxies
from server.phone.security.media_tokens import MediaToken, MediaTokens
from server.phone.security.public_url import PublicUrl
from server.phone.security.replays import ReplayStore
from server.phone.security.signatures import TwilioSignatures
from server.phone.security.webhook_guard import WebhookGuard
from tests.peers.twilio import Signer

HOST = "phone.example.test"
BASE = f"https://{HOST}"
TOKEN = "fake-auth-token"


class ScriptedTelephone:
    """Connects every call, and takes note of what it is told."""

    def __init__(self, tokens: MediaTokens, clock: LoopClock) -> None:
        self._tokens = tokens
        self._clock = clock
        self.voices: list[tuple[str, str]] = []
        self.statuses: list[str] = []
        self.detections: list[str] = []
        self.recordings: list[str] = []
        self.streams: list[MediaStream] = []
        self.heard = asyncio.Event()
        """Set when a stream brought something after its beginning."""

        self.fails = False

    async def voice(self, form: Form, step: str) -> str:
        if self.fails:
            raise RuntimeError("broken")
        self.voices.append((form.get("CallSid"), step))
        token = self.token(form.get("CallSid"))
        url = f"wss://{HOST}{STREAM}/{token.value}"
        return f'<Response><Connect><Stream url="{url}"/></Connect></Response>'

    def token(self, call_sid: str) -> MediaToken:
        token = self._tokens.issue(call_sid, self._clock.now())
        assert isinstance(token, MediaToken)
        return token

    async def status(self, form: Form, step: str) -> None:
        self.statuses.append(form.get("CallStatus"))

    async def detection(self, form: Form, step: str) -> None:
        self.detections.append(form.get("AnsweredBy"))

    async def recording(self, form: Form, step: str) -> None:
        self.recordings.append(form.get("RecordingSid"))

    async def talk(self, socket: MediaSocket, stream: MediaStream) -> None:
        self.streams.append(stream)
        try:
            while True:
                stream.receive(await socket.receive())
                self.heard.set()
        except MediaSocketClosed:
            return


@dataclass
class Scene:
    telephone: ScriptedTelephone
    door: Door
    port: int
    session: aiohttp.ClientSession
    signer: Signer = field(default_factory=lambda: Signer(TOKEN))

    def address(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    async def post(
        self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        """Send a webhook, signed as Twilio signs unless headers are given."""
        signed = self.signer.headers(f"{BASE}{path}", fields.items())
        sent = signed if headers is None else headers
        async with self.session.post(self.address(path), data=fields, headers=sent) as response:
            await response.read()
            return response

    def stream_headers(self, path: str) -> dict[str, str]:
        return self.signer.headers(f"wss://{HOST}{path}", [])


@asynccontextmanager
async def listening(
    limits: AdmissionLimits = CONNECTIONS, media: AdmissionLimits = MEDIA_SOCKETS
) -> AsyncIterator[Scene]:
    clock = LoopClock()
    proxies = TrustedProxies()
    door = Door(proxies, clock, limits)
    tokens = MediaTokens()
    guard = WebhookGuard(PublicUrl.parse(BASE), TwilioSignatures([SecretStr(TOKEN)]), ReplayStore())
    telephone = ScriptedTelephone(tokens, clock)
    app = create_public_app(telephone, Guards(guard, tokens, proxies, door, media), clock)
    server = public_server(app, door)
    with listen("127.0.0.1", 0) as socket:
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve(sockets=[socket]))
            async with aiohttp.ClientSession() as session, asyncio.timeout(30):
                yield Scene(telephone, door, socket.getsockname()[1], session)
            server.should_exit = True
            await serving
    door.close_all()
