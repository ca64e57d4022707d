from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import PipelineConfig, TurnsConfig
from server.commands.bench import bench_scenes
from server.config import Config

CLIPS = Path(__file__).parents[3] / "models" / "fixture" / "clips"
SILENCE_ENDS_TURNS = Config(
    pipeline=PipelineConfig(turns=TurnsConfig(end_of_turn_model="silence")),
)


def scene(folder: Path, clip: str, **content: Any) -> Path:
    """A scene in which ann says one of the fixture's clips."""
    folder.mkdir(parents=True)
    shutil.copyfile(CLIPS / clip, folder / clip)
    whole = {
        "name": folder.name,
        "agents": ["jarvis", "sage"],
        "tracks": [{"speaker": "ann", "file": clip}],
        "present": ["ann", "ben"],
        "turns": [],
        "stt": "fixture",
        **content,
    }
    (folder / "scene.json").write_text(json.dumps(whole))
    return folder


def turn(start: float, end: float, text: str, *, addressed: bool) -> dict[str, Any]:
    return {"speaker": "ann", "start": start, "end": end, "text": text, "addressed": addressed}


def test_scenes_are_heard_answered_and_summed_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    asked = turn(0.38, 2.35, "hey jarvis what is the weather in london", addressed=True)
    scene(tmp_path / "asked", "ann-weather.flac", turns=[asked])
    told = turn(0.35, 2.25, "did you watch the game last night", addressed=False)
    scene(tmp_path / "told", "ann-game.flac", turns=[told])
    assert bench_scenes(SILENCE_ENDS_TURNS, tmp_path, as_json=True) == 0
    first, second, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert [first["conversation"], second["conversation"]] == ["scene:asked", "scene:told"]
    assert [first["text"], second["text"]] == [asked["text"], told["text"]]
    assert [first["reply"], second["reply"]] == ["All right.", ""]
    assert (summary["type"], summary["mode"]) == ("summary", "fast")
    assert (summary["scenes"], summary["turns"], summary["turn_recall"]) == (2, 2, 1.0)
    assert (summary["extra_turns"], summary["wer"], summary["false_replies"]) == (0, 0.0, 0)
    assert summary["addressed"] == {"precision": 1.0, "recall": 1.0}
    assert 0 < summary["cpu_s_per_audio_s"] < 2
    # Silence ends turns after 0.8 s; the voice activity model may end speech a window late.
    assert 700 <= summary["endpoint_ms"]["p50"] <= 1000


@pytest.mark.slow
def test_real_time_takes_its_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    asked = turn(0.38, 2.35, "hey jarvis what is the weather in london", addressed=True)
    scene(tmp_path / "asked", "ann-weather.flac", turns=[asked])
    assert bench_scenes(SILENCE_ENDS_TURNS, tmp_path, as_json=True, fast=False) == 0
    record, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert (record["text"], record["reply"]) == (asked["text"], "All right.")
    assert (summary["mode"], summary["turn_recall"]) == ("realtime", 1.0)
    assert record["latency_ms"]["total"] >= 800  # of silence, in which the agent has answered


def test_people_get_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    scene(tmp_path / "asked", "ann-weather.flac", stt="scripted", scores=["end_of_turn"])
    assert bench_scenes(SILENCE_ENDS_TURNS, tmp_path) == 0
    output = capsys.readouterr().out
    assert "turn_recall" in output
    assert "{" not in output


def test_wrong_scenes_are_listed_and_nothing_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = scene(tmp_path / "a", "ann-weather.flac")
    (folder / "ann-weather.flac").write_text("not audio")
    assert bench_scenes(SILENCE_ENDS_TURNS, tmp_path, as_json=True) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "ann-weather.flac: holds no audio" in output.err
    scene(tmp_path / "b", "ann-game.flac", agents=[], turns=[{}])
    assert bench_scenes(SILENCE_ENDS_TURNS, tmp_path, as_json=True) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "turns[0].speaker: Field required" in output.err


def test_a_recogniser_that_cannot_be_had_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    scene(tmp_path / "a", "ann-weather.flac", stt="configured")
    stt = SILENCE_ENDS_TURNS.pipeline.stt.model_copy(update={"model_size": "no-such-model"})
    pipeline = SILENCE_ENDS_TURNS.pipeline.model_copy(update={"stt": stt})
    config = SILENCE_ENDS_TURNS.model_copy(update={"pipeline": pipeline})
    assert bench_scenes(config, tmp_path, as_json=True) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "no-such-model" in output.err
