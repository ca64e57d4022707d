"""The fake Realtime service's SIP calls, beside OpenAI's own SDK."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import pytest
from aiohttp import web
from openai import InvalidWebhookSignatureError, NotFoundError

from tests.peers.openai_realtime import FakeOpenAI, Say
from tests.server.phone.realtime_caller import MODEL, Caller, sdk


class WebhookApp:
    """Judges webhooks by OpenAI's library."""

    def __init__(self, fake: FakeOpenAI) -> None:
        self._fake = fake
        self.events: list[Any] = []
        application = web.Application()
        application.router.add_post("/webhook", self._webhook)
        self._runner = web.AppRunner(application, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/webhook"

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        async with sdk(self._fake) as client:
            try:
                self.events.append(client.webhooks.unwrap(body.decode(), dict(request.headers)))
            except InvalidWebhookSignatureError:
                return web.Response(status=400)
        return web.Response()


def test_a_webhook_is_what_the_sdk_unwraps() -> None:
    async def main() -> None:
        async with FakeOpenAI() as fake, WebhookApp(fake) as app:
            call, status = await fake.calls.ring(app.url)
            assert (status, app.events[0].data.call_id) == (200, call.id)
            assert (await fake.calls.ring(app.url, age=400))[1] == 400
            assert (await fake.calls.ring(app.url, age=-400))[1] == 400
            assert (await fake.calls.ring(app.url, tampered=True))[1] == 400

    asyncio.run(main())


def test_an_accepted_call_has_a_session_beside_its_sound() -> None:
    async def main() -> None:
        async with (
            FakeOpenAI([Say("Hi caller", 1.0)]) as fake,
            WebhookApp(fake) as app,
            sdk(fake) as client,
        ):
            call, _ = await fake.calls.ring(app.url)
            audio: Any = {"output": {"voice": "cedar"}}
            await client.realtime.calls.accept(call.id, type="realtime", model=MODEL, audio=audio)
            async with client.realtime.connect(call_id=call.id) as connection:
                caller = Caller(connection)
                created = await caller.until("session.created")
                assert created.session.audio.output.voice == "cedar"
                await connection.response.create()
                await caller.until("response.done")
                assert "response.output_audio.delta" not in caller.seen
                assert "output_audio_buffer.started" in caller.seen
                await fake.sessions[0].press("5")
                pressed = await caller.until("input_audio_buffer.dtmf_event_received")
                assert pressed.event == "5"
                await client.realtime.calls.refer(call.id, target_uri="tel:+14155550123")
            assert (call.state, call.target_uri) == ("referred", "tel:+14155550123")

    asyncio.run(main())


def test_calls_are_rejected_and_hung_up() -> None:
    async def main() -> None:
        async with FakeOpenAI() as fake, WebhookApp(fake) as app, sdk(fake) as client:
            unwanted, _ = await fake.calls.ring(app.url)
            await client.realtime.calls.reject(unwanted.id, status_code=486)
            assert (unwanted.state, unwanted.reject_code) == ("rejected", 486)
            ended, _ = await fake.calls.ring(app.url)
            await client.realtime.calls.accept(ended.id, type="realtime", model=MODEL)
            await client.realtime.calls.hangup(ended.id)
            assert ended.state == "hung up"
            with pytest.raises(NotFoundError):
                await client.realtime.calls.accept("rtc_none", type="realtime", model=MODEL)

    asyncio.run(main())
