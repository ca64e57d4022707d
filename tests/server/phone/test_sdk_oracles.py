"""What we tell Twilio and OpenAI, beside what their own libraries would."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree as ET

import httpx
import pytest
from openai.types.realtime import RealtimeClientEvent
from pydantic import BaseModel, SecretStr
from twilio.twiml.voice_response import Connect, Gather, Start, VoiceResponse

from pipeline.clock import LoopClock
from server.phone.calls.status import CallStatus
from server.phone.config_providers import TwilioConfig
from server.phone.live import documents
from server.phone.provider.outbound import EVENTS, OutboundCall
from server.phone.provider.twilio import TwilioCalls
from tests.peers.openai_realtime import CallTool, Say
from tests.peers.openai_realtime.sdk_types import CLIENT_EVENTS, unknown_fields
from tests.peers.twilio import FakeTwilio, HangUp, Hear, HearEnd, Person, Press, Quiet, Speak
from tests.server.phone.engines.realtime.talking_line import speech
from tests.server.phone.live.phone_scene import BEN, TOKEN
from tests.server.phone.sdk_app import OWN, sdk
from tests.server.phone.service_scene import Agent, Setup, telephone

STREAM, AGAIN = "wss://phone.example.test/voice/stream/t", "https://phone.example.test/a?b=1&c=2"
TOLD = "https://phone.example.test/recording"


def theirs(*verbs: Any) -> VoiceResponse:
    response = VoiceResponse()
    for verb in verbs:
        response.append(verb)
    return response


def connected(response: VoiceResponse) -> VoiceResponse:
    connect = Connect()
    connect.stream(url=STREAM)
    response.append(connect)
    response.redirect(AGAIN, method="POST")
    return response


def recorded() -> VoiceResponse:
    start = Start()
    start.recording(
        channels="dual", recording_status_callback=TOLD, recording_status_callback_method="POST"
    )
    return connected(theirs(start))


def asked() -> VoiceResponse:
    gather = Gather(input="dtmf", finish_on_key="#", timeout=10, method="POST", action=AGAIN)
    gather.say("Your <PIN> & #?", language="en-US")
    response = theirs(gather)
    response.hangup()
    return response


def declined(reason: str) -> VoiceResponse:
    response = VoiceResponse()
    response.reject(reason=reason)
    return response


def transferred() -> VoiceResponse:
    response = VoiceResponse()
    response.dial(BEN, time_limit=600)
    return response


def pressed() -> VoiceResponse:
    response = VoiceResponse()
    response.play(digits="1w2#")
    response.redirect(AGAIN, method="POST")
    return response


def hung_up() -> VoiceResponse:
    response = VoiceResponse()
    response.hangup()
    return response


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (documents.connect(STREAM, AGAIN), connected(VoiceResponse())),
        (documents.connect(STREAM, AGAIN, TOLD), recorded()),
        (documents.ask_keys("Your <PIN> & #?", "en-US", AGAIN), asked()),
        (documents.decline(busy=True), declined("busy")),
        (documents.decline(busy=False), declined("rejected")),
        (documents.transfer(BEN, 600), transferred()),
        (documents.press_keys("1w2#", AGAIN), pressed()),
        (documents.HANG_UP, hung_up()),
    ],
)
def test_every_document_is_what_twilio_s_library_writes(ours: str, expected: VoiceResponse) -> None:
    assert ET.canonicalize(ours) == ET.canonicalize(str(expected))


CALL = OutboundCall(BEN, OWN, AGAIN, TOLD, 20, 600, detection_url=TOLD, record_url=TOLD)


def test_every_request_is_what_twilio_s_library_asks_for() -> None:
    async def ours(twilio: FakeTwilio, http: httpx.AsyncClient) -> None:
        config = TwilioConfig(
            account_sid=twilio.account_sid,
            auth_token=SecretStr(TOKEN),
            from_number=OWN,
            api_base=twilio.api_base,
        )
        calls = TwilioCalls(config, http, LoopClock(), lambda: datetime.now(UTC))
        await calls.create(CALL)
        sid = (await twilio.next_call()).sid
        await calls.fetch(sid)
        await calls.find(OWN, BEN, datetime.now(UTC))
        await calls.send_elsewhere(sid, documents.HANG_UP)
        await calls.end(sid, CallStatus.COMPLETED)

    def library(twilio: FakeTwilio, loop: asyncio.AbstractEventLoop) -> None:
        calls = sdk(twilio).calls
        calls.create(
            to=BEN, from_=OWN, url=AGAIN, method="POST",
            status_callback=TOLD, status_callback_method="POST",
            status_callback_event=list(EVENTS), timeout=20, time_limit=600,
            machine_detection="DetectMessageEnd", async_amd="true",
            async_amd_status_callback=TOLD, async_amd_status_callback_method="POST",
            record=True, recording_channels="dual",
            recording_status_callback=TOLD, recording_status_callback_method="POST",
        )  # fmt: skip
        sid = asyncio.run_coroutine_threadsafe(twilio.next_call(), loop).result(10).sid
        one = sdk(twilio).calls(sid)
        one.fetch()
        calls.list(from_=OWN, to=BEN, page_size=50, limit=50)
        one.update(twiml=documents.HANG_UP)
        one.update(status="completed")

    async def main() -> None:
        async with FakeTwilio() as twilio, httpx.AsyncClient(trust_env=False) as http:
            twilio.add_person(BEN, Person([Quiet(60.0)], ring=30.0))
            await ours(twilio, http)
            count = len(twilio.rest.requests)
            await asyncio.to_thread(library, twilio, asyncio.get_running_loop())
            sids = list(twilio.calls)
            first, second = twilio.rest.requests[:count], twilio.rest.requests[count:]
            for one, other in zip(first, second, strict=True):
                assert one.method == other.method
                assert one.path.replace(sids[0], "") == other.path.replace(sids[1], "")
                assert lowered(one.parameters) == lowered(other.parameters)

    asyncio.run(main())


def lowered(parameters: dict[str, Any]) -> dict[str, Any]:
    """Twilio's library writes some truths as ``True``."""
    return {
        name: one.lower() if one in ("True", "False") else one for name, one in parameters.items()
    }


