"""What ``doctor`` finds out about the telephone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from server.doctor import Finding, Outcome
from server.phone.config import PhoneConfig
from server.phone.config_providers import PublicConfig, TwilioConfig
from server.phone.provider.our_number import OurNumber
from server.phone.security.public_url import PublicUrl
from server.phone_check import check_phone, number_finding
from tests.peers.openai_realtime import FakeOpenAI
from tests.peers.twilio import FakeTwilio
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.phone.live.phone_scene import TOKEN

PUBLIC = "https://phone.example.com"
HERE = {"VoiceUrl": f"{PUBLIC}/voice", "StatusCallback": f"{PUBLIC}/status"}


def settings(twilio: FakeTwilio, url: str, token: str = TOKEN, **more: Any) -> PhoneConfig:
    account = TwilioConfig(
        account_sid=twilio.account_sid,
        auth_token=SecretStr(token),
        from_number=more.pop("own", OWN_NUMBER),
        api_base=twilio.api_base,
    )
    return PhoneConfig(twilio=account, public=PublicConfig(base_url=url), **more)


@asynccontextmanager
async def tunnel(answer: str) -> AsyncIterator[int]:
    """Stand where PUBLIC_URL leads."""

    async def health(_request: web.Request) -> web.Response:
        return web.Response(text=answer, content_type="application/json")

    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_get("/models", health)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def check(number: Mapping[str, str] = HERE, url: str = PUBLIC, **more: Any) -> Finding:
    async def run() -> Finding:
        async with FakeTwilio() as twilio:
            twilio.numbers[OWN_NUMBER].update(number)
            return await check_phone(settings(twilio, url, **more))

    return asyncio.run(run())


def test_what_is_not_set_is_named() -> None:
    assert asyncio.run(check_phone(PhoneConfig())).outcome is Outcome.SKIPPED
    assert asyncio.run(check_phone(PhoneConfig(enabled=False))).outcome is Outcome.SKIPPED
    half = PhoneConfig(twilio=TwilioConfig(from_number=OWN_NUMBER))
    finding = asyncio.run(check_phone(half))
    assert finding.outcome is Outcome.FAILED
    assert finding.message == "not set: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, PUBLIC_URL"


def test_a_wrong_token_is_told_and_not_shown() -> None:
    finding = check(token="wrong-one")
    assert finding.outcome is Outcome.FAILED
    assert "TWILIO_AUTH_TOKEN" in finding.message
    assert "wrong-one" not in finding.message + finding.fix


def test_a_number_of_somebody_else() -> None:
    finding = check(own="+15550007777")
    assert finding.outcome is Outcome.WARNING
    assert "+15550007777 is not a number of this Twilio account" in finding.message


def test_a_number_whose_calls_go_elsewhere() -> None:
    finding = check(number={"VoiceUrl": "https://demo.twilio.com/welcome"})
    assert finding.outcome is Outcome.FAILED
    assert "go to https://demo.twilio.com/welcome, and not here" in finding.message
    assert f"Webhook, {PUBLIC}/voice, HTTP POST" in finding.fix
    assert check(number={}).message == f"calls to {OWN_NUMBER} go nowhere"


def test_a_number_without_reports_is_a_warning() -> None:
    finding = check(number={"VoiceUrl": f"{PUBLIC}/voice/"})
    assert finding.outcome is Outcome.WARNING
    assert f"{PUBLIC}/status" in finding.fix


@pytest.mark.parametrize(
    ("ours", "told"),
    [
        (OurNumber(f"{PUBLIC}/voice", "POST", f"{PUBLIC}/status", True), "an application or trunk"),
        (OurNumber(f"{PUBLIC}/voice", "GET", f"{PUBLIC}/status", False), "come by GET"),
    ],
)
def test_calls_that_do_not_come_as_they_must(ours: OurNumber, told: str) -> None:
    finding = number_finding(OWN_NUMBER, ours, PublicUrl.parse(PUBLIC))
    assert finding is not None
    assert finding.outcome is Outcome.FAILED
    assert told in finding.message


class Internet(httpx.AsyncBaseTransport):
    """Leads the public address to this machine, as a tunnel does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._network = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "phone.example.com":
            request.url = httpx.URL(f"http://127.0.0.1:{self._port}{request.url.path}")
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


@pytest.mark.parametrize(
    ("answer", "outcome", "told"),
    [
        ('{"ok":true}', Outcome.OK, f"{OWN_NUMBER} at https://phone.example.com, engine local"),
        ('{"ok":false}', Outcome.WARNING, "something else answers at PUBLIC_URL"),
        ("<html>ngrok</html>", Outcome.WARNING, "something else answers at PUBLIC_URL"),
    ],
)
def test_the_public_address(answer: str, outcome: Outcome, told: str) -> None:
    async def main() -> Finding:
        async with FakeTwilio() as twilio, tunnel(answer) as port:
            twilio.numbers[OWN_NUMBER].update(HERE)
            return await check_phone(settings(twilio, PUBLIC), Internet(port))

    finding = asyncio.run(main())
    assert finding.outcome is outcome
    assert told in finding.message


def test_an_address_at_which_nobody_is() -> None:
    url = "http://127.0.0.1:9"
    finding = check({"VoiceUrl": f"{url}/voice", "StatusCallback": f"{url}/status"}, url)
    assert finding.outcome is Outcome.WARNING
    assert "nobody answers at PUBLIC_URL" in finding.message


def test_an_address_that_only_this_network_can_reach() -> None:
    async def main() -> Finding:
        async with FakeTwilio() as twilio, tunnel('{"ok": true}') as port:
            url = f"http://127.0.0.1:{port}"
            there = {"VoiceUrl": f"{url}/voice", "StatusCallback": f"{url}/status"}
            twilio.numbers[OWN_NUMBER].update(there)
            return await check_phone(settings(twilio, url))

    finding = asyncio.run(main())
    assert finding.outcome is Outcome.WARNING
    assert "Media streams need https" in finding.message


@pytest.mark.parametrize(
    ("key", "model", "told"),
    [
        ("wrong", "gpt-realtime-2.1", "OpenAI refuses OPENAI_API_KEY"),
        ("", "gpt-5-realtime-x", "OpenAI has no model gpt-5-realtime-x"),
        ("", "gpt-realtime-2.1", ""),
    ],
)
def test_the_realtime_model(key: str, model: str, told: str) -> None:
    async def main() -> Finding:
        async with FakeTwilio() as twilio, FakeOpenAI([]) as openai, tunnel('{"ok":true}') as port:
            twilio.numbers[OWN_NUMBER].update(HERE)
            there = {
                "api_key": SecretStr(key or openai.api_key),
                "base_url": openai.base_url,
                "model": model,
            }
            config = settings(twilio, PUBLIC, engine="realtime", openai=there)
            return await check_phone(config, Internet(port))

    finding = asyncio.run(main())
    assert finding.outcome is (Outcome.FAILED if told else Outcome.OK)
    assert told in finding.message


def test_a_proxy_that_does_not_answer_as_openai() -> None:
    async def main() -> Finding:
        async with FakeTwilio() as twilio, tunnel('{"ok":true}') as port:
            twilio.numbers[OWN_NUMBER].update(HERE)
            there = {"api_key": SecretStr("sk-1"), "base_url": f"http://127.0.0.1:{port}"}
            config = settings(twilio, PUBLIC, engine="realtime", openai=there)
            return await check_phone(config, Internet(port))

    finding = asyncio.run(main())
    assert finding.outcome is Outcome.WARNING
    assert "is not understood" in finding.message
