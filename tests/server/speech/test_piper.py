"""Piper's engine with a small graph of the real interface and random weights."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.random_voices import PIPER_RATE, PIPER_VOICE, SMALL_PIPER, make_piper
from pipeline.audio import Samples
from server.speech.engine import EngineError
from server.speech.espeak_thread import Espeak
from server.speech.piper import PiperEngine, PiperVoice, phoneme_ids, read_settings

TEXT = "The weather in Oslo is fine today. Take an umbrella with you."


@pytest.fixture(scope="module")
def espeak() -> Iterator[Espeak]:
    espeak = Espeak()
    yield espeak
    espeak.close()


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_piper(tmp_path_factory.mktemp("voices"), SMALL_PIPER)


def describe(path: Path, **changes: object) -> Path:
    """Copy a voice's settings with changes to ``path``, a voice without a graph."""
    path.with_suffix(".onnx.json").write_text(json.dumps(changes), encoding="utf-8")
    return path


async def speak(engine: PiperEngine, text: str = TEXT, speed: float = 1.0) -> Samples:
    sounds = [one async for one in engine.synthesize(text, voice=PIPER_VOICE, speed=speed)]
    assert {one.rate for one in sounds} == {PIPER_RATE}
    return np.concatenate([one.samples for one in sounds])


def test_a_text_becomes_sound_as_long_as_its_phonemes(graph: Path, espeak: Espeak) -> None:
    async def story() -> None:
        engine = PiperEngine([PiperVoice(graph, "cpu")], espeak)
        await engine.warm_up()
        usual = await speak(engine)
        assert 2.5 < len(usual) / PIPER_RATE < 8
        assert len(await speak(engine, speed=2)) < 0.8 * len(usual)
        assert len(await speak(engine, f"{TEXT} {TEXT}")) > 1.8 * len(usual)
        await engine.aclose()

    asyncio.run(story())


def test_voices_are_files_and_well_known_names(graph: Path, espeak: Espeak) -> None:
    engine = PiperEngine([PiperVoice(graph, "cpu")], espeak)
    assert engine.voices() == [PIPER_VOICE]
    assert engine.has_voice(PIPER_VOICE)
    assert not engine.has_voice("en-gb")
    assert not engine.has_voice(f"{PIPER_VOICE}#nobody")
    assert engine.names["jarvis"] == engine.names["alloy"] == PIPER_VOICE
    asyncio.run(engine.aclose())


def test_speakers_of_a_voice_are_voices(graph: Path, espeak: Espeak, tmp_path: Path) -> None:
    settings = json.loads(graph.with_suffix(".onnx.json").read_text(encoding="utf-8"))
    settings |= {"num_speakers": 2, "speaker_id_map": {"ann": 0, "ben": 1}}
    path = describe(tmp_path / "two.onnx", **settings)
    engine = PiperEngine([PiperVoice(path, "cpu")], espeak)
    assert engine.voices() == ["two#ann", "two#ben"]
    assert engine.has_voice("two#ben")
    inputs = PiperVoice(path, "cpu").inputs("a.", "ben", 2.0)
    assert inputs["sid"].tolist() == [1]
    assert inputs["scales"].tolist() == pytest.approx([0.667, 0.5, 0.8])
    asyncio.run(engine.aclose())


def test_numbers_of_phonemes_are_padded_and_marked() -> None:
    ids = {"_": [0], "^": [1], "$": [2], "a": [5], "b": [6, 7], "c": [8], "\u0327": [9]}
    assert phoneme_ids("ab?", ids) == [1, 0, 5, 0, 6, 7, 0, 2]
    assert phoneme_ids("\u00e7", ids) == [1, 0, 8, 0, 9, 0, 2]  # one sign made of two


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"audio": {"sample_rate": 1}, "espeak": {"voice": "en"}}'],
)
def test_settings_that_are_none_are_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "voice.onnx.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EngineError, match="does not describe a Piper voice"):
        read_settings(path)


def test_a_graph_that_is_none_is_told(graph: Path, espeak: Espeak, tmp_path: Path) -> None:
    settings = json.loads(graph.with_suffix(".onnx.json").read_text(encoding="utf-8"))
    path = describe(tmp_path / "broken.onnx", **settings)
    path.write_bytes(b"nothing")

    async def story() -> None:
        engine = PiperEngine([PiperVoice(path, "cpu")], espeak)
        with pytest.raises(EngineError, match="is not a voice that can be loaded"):
            await engine.warm_up()
        await engine.aclose()

    asyncio.run(story())
