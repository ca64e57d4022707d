"""Our REST client against the fake Twilio, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pipeline.clock import LoopClock
from server.phone.calls.status import CallStatus
from server.phone.config_providers import TwilioConfig
from server.phone.provider.outbound import OutboundCall
from server.phone.provider.twilio import CallMissingError, ProviderError, TwilioCalls
from tests.peers.twilio import KNOWN_PARAMETERS, FakeTwilio, Outcome, Person

TO, FROM = "+15550002222", "+15550009999"
SECRET = "fake-auth-token"
CALL = OutboundCall(
    TO, FROM, "https://phone.example.test/voice", "https://phone.example.test/status", 30, 600
)


class QuickClock(LoopClock):
    """Pauses are taken note of, and not waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    async def sleep_until(self, at: float) -> None:
        self.pauses.append(round(at - self.now(), 1))


def wall_time() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def twilio(
    *, secret: str = SECRET, **more: Any
) -> AsyncIterator[tuple[FakeTwilio, TwilioCalls, QuickClock]]:
    clock = QuickClock()
    async with FakeTwilio(speed=20.0) as fake, httpx.AsyncClient(trust_env=False) as client:
        fake.add_person(TO, Person(outcome=Outcome.NO_ANSWER, ring=30.0))
        more.setdefault("api_base", fake.api_base)
        config = TwilioConfig(
            account_sid=fake.account_sid,
            auth_token=SecretStr(secret),
            from_number=FROM,
            **more,
        )
        yield fake, TwilioCalls(config, client, clock, wall_time), clock


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_a_call_is_made_asked_about_and_cancelled() -> None:
    async def main() -> None:
        async with twilio() as (fake, calls, _):
            made = await calls.create(CALL)
            assert made.status is CallStatus.QUEUED
            assert set(fake.rest.requests[0].parameters) <= KNOWN_PARAMETERS
            assert fake.calls[made.provider_id].options["TimeLimit"] == "600"
            assert (await calls.fetch(made.provider_id)).provider_id == made.provider_id
            await calls.end(made.provider_id, CallStatus.CANCELED)
            await fake.calls[made.provider_id].over()
            assert (await calls.fetch(made.provider_id)).status is CallStatus.CANCELED
            await calls.end(made.provider_id, CallStatus.COMPLETED)  # over already: no error

    run(main())


def test_an_answer_that_is_lost_dials_nobody_twice() -> None:
    async def main() -> None:
        async with twilio() as (fake, calls, _):
            first = await calls.create(CALL)
            fake.rest.lose_answer()
            second = await calls.create(CALL)
            assert len(fake.calls) == 2
            assert second.provider_id != first.provider_id

    run(main())


def test_too_many_requests_are_waited_for_as_long_as_twilio_says() -> None:
    async def main() -> None:
        async with twilio() as (fake, calls, clock):
            fake.rest.fail(429, 20429, "Too Many Requests", Retry_After="3")
            made = await calls.create(CALL)
            assert clock.pauses == [3.0]
            assert list(fake.calls) == [made.provider_id]
            fake.rest.fail(503)
            await calls.fetch(made.provider_id)
            assert clock.pauses == [3.0, 1.0]
            fake.rest.fail(429, 20429, "Too Many Requests", Retry_After="600")
            with pytest.raises(ProviderError, match="Too Many Requests"):
                await calls.fetch(made.provider_id)

    run(main())


def test_what_twilio_refuses_is_not_tried_again_and_says_why() -> None:
    async def main() -> None:
        async with twilio() as (fake, calls, clock):
            wrong = OutboundCall("+1", FROM, CALL.voice_url, CALL.status_url, 30, 600)
            with pytest.raises(ProviderError, match="21211: Invalid 'To'") as refused:
                await calls.create(wrong)
            assert refused.value.code == 21211
            assert (len(fake.rest.requests), clock.pauses) == (1, [])
            with pytest.raises(CallMissingError):
                await calls.fetch("CA404")

    run(main())


def test_numbers_in_what_twilio_says_are_masked_for_the_log() -> None:
    async def main() -> None:
        async with twilio() as (fake, calls, _clock):
            fake.rest.fail(400, 21210, f"The number {FROM} is not verified")
            with pytest.raises(ProviderError) as refused:
                await calls.create(CALL)
            assert FROM not in str(refused.value)
            assert "21210: The number +1555" in str(refused.value)

    run(main())


def test_a_wrong_token_is_named_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        with caplog.at_level("DEBUG"):
            async with twilio(secret="not-the-token") as (_, calls, _clock):
                with pytest.raises(ProviderError, match="TWILIO_AUTH_TOKEN") as refused:
                    await calls.create(CALL)
        shown = str(refused.value) + "".join(one.getMessage() for one in caplog.records)
        assert "not-the-token" not in shown

    run(main())


def test_an_api_key_is_used_where_there_is_one() -> None:
    async def main() -> None:
        key = {"api_key_sid": "SK1", "api_key_secret": SecretStr("key-secret")}
        async with twilio(**key) as (fake, calls, _):
            fake.secrets = {"SK1": "key-secret"}
            assert (await calls.create(CALL)).provider_id in fake.calls

    run(main())


def test_nobody_there_is_an_error_with_the_way_out() -> None:
    async def main() -> None:
        async with twilio() as (fake, calls, _):
            await fake.stop()
            with pytest.raises(ProviderError, match=r"cannot be reached.*phone\.twilio\.api_base"):
                await calls.create(CALL)
            await fake.start()

    run(main())


def test_an_unfinished_account_says_what_is_missing() -> None:
    async def main() -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            calls = TwilioCalls(TwilioConfig(), client, QuickClock(), wall_time)
            with pytest.raises(ProviderError, match="TWILIO_ACCOUNT_SID"):
                await calls.fetch("CA1")

    run(main())


def test_a_recording_is_fetched_from_the_api_with_the_credentials() -> None:
    async def main() -> None:
        async with twilio() as (fake, calls, _):
            made = await calls.create(CALL)
            sid = "RE" + "1" * 32
            fake.recordings[sid] = fake.calls[made.provider_id], b"RIFF" + bytes(100_000)
            assert calls.recording_url(sid).startswith(f"{fake.api_base}/2010-04-01/Accounts/AC")
            sound = b"".join([piece async for piece in calls.recording(sid)])
            assert sound == b"RIFF" + bytes(100_000)
            with pytest.raises(ProviderError, match="does not give the recording"):
                await anext(calls.recording("RE" + "2" * 32))

    run(main())


def test_a_recording_that_lies_elsewhere_is_not_followed() -> None:
    async def main() -> None:
        async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
            )
            writer.close()

        server = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, twilio(api_base=f"http://127.0.0.1:{port}") as (_, calls, _):
            with pytest.raises(ProviderError, match="storage of your own"):
                await anext(calls.recording("RE" + "1" * 32))

    run(main())
