"""A reply is cut into sentences, synthesized ahead, played in order, and accounted for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.clock import AudioTimeLoop
from pipeline.errors import AgentError, AudioError, StageError, TextToSpeechError
from pipeline.reply import SLICE, ReplySpeech, Spoken
from tests.pipeline.fakes import FakeTextToSpeech, FakeTransport, audio_clock

ONE = "Once upon a time. "
TWO = "There was a king. "
MORE = "And so it goes on. "


class Telling:
    """Says its pieces, each after ``takes`` seconds; an error is raised where it stands."""

    def __init__(self, *pieces: str | StageError, takes: float = 0.1) -> None:
        self.pieces = pieces
        self.takes = takes
        self.said = 0
        self.closed = False

    async def tell(self) -> AsyncGenerator[str]:
        clock = audio_clock()
        try:
            for piece in self.pieces:
                await clock.sleep_until(clock.now() + self.takes)
                if isinstance(piece, StageError):
                    raise piece
                self.said += 1
                yield piece
        finally:
            self.closed = True


class Room:
    """Speaks one reply, and notes what was told of it, with the time."""

    def __init__(self, *, seconds: float = 1.0, broken: tuple[str, ...] = (), **fails: Any) -> None:
        self.transport = FakeTransport([], closes_at=0.0, broken=broken)
        self.tts = FakeTextToSpeech(seconds=seconds, **fails)
        self.speech = ReplySpeech(self.transport, self.tts)
        self.spoken = Spoken()
        self.told: list[tuple[str, float]] = []

    async def say(self, telling: Telling) -> None:
        await self.speech.say(
            telling.tell(),
            voice="deep",
            spoken=self.spoken,
            on_text=lambda: self.told.append(("text", audio_clock().now())),
            on_audio=lambda: self.told.append(("audio", audio_clock().now())),
        )

    @property
    def heard(self) -> str:
        return self.spoken.heard(self.transport)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        await main()
        assert len(asyncio.all_tasks()) == 1

    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(whole())


def test_sentences_follow_one_another_without_a_gap():
    async def main() -> None:
        room = Room()
        await room.say(Telling("It is ten ", "past four. Anything", " else?"))
        assert [text for _, text in room.tts.said] == ["It is ten past four.", "Anything else?"]
        assert room.transport.reply_spans == [(0.3, 2.3)]
        assert room.told == [("text", pytest.approx(0.2)), ("audio", pytest.approx(0.3))]
        assert audio_clock().now() == pytest.approx(2.3)
        assert room.spoken.text == "It is ten past four. Anything else?"
        assert room.heard == "It is ten past four. Anything else?"

    run(main)


def test_sound_is_handed_over_in_short_slices():
    async def main() -> None:
        room = Room(seconds=0.95)
        await room.say(Telling("Hello."))
        lengths = room.transport.handed
        assert len(lengths) == 10
        assert max(lengths) <= SLICE + 1e-9
        assert sum(lengths) == pytest.approx(0.95)

    run(main)


def test_an_agent_that_says_nothing_is_silence():
    async def main() -> None:
        room = Room()
        telling = Telling("", " \n")
        await room.say(telling)
        assert telling.closed
        assert (room.told, room.transport.heard, room.heard) == ([], [], "")

    run(main)


def test_pieces_are_numbered_over_all_replies():
    async def main() -> None:
        room = Room()
        await room.say(Telling(f"{ONE}{TWO}"))
        first = room.spoken
        room.spoken = Spoken()
        await room.say(Telling("Three."))
        assert [piece.number for piece in (*first.pieces, *room.spoken.pieces)] == [1, 2, 3]
        first.forget(room.transport)
        assert first.heard(room.transport) == ""
        assert room.heard == "Three."

    run(main)


def test_synthesis_is_not_far_ahead_of_what_plays():
    async def main() -> None:
        room = Room(seconds=4.0)
        task = asyncio.create_task(room.say(Telling(MORE * 20)))
        await audio_clock().sleep_until(2.0)
        assert len(room.tts.said) <= 5  # about 10 s ahead
        task.cancel()
        await asyncio.wait([task])

    run(main)


def test_an_agent_that_fails_is_heard_up_to_there():
    async def main() -> None:
        room = Room()
        with pytest.raises(AgentError, match="gone"):
            await room.say(Telling("Once upon a time. There", AgentError("gone")))
        assert room.heard == "Once upon a time. There"
        assert audio_clock().now() == pytest.approx(2.2)

    run(main)


def test_a_voice_that_fails_ends_the_reply_and_the_agents_run():
    async def main() -> None:
        room = Room(fails={TWO.strip(): TextToSpeechError("broken")})
        telling = Telling(ONE, TWO, *[MORE] * 100, takes=0.2)
        with pytest.raises(TextToSpeechError, match="broken"):
            await room.say(telling)
        assert room.heard == ONE.strip()
        assert telling.closed
        assert telling.said < 20

    run(main)


def test_what_failed_is_known_before_the_rest_was_played():
    async def main() -> None:
        room = Room(seconds=5.0)
        task = asyncio.create_task(room.say(Telling("Once upon a time. ", AgentError("gone"))))
        await audio_clock().sleep_until(1.0)
        assert str(room.spoken.failure) == "gateway: gone"
        task.cancel()
        await asyncio.wait([task])

    run(main)


def test_a_transport_that_cannot_play_ends_everything():
    async def main() -> None:
        room = Room(broken=(TWO.strip(),))
        telling = Telling(f"{ONE}{TWO}", *[MORE] * 100)
        with pytest.raises(AudioError, match="disconnected"):
            await room.say(telling)
        assert telling.closed
        assert room.transport.ledger.seconds_waiting == 0.0

    run(main)


@pytest.mark.parametrize("at", [0.0, 0.05, 0.15, 0.25, 0.35, 1.0, 2.2])
def test_cancelling_aborts_the_agent_and_the_voice(at):
    closed: list[str] = []

    class Voice(FakeTextToSpeech):
        async def synthesize(self, text: str, *, voice: str) -> AsyncGenerator[Samples]:
            try:
                async for chunk in super().synthesize(text, voice=voice):
                    yield chunk
                    yield np.zeros(20 * SPEECH_RATE, np.int16)
            finally:
                closed.append(text)

    async def main() -> None:
        room = Room()
        room.speech = ReplySpeech(room.transport, voice := Voice(seconds=1.0))
        telling = Telling(ONE, TWO, *[MORE] * 100)
        task = asyncio.create_task(room.say(telling))
        await audio_clock().sleep_until(at)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert len(closed) == len(voice.said)
        assert telling.closed or not telling.said

    run(main)
