from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.cast import Cast
from pipeline.clock import AudioTimeLoop
from pipeline.config import PipelineConfig, RelevanceConfig, TurnsConfig
from pipeline.interfaces import Recognition, Segment, SpeechToText, Transcript
from pipeline.judgement import NamedAgent
from pipeline.relevance import Relevance
from pipeline.word_times import WordTimes
from server.engines import Ears
from server.scenes.format import Echo, Interruption, Replies, Scene, Track, TrueTurn
from server.scenes.observed import Effort, PlayedScene, SpokenInterruption
from server.scenes.play import play_scene

WINDOW = 0.032
DECIDED = 0.8  # seconds of silence without an end-of-turn model
REPLY = 2.0


class LoudIsSpeech:
    def open(self) -> LoudIsSpeech:
        return self

    async def score(self, window: Samples) -> float:
        return 1.0 if window.any() else 0.0

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


class HearsEverythingAs:
    """A recogniser with one sentence."""

    def __init__(self, text: str) -> None:
        self.text = text

    def start(self, samples: Samples, segment: Segment, **options: Any) -> Recognition:
        return self

    def commit(self) -> None:
        pass

    def cancel(self) -> None:
        pass

    async def transcript(self) -> Transcript:
        return Transcript(self.text)


class Tone:
    """Speaks every sentence for two seconds."""

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        yield np.full(round(REPLY * SPEECH_RATE), 1000, np.int16)

    async def warm(self) -> None:
        pass


def say(path: Path, *speech: tuple[float, float], seconds: float) -> Path:
    samples = np.zeros(round(seconds * 16_000), np.int16)
    for start, end in speech:
        samples[round(start * 16_000) : round(end * 16_000)] = 1000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return path


def play(
    scene: Scene,
    heard: str = "wrong words",
    origin: float = 0.0,
    pace: SpeechToText | None = None,
) -> PlayedScene:
    """Play on the clock of the audio, which stands at ``origin``, with instant models."""

    async def run() -> PlayedScene:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, AudioTimeLoop)
        await loop.clock.sleep_until(origin)
        agents = [NamedAgent(id_, (id_,)) for id_ in scene.agents]
        relevance = RelevanceConfig(sensitivity=scene.sensitivity)
        return await play_scene(
            scene,
            ears=Ears(LoudIsSpeech(), None, HearsEverythingAs(heard)),
            tts=Tone(),
            cast=Cast({}, scene.room_agent, Relevance(relevance, agents)),
            config=PipelineConfig(),
            clock=loop.clock,
            on_turn=lambda record: None,
            pace=pace,
        )

    def loop_factory() -> AudioTimeLoop:
        return AudioTimeLoop(measure=False)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(asyncio.wait_for(run(), 60))


def one_turn(folder: Path, **options: Any) -> Scene:
    """Ann talks from 1.6 to 3.2 s; the reply is heard from 4.0 to 6.0 s."""
    file = say(folder / "ann.wav", (1.6, 3.2), seconds=4.0)
    content = {
        "name": "one",
        "agents": ("jarvis", "sage"),
        "tracks": (Track("ann", file),),
        "turns": (TrueTurn("ann", 1.6, 3.2, "jarvis what time is it"),),
        "replies": Replies(300.0, "It is ten past four."),
        "stt": "scripted",
        **options,
    }
    return Scene(**content)


def test_a_scripted_scene_asks_the_recogniser_nothing_but_its_pace(tmp_path: Path):
    played = play(one_turn(tmp_path), pace=HearsEverythingAs("something else"))
    assert [turn.record.text for turn in played.turns] == ["jarvis what time is it"]


def test_a_turn_is_heard_answered_and_timed(tmp_path: Path):
    played = play(one_turn(tmp_path))
    (turn,) = played.turns
    assert turn.record.conversation == "scene:one"
    assert turn.record.start == pytest.approx(1.6, abs=WINDOW)
    assert turn.record.end == pytest.approx(3.2, abs=WINDOW)
    assert (turn.record.text, turn.record.speaker_id) == ("jarvis what time is it", "ann")
    assert (turn.record.addressed, turn.record.agent) == (True, "jarvis")
    assert (turn.record.reply, turn.record.interrupted) == ("It is ten past four.", False)
    # The agent was asked at the first pause: its answer was there before the turn was over.
    assert turn.record.latency_ms["gateway"] == 0
    assert turn.decided == pytest.approx(turn.record.end + DECIDED, abs=0.001)
    assert turn.first_audio == pytest.approx(turn.record.end + DECIDED, abs=0.001)
    assert turn.reply is not None
    assert turn.reply.start == pytest.approx(turn.first_audio, abs=0.001)
    assert turn.reply.end == pytest.approx(turn.reply.start + REPLY, abs=0.001)
    assert turn.closed == pytest.approx(turn.reply.end, abs=0.001)
    assert played.seconds >= turn.closed


def test_a_scenes_time_begins_when_it_does(tmp_path: Path):
    first, later = play(one_turn(tmp_path)), play(one_turn(tmp_path), origin=100.0)
    assert first.turns[0].record.start == later.turns[0].record.start
    assert first.seconds == pytest.approx(later.seconds)


