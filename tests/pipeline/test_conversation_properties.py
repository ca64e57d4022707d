"""What holds in every conversation, whatever people say and whatever fails, and when."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.cast import Cast, Persona
from pipeline.clock import AudioTimeLoop
from pipeline.config import PipelineConfig, RelevanceConfig, SoundsConfig, TurnsConfig
from pipeline.conversation import Conversation
from pipeline.engines import Engines
from pipeline.errors import (
    AgentError,
    AudioError,
    EndOfTurnError,
    SpeechToTextError,
    TextToSpeechError,
)
from pipeline.interfaces import Question, ReplyAudio, Segment
from pipeline.judgement import NamedAgent
from pipeline.relevance import Relevance
from pipeline.turn_record import TurnRecord
from pipeline.word_times import WordTimes
from tests.pipeline.fakes import (
    WINDOW,
    FakeRecognition,
    FakeSpeechToText,
    FakeTransport,
    FakeVoice,
    FakeVoiceActivity,
    audio_clock,
)

TALKATIVE = SoundsConfig(unknown_wait=1.0)
"""Waits are filled often."""

SPEAKERS = ("ann", "ben", "cyd", "dan")

MANY = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # each example is a whole conversation: shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True)
class Utterance:
    speaker: str
    start: float
    end: float
    word: str
    """A word that nobody else says; "" when nothing is understood."""


@dataclass
class Plan:
    """One conversation: who talks when, and the seed of everything else."""

    utterances: list[Utterance]
    leaves: list[tuple[str, float]]
    closes_at: float
    seed: int
    relevance: bool
    failing: bool
    asks_ahead: bool
    turns: TurnsConfig = field(default_factory=TurnsConfig)

    @property
    def cut_off(self) -> bool:
        """Whether the end may come before the last reply has been heard."""
        return self.closes_at < max(one.end for one in self.utterances) + 60


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    numbers = itertools.count(1)
    utterances: list[Utterance] = []
    leaves: list[tuple[str, float]] = []
    for speaker in SPEAKERS[: draw(st.integers(1, 4))]:
        at = draw(st.floats(0.1, 4.0))
        for _ in range(draw(st.integers(1, 4))):
            end = at + draw(st.integers(10, 60)) * WINDOW
            word = f"word{next(numbers)}" if draw(st.integers(0, 9)) else ""
            utterances.append(Utterance(speaker, at, end, word))
            gap = draw(st.sampled_from([0.16, 0.3, 0.5, 0.9, 1.5, 2.2, 4.0, 8.0]))
            if not draw(st.integers(0, 7)):
                leaves.append((speaker, end + draw(st.sampled_from([0.001, 0.096, 0.15]))))
            at = end + gap + draw(st.floats(0.0, 0.3))
    last = max(utterance.end for utterance in utterances)
    return Plan(
        utterances,
        leaves,
        closes_at=last + draw(st.sampled_from([0.001, 0.2, 0.25, 0.6, 1.0, 3.0, 60.0])),
        seed=draw(st.integers(0, 10_000)),
        relevance=draw(st.booleans()),
        failing=draw(st.booleans()),
        asks_ahead=draw(st.booleans()),
        turns=TurnsConfig(
            speculation=draw(st.booleans()),
            end_of_turn_model=draw(st.sampled_from(["smart_turn", "silence"])),
        ),
    )


class Luck:
    """Delays and failures, the same for the same seed."""

    def __init__(self, seed: int, *, failing: bool) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        self._failing = failing

    def fails(self) -> bool:
        return self._failing and self._random.random() < 0.15

    def score(self) -> float:
        return self._random.choice([0.0, 0.3, 0.6, 0.9, 1.0, 1.0])

    async def wait(self, longest: float) -> None:
        clock = audio_clock()
        delay = self._random.choice([0.0, 0.01, 0.1, 0.2, 1.0]) * longest
        await clock.sleep_until(clock.now() + delay)


class LuckyVoice(FakeVoice):
    def __init__(self, luck: Luck) -> None:
        super().__init__(0.0)
        self.luck = luck

    async def score(self, window: Samples) -> float:
        assert self.open
        await self.luck.wait(0.02)
        return await super().score(window)


class LuckyVoiceActivity(FakeVoiceActivity):
    def __init__(self, luck: Luck) -> None:
        super().__init__()
        self.luck = luck

    def open(self) -> FakeVoice:
        self.voices.append(LuckyVoice(self.luck))
        return self.voices[-1]


@dataclass
class LuckyEndOfTurn:
    luck: Luck

    async def score(self, samples: Samples) -> float:
        await self.luck.wait(3.0)
        if self.luck.fails():
            raise EndOfTurnError("broken")
        return self.luck.score()


class LuckySpeechToText(FakeSpeechToText):
    def __init__(self, said: dict[tuple[str, float], Any], luck: Luck) -> None:
        super().__init__(said, 0.0)
        self.luck = luck

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> FakeRecognition:
        # What was cut away cannot be understood.
        assert abs(len(samples) / 16_000 - (segment.end - segment.start)) < 0.001
        self.takes = self.luck.score()
        return super().start(samples, segment, hotwords=hotwords)


class LuckyAgent:
    """Answers the n-th question with the words ``n.1 n.2 …``, and dawdles when it is aborted."""

    def __init__(self, luck: Luck, *, asks_ahead: bool) -> None:
        self.luck = luck
        self.asks_ahead = asks_ahead
        self.asked: list[Question] = []
        self.open = 0

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        self.asked.append(question)
        number = len(self.asked)
        self.open += 1
        try:
            for sentence in range(1 + number % 3):
                await self.luck.wait(2.0)
                if self.luck.fails():
                    raise AgentError("broken")
                yield f"So a{number}b{sentence} is one more good reply. "
        except (GeneratorExit, asyncio.CancelledError):
            await self.luck.wait(2.0)
            raise
        finally:
            self.open -= 1


class LuckyTextToSpeech:
    def __init__(self, luck: Luck) -> None:
        self.luck = luck
        self.open = 0

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        self.open += 1
        try:
            for _ in range(3):
                await self.luck.wait(0.3)
                if self.luck.fails():
                    raise TextToSpeechError("broken")
                yield np.ones(SPEECH_RATE // 2, np.int16)
        finally:
            self.open -= 1

    async def warm(self) -> None:
        pass


class LuckyTransport(FakeTransport):
    luck: Luck

    async def play(self, audio: ReplyAudio) -> None:
        if self.luck.fails() and self.luck.fails():
            raise AudioError("disconnected")
        await super().play(audio)


class Outcome:
    """Runs a plan; afterwards what came of it."""

    def __init__(self, plan: Plan, *, cancel_at: float | None = None) -> None:
        self.plan = plan
        self.cancel_at = cancel_at
        self.records: list[TurnRecord] = []
        self.complaints: list[dict[str, Any]] = []
        with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        plan, luck = self.plan, Luck(self.plan.seed, failing=self.plan.failing)
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: self.complaints.append(context)
        )
        said = {
            (one.speaker, one.start): SpeechToTextError("broken")
            if luck.fails()
            else f"jarvis {one.word}"
            for one in plan.utterances
            if one.word
        }
        self.transport = LuckyTransport(
            [(one.speaker, one.start, one.end) for one in plan.utterances],
            closes_at=plan.closes_at,
            leaves=plan.leaves,
            people=SPEAKERS[:3],  # the fourth is not known to the transport
        )
        self.transport.luck = luck
        self.vad = LuckyVoiceActivity(luck)
        self.agent = LuckyAgent(luck, asks_ahead=plan.asks_ahead)
        self.tts = LuckyTextToSpeech(luck)
        self.conversation = Conversation(
            "demo",
            transport=self.transport,
            engines=Engines(
                self.vad,
                LuckyEndOfTurn(luck),
                LuckySpeechToText(said, luck),
                self.agent,
                self.tts,
            ),
            cast=Cast(
                {"jarvis": Persona("jarvis", "Jarvis", "deep")},
                "jarvis",
                Relevance(RelevanceConfig(), [NamedAgent("jarvis", ("jarvis",))])
                if plan.relevance
                else None,
            ),
            clock=audio_clock(),
            config=PipelineConfig(turns=plan.turns, sounds=TALKATIVE),
            began=datetime(2026, 1, 2, tzinfo=UTC),
            on_turn=self.records.append,
        )
        async with asyncio.timeout(20):  # a guard in real time; the clock is the audio's
            await self._converse()

    async def _converse(self) -> None:
        task = asyncio.create_task(self.conversation.run())
        if self.cancel_at is not None:
            await audio_clock().sleep_until(self.cancel_at)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled() or task.exception() is None
        else:
            await task
            await self.conversation.wait_idle()

    def check_leftovers(self) -> None:
        assert self.complaints == []
        assert not any(voice.open for voice in self.vad.voices)
        assert (self.agent.open, self.tts.open) == (0, 0)
        assert self.transport.ledger.seconds_waiting == 0.0


def covers(record: TurnRecord, one: Utterance) -> bool:
    return (
        record.speaker_id == one.speaker
        and record.start <= one.start + 0.01
        and one.end <= record.end + 0.01
    )


def check_speech(outcome: Outcome) -> None:
    """Whatever was said is in one record, in the words of one record."""
    for one in outcome.plan.utterances:
        if not one.word:
            continue
        found = [record for record in outcome.records if covers(record, one)]
        assert len(found) == 1, one
        others = [r for r in outcome.records if r is not found[0] and one.word in r.text.split()]
        assert others == []
        assert one.word in found[0].text.split() or "stt: broken" in str(found[0].error)


def check_order(outcome: Outcome) -> None:
    """Turns are answered in the order in which they ended, one after the other."""
    ids = [record.id for record in outcome.records]
    assert len(ids) == len(set(ids))
    answered = [record for record in outcome.records if record.reply]
    decided = [
        record.end + (record.latency_ms["vad"] + record.latency_ms["smart_turn"]) / 1000
        for record in answered
    ]
    assert all(later >= earlier - 0.003 for earlier, later in itertools.pairwise(decided))
    known = set(ids)
    assert all(record.continues in known for record in outcome.records if record.continues)
    heard = [text for *_, text in outcome.transport.heard if "reply" in text]
    spoken = [text.split()[1].split("b")[0] for text in heard]
    groups = [int(name[1:]) for name, _ in itertools.groupby(spoken) if name.startswith("a")]
    assert len(groups) == len(set(groups))
    assert groups == sorted(groups) or outcome.plan.asks_ahead
    times = [time for start, end, _ in outcome.transport.heard for time in (start, end)]
    assert times == sorted(times)


def check_record(record: TurnRecord) -> None:
    latency = dict(record.latency_ms)
    total = latency.pop("total")
    spans = list(latency.values())
    assert all(span >= 0 for span in spans if span is not None)
    if total is not None:
        assert abs(sum(spans) - total) <= 1
    assert record.reply.split()[: len(record.heard.split())] == record.heard.split()
    assert not (record.heard and total is None)
    assert record.addressed or not record.reply


@given(plans())
@MANY
def test_everything_said_is_recorded_once_and_answered_in_order(plan):
    outcome = Outcome(plan)
    outcome.check_leftovers()
    check_speech(outcome)
    check_order(outcome)
    for record in outcome.records:
        check_record(record)
        if record.addressed and not (record.error or record.interrupted or plan.cut_off):
            assert record.heard == record.reply != ""
    assert vars(outcome.transport.ledger)["_pieces"] == {}
    assert vars(outcome.conversation)["_turns"] == {}


@given(plans(), st.floats(0.0, 1.0))
@MANY
def test_cancelling_at_any_moment_leaves_nothing_behind(plan, part):
    Outcome(plan, cancel_at=part * (plan.closes_at + 3.0)).check_leftovers()
