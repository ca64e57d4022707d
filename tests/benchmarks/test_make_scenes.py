from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.make_scenes import SceneMaker, fixture_clips
from benchmarks.scene_audio import decode, loud_part
from server.scenes.format import Scene, load_scenes

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def audio() -> Path:
    folder = REPOSITORY.parent / "shared" / "audio"
    if not (folder / "manifest.json").is_file():
        pytest.skip("the shared recordings are not beside the repository (../shared/audio)")
    return folder


@pytest.fixture(scope="module")
def scenes(audio: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, ...]:
    out = tmp_path_factory.mktemp("scenes")
    assert len(list(SceneMaker(audio, out, seed=1).make())) == 15
    return load_scenes(out)


def test_fifteen_scenes_are_made(scenes: tuple[Scene, ...]):
    assert len(scenes) == 15
    assert sum(len(scene.turns) for scene in scenes) >= 70
    assert {scene.sensitivity for scene in scenes} == {"low", "medium", "high"}


def test_no_scene_scores_both_the_end_of_turns_and_addressing(scenes: tuple[Scene, ...]):
    for scene in scenes:
        if scene.turns:
            assert scene.scores in {("end_of_turn",), ("addressing", "words")}
            assert ("end_of_turn" in scene.scores) == (scene.stt == "scripted")


def test_nobody_has_two_voices(scenes: tuple[Scene, ...]):
    for scene in scenes:
        ends: dict[str, float] = {}
        for track in sorted(scene.tracks, key=lambda track: track.at):
            assert track.at >= ends.get(track.speaker, 0.0)
            ends[track.speaker] = track.at + len(decode(track.file)) / 16_000


def test_true_turns_lie_on_the_sound(scenes: tuple[Scene, ...]):
    for scene in scenes:
        for turn in scene.turns:
            on = [
                track
                for track in scene.tracks
                if track.speaker == turn.speaker
                and track.at <= turn.start
                and turn.end <= track.at + len(decode(track.file)) / 16_000 + 0.001
            ]
            assert len(on) == 1, (scene.name, turn)


def test_the_same_seed_makes_the_same_scenes(audio: Path, tmp_path: Path):
    # Each in a process of its own: the offline voice's noise goes on within one.
    for name in ("a", "b"):
        command = ["-m", "benchmarks.make_scenes", "--audio", str(audio), str(tmp_path / name)]
        subprocess.run([sys.executable, *command], cwd=REPOSITORY, check=True, timeout=60)
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*")]
    assert len(files) > 15
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_clips_speech_is_where_they_say():
    for clip in fixture_clips():
        start, end = loud_part(decode(clip.file), below=40.0)
        assert clip.speech == pytest.approx((start, end), abs=0.05)
