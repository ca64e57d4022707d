from __future__ import annotations

import subprocess
import sys
import wave
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.scenes.make import KINDS, make_scenes
from server.scenes.format import Scene, load_scenes

REPOSITORY = Path(__file__).parents[3]


def seconds(file: Path) -> float:
    with wave.open(str(file)) as sound:
        return sound.getnframes() / sound.getframerate()


def test_the_set_is_large_and_mixed(scenes: tuple[Scene, ...]):
    assert len(scenes) == sum(kind.times for kind in KINDS) >= 60
    turns = [turn for scene in scenes for turn in scene.turns]
    assert len(turns) >= 400
    assert {len(scene.people) for scene in scenes} >= {1, 2, 3, 4, 5}
    assert {scene.sensitivity for scene in scenes} == {"low", "medium", "high"}
    assert sum(turn.pause is not None and turn.pause > 0.3 for turn in turns) >= 60
    assert sum(item.kind == "backchannel" for scene in scenes for item in scene.interruptions) > 30
    assert sum(item.stop_word for scene in scenes for item in scene.interruptions) > 15
    assert sum(bool(scene.echo) for scene in scenes) >= 8


def test_synthesized_speech_never_scores_the_end_of_turns(scenes: tuple[Scene, ...]):
    for scene in scenes:
        if "end_of_turn" in scene.scores and scene.turns:
            assert scene.stt == "scripted"
            assert "words" not in scene.scores
            assert all(turn.pause is not None for turn in scene.turns)


def test_nobody_has_two_voices(scenes: tuple[Scene, ...]):
    for scene in scenes:
        for speaker in scene.people:
            tracks = [track for track in scene.tracks if track.speaker == speaker]
            for one, after in pairwise(sorted(tracks, key=lambda track: track.at)):
                assert after.at >= one.at + seconds(one.file) - 0.001, (scene.name, speaker)


def test_true_turns_lie_on_the_sound(scenes: tuple[Scene, ...]):
    for scene in scenes:
        for turn in scene.turns:
            on = [
                track
                for track in scene.tracks
                if track.speaker == turn.speaker
                and track.at <= turn.start + 0.001
                and turn.end <= track.at + seconds(track.file) + 0.001
            ]
            assert len(on) == 1, (scene.name, turn)


def test_backchannels_are_short(scenes: tuple[Scene, ...]):
    for scene in scenes:
        for item in scene.interruptions:
            if item.kind == "backchannel" and item.file is not None:
                assert 0.2 <= seconds(item.file) <= 0.75, (scene.name, item.text)


def test_another_seed_chooses_others(audio: Path, tmp_path: Path):
    for seed in (1, 2):
        list(make_scenes(audio, tmp_path / str(seed), seed=seed, only="talking-commands-with"))
    first, second = (load_scenes(tmp_path / str(seed))[0] for seed in (1, 2))
    assert [turn.text for turn in first.turns] != [turn.text for turn in second.turns]


def test_a_part_that_is_too_small_is_told(audio: Path, tmp_path: Path):
    with pytest.raises(LookupError, match="no recording of kind command fits a scene of 12"):
        list(make_scenes(audio, tmp_path, part=(300, 300), only="talking-commands"))


@pytest.mark.slow
def test_the_same_seed_makes_the_same_scenes(audio: Path, tmp_path: Path):
    # Each in a process of its own: the offline voice's noise goes on within one.
    for name in ("a", "b"):
        options = ["--audio", str(audio), "--only", "over", str(tmp_path / name)]
        command = [sys.executable, "-m", "benchmarks.scenes", *options]
        subprocess.run(command, cwd=REPOSITORY, check=True, timeout=60)
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*")]
    assert len(files) > 40
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
