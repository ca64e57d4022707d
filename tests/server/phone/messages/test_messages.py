"""Messages that callers leave, from the ring to the words, over the fake Twilio."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest

from server.phone.calls.config import InboundConfig
from server.phone.calls.status import CallStatus, EndReason
from server.phone.live.events import CallNews, MessageKept
from tests.peers.twilio import HangUp, HearEnd, Press, Quiet, Speak
from tests.server.phone.live.phone_scene import ANN, BEN
from tests.server.phone.messages.message_phone import (
    SPEECH,
    WORDS,
    inbound,
    message_phone,
    setup_of,
    written,
)
from tests.server.phone.service_scene import Setup, Telephone

AFTER_TONE = HearEnd(0.5)
ENDS = {
    "hanging up": [HangUp()],
    "the pound key": [Press("#"), Quiet(30.0)],
    "silence": [Quiet(30.0)],
}


def run(folder: Path, test, setup: Setup | None = None) -> None:
    async def main() -> None:
        async with message_phone(folder, setup) as phone:
            await test(phone)

    asyncio.run(main())


@pytest.mark.parametrize("end", ENDS)
def test_a_stranger_leaves_a_message(
    tmp_path: Path, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(phone: Telephone) -> None:
        heard: list[CallNews] = []
        with phone.part.events.watched_by(heard.append):
            call = await phone.ring_in(AFTER_TONE, Speak(SPEECH), *ENDS[end])
            await call.over()
            record = await written(phone, call)
            await asyncio.sleep(0)
        assert not call.errors
        assert not call.stream.violations
        assert (record.status, record.missed) == (
            CallStatus.COMPLETED,
            "caller is not in the list (+1555…11)",
        )
        assert record.message is not None
        assert (record.message.text, record.message.language) == (WORDS, "en")
        assert (record.from_, record.session_key, record.engine) == (ANN, None, "message")
        said = [(row.role, row.text) for row in record.transcript]
        assert said[0][0] == "assistant"
        assert "AI" in said[0][1]
        assert "Messages are recorded and written down." in said[0][1]
        assert said[1] == ("user", WORDS)
        assert isinstance(heard[-1].event, MessageKept)
        assert heard[-1].record.message == record.message
        sound = tmp_path / "recordings" / f"{record.id}.wav"
        with wave.open(str(sound)) as file:
            seconds = file.getnframes() / file.getframerate()
        assert 2.0 < seconds < 12.0
        assert record.cost is not None
        assert WORDS not in caplog.text

    caplog.set_level("INFO")
    run(tmp_path, main)


def test_after_hours_callers_leave_one_too(tmp_path: Path) -> None:
    async def main(phone: Telephone) -> None:
        call = await phone.ring_in(AFTER_TONE, Speak(SPEECH), HangUp())
        record = await written(phone, call)
        assert record.missed == "outside phone.inbound.hours"

    closed = InboundConfig(policy="open", hours={"mon-sun": "00:00-00:01"}, after_hours="message")
    run(tmp_path, main, setup_of(inbound=closed))


def test_while_all_lines_are_busy_callers_leave_one_if_the_settings_say_so(tmp_path: Path) -> None:
    busy = InboundConfig(policy="open", when_busy="message")
    setup = setup_of(inbound=busy)
    setup.limits = setup.limits.model_copy(update={"concurrent_calls": 1})

    async def main() -> None:
        async with message_phone(tmp_path, setup) as phone:
            talk = await phone.ring_in(Quiet(60.0))
            await talk.streaming()
            call = await phone.ring_in(AFTER_TONE, Speak(SPEECH), HangUp(), from_=BEN)
            record = await written(phone, call)
            assert record.missed == "phone.limits.concurrent_calls is reached"
            talk.hang_up()

    asyncio.run(main())


def test_silence_is_no_message_and_leaves_no_sound(tmp_path: Path) -> None:
    async def main(phone: Telephone) -> None:
        call = await phone.ring_in(Quiet(60.0))
        await call.over()
        record = await phone.record(call.sid)
        assert (record.message, record.end_reason) == (None, EndReason.SILENCE)
        while list((tmp_path / "recordings").glob("*.wav")):  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0.01)
        [missed] = await phone.store.missed(10)
        assert missed.id == record.id

    run(tmp_path, main)


def test_only_so_many_leave_messages_and_the_others_are_refused(tmp_path: Path) -> None:
    setup = setup_of()
    messages = setup.limits.messages.model_copy(update={"calls_per_hour": 1})
    setup.limits = setup.limits.model_copy(update={"messages": messages})

    async def main(phone: Telephone) -> None:
        call = await phone.ring_in(AFTER_TONE, Speak(SPEECH), HangUp())
        await written(phone, call)
        second = await phone.ring_in(Quiet(10.0), from_=BEN)
        await second.over()
        assert second.rejected == "busy"
        newest, oldest = await phone.store.missed(10)
        assert newest.missed == "phone.limits.messages.calls_per_hour is reached"
        assert oldest.message is not None

    run(tmp_path, main, setup)


def test_messages_use_up_nothing_of_the_calls_at_a_time(tmp_path: Path) -> None:
    setup = setup_of(inbound=inbound(allow=(BEN,)))
    setup.limits = setup.limits.model_copy(update={"concurrent_calls": 1, "concurrent_messages": 1})

    async def main() -> None:
        async with message_phone(tmp_path, setup) as phone:
            leaving = await phone.ring_in(AFTER_TONE, Speak(SPEECH), Quiet(60.0))
            await leaving.streaming()
            third = await phone.ring_in(Quiet(10.0), from_="+15550003333")
            await third.over()
            assert third.rejected == "busy"
            talk = await phone.ring_in(Quiet(1.0), HangUp(), from_=BEN)
            await talk.streaming()
            await talk.over()
            await written(phone, leaving)

    asyncio.run(main())
