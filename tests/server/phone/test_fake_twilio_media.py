"""The fake Twilio's media streams, beside a second simulator of Twilio's."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamdouble.chaos import Impairments
from streamdouble.session import SessionConfig

from tests.peers.telephone_sound import Mono, tone
from tests.peers.twilio import FakeTwilio, HangUp, Hear, HearEnd, Network, Press, Quiet, Speak
from tests.peers.twilio.double import ring_with_double
from tests.peers.twilio.network import Frame, NetworkPath
from tests.server.phone.sdk_app import CALLER, VOICE, Message, SdkApp


def pitch(samples: Mono) -> float:
    loud = np.flatnonzero(np.abs(samples) > 2000)
    piece = samples[loud[0] + 400 : loud[0] + 2400]
    return float(np.argmax(np.abs(np.fft.rfft(piece))) * 8000 / len(piece))


async def two_seconds(app: SdkApp, message: Message) -> None:
    """Say two seconds with a mark after each; after the first, have the second forgotten."""
    if message["event"] == "start":
        for name in ("first", "second"):
            await app.speak(1.0)
            await app.send("mark", name=name)
    if message["event"] == "mark" and message["mark"]["name"] == "first":
        await app.send("clear")


@pytest.mark.parametrize("speed", [1, 8])
def test_marks_come_back_when_played_and_all_at_once_when_cleared(speed: float) -> None:
    async def main() -> None:
        async with (
            FakeTwilio(speed=speed) as twilio,
            SdkApp(twilio, on_message=two_seconds) as app,
        ):
            steps = [Hear(0.5), Quiet(1.0), HangUp()]
            call = await twilio.ring_in(CALLER, VOICE, steps=steps)
            await call.over()
            stream = call.stream
            assert [name for name, _ in stream.marks] == ["first", "second"]
            assert 980 <= stream.marks[0][1] <= 1100
            assert stream.marks[1][1] - stream.marks[0][1] <= 60 * speed
            assert stream.cleared_ms[0] >= 1000 - 60 * speed
            assert 1000 <= stream.heard_ms <= 1000 + 60 * speed
            assert stream.most_waiting_ms <= 2000
            assert pitch(stream.heard) == pytest.approx(700, abs=5)
            assert not stream.violations
            assert app.close_code == 1000

    asyncio.run(main())


def test_numbers_count_every_message_and_times_every_frame() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            steps = [Speak(tone(0.2)), Press("1"), Quiet(0.2), HangUp()]
            await (await twilio.ring_in(CALLER, VOICE, steps=steps)).over()
            numbered = [one for one in app.messages if "sequenceNumber" in one]
            numbers = [int(one["sequenceNumber"]) for one in numbered]
            assert numbers == list(range(1, len(numbers) + 1))
            media = [one["media"] for one in app.messages if one["event"] == "media"]
            assert [int(one["timestamp"]) for one in media] == [20 * n for n in range(len(media))]
            assert [int(one["chunk"]) for one in media] == list(range(1, len(media) + 1))

    asyncio.run(main())


def test_lost_frames_are_gaps_and_late_ones_come_in_bursts_in_order() -> None:
    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio) as app:
            steps = [Speak(tone(2.0)), HangUp()]
            network = Network(loss=0.2, jitter=0.2, seed=4)
            call = await twilio.ring_in(CALLER, VOICE, steps=steps, network=network)
            await call.over()
            media = [one["media"] for one in app.messages if one["event"] == "media"]
            times = [int(one["timestamp"]) for one in media]
            assert times == sorted(times)
            assert 5 <= call.stream.frames_lost <= 40
            assert max(np.diff(times)) >= 40
            assert [int(one["chunk"]) for one in media] == list(range(1, len(media) + 1))

    asyncio.run(main())


def test_a_network_delays_at_most_by_its_jitter() -> None:
    path = NetworkPath(Network(jitter=0.1, seed=1))
    seen: dict[int, int] = {}
    for tick in range(100):
        for frame in path.carry(Frame(tick * 20, b"")):
            seen[frame.at_ms] = tick * 20
    delays = [arrived - spoken for spoken, arrived in seen.items()]
    assert list(seen) == sorted(seen)
    assert 0 <= min(delays) < 20 <= max(delays) <= 120


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("nonsense", "31924"),
        (b"\x00\x01", "31924"),
        ('{"event": "dtmf", "streamSid": "SID", "dtmf": {"digit": "1"}}', "31951"),
        ('{"event": "clear", "streamSid": "MZ0"}', "31951"),
        ('{"event": "clear"}', "31951"),
        ('{"event": "media", "streamSid": "SID", "media": {"payload": "!!"}}', "31951"),
        ('{"event": "media", "streamSid": "SID", "media": {"payload": "UklGRg=="}}', "31951"),
        ('{"event": "media", "streamSid": "SID"}', "31951"),
        ('{"event": "mark", "streamSid": "SID", "mark": {}}', "31951"),
        ('{"event": "clear", "streamSid": "SID", "sequenceNumber": "1"}', "31951"),
        ("[]", "31951"),
    ],
)
def test_what_twilio_does_not_take_is_a_violation(raw: str | bytes, problem: str) -> None:
    async def misbehave(app: SdkApp, message: Message) -> None:
        if message["event"] == "start":
            sid = message["streamSid"]
            await app.send_raw(raw.replace("SID", sid) if isinstance(raw, str) else raw)

    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio, on_message=misbehave):
            call = await twilio.ring_in(CALLER, VOICE, steps=[Quiet(0.5), HangUp()])
            await call.over()
            assert [one[:5] for one in call.stream.violations] == [problem]

    asyncio.run(main())


def test_the_program_ends_the_stream_and_the_next_verb_runs() -> None:
    async def close_at_once(app: SdkApp, message: Message) -> None:
        if message["event"] == "start":
            await app.close()

    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio, on_message=close_at_once) as app:
            app.twiml = app.twiml.replace("</Response>", "<Say>Bye</Say></Response>")
            call = await twilio.ring_in(CALLER, VOICE, steps=[Quiet(60)])
            await call.over()
            assert (call.said, call.ended_by) == (["Bye"], "app")

    asyncio.run(main())


def test_a_person_waits_for_the_end_of_what_is_said() -> None:
    async def speak(app: SdkApp, message: Message) -> None:
        if message["event"] == "start":
            await app.speak(0.5)

    async def main() -> None:
        async with FakeTwilio(speed=8) as twilio, SdkApp(twilio, on_message=speak):
            steps = [HearEnd(quiet=0.4), HearEnd(timeout=0.2), HangUp()]
            call = await twilio.ring_in(CALLER, VOICE, steps=steps)
            await call.over()
            assert 900 <= len(call.stream.heard_sound) / 8 <= 1600
            assert call.performance.timed_out == [steps[1]]

    asyncio.run(main())


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(one) for key, one in sorted(value.items())}
    return [shape(one) for one in value] if isinstance(value, list) else type(value).__name__


async def spoken(app: SdkApp, message: Message) -> None:
    if message["event"] == "start":
        await app.speak(0.2)
        await app.send("mark", name="end")


@pytest.mark.parametrize("shared_key", [None, "shared"])
def test_messages_have_the_shape_that_another_simulator_sends(
    tmp_path: Path, shared_key: str | None
) -> None:
    question = tmp_path / "question.wav"
    with wave.open(str(question), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(tone(0.3).tobytes())

    async def main() -> None:
        ours = [Speak(tone(0.3)), Press("1"), Quiet(0.4), HangUp()]
        theirs = [{"say": str(question)}, {"dtmf": "1"}, {"wait": 0.4}, {"expect": "no_violations"}]
        async with FakeTwilio(speed=2) as twilio:
            twilio.signer.shared_key = shared_key
            async with SdkApp(twilio, secret=shared_key or "", on_message=spoken) as app:
                await (await twilio.ring_in(CALLER, VOICE, steps=ours)).over()
            impaired = SessionConfig(quiet_period_s=0.3, impairments=Impairments(0.1, 20.0))
            async with SdkApp(twilio, secret=shared_key or "", on_message=spoken) as other:
                result = await ring_with_double(twilio, VOICE, CALLER, theirs, impaired)
        assert not app.refused + other.refused
        assert (result.violations, result.marks_echoed) == ([], ["end"])
        for event in ("connected", "start", "media", "mark", "dtmf", "stop"):
            one = next(message for message in app.messages if message["event"] == event)
            two = next(message for message in other.messages if message["event"] == event)
            assert shape(one) == shape(two), event

    asyncio.run(main())