def test_every_event_of_whole_calls_is_one_that_openai_s_library_knows(tmp_path: Path) -> None:
    script = [
        *(Say("Hello there. " * 8, 4.0), CallTool("ask_openclaw", {"request": "when"})),
        *(Say("Wait.", 0.4), Say("It is noon.", 0.4), CallTool("end_call", {"reason": "x"})),
    ]
    models = {one.model_fields["type"].default: one for one in _members(RealtimeClientEvent)}

    async def main() -> None:
        setup = Setup(engine="realtime", agent=Agent(seconds=0.5), script=script)
        async with telephone(tmp_path, setup) as phone:
            steps = [Hear(0.6), Speak(speech(0.5)), HearEnd(2.0), Press("5#"), Quiet(9.0), HangUp()]
            call = await phone.ring_in(*steps)
            await phone.record(call.sid)
            sent = [event for session in phone.openai.sessions for event in session.received]
        kinds = {event["type"] for event in sent}
        assert kinds <= set(CLIENT_EVENTS)
        assert {"session.update", "input_audio_buffer.append", "response.create"} <= kinds
        assert {"conversation.item.create", "conversation.item.truncate"} <= kinds
        for event in sent:
            parsed = models.get(event["type"], CLIENT_EVENTS[event["type"]]).model_validate(event)
            assert not unknown_fields(parsed), event["type"]

    asyncio.run(main())


def _members(union: Any) -> list[type[BaseModel]]:
    """Return the classes in an annotated union."""
    inside = [one for part in get_args(union) for one in (get_args(part) or (part,))]
    return [one for one in inside if isinstance(one, type) and issubclass(one, BaseModel)]
