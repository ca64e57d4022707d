"""Which engine speaks, with small graphs of the real interfaces and random weights."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from benchmarks.random_voices import SMALL_KOKORO, SMALL_PIPER, make_kokoro, make_piper
from models.config import ModelsConfig
from models.registry import Registry
from server.speech.config import RemoteConfig, SpeechConfig
from server.speech.engine import EngineError
from server.speech.rungs import open_ladder
from tests.peers.speech_server import Answer, Request, SpeechPeer, json_answer, tone, wav_bytes


def opened(config: SpeechConfig, models: Path) -> dict[str, Any]:
    """Open the ladder, let it speak, and return its health."""

    async def story() -> dict[str, Any]:
        registry = Registry(ModelsConfig(path=(models,)), weights=models / "none")
        async with AsyncExitStack() as stack:
            ladder = await open_ladder(config, registry, stack)
            health = ladder.health()
            sounds = ladder.synthesize("Good morning.", voice="default", speed=1)
            assert [sound async for sound in sounds]
            assert ladder.health() == health
            return health

    return asyncio.run(story())


@pytest.fixture(scope="module")
def all_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_piper(folder / "piper-en-us", SMALL_PIPER)
    make_kokoro(folder / "kokoro", SMALL_KOKORO)
    return folder


@pytest.mark.parametrize(
    ("engine", "expected"), [("auto", "kokoro"), ("piper", "piper"), ("espeak", "espeak")]
)
def test_what_is_chosen_else_the_best_that_is_there_speaks(
    all_models: Path, engine: Any, expected: str
) -> None:
    health = opened(SpeechConfig(engine=engine), all_models)
    assert (health["status"], health["engine"]) == ("ok", expected)
    assert health["engines"][-1] == "espeak"


def test_nothing_there_is_no_trouble_where_nothing_was_chosen(tmp_path: Path) -> None:
    health = opened(SpeechConfig(), tmp_path)
    assert (health["status"], health["engines"]) == ("ok", ["espeak"])


def test_what_is_chosen_and_missing_is_replaced_and_told(tmp_path: Path) -> None:
    make_piper(tmp_path / "piper-en-us", SMALL_PIPER)
    health = opened(SpeechConfig(engine="kokoro"), tmp_path)
    assert (health["status"], health["engine"]) == ("degraded", "piper")
    (trouble,) = health["troubles"]
    assert trouble["engine"] == "kokoro"
    assert "models pull kokoro" in trouble["reason"]


def test_a_broken_voice_is_replaced_and_told_even_where_nothing_was_chosen(tmp_path: Path) -> None:
    make_piper(tmp_path / "piper-en-us", SMALL_PIPER).write_bytes(b"broken")
    health = opened(SpeechConfig(), tmp_path)
    assert (health["status"], health["engine"]) == ("degraded", "espeak")
    assert "not a voice that can be loaded" in health["troubles"][0]["reason"]


def test_a_voice_of_ones_own_is_named_by_its_file(tmp_path: Path) -> None:
    path = make_piper(tmp_path, SMALL_PIPER, "my_voice")
    config = SpeechConfig(engine="piper", piper_voices=(str(path),), default_voice="my_voice")
    assert opened(config, tmp_path / "none")["status"] == "ok"


@pytest.mark.parametrize("name", ["nothing.onnx", "piper-xx"])
def test_a_voice_that_does_not_exist_is_told(tmp_path: Path, name: str) -> None:
    health = opened(SpeechConfig(engine="piper", piper_voices=(name,)), tmp_path)
    assert health["engine"] == "espeak"
    reason = health["troubles"][0]["reason"]
    assert "speech.piper_voices" in reason
    assert "count from the settings file" in reason or "piper-xx" in reason


def test_another_server_is_the_first_choice(all_models: Path) -> None:
    async def story() -> None:
        wav = wav_bytes(tone(0.1, 24_000).tobytes(), 24_000)

        def answer(request: Request) -> Answer:
            listed = json_answer({"voices": ["M1"]})
            return listed if request.method == "GET" else Answer([wav], content_type="audio/wav")

        async with SpeechPeer(answer) as peer:
            config = SpeechConfig(remote=RemoteConfig(url=peer.url))
            health = await asyncio.to_thread(opened, config, all_models)
            assert peer.requests[-1].body["voice"] == "M1"
        assert health["engines"] == ["remote", "espeak"]

    asyncio.run(story())


def test_another_server_that_is_not_there_is_replaced_and_told(tmp_path: Path) -> None:
    remote = RemoteConfig(url="http://127.0.0.1:9", connect_timeout=1.0)
    health = opened(SpeechConfig(remote=remote), tmp_path)
    assert (health["status"], health["engine"]) == ("degraded", "espeak")


def test_a_voice_that_nobody_has_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"speech\.voices\.nia: espeak has no voice 'xx'"):
        opened(SpeechConfig(voices={"nia": "xx"}), tmp_path)
