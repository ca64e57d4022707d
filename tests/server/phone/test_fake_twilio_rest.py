"""The fake Twilio beside Twilio's own library: REST and TwiML."""

from __future__ import annotations

import asyncio
import inspect
import io
import re
import wave
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallList
from twilio.twiml import voice_response

from tests.peers.telephone_sound import tone
from tests.peers.twilio import (
    ATTRIBUTES,
    KNOWN_PARAMETERS,
    FakeTwilio,
    HangUp,
    Person,
    Quiet,
    Speak,
)
from tests.server.phone.sdk_app import CALLEE, CALLER, OWN, VOICE, SdkApp, sdk

NO_CALL = "CA" + "0" * 32


def test_known_parameters_are_those_of_twilio_s_library() -> None:
    source = inspect.getsource(CallList._create)
    assert set(re.findall(r'"([A-Z]\w+)":', source)) == KNOWN_PARAMETERS


@pytest.mark.parametrize("verb", sorted(ATTRIBUTES))
def test_attributes_are_those_of_twilio_s_library(verb: str) -> None:
    parents = {
        "Stream": voice_response.Connect,
        "Recording": voice_response.Start,
        "Parameter": voice_response.Stream,
        "Number": voice_response.Dial,
    }
    method = getattr(parents.get(verb, voice_response.VoiceResponse), verb.lower())
    names = {
        re.sub(r"_(\w)", lambda found: found[1].upper(), name)
        for name, one in inspect.signature(method).parameters.items()
        if one.default is None
    }
    content = {"Say": {"message"}, "Play": {"url"}, "Dial": {"number"}}
    assert names - content.get(verb, set()) == ATTRIBUTES[verb]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"to": "12"}, 21211),
        ({"to": "+1555000222\u0662"}, 21211),
        ({"from_": "+15551110000"}, 21210),
        ({"url": "https://under_score.test/x"}, 21205),
        ({"url": None}, 21205),
        ({"url": None, "twiml": "<Response/>" + " " * 4000}, 21218),
        ({"timeout": 601}, 21218),
        ({"machine_detection": "Perhaps"}, 21218),
    ],
)
def test_what_twilio_refuses_is_refused(options: dict[str, Any], code: int) -> None:
    async def main() -> None:
        async with FakeTwilio() as twilio:
            given = {"to": CALLEE, "from_": OWN, "url": VOICE} | options
            with pytest.raises(TwilioRestException) as caught:
                await asyncio.to_thread(lambda: sdk(twilio).calls.create(**given))
            assert (caught.value.status, caught.value.code) == (400, code)
            assert not twilio.calls

    asyncio.run(main())


def test_only_the_account_comes_in() -> None:
    async def main() -> None:
        async with FakeTwilio() as twilio:
            with pytest.raises(TwilioRestException) as caught:
                await asyncio.to_thread(sdk(twilio, "wrong").calls(NO_CALL).fetch)
            assert (caught.value.status, caught.value.code) == (401, 20003)
            with pytest.raises(TwilioRestException) as caught:
                await asyncio.to_thread(sdk(twilio).calls(NO_CALL).fetch)
            assert caught.value.code == 20404
            twilio.secrets["SK1"] = "key-secret"
            client = Client("SK1", "key-secret", twilio.account_sid)
            client.api.base_url = twilio.api_base
            assert await asyncio.to_thread(client.calls.list) == []

    asyncio.run(main())


def test_calls_are_found_by_their_numbers() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            await app.create(twiml="<Response/>", url=None)
            call = await twilio.next_call()
            await call.over()
            client = sdk(twilio)
            found = await asyncio.to_thread(lambda: client.calls.list(to=CALLEE, from_=OWN))
            assert [one.sid for one in found] == [call.sid]
            assert await asyncio.to_thread(lambda: client.calls.list(to=CALLER)) == []

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Twilio's use of aiohttp
def test_the_asynchronous_client_works_too() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            await app.create(twiml="<Response/>", url=None)
            call = await twilio.next_call()
            async with AsyncTwilioHttpClient() as http:
                client = Client(twilio.account_sid, twilio.signer.auth_token, http_client=http)
                client.api.base_url = twilio.api_base
                fetched = await client.calls(call.sid).fetch_async()
            assert fetched.direction == "outbound-api"
            await call.over()

    asyncio.run(main())


def test_a_failure_on_demand_has_status_code_and_headers() -> None:
    async def main() -> None:
        async with FakeTwilio() as twilio:
            twilio.rest.fail(429, 20429, "Too Many Requests", Retry_After="1")
            with pytest.raises(TwilioRestException) as caught:
                await asyncio.to_thread(sdk(twilio).calls(NO_CALL).fetch)
            assert (caught.value.status, caught.value.code) == (429, 20429)
            assert await asyncio.to_thread(sdk(twilio).calls.list) == []

    asyncio.run(main())


def test_an_answer_can_be_lost_though_the_call_is_made() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            twilio.rest.lose_answer()
            with pytest.raises(Exception, match=r"Connection|Remote"):
                await app.create(twiml="<Response/>", url=None)
            assert len(twilio.calls) == 1
            await (await twilio.next_call()).over()

    asyncio.run(main())


def test_recordings_are_fetched_and_deleted() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            twilio.add_person(CALLEE, Person([Speak(tone(0.5)), Quiet(0.1), HangUp()]))
            await app.create(record=True)
            call = await twilio.next_call()
            await call.over()
            client = sdk(twilio)
            (kept,) = await asyncio.to_thread(client.calls(call.sid).recordings.list)
            path = f"/2010-04-01/Accounts/{twilio.account_sid}/Recordings/{kept.sid}.wav"
            auth = twilio.account_sid, twilio.signer.auth_token
            answer = await asyncio.to_thread(
                lambda: client.request("GET", twilio.api_base + path, auth=auth)
            )
            assert answer.status_code == 200
            (_, data) = twilio.recordings[kept.sid]
            with wave.open(io.BytesIO(data)) as file:
                assert (file.getnchannels(), file.getframerate()) == (2, 8000)
                assert file.getnframes() >= 4000
            assert await asyncio.to_thread(client.recordings(kept.sid).delete)
            assert not twilio.recordings

    asyncio.run(main())


def test_the_webhook_of_an_own_number_is_set() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            client = sdk(twilio)
            (number,) = await asyncio.to_thread(
                lambda: client.incoming_phone_numbers.list(phone_number=OWN)
            )
            await asyncio.to_thread(
                lambda: client.incoming_phone_numbers(number.sid).update(voice_url=VOICE)
            )
            app.twiml = "<Response/>"
            await (await twilio.ring_in(CALLER)).over()
            assert len(app.asked("/voice")) == 1

    asyncio.run(main())
