"""The first words may wait until it is known who answered, and no longer than the settings say."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.phone.calls.record import CallRecord
from server.phone.calls.status import EndReason
from tests.peers.openai_realtime import Say
from tests.peers.telephone_sound import FRAME_BYTES, decode_g711, loudness
from tests.peers.twilio import Call, HangUp, Hear, HearEnd, Person, Quiet, Speak
from tests.server.phone.live.phone_scene import BEN
from tests.server.phone.live.tone import tone
from tests.server.phone.service_scene import Setup, telephone

OPENING = "Hello, this is Jarvis."
HOLD = 5.0
ENGINES = pytest.mark.parametrize("engine", ["local", "realtime"])
LATE = 4.0
"""Seconds that our own engines may take beside, on a machine that is busy, at this speed."""


def called(folder: Path, engine: str, person: Person) -> tuple[Call, CallRecord]:
    """Call somebody; return the call and its record."""
    words = [Say("Hello, this is Jarvis, an AI.", 1.0), *[Say("Yes.", 0.5)] * 4]
    setup = Setup(
        speed=4.0,
        engine=engine,
        script=words,
        more={"voicemail": {"hold_opening": HOLD}, "greeting": {"inbound": OPENING}},
    )

    async def main() -> tuple[Call, CallRecord]:
        async with telephone(folder, setup) as phone:
            placed = await phone.place(BEN, person)
            call = await phone.twilio.next_call()
            await call.over()
            return call, await phone.record(placed.id)

    return asyncio.run(main())


def silence(call: Call) -> float:
    """Return after how many seconds something was heard."""
    sound = bytes(call.stream.heard_sound)
    frames = range(0, len(sound), FRAME_BYTES)
    quiet = (at for at in frames if loudness(decode_g711(sound[at : at + FRAME_BYTES])) > 200)
    return next(quiet) / 8000


@pytest.mark.slow
@ENGINES
def test_a_person_is_greeted_as_soon_as_they_are_known_to_be_one(
    tmp_path: Path, engine: str
) -> None:
    steps = [Speak(tone(0.6)), Hear(0.3), HangUp()]
    call, record = called(tmp_path, engine, Person(steps, detection=1.2))
    assert 1.0 <= silence(call) <= HOLD - 0.2
    assert [row.role for row in record.transcript] == ["assistant"]  # no answer to their hello


@pytest.mark.slow
@ENGINES
def test_nobody_waits_longer_than_is_set_for_a_verdict_that_does_not_come(
    tmp_path: Path, engine: str
) -> None:
    call, _ = called(tmp_path, engine, Person([Hear(0.3), HangUp()], detection=30.0))
    assert HOLD - 0.1 <= silence(call) <= HOLD + LATE


@pytest.mark.slow
@ENGINES
def test_a_machine_hears_the_message_and_nothing_before_it(tmp_path: Path, engine: str) -> None:
    person = Person([HearEnd(2.0), Quiet(30.0)], answered_by="machine_end_beep", detection=1.2)
    call, record = called(tmp_path, engine, person)
    assert record.end_reason is EndReason.VOICEMAIL
    assert silence(call) >= 0.5
    [row] = record.transcript
    assert row.role == "assistant"
    assert not row.interrupted
    if engine == "local":
        assert row.text.startswith("Hello, this is Jarvis, an AI assistant, calling about")
