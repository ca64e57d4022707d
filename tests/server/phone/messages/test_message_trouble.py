"""What becomes of messages when something fails, or the service stops."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.audio import Samples
from pipeline.errors import SpeechToTextError
from pipeline.interfaces import Segment
from server.phone.calls.status import EndReason
from tests.peers.openai_realtime import FakeOpenAI, Say
from tests.peers.twilio import DropSocket, FakeTwilio, HangUp, HearEnd, Quiet, Speak
from tests.server.phone.messages.message_phone import (
    SPEECH,
    WORDS,
    message_phone,
    setup_of,
    written,
)
from tests.server.phone.service_scene import Recogniser, Words, running

AFTER_TONE = HearEnd(0.5)


class Overloaded(Recogniser):
    """Fails so many times before it works."""

    def __init__(self, times: int) -> None:
        super().__init__(WORDS)
        self.times = times

    def start(self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()) -> Words:
        self.times -= 1
        return Words(WORDS) if self.times < 0 else _Failed()


class _Failed(Words):
    def __init__(self) -> None:
        super().__init__("")

    async def transcript(self):
        raise SpeechToTextError("too much to do")


def test_a_recogniser_that_fails_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        setup = setup_of(recogniser=Overloaded(2), speed=20.0)
        async with message_phone(tmp_path, setup) as phone:
            call = await phone.ring_in(AFTER_TONE, Speak(SPEECH), HangUp())
            record = await written(phone, call)
            assert record.message is not None
            assert record.message.text == WORDS

    asyncio.run(main())
    assert caplog.text.count("its message is not written down") == 2


def test_what_was_not_written_down_is_at_the_next_start(tmp_path: Path) -> None:
    async def main() -> None:
        async with FakeTwilio(speed=4.0) as twilio, FakeOpenAI([Say("", 0.1)]) as openai:
            broken = setup_of(recogniser=Overloaded(1000))
            async with running(tmp_path, twilio, openai, broken) as phone:
                call = await phone.ring_in(AFTER_TONE, Speak(SPEECH), HangUp())
                await call.over()
                record = await phone.record(call.sid)
                assert record.message is not None
                assert record.message.text is None
            async with running(tmp_path, twilio, openai, setup_of()) as phone:
                record = await written(phone, record.id)
                assert record.message is not None
                assert record.message.text == WORDS
                assert record.transcript[-1].text == WORDS

    asyncio.run(main())


def test_a_message_survives_a_service_that_stops_while_it_is_spoken(tmp_path: Path) -> None:
    async def main() -> None:
        async with FakeTwilio(speed=4.0) as twilio, FakeOpenAI([Say("", 0.1)]) as openai:
            async with running(tmp_path, twilio, openai, setup_of()) as phone:
                await phone.ring_in(AFTER_TONE, Speak(SPEECH), Quiet(60.0))
                record = None
                while record is None or record.message is None:
                    await asyncio.sleep(0.01)
                    record = next((one.record for one in phone.switchboard.calls), None)
                await asyncio.sleep(0.1)
            async with running(tmp_path, twilio, openai, setup_of()) as phone:
                kept = await written(phone, record.id)
                assert kept.end_reason is EndReason.RESTART
                assert kept.message is not None
                assert kept.message.text == WORDS
                assert kept.recording is not None
                missed = await phone.store.missed(10)
                assert [one.id for one in missed] == [kept.id]

    asyncio.run(main())


def test_a_media_socket_that_breaks_costs_no_message(tmp_path: Path) -> None:
    async def main() -> None:
        async with message_phone(tmp_path) as phone:
            steps = (AFTER_TONE, Speak(SPEECH), DropSocket(), Quiet(0.5), HangUp())
            call = await phone.ring_in(*steps)
            record = await written(phone, call)
            assert record.message is not None
            assert record.message.text == WORDS

    asyncio.run(main())


def test_messages_are_removed_when_recordings_are(tmp_path: Path) -> None:
    setup = setup_of()

    async def main() -> None:
        async with message_phone(tmp_path, setup) as phone:
            call = await phone.ring_in(AFTER_TONE, Speak(SPEECH), HangUp())
            record = await written(phone, call)
            following = phone.part._afterwards(_clock(phone), record.started_at, None)
            later = record.started_at + timedelta(days=31)
            await following._retention.carry_out(later, lambda _: None)
            kept = await phone.store.get(record.id)
            assert kept is not None
            assert kept.recording is None
            assert kept.message is not None
            assert kept.message.text == WORDS
            assert not list((tmp_path / "recordings").glob("*.wav"))

    asyncio.run(main())


def _clock(phone):
    return phone.switchboard._kit.clock
