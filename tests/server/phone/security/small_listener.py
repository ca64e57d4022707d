"""The smallest public listener that uses every object as it is meant, on a real socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self

import uvicorn
from pydantic import SecretStr

from server.http_server import HttpServer
from server.phone.security.admission import MEDIA_SOCKETS, WEBHOOKS, Admission, Ticket
from server.phone.security.forwarding import TrustedProxies
from server.phone.security.media_tokens import MediaToken, MediaTokens
from server.phone.security.public_url import PublicUrl
from server.phone.security.refusals import CLOSE_CODE, Reason, Refusal
from server.phone.security.replays import Answer, Repeat, ReplayStore
from server.phone.security.signatures import TwilioSignatures
from server.phone.security.webhook_guard import Genuine, WebhookGuard, WebhookRequest
from tests.peers.twilio import FakeTwilio

HOST = "phone.example.test"
STREAM = "/voice/stream/"
Scope = dict[str, Any]


class SmallListener:
    """Answers every webhook with a stream of its own, and listens to the stream."""

    def __init__(self, twilio: FakeTwilio) -> None:
        self._twilio = twilio
        self._public = PublicUrl.parse(f"https://{HOST}")
        signatures = TwilioSignatures([SecretStr(twilio.signer.auth_token)])
        self._guard = WebhookGuard(self._public, signatures, ReplayStore())
        self._tokens = MediaTokens()
        self._requests, self._sockets = Admission(WEBHOOKS), Admission(MEDIA_SOCKETS)
        self._proxies = TrustedProxies(["127.0.0.1"])
        self.calls: list[str] = []
        """Ids of calls whose sound came in, and of requests that had an effect."""

        self.media = 0
        self.refused: list[Reason] = []
        self._server = HttpServer(
            uvicorn.Config(self, port=0, log_level="critical", access_log=False, lifespan="off")
        )
        self._serving: asyncio.Task[None] | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self._twilio.tunnel(HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        assert self._serving is not None
        await self._serving

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        door = self._requests if scope["type"] == "http" else self._sockets
        ticket = door.open(self._client(scope), asyncio.get_running_loop().time())
        if isinstance(ticket, Refusal):
            await self._refuse(scope, send, ticket)
            return
        try:
            serve = self._webhook if scope["type"] == "http" else self._stream
            await serve(scope, receive, send, ticket)
        finally:
            door.close(ticket)

    def _client(self, scope: Scope) -> str:
        forwarded = [
            value.decode() for name, value in scope["headers"] if name == b"x-forwarded-for"
        ]
        return self._proxies.client(scope["client"][0], forwarded)

    async def _webhook(self, scope: Scope, receive: Any, send: Any, ticket: Ticket) -> None:
        now = asyncio.get_running_loop().time()
        body = await self._body(receive, ticket)
        if isinstance(body, Refusal):
            await self._refuse(scope, send, body)
            return
        verdict = self._guard.receive(_request(scope, body), now)
        if isinstance(verdict, Refusal):
            await self._refuse(scope, send, verdict)
            return
        self._requests.admit(ticket)
        if isinstance(verdict, Repeat):
            self.refused.append(Reason.REPLAYED)
            await _answer(send, verdict.answer or Answer(200))
            return
        answer = self._twiml(verdict, now)
        self._guard.keep_answer(verdict, answer)
        await _answer(send, answer)

    async def _body(self, receive: Any, ticket: Ticket) -> bytes | Refusal:
        body, more = b"", True
        try:
            async with asyncio.timeout_at(ticket.deadline):
                while more:
                    message = await receive()
                    piece, more = message.get("body", b""), message.get("more_body", False)
                    now = asyncio.get_running_loop().time()
                    refusal = self._requests.receive(ticket, len(piece), now)
                    if refusal is not None:
                        return refusal
                    body += piece
        except TimeoutError:
            return Refusal(Reason.TOO_SLOW)
        return body

    def _twiml(self, genuine: Genuine, now: float) -> Answer:
        call_sid = genuine.form.get("CallSid")
        self.calls.append(call_sid)
        token = self._tokens.issue(call_sid, now)
        assert isinstance(token, MediaToken)
        url = self._public.url(STREAM + token.value, "stream")
        twiml = f'<Response><Connect><Stream url="{url}"/></Connect></Response>'
        return Answer(200, "text/xml", twiml)

    async def _stream(self, scope: Scope, receive: Any, send: Any, ticket: Ticket) -> None:
        now = asyncio.get_running_loop().time()
        refusal = self._guard.receive_upgrade(_request(scope), now)
        ours = refusal or self._tokens.redeem(scope["path"].removeprefix(STREAM), now)
        if isinstance(ours, Refusal):
            await self._refuse(scope, send, ours)
            return
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] != "websocket.disconnect":
            if event["type"] != "websocket.receive":
                continue
            message = json.loads(event["text"])
            if message["event"] == "start":
                refusal = ours.check_call(message["start"]["callSid"])
                refusal = refusal or self._sockets.admit(ticket)
                if refusal is not None:
                    self.refused.append(refusal.reason)
                    await send({"type": "websocket.close", "code": CLOSE_CODE})
                    return
                self.calls.append(ours.call_sid)
            self.media += message["event"] == "media"

    async def _refuse(self, scope: Scope, send: Any, refusal: Refusal) -> None:
        self.refused.append(refusal.reason)
        if scope["type"] == "http":
            await _answer(send, Answer(refusal.status))
            return
        kind = "websocket.http.response"
        await send({"type": f"{kind}.start", "status": refusal.status, "headers": []})
        await send({"type": f"{kind}.body", "body": b""})


def _request(scope: Scope, body: bytes = b"") -> WebhookRequest:
    path, query = scope["raw_path"], scope["query_string"]
    return WebhookRequest.from_asgi(path, query, scope["headers"], body)


async def _answer(send: Any, answer: Answer) -> None:
    headers = [(b"content-type", answer.content_type.encode())] if answer.content_type else []
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body.encode()})
