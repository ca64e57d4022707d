from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import numpy as np
import pytest

from pipeline.audio import Samples
from server.speech.config import SpeechConfig
from server.speech.engine import EngineError, Sound
from server.speech.ladder import Ladder, Missing
from tests.server.speech.fakes import ScriptedEngine


async def speak(ladder: Ladder, text: str, voice: str = "default") -> Samples:
    sounds = [sound.samples async for sound in ladder.synthesize(text, voice=voice, speed=1)]
    return np.concatenate(sounds)


class Hoarse(ScriptedEngine):
    """Fails before its first sound at a text that begins with "?"."""

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        said = text.replace("?", "!")
        async with aclosing(super().synthesize(said, voice=voice, speed=speed)) as sounds:
            async for sound in sounds:
                yield sound


def two(upper: ScriptedEngine | None = None) -> tuple[ScriptedEngine, ScriptedEngine, Ladder]:
    upper = upper or Hoarse("upper", ["en-best"])
    lower = ScriptedEngine("lower")
    return upper, lower, Ladder([upper, lower], SpeechConfig())


def test_the_first_engine_that_has_the_voice_speaks() -> None:
    class Finnish(ScriptedEngine):
        def has_voice(self, voice: str) -> bool:
            return voice == "fi"

    async def story() -> None:
        lower = Finnish("lower")
        upper = ScriptedEngine("upper")
        ladder = Ladder([upper, lower], SpeechConfig())
        await speak(ladder, "a", "sage")
        await speak(ladder, "b", "fi")
        assert upper.asked == [("a", "en-us+f3", 1)]
        assert lower.asked == [("b", "fi", 1)]
        assert not ladder.has_voice("sv")

    asyncio.run(story())


def test_an_engine_that_fails_before_its_first_sound_is_replaced() -> None:
    async def story() -> None:
        upper, lower, ladder = two()
        assert len(await speak(ladder, "?a", "en-best")) == 2 * 0.06 * 22_050
        assert (upper.asked, lower.asked) == ([("!a", "en-best", 1)], [("?a", "en-best", 1)])
        health = ladder.health()
        assert (health["status"], health["engine"]) == ("degraded", "lower")
        assert health["troubles"] == [
            {"engine": "upper", "reason": "the engine has no more breath"}
        ]

    asyncio.run(story())


def test_an_engine_that_failed_rests_for_a_while() -> None:
    async def story() -> None:
        upper, lower, ladder = two()
        await speak(ladder, "?", "en-best")
        await speak(ladder, "a", "en-best")
        assert [text for text, *_ in upper.asked] == ["!"]
        assert [text for text, *_ in lower.asked] == ["?", "a"]

    asyncio.run(story())


def test_speech_that_has_begun_is_not_said_twice() -> None:
    async def story() -> None:
        _, lower, ladder = two()
        with pytest.raises(EngineError, match="no more breath"):
            await speak(ladder, "a!b", "en-best")
        assert not lower.asked

    asyncio.run(story())


def test_all_is_well_when_the_chosen_engine_speaks() -> None:
    assert two()[2].health() == {
        "status": "ok",
        "engine": "upper",
        "engines": ["upper", "lower"],
        "troubles": [],
    }


def test_an_engine_that_is_missing_is_told() -> None:
    missing = [Missing("kokoro", "run models pull kokoro")]
    ladder = Ladder([ScriptedEngine()], SpeechConfig(), missing)
    assert ladder.health()["status"] == "degraded"
    assert ladder.health()["troubles"] == [{"engine": "kokoro", "reason": "run models pull kokoro"}]


def test_a_voice_of_the_settings_that_only_a_missing_engine_has_is_no_reason_to_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = SpeechConfig(voices={"nia": "zz_nia"})
    with pytest.raises(EngineError, match=r"speech\.voices\.nia: scripted has no voice 'zz_nia'"):
        Ladder([ScriptedEngine()], config)
    ladder = Ladder([ScriptedEngine()], config, [Missing("kokoro", "it is not there")])
    assert not ladder.has_voice("nia")
    assert "nia" not in ladder.voices()
    assert "speech.voices.nia" in caplog.text


def test_voices_are_listed_once_those_of_the_settings_first() -> None:
    ladder = Ladder([ScriptedEngine()], SpeechConfig(voices={"nia": "de", "sage": "de"}))
    assert ladder.voices()[:3] == ["default", "nia", "sage"]
    assert ladder.voices().count("sage") == 1
