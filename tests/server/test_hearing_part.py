from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from models.config import ModelsConfig
from pipeline.config import PipelineConfig, SttConfig, TurnsConfig
from server.config import Config
from server.hearing_part import HearingPart, needed_models
from server.parts import PartState

SILENCE = TurnsConfig(end_of_turn_model="silence")


def hearing(model: str) -> HearingPart:
    stt = SttConfig(model_size=model, allow_test_fixture=True)
    pipeline = PipelineConfig(stt=stt, turns=SILENCE)
    return HearingPart(Config(pipeline=pipeline, models=ModelsConfig(download=False)))


def lasting_threads() -> set[threading.Thread]:
    """Return the threads but for those that end with the program anyway, as tqdm's own does."""
    return {thread for thread in threading.enumerate() if not thread.daemon}


def test_what_is_needed_follows_the_settings(tmp_path: Path) -> None:
    assert needed_models(Config()) == ["base.en", "silero-vad", "smart-turn"]
    folder = PipelineConfig(stt=SttConfig(model_size=str(tmp_path)), turns=SILENCE)
    assert needed_models(Config(pipeline=folder)) == ["silero-vad"]


def test_a_folder_that_happens_to_have_a_models_name_is_not_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.en").mkdir()
    monkeypatch.chdir(tmp_path)
    assert needed_models(Config())[0] == "base.en"


def test_ears_are_there_while_the_part_runs_and_no_thread_after_it() -> None:
    async def run() -> None:
        part = hearing("fixture")
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(part.run())
            ears = await part.ears()
            assert ears is not None
            assert ears.end_of_turn is None
            assert part.status().state is PartState.OK
            task.cancel()

    before = lasting_threads()
    asyncio.run(run())
    assert lasting_threads() <= before


def test_without_a_model_there_are_no_ears_and_a_reason() -> None:
    async def run() -> None:
        part = hearing("large-v3")
        async with asyncio.timeout(30):
            await part.run()
            assert await part.ears() is None
        assert part.status().state is PartState.FAILED
        assert "models pull large-v3" in part.status().message

    asyncio.run(run())


@pytest.mark.parametrize("model", ["no-such-model", __file__])
def test_a_wrong_model_is_told(model: str) -> None:
    async def run() -> None:
        part = hearing(model)
        await part.run()
        assert part.status().state is PartState.FAILED
        assert part.status().message

    asyncio.run(run())
