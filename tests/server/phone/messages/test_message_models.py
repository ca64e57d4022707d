"""A message with the models that ship: the voice activity model, and the small test recogniser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import SttConfig
from pipeline.stt import FasterWhisper
from pipeline.vad import SileroVad
from tests.peers.twilio import HearEnd, Quiet, Speak
from tests.server.phone.messages.message_phone import message_phone, setup_of, written

FIXTURE = Path(__file__).parents[4] / "models" / "fixture"
CLIPS = {one["file"]: one["text"] for one in json.loads((FIXTURE / "clips/clips.json").read_text())}


@pytest.fixture(scope="module")
def recogniser() -> Iterator[FasterWhisper]:
    stt = FasterWhisper.load(FIXTURE / "whisper", SttConfig(allow_test_fixture=True))
    yield stt
    stt.close()


# The small recogniser knows single sentences only, and not all of them on the telephone.
@pytest.mark.slow
@pytest.mark.parametrize("clip", ["ann-game.flac", "ben-back.flac", "ben-reminder.flac"])
def test_what_is_said_on_the_telephone_is_written_down(
    tmp_path: Path, silero_path: Path, recogniser: FasterWhisper, clip: str
) -> None:
    said = Speak(FIXTURE / "clips" / clip)

    async def main() -> None:
        vad = SileroVad(silero_path)
        setup = setup_of(recogniser=recogniser, ears=vad, speed=2.0)
        async with message_phone(tmp_path, setup) as phone:
            call = await phone.ring_in(HearEnd(0.5), said, Quiet(60.0))
            record = await written(phone, call)
            assert record.message is not None
            assert record.message.text == CLIPS[clip]
        vad.close()

    asyncio.run(main())
