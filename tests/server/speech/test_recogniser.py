from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest

from models.config import ModelsConfig
from pipeline.config import SttConfig
from server.speech.recogniser import RecogniserError, WhisperRecogniser
from server.speech.recordings import RecordingError

CLIPS = Path(__file__).parents[3] / "models" / "fixture" / "clips"
FIXTURE = SttConfig(model_size="fixture", allow_test_fixture=True, workers=1)


def clip(name: str = "ann-weather") -> tuple[bytes, str]:
    listed = json.loads((CLIPS / "clips.json").read_text(encoding="utf-8"))
    text = next(each["text"] for each in listed if each["file"] == f"{name}.flac")
    return (CLIPS / f"{name}.flac").read_bytes(), text


async def transcribe(recogniser: WhisperRecogniser, content: bytes) -> list[str]:
    recording = await recogniser.read(io.BytesIO(content))
    return [passage.text async for passage in recogniser.transcribe(recording)]


def test_a_recording_becomes_its_words() -> None:
    async def story() -> None:
        recogniser = WhisperRecogniser(FIXTURE, ModelsConfig(), 60.0)
        content, text = clip()
        assert " ".join(await transcribe(recogniser, content)).lower() == text.lower()
        await recogniser.aclose()

    asyncio.run(story())


def test_several_at_once_share_the_model() -> None:
    async def story() -> None:
        recogniser = WhisperRecogniser(FIXTURE, ModelsConfig(), 60.0)
        content, text = clip()
        async with asyncio.TaskGroup() as tasks:
            heard = [tasks.create_task(transcribe(recogniser, content)) for _ in range(4)]
        assert {" ".join(one.result()).lower() for one in heard} == {text.lower()}
        await recogniser.aclose()

    asyncio.run(story())


def test_a_model_that_is_not_there_is_not_fetched(tmp_path: Path) -> None:
    async def story() -> None:
        config = SttConfig(model_size="large-v3")
        recogniser = WhisperRecogniser(config, ModelsConfig(), 60.0)
        with pytest.raises(RecogniserError, match="models pull large-v3"):
            await transcribe(recogniser, clip()[0])
        folder = SttConfig(model_size=str(tmp_path))
        with pytest.raises(RecogniserError, match=r"holds no model\.bin"):
            await transcribe(WhisperRecogniser(folder, ModelsConfig(), 60.0), clip()[0])
        await recogniser.aclose()

    asyncio.run(story())


def test_the_fixture_must_be_allowed_here_too() -> None:
    async def story() -> None:
        recogniser = WhisperRecogniser(SttConfig(model_size="fixture"), ModelsConfig(), 60.0)
        with pytest.raises(RecogniserError, match="allow_test_fixture"):
            await transcribe(recogniser, clip()[0])

    asyncio.run(story())


def test_what_is_no_recording_is_told() -> None:
    async def story() -> None:
        recogniser = WhisperRecogniser(FIXTURE, ModelsConfig(), 60.0)
        with pytest.raises(RecordingError):
            await recogniser.read(io.BytesIO(b"noise"))

    asyncio.run(story())
