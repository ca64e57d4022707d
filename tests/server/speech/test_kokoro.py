"""Kokoro's engine with a small graph of the real interface and random weights."""

# ruff: noqa: RUF001 - the phonetic alphabet

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.random_voices import SMALL_KOKORO, make_kokoro
from models.catalog import load_catalog
from server.speech.engine import EngineError
from server.speech.espeak_thread import Espeak
from server.speech.kokoro import NAMES, RATE, KokoroEngine

TEXT = "The weather in Oslo is fine today. Take an umbrella with you."


@pytest.fixture(scope="module")
def espeak() -> Iterator[Espeak]:
    espeak = Espeak()
    yield espeak
    espeak.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_kokoro(tmp_path, SMALL_KOKORO)


async def seconds(engine: KokoroEngine, voice: str = "af_heart", speed: float = 1.0) -> float:
    sounds = [one async for one in engine.synthesize(TEXT, voice=voice, speed=speed)]
    assert {one.rate for one in sounds} == {RATE}
    return sum(len(one.samples) for one in sounds) / RATE


def test_a_text_becomes_sound(folder: Path, espeak: Espeak) -> None:
    async def story() -> None:
        engine = KokoroEngine.load(folder, "cpu", espeak)
        await engine.warm_up()
        usual = await seconds(engine)
        assert 2.5 < usual < 8
        assert await seconds(engine, speed=2) < 0.8 * usual
        assert await seconds(engine, "ef_dora") > 1
        with pytest.raises(EngineError, match="no Kokoro voice nobody"):
            await seconds(engine, "nobody")
        await engine.aclose()

    asyncio.run(story())


def test_every_well_known_name_has_a_voice_of_the_catalogue(folder: Path, espeak: Espeak) -> None:
    engine = KokoroEngine.load(folder, "cpu", espeak)
    assert all(engine.has_voice(voice) for voice in NAMES.values())
    listed = {file.name for file in load_catalog().get("kokoro").files}
    assert {f"voices/{voice}.bin" for voice in engine.voices()} < listed
    asyncio.run(engine.aclose())


def test_sounds_of_english_are_written_in_the_graphs_alphabet(folder: Path, espeak: Espeak) -> None:
    engine = KokoroEngine.load(folder, "cpu", espeak)
    inputs = engine.inputs("dʒˈoʊ!", "af_heart", 1.5)
    ids = engine.ids
    assert inputs["input_ids"].tolist() == [[0, *(ids[sign] for sign in "ʤˈO!"), 0]]
    assert inputs["style"].shape == (1, 256)
    assert inputs["speed"].tolist() == [1.5]
    asyncio.run(engine.aclose())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("tokenizer.json", b"{}", "not Kokoro's alphabet"),
        ("tokenizer.json", b"", "not Kokoro's alphabet"),
        ("voices/af_heart.bin", b"short", "not a Kokoro voice"),
        ("onnx/model.onnx", b"nothing", "not a voice that can be loaded"),
    ],
)
def test_broken_files_are_named(
    folder: Path, espeak: Espeak, name: str, content: bytes, words: str
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(EngineError, match=words) as caught:
        KokoroEngine.load(folder, "cpu", espeak)
    assert name in str(caught.value)


def test_a_folder_without_voices_is_told(folder: Path, espeak: Espeak) -> None:
    for voice in (folder / "voices").iterdir():
        voice.unlink()
    with pytest.raises(EngineError, match="holds no voice"):
        KokoroEngine.load(folder, "cpu", espeak)
