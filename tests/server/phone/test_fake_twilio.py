"""The fake Twilio beside Twilio's own library: calls."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.peers.discord.waiting import until
from tests.peers.telephone_sound import tone
from tests.peers.twilio import DropSocket, FakeTwilio, HangUp, Outcome, Person, Press, Quiet, Speak
from tests.server.phone.sdk_app import (
    CALLEE,
    CALLER,
    EVENTS,
    HOST,
    VOICE,
    SdkApp,
    sdk,
    stream_twiml,
)


@pytest.mark.parametrize("speed", [1, 8])
def test_call_out_is_told_in_order_and_every_request_is_signed(speed: float) -> None:
    async def main() -> None:
        async with FakeTwilio(speed=speed) as twilio, SdkApp(twilio) as app:
            steps = [Speak(tone(0.3)), Press("5#"), Quiet(0.2), HangUp()]
            twilio.add_person(CALLEE, Person(steps))
            await app.create(
                url=f"{VOICE}?call=a%20b",
                status_callback=f"https://{HOST}/status",
                status_callback_event=EVENTS,
                record=True,
                recording_status_callback=f"https://{HOST}/recording",
                machine_detection="DetectMessageEnd",
                async_amd="true",
                async_amd_status_callback=f"https://{HOST}/amd",
            )
            call = await twilio.next_call()
            await call.over()
            assert not app.refused
            assert not call.errors
            statuses = [(one["CallStatus"], one["SequenceNumber"]) for one in app.asked("/status")]
            assert statuses == [
                ("initiated", "0"),
                ("ringing", "1"),
                ("in-progress", "2"),
                ("completed", "3"),
            ]
            assert [one["AnsweredBy"] for one in app.asked("/amd")] == ["human"]
            streams = [one["StreamEvent"] for one in app.asked("/stream-status")]
            assert streams == ["stream-started", "stream-stopped"]
            assert [one["RecordingStatus"] for one in app.asked("/recording")] == ["completed"]
            fetched = await asyncio.to_thread(sdk(twilio).calls(call.sid).fetch)
            assert (fetched.status, fetched.answered_by) == ("completed", "human")
            assert call.ended_by == "caller"

    asyncio.run(main())


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED])
def test_nobody_answers(outcome: Outcome) -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            twilio.add_person(CALLEE, Person(outcome=outcome, sip_response=486))
            await app.create(
                timeout=5, status_callback=f"https://{HOST}/status", status_callback_event=EVENTS
            )
            call = await twilio.next_call()
            await call.over()
            final = app.asked("/status")[-1]
            assert (call.status, final["CallStatus"]) == (outcome, outcome)
            assert (final["CallDuration"], final["SipResponseCode"]) == ("0", "486")
            assert not app.asked("/voice")

    asyncio.run(main())


def test_another_attempt_may_meet_another_person() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            twilio.add_person(CALLEE, Person(outcome=Outcome.BUSY), Person([HangUp()]))
            statuses = []
            for _ in range(3):
                await app.create()
                call = await twilio.next_call()
                await call.over()
                statuses.append(call.status)
            assert statuses == ["busy", "completed", "completed"]

    asyncio.run(main())


def test_status_callbacks_may_come_out_of_order() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            twilio.webhooks.delays["ringing"] = 2.0
            twilio.add_person(CALLEE, Person([Quiet(0.1), HangUp()]))
            await app.create(status_callback=f"https://{HOST}/status", status_callback_event=EVENTS)
            await (await twilio.next_call()).over()
            assert [one["SequenceNumber"] for one in app.asked("/status")][-1] == "1"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("detection", "found", "told"),
    [
        ("Enable", "machine_end_beep", "machine_start"),
        ("DetectMessageEnd", "machine_end_beep", "machine_end_beep"),
        ("Enable", "fax", "fax"),
    ],
)
def test_detection_holds_the_first_request_back(detection: str, found: str, told: str) -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            app.twiml = "<Response><Say>Hello</Say><Hangup/></Response>"
            twilio.add_person(CALLEE, Person(answered_by=found))
            await app.create(machine_detection=detection)
            call = await twilio.next_call()
            await call.over()
            assert app.asked("/voice")[0]["AnsweredBy"] == told
            assert (call.said, call.ended_by) == (["Hello"], "app")

    asyncio.run(main())


def test_rest_ends_redirects_and_cancels_calls() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            client = sdk(twilio)
            twilio.add_person(CALLEE, Person([Quiet(60)]), Person(ring=30))
            await app.create()
            call = await twilio.next_call()
            await call.streaming()
            transfer = (
                '<Response><Dial action="/after"><Number>+15553334444</Number></Dial></Response>'
            )
            await asyncio.to_thread(lambda: client.calls(call.sid).update(twiml=transfer))
            await call.over()
            assert call.dialled == ["+15553334444"]
            assert app.asked("/after")[0]["DialCallStatus"] == "completed"
            await app.create()
            ringing = await twilio.next_call()
            await asyncio.to_thread(lambda: client.calls(ringing.sid).update(status="canceled"))
            await ringing.over()
            assert (ringing.status, ringing.ended_by) == ("canceled", "api")

    asyncio.run(main())


def test_a_call_ends_at_its_time_limit() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            twilio.add_person(CALLEE, Person([Quiet(60)]))
            await app.create(time_limit=2)
            call = await twilio.next_call()
            await call.over()
            assert (call.ended_by, call.seconds) == ("time-limit", 2)

    asyncio.run(main())


def test_caller_hangs_up_at_any_moment() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            app.twiml = "<Response><Say>" + "word " * 1000 + "</Say></Response>"
            talking = await twilio.ring_in(CALLER, VOICE)
            await until(lambda: talking.said)
            talking.hang_up()
            await talking.over()
            assert (talking.status, talking.ended_by) == ("completed", "caller")
            app.twiml = stream_twiml()
            streaming = await twilio.ring_in(CALLER, VOICE, steps=[Quiet(60)])
            await streaming.streaming()
            streaming.hang_up()
            await streaming.over()
            assert [one["event"] for one in streaming.stream.sent][-1] == "stop"

    asyncio.run(main())


def test_a_dropped_socket_says_nothing() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            call = await twilio.ring_in(CALLER, VOICE, steps=[Quiet(0.2), DropSocket()])
            await call.over()
            assert "stop" not in [one["event"] for one in app.messages]
            assert app.close_code == 1006
            assert call.status == "completed"

    asyncio.run(main())


def test_twenty_calls_at_once_keep_time() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=1) as twilio, SdkApp(twilio):
            began = time.monotonic()
            steps = [Speak(tone(0.5)), Quiet(0.5), HangUp()]
            calls = [await twilio.ring_in(CALLER, VOICE, steps=steps) for _ in range(20)]
            for call in calls:
                await call.over()
            assert {call.status for call in calls} == {"completed"}
            assert time.monotonic() - began < 10

    asyncio.run(main())


@pytest.mark.parametrize(
    ("twiml", "codes"),
    [
        ("<Response><Say>x</Say>", [12100]),
        ("<Say>x</Say>", [12100]),
        ("<Response><Sing/></Response>", [12200]),
        ('<Response><Say tempo="1">x</Say></Response>', [12200]),
        (stream_twiml(f"ws://{HOST}/voice/stream/t"), [31922]),
        (stream_twiml(f"wss://{HOST}/nowhere/at/all"), [31920]),
        (stream_twiml("wss://elsewhere.test/s"), [31901]),
        (stream_twiml(f"wss://{HOST}/voice/stream/t?secret=1"), [31920]),
    ],
)
def test_what_is_wrong_with_twiml_has_twilio_s_code(twiml: str, codes: list[int]) -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            app.twiml = twiml
            call = await twilio.ring_in(CALLER, VOICE, steps=[HangUp()])
            await call.over()
            assert [code for code, _ in call.errors] == codes

    asyncio.run(main())


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_rejected_call_was_never_answered(reason: str, status: str) -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            app.twiml = f'<Response><Reject reason="{reason}"/></Response>'
            call = await twilio.ring_in(CALLER, VOICE)
            await call.over()
            assert (call.status, call.rejected, call.seconds) == (status, reason, 0)

    asyncio.run(main())


def test_keys_are_gathered_until_there_are_enough() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=20) as twilio, SdkApp(twilio) as app:
            app.twiml = (
                '<Response><Gather action="/after" numDigits="4"><Say>PIN</Say></Gather></Response>'
            )
            call = await twilio.ring_in(
                CALLER, VOICE, steps=[Press("12"), Quiet(0.5), Press("345")]
            )
            await call.over()
            assert app.asked("/after")[0]["Digits"] == "1234"

    asyncio.run(main())


@pytest.mark.parametrize(("shared_key", "secret"), [(None, ""), ("shared", "shared")])
def test_both_schemes_are_what_twilio_s_library_takes(shared_key: str | None, secret: str) -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio, secret=secret) as app:
            twilio.signer.shared_key = shared_key
            call = await twilio.ring_in(CALLER, VOICE, steps=[Quiet(0.1), HangUp()])
            await call.over()
            assert not app.refused
            assert call.stream.handshake_status == 101

    asyncio.run(main())


def test_a_forger_is_found_out_by_twilio_s_library() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio, secret="real") as app:
            call = await twilio.ring_in(CALLER, VOICE)
            await call.over()
            assert app.refused == [VOICE]
            assert [code for code, _ in call.errors] == [11200]

    asyncio.run(main())


def test_requests_can_be_made_again_as_they_were_or_changed() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            app.twiml = "<Response/>"
            await (await twilio.ring_in(CALLER, VOICE)).over()
            first = twilio.webhooks.deliveries[0]
            again = await twilio.webhooks.redeliver(first)
            assert (again.status, again.headers, again.body) == (200, first.headers, first.body)
            changed = await twilio.webhooks.redeliver(first, body=first.body + "&Admin=1")
            assert changed.status == 403
            requests: list[Any] = app.asked("/voice")
            assert requests[0] == requests[1]

    asyncio.run(main())
