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
from pipeline.reply import SLICE, Manner, ReplySpeech, Spoken
from pipeline.speech_text import VoiceDirective
from pipeline.voice_choice import ChosenVoice
from pipeline.word_times import WordTimes
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


def voice(directive: VoiceDirective | None, language: str) -> ChosenVoice:
    """Choose a voice whose name tells what it was chosen for."""
    name = directive.voice if directive and directive.voice else "deep"
    return ChosenVoice(f"{name}-{language}", directive.speed or 1.0 if directive else 1.0)


class Room:
    """Speaks one reply, and notes what was told of it, with the time."""

    def __init__(
        self,
        *,
        seconds: float = 1.0,
        broken: tuple[str, ...] = (),
        reads: bool = False,
        **fails: Any,
    ) -> None:
        self.transport = FakeTransport([], closes_at=0.0, broken=broken)
        self.tts = FakeTextToSpeech(seconds=seconds, **fails)
        self.speech = ReplySpeech(self.transport, self.tts)
        self.spoken = Spoken()
        self.told: list[tuple[str, float]] = []
        self.shown: list[tuple[str, float]] = []
        self.manner = Manner(voice, show=self.show if reads else None)

    def show(self, text: str) -> None:
        self.shown.append((text, audio_clock().now()))

    async def say(self, telling: Telling) -> None:
        await self.speech.say(
            telling.tell(),
            manner=self.manner,
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
        assert len(lengths) == 11  # what levelling held back comes last
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
        async def synthesize(
            self,
            text: str,
            *,
            voice: str,
            speed: float | None = None,
            times: WordTimes | None = None,
        ) -> AsyncGenerator[Samples]:
            try:
                async for chunk in super().synthesize(text, voice=voice, speed=speed, times=times):
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


CODE = "Here it is.\n```python\nprint(1)\n```\nThat prints 1."


def test_what_is_not_spoken_is_shown_once_all_of_it_is_there_and_is_heard():
    async def main() -> None:
        room = Room(reads=True)
        await room.say(Telling(CODE[:20], CODE[20:], takes=0.2))
        assert [text for _, text in room.tts.said] == [
            "Here it is.",
            "The code is in the channel.",
            "That prints one.",
        ]
        assert room.shown == [(CODE, pytest.approx(0.5))]
        assert room.spoken.text == CODE
        assert room.heard == "Here it is. That prints 1."  # as the agent wrote it

    run(main)


def test_a_reply_that_was_spoken_whole_is_not_shown():
    async def main() -> None:
        room = Room(reads=True)
        await room.say(Telling(ONE, TWO))
        assert room.shown == []

    run(main)


def test_where_nobody_reads_a_long_reply_is_spoken_to_its_end():
    async def main() -> None:
        reading, listening = Room(reads=True), Room()
        for room in (reading, listening):
            await room.say(Telling(MORE * 100, takes=0.0))
        assert len(reading.tts.said) < 60
        assert [text for text, _ in reading.shown] == [(MORE * 100).strip()]
        assert len(listening.tts.said) == 100
        assert listening.heard == (MORE * 100).strip()

    run(main)


@pytest.mark.parametrize("works", [True, False])
def test_what_is_not_wanted_is_not_shown_and_no_failure_of_it_told(works):
    fails = {} if works else {"Here it is.": TextToSpeechError("broken")}

    async def no() -> bool:
        await audio_clock().sleep_until(3.0)
        return False

    async def main() -> None:
        room = Room(reads=True, fails=fails)
        telling = Telling(CODE, *[MORE] * 1000)
        await room.speech.say(
            telling.tell(),
            manner=room.manner,
            spoken=room.spoken,
            on_text=lambda: None,
            before_sound=no,
            on_audio=lambda: None,
        )
        assert (room.shown, room.spoken.pieces, telling.closed) == ([], [], True)
        assert audio_clock().now() == pytest.approx(3.0)

    run(main)


def test_who_interrupts_before_all_of_it_is_there_is_shown_nothing():
    async def main() -> None:
        room = Room(reads=True)
        task = asyncio.create_task(room.say(Telling(CODE, *[MORE] * 100)))
        await audio_clock().sleep_until(1.0)
        task.cancel()
        await asyncio.wait([task])
        assert room.shown == []

    run(main)


@pytest.mark.parametrize("sentences", [3, 300])
def test_what_the_voice_fails_to_say_is_shown(sentences):
    async def main() -> None:
        room = Room(reads=True, fails={TWO.strip(): TextToSpeechError("broken")})
        telling = Telling(ONE, TWO, *[MORE] * sentences, takes=0.01)
        with pytest.raises(TextToSpeechError, match="broken"):
            await room.say(telling)
        text = f"{ONE}{TWO}{MORE * sentences}".strip()
        assert ([shown for shown, _ in room.shown], room.spoken.text) == ([text], text)
        assert room.heard == ONE.strip()

    run(main)


@pytest.mark.parametrize("sentences", [3, 300])
def test_what_the_transport_cannot_play_is_shown(sentences):
    async def main() -> None:
        room = Room(reads=True, broken=(TWO.strip(),))
        with pytest.raises(AudioError, match="disconnected"):
            await room.say(Telling(ONE, TWO, *[MORE] * sentences, takes=0.01))
        assert [text for text, _ in room.shown] == [f"{ONE}{TWO}{MORE * sentences}".strip()]

    run(main)


def test_what_a_failing_agent_said_is_not_shown_too():
    async def main() -> None:
        room = Room(reads=True)
        with pytest.raises(AgentError, match="gone"):
            await room.say(Telling(ONE, AgentError("gone")))
        assert room.shown == []

    run(main)


def test_each_piece_has_the_voice_of_its_language_and_of_what_the_agent_asks_for():
    async def main() -> None:
        room = Room()
        await room.say(
            Telling(
                '{"voice": "anna", "speed": 0.8}\n', "This is it. ", "Das ist es nicht gewesen."
            )
        )
        assert room.tts.said == [
            ("anna-en", "This is it."),
            ("anna-de", "Das ist es nicht gewesen."),
        ]
        assert room.tts.speeds == [0.8, 0.8]
        assert room.spoken.text == "This is it. Das ist es nicht gewesen."

    run(main)
