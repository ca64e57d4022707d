from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.scenes.format import Replies, SceneError, load_scene, load_scenes

CONTRACT: dict[str, Any] = {
    "name": "kitchen",
    "agents": ["jarvis", "sage"],
    "agent": "jarvis",
    "sensitivity": "medium",
    "tracks": [{"speaker": "ann", "file": "ann.wav", "at": 0.0}],
    "turns": [
        {
            "speaker": "ann",
            "start": 0.4,
            "end": 2.1,
            "text": "jarvis what time is it",
            "addressed": True,
        }
    ],
    "replies": {"delay_ms": 300, "text": "It is ten past four. Anything else?"},
    "interruptions": [{"speaker": "ann", "start": 9.2, "end": 9.5, "kind": "barge_in"}],
}


def write(folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ann.wav").touch()
    path = folder / "scene.json"
    path.write_text(json.dumps({**CONTRACT, **changes}))
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(SceneError) as caught:
        load_scene(path)
    return [line.removeprefix(f"{path}: ") for line in caught.value.problems]


def test_the_contract_is_read(tmp_path: Path):
    scene = load_scene(write(tmp_path))
    assert scene.agents == ("jarvis", "sage")
    assert scene.tracks[0].file == tmp_path / "ann.wav"
    assert (scene.turns[0].start, scene.turns[0].text) == (0.4, "jarvis what time is it")
    assert scene.turns[0].addressed is True
    assert scene.turns[0].agent is None
    assert scene.replies == Replies(300.0, "It is ten past four. Anything else?")
    assert scene.interruptions[0].kind == "barge_in"
    assert scene.people == ("ann",)
    assert scene.stt == "configured"
    assert scene.scores == ("end_of_turn", "addressing", "words")


def test_optional_fields_are_read(tmp_path: Path):
    (tmp_path / "stop.wav").touch()
    turn = {**CONTRACT["turns"][0], "text": None, "addressed": None, "agent": "sage"}
    clip = {"speaker": "ben", "kind": "barge_in", "file": "stop.wav", "after_reply_start": 1.5}
    path = write(
        tmp_path,
        present=["ann", "ben", "cleo"],
        stt="scripted",
        turns=[turn],
        interruptions=[clip],
        scores=["end_of_turn"],
    )
    scene = load_scene(path)
    assert scene.people == ("ann", "ben", "cleo")
    assert scene.stt == "scripted"
    assert (scene.turns[0].text, scene.turns[0].addressed) == (None, None)
    assert scene.turns[0].agent == "sage"
    assert scene.interruptions[0].file == tmp_path / "stop.wav"
    assert scene.interruptions[0].after_reply_start == 1.5
    assert scene.interruptions[0].reply == 0
    assert scene.scores == ("end_of_turn",)


def test_what_may_be_left_out_has_a_default(tmp_path: Path):
    path = write(tmp_path)
    content = json.loads(path.read_text())
    for name in ("agent", "sensitivity", "replies", "interruptions"):
        del content[name]
    del content["tracks"][0]["at"]
    path.write_text(json.dumps(content))
    scene = load_scene(path)
    assert scene.room_agent == "jarvis"
    assert scene.sensitivity == "medium"
    assert scene.replies.delay_ms == 300.0
    assert scene.tracks[0].at == 0.0
    assert scene.interruptions == ()


def test_all_problems_are_listed_with_their_fields(tmp_path: Path):
    path = write(
        tmp_path,
        sensitivity="extreme",
        tracks=[{"speaker": "ann", "file": "ann.wav", "at": -1}],
        turns=[{"speaker": "ann", "start": "0.4", "end": 2.1}],
        interruption=[],
    )
    assert problems(path) == [
        "tracks[0].at: Input should be greater than or equal to 0",
        "turns[0].start: Input should be a valid number",
        "sensitivity: Input should be 'low', 'medium' or 'high'",
        "interruption: unknown field, did you mean 'interruptions'?",
    ]


def test_missing_fields_are_named(tmp_path: Path):
    path = tmp_path / "scene.json"
    path.write_text("{}")
    assert problems(path) == [
        f"{name}: Field required" for name in ("name", "agents", "tracks", "turns")
    ]


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"", b"[]", b'{"name": NaN}'])
def test_what_is_not_a_scene_is_one_problem(tmp_path: Path, content: bytes):
    path = tmp_path / "scene.json"
    path.write_bytes(content)
    assert problems(path)


def test_what_contradicts_itself_is_listed(tmp_path: Path):
    turns = [
        {"speaker": "ann", "start": 1.0, "end": 3.0},
        {"speaker": "ann", "start": 2.0, "end": 4.0},
        {"speaker": "ben", "start": 2.0, "end": 1.0, "agent": "nobody"},
    ]
    interruptions = [
        {"speaker": "ann", "kind": "barge_in", "start": 2.0, "end": 1.0},
        {"speaker": "ann", "kind": "barge_in", "start": 1.0},
        {"speaker": "ann", "kind": "backchannel", "file": "ann.wav", "start": 1.0, "end": 2.0},
        {"speaker": "ann", "kind": "backchannel", "file": "gone.wav", "after_reply_start": 1.0},
    ]
    path = write(tmp_path, agent="hal", present=["cleo"], turns=turns, interruptions=interruptions)
    either = "give either start and end, or file and after_reply_start"
    assert problems(path) == [
        "tracks[0].speaker: 'ann' is not in present",
        "turns[2].speaker: 'ben' has no track",
        *(f"interruptions[{index}].speaker: 'ann' is not in present" for index in range(4)),
        "agent: 'hal' is not one of agents",
        "turns[2].agent: 'nobody' is not one of agents",
        "turns[1].start: 'ann' is still in the turn before",
        "turns[2].end: must be after start",
        "interruptions[0]: end must be after start",
        f"interruptions[1]: {either}",
        f"interruptions[2]: {either}",
        f"interruptions[3].file: no such file: {tmp_path / 'gone.wav'}",
    ]


def test_agents_and_tracks_are_needed(tmp_path: Path):
    assert problems(write(tmp_path, agents=[], tracks=[])) == [
        "agents: at least one is needed",
        "tracks: at least one is needed",
    ]


def test_a_missing_recording_is_named(tmp_path: Path):
    path = write(tmp_path, tracks=[{"speaker": "ann", "file": "gone.flac"}])
    assert problems(path) == [f"tracks[0].file: no such file: {tmp_path / 'gone.flac'}"]


def test_scenes_are_found_below_a_folder_in_order(tmp_path: Path):
    write(tmp_path / "b", name="second")
    write(tmp_path / "a" / "deep", name="first")
    assert [scene.name for scene in load_scenes(tmp_path)] == ["first", "second"]


def test_problems_of_every_scene_come_at_once(tmp_path: Path):
    write(tmp_path / "a", agents=[])
    write(tmp_path / "b", turns=None)
    write(tmp_path / "c")
    write(tmp_path / "d")
    with pytest.raises(SceneError) as caught:
        load_scenes(tmp_path)
    first, second, third = caught.value.problems
    assert first.startswith(f"{tmp_path / 'a' / 'scene.json'}: agents: ")
    assert second.startswith(f"{tmp_path / 'b' / 'scene.json'}: turns: ")
    assert third == f"{tmp_path}: name: 2 scenes are called 'kitchen'"


def test_a_folder_without_scenes_says_so(tmp_path: Path):
    with pytest.raises(SceneError, match=r"no scene\.json in this folder or below it"):
        load_scenes(tmp_path / "gone")
