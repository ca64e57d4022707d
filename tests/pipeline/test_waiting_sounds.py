"""What fills a wait makes way for the answer and for people, and is no part of the reply."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from pipeline.clock import AudioTimeLoop
from pipeline.config import SoundsConfig
from pipeline.earcons import Earcon
from pipeline.errors import StageError, TextToSpeechError
from pipeline.interfaces import ReplyAudio
from pipeline.loudness import VoiceLevels
from pipeline.reply import Manner, ReplySpeech, Spoken
from pipeline.voice_choice import ChosenVoice
from pipeline.wait_times import WaitTimes
from pipeline.waiting import LONGEST_WORDS
from pipeline.waiting_sounds import NO_PIECE, Room, WaitingSound, play_earcon
from tests.pipeline.fakes import FakeTextToSpeech, FakeTransport, audio_clock

VOICE = ChosenVoice("deep", 1.0)
ANSWER = "It is ten past four."
WORDS = ("One moment.", "Just a moment.", "This takes a bit longer.")
SLOW = [5.0, 5.5, 6.0, 7.0, 8.0] * 3


class Scene:
    """A room in which one answer after another is waited for."""

    def __init__(
        self,
        known: list[float],
        *,
        broken: tuple[str, ...] = (),
        fails: dict[str, StageError] | None = None,
        words_take: float = 0.7,
        **config: bool | float,
    ) -> None:
        self.clock = audio_clock()
        self.transport = FakeTransport([], closes_at=0.0, broken=broken)
        self.tts = FakeTextToSpeech(seconds=words_take, takes=0.1, fails=fails)
        self.times = WaitTimes()
        for wait in known:
            self.times.learn("jarvis", wait)
        self.speaks: list[tuple[float, float]] = []
        self.room = Room(
            self.transport,
            self.tts,
            self.clock,
            SoundsConfig(**config),
            self.someone_speaks,
            self.times,
            VoiceLevels(),
        )
        self.speech = ReplySpeech(self.transport, self.tts)
        self.spoken = Spoken()
        self.answer_at = 0.0

    def someone_speaks(self) -> bool:
        return any(start <= self.clock.now() < end for start, end in self.speaks)

    async def answer(self, after: float, *, taken_after: float = 0.0, fails: bool = False) -> None:
        """Wait for an answer whose first words come so long after its question."""
        asked = self.clock.now()

        async def reply() -> AsyncGenerator[str]:
            await self.clock.sleep_until(asked + after)
            yield ANSWER

        async def taken() -> bool:
            await self.clock.sleep_until(asked + taken_after)
            return True

        sound = WaitingSound(self.room, agent="jarvis", voice=VOICE, language="en")

        async def before_sound() -> bool:
            self.sound_ready = self.clock.now()
            await sound.give_way()
            await taken()
            return True

        def begin() -> None:
            self.answer_at = self.clock.now()

        self.spoken = Spoken()
        async with asyncio.TaskGroup() as tasks:
            filling = tasks.create_task(sound.run(taken))
            try:
                if fails:
                    await self.clock.sleep_until(asked + after)
                    return
                await self.speech.say(
                    reply(),
                    manner=Manner(lambda directive, language: VOICE),
                    spoken=self.spoken,
                    on_text=sound.receive_words,
                    before_sound=before_sound,
                    on_audio=begin,
                )
            finally:
                filling.cancel()

    def heard(self, *texts: str) -> list[tuple[float, float]]:
        """When texts were heard; "" stands for earcons and the thinking sound."""
        return [
            (round(start, 2), round(end, 2))
            for start, end, text in self.transport.heard
            if text in texts
        ]


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        await main()
        assert len(asyncio.all_tasks()) == 1

    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(whole())


def test_a_long_wait_has_a_sign_words_and_a_soft_sound_until_the_answer():
    async def main() -> None:
        scene = Scene(SLOW)
        await scene.answer(6.0)
        sign, thinking = scene.heard("")
        assert sign == (0.0, 0.2)
        [words] = scene.heard(*WORDS)
        # Decided at 0.6, spoken 0.1 later, with a pause after them.
        assert words == pytest.approx((0.7, 1.55), abs=0.03)
        assert thinking == pytest.approx((1.55, 6.1), abs=0.05)
        assert scene.heard(ANSWER) == [pytest.approx((6.1, 6.8), abs=0.01)]

    run(main)


def test_a_thinking_sound_stops_within_a_frame_of_the_answers_first_sound():
    async def main() -> None:
        scene = Scene(SLOW, words=False)
        await scene.answer(5.003)
        assert scene.answer_at == pytest.approx(scene.sound_ready, abs=1e-6)
        assert scene.transport.heard[-2][1] <= scene.sound_ready + 0.02
        assert scene.transport.heard[-2][2] == ""

    run(main)


@pytest.mark.parametrize("after", [0.62, 0.75, 1.0, 1.3, 1.5])
def test_an_answer_that_comes_during_words_waits_for_their_end(after: float):
    async def main() -> None:
        scene = Scene(SLOW)
        await scene.answer(after)
        for start, end in scene.heard(*WORDS):
            assert end <= scene.answer_at + 1e-6
            assert end - start == pytest.approx(0.85, abs=0.01)  # to their end
        assert 0.0 <= scene.answer_at - scene.sound_ready < 0.9
        assert scene.heard(ANSWER)[0][0] == pytest.approx(scene.answer_at, abs=0.01)

    run(main)


def test_words_that_would_keep_the_answer_waiting_for_long_are_not_said():
    async def main() -> None:
        scene = Scene(SLOW, words_take=LONGEST_WORDS + 0.1)
        await scene.answer(3.0)
        assert scene.heard(*WORDS) == []
        assert scene.heard("")[1][0] < 1.0

    run(main)


def test_a_quick_answer_is_preceded_by_nothing():
    async def main() -> None:
        scene = Scene([0.3] * 10)
        await scene.answer(0.3)
        assert scene.heard("", *WORDS) == []

    run(main)


def test_waits_are_learnt_from_asking_to_the_first_words():
    async def main() -> None:
        scene = Scene([])
        for _ in range(8):
            await scene.answer(3.0)
        rest = scene.times.expect("jarvis", 1.0)
        assert rest is not None
        assert rest.median == pytest.approx(2.0)

    run(main)


def test_nothing_is_learnt_from_a_failure_and_the_sound_stops_with_it():
    async def main() -> None:
        scene = Scene(SLOW)
        before = scene.times.expect("jarvis", 0.0)
        await scene.answer(3.0, fails=True)
        assert scene.times.expect("jarvis", 0.0) == before
        assert scene.transport.ledger.seconds_waiting == 0.0
        assert max(end for _, end, _ in scene.transport.heard) <= 3.02

    run(main)


def test_nothing_is_heard_before_the_turn_was_taken():
    async def main() -> None:
        scene = Scene(SLOW)
        await scene.answer(5.0, taken_after=2.0)
        assert scene.transport.heard[0][0] == pytest.approx(2.0)
        scene = Scene(SLOW)
        began = scene.clock.now()
        await scene.answer(0.5, taken_after=2.0)
        assert [text for *_, text in scene.transport.heard] == [ANSWER]
        assert scene.answer_at == pytest.approx(began + 2.0)

    run(main)


def test_everything_falls_silent_when_a_person_speaks():
    async def main() -> None:
        for start in (0.1, 1.0, 2.5):
            scene = Scene(SLOW)
            began = scene.clock.now()
            scene.speaks = [(began + start, began + start + 1.0)]
            await scene.answer(6.0)
            for heard, end, _ in scene.transport.heard:
                assert end <= began + start + 0.021 or heard >= began + start + 1.4 - 1e-6

    run(main)


def test_words_are_not_heard_as_the_reply():
    async def main() -> None:
        scene = Scene(SLOW)
        await scene.answer(6.0)
        assert scene.heard(*WORDS)
        assert scene.spoken.heard(scene.transport) == ANSWER
        assert scene.transport.ledger.seconds_played(NO_PIECE) == 0.0  # no account is kept

    run(main)


def test_an_interrupted_wait_is_silent_at_once():
    async def main() -> None:
        for after in (0.1, 1.0, 3.0):
            scene = Scene(SLOW)
            began = scene.clock.now()
            answer = asyncio.create_task(scene.answer(20.0))
            await scene.clock.sleep_until(began + after)
            answer.cancel()
            await asyncio.wait([answer])
            assert scene.transport.ledger.seconds_waiting == 0.0
            assert scene.transport.heard[-1][1] == pytest.approx(began + after, abs=1e-6)

    run(main)


def test_without_a_voice_there_is_still_the_soft_sound():
    async def main() -> None:
        fails = {text: TextToSpeechError("no voice") for text in WORDS}
        scene = Scene(SLOW, fails=fails)
        await scene.answer(4.0)
        assert scene.heard(*WORDS) == []
        assert scene.heard("")[1] == pytest.approx((0.72, 4.1), abs=0.05)
        assert scene.heard(ANSWER)

    run(main)


def test_a_transport_that_plays_no_waiting_sounds_still_plays_the_answer():
    async def main() -> None:
        scene = Scene(SLOW, broken=("",))
        await scene.answer(4.0)
        assert scene.heard("", *WORDS) == []
        assert scene.heard(ANSWER)

    run(main)


def test_the_soft_sound_runs_on_without_a_gap():
    async def main() -> None:
        scene = Scene(SLOW, words=False)
        await scene.answer(20.0)
        [_, (start, end)] = scene.heard("")
        assert end - start > 19.0
        assert max(scene.transport.handed) <= 0.1 + 1e-9

    run(main)


def test_an_earcon_is_played_to_its_end_and_not_over_a_person():
    async def main() -> None:
        scene = Scene([])
        await play_earcon(scene.room, Earcon.JOINED)
        assert scene.heard("") == [(0.0, 0.52)]
        scene = Scene([])
        now = scene.clock.now()
        scene.speaks = [(now + 0.2, now + 9.0)]
        await play_earcon(scene.room, Earcon.ERROR)
        assert scene.transport.heard[-1][1] <= now + 0.22 + 1e-6
        await play_earcon(scene.room, Earcon.ERROR)
        assert len(scene.transport.heard) == 1

    run(main)


def test_an_earcon_never_fails_and_can_be_off():
    async def main() -> None:
        await play_earcon(Scene([], broken=("",)).room, Earcon.JOINED)
        scene = Scene([], earcons=False)
        await play_earcon(scene.room, Earcon.JOINED)
        assert scene.transport.heard == []

    run(main)


def test_whatever_the_delays_nothing_is_heard_over_the_answer():
    async def main() -> None:
        rng = random.Random(6)  # noqa: S311 - the same delays every time
        scene = Scene([])
        late: list[float] = []
        for _ in range(120):
            delay = rng.choice([rng.uniform(0.2, 1.0), rng.uniform(0.2, 8.0)])
            scene.transport.heard.clear()
            await scene.answer(delay)
            late.append(scene.answer_at - scene.sound_ready)
            before = [heard for heard in scene.transport.heard if heard[2] != ANSWER]
            assert all(end <= scene.answer_at + 0.02 for _, end, _ in before)
        assert max(late) <= LONGEST_WORDS
        assert np.percentile(late, 90) < 0.02
        assert np.mean(late) < 0.05

    run(main)


def test_what_goes_to_the_transport_belongs_to_no_reply():
    async def main() -> None:
        scene = Scene(SLOW)
        pieces: list[ReplyAudio] = []
        play = scene.transport.play

        async def note(audio: ReplyAudio) -> None:
            pieces.append(audio)
            await play(audio)

        scene.transport.play = note
        await scene.answer(6.0)
        texts = {audio.text for audio in pieces if audio.piece == NO_PIECE}
        assert texts <= {"", *WORDS}
        assert {audio.text for audio in pieces if audio.piece != NO_PIECE} == {ANSWER}

    run(main)