def test_unscripted_words_come_from_the_recogniser(tmp_path: Path):
    played = play(one_turn(tmp_path, stt="fixture"), heard="sage what time is it")
    assert played.turns[0].record.text == "sage what time is it"
    assert played.turns[0].record.agent == "sage"


def test_a_scripted_turn_without_words_is_still_a_turn(tmp_path: Path):
    played = play(one_turn(tmp_path, turns=(TrueTurn("ann", 1.6, 3.2),)))
    assert played.turns[0].record.text == "something something something something"


def test_a_turn_that_is_not_addressed_gets_no_reply(tmp_path: Path):
    other = TrueTurn("ann", 1.6, 3.2, "did you eat")
    played = play(one_turn(tmp_path, turns=(other,), present=("ann", "ben")))
    (turn,) = played.turns
    assert (turn.record.addressed, turn.reply) == (False, None)
    held = TurnsConfig().unaddressed_hold
    assert turn.closed == pytest.approx(turn.record.end + max(DECIDED, held), abs=0.001)


def clip(folder: Path, seconds: float, kind: Any, *, after: float, **options: Any) -> Interruption:
    file = say(folder / f"clip{after}.wav", (0.0, seconds), seconds=seconds)
    text = {"barge_in": "stop it now", "backchannel": "mm-hm"}[kind]
    return Interruption("ben", kind, file=file, after_reply_start=after, text=text, **options)


def test_a_barge_in_is_said_over_the_reply_and_stops_it(tmp_path: Path):
    stop = clip(tmp_path, 0.8, "barge_in", after=0.5)
    played = play(one_turn(tmp_path, interruptions=(stop,)))
    first = played.turns[0]
    assert first.reply is not None
    (spoken,) = played.interruptions
    start = first.reply.start + 0.5
    assert spoken == SpokenInterruption("ben", "barge_in", start, pytest.approx(start + 0.8))
    assert first.record.interrupted
    assert 0.25 <= first.reply.end - spoken.start <= 0.5
    assert played.turns[1].record.text == "stop it now"
    assert played.unspoken == ()


def test_a_backchannel_that_is_short_lets_the_reply_go_on(tmp_path: Path):
    nod = clip(tmp_path, 0.2, "backchannel", after=0.5)
    played = play(one_turn(tmp_path, interruptions=(nod,)))
    (turn,) = played.turns
    assert not turn.record.interrupted
    assert turn.reply is not None
    assert turn.reply.end - turn.reply.start == pytest.approx(REPLY, abs=0.001)


def test_an_interruption_waits_for_its_reply_and_is_left_unsaid_without_one(tmp_path: Path):
    never = clip(tmp_path, 0.8, "barge_in", after=0.5, reply=3)
    played = play(one_turn(tmp_path, interruptions=(never,)))
    assert (played.unspoken, played.interruptions) == ((never,), ())
    assert len(played.turns) == 1


def test_an_interruption_after_the_reply_is_still_said(tmp_path: Path):
    late = clip(tmp_path, 0.8, "barge_in", after=REPLY + 3.0)
    played = play(one_turn(tmp_path, interruptions=(late,)))
    assert len(played.interruptions) == 1
    assert played.seconds > played.interruptions[0].end


def test_an_interruption_on_a_track_has_the_times_given(tmp_path: Path):
    file = say(tmp_path / "both.wav", (1.6, 3.2), (4.8, 5.6), seconds=6.0)
    stop = Interruption("ann", "barge_in", start=4.8, end=5.6, text="stop it now")
    scene = one_turn(tmp_path, tracks=(Track("ann", file),), interruptions=(stop,))
    played = play(scene)
    assert played.interruptions == (SpokenInterruption("ann", "barge_in", 4.8, 5.6),)
    first, second = played.turns
    assert first.record.interrupted
    assert second.record.text == "stop it now"


def test_what_was_asked_for_nothing_is_counted(tmp_path: Path):
    file = say(tmp_path / "pause.wav", (1.6, 2.4), (2.9, 3.2), seconds=4.0)
    played = play(one_turn(tmp_path, tracks=(Track("ann", file),)))
    assert len(played.turns) == 1
    assert played.effort == Effort(2, 1, 2, 1)


def test_the_reply_comes_back_through_an_open_microphone(tmp_path: Path):
    loud = play(one_turn(tmp_path, echo=(Echo("ann", 100.0, -40.0),)))
    assert loud.turns[0].reply is not None
    # The voice activity model of this test takes any sound for speech.
    assert loud.turns[0].reply.volumes[0][0] > loud.turns[0].reply.start + 0.1
    assert [turn.record.speaker_id for turn in loud.turns] == ["ann"] * len(loud.turns)
    nobody = play(one_turn(tmp_path, echo=(Echo("ann", 100.0, -90.0),)))
    assert nobody.turns[0].reply is not None
    assert nobody.turns[0].reply.volumes == ()


@pytest.mark.slow
def test_a_bot_that_talks_with_itself_is_not_listened_to_for_ever(tmp_path: Path):
    # The voice activity model of this test takes any sound for speech.
    played = play(one_turn(tmp_path, echo=(Echo("ann", 100.0, 0.0),)))
    assert played.seconds < 100.0
