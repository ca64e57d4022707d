"""The demo as a user meets it: ``run.py demo`` in a process of its own."""

from __future__ import annotations

import json
import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipeline.audio import HEARING_RATE, VAD_WINDOW, decode_file
from pipeline.config import VadConfig
from pipeline.speech_gate import SpeechGate
from pipeline.vad_model import SileroModel, Voice
from tests.server.commands.program import (
    CLIPS,
    FIXTURE,
    Ended,
    run,
    samples_of,
)

SCENE = [("ann-weather", 0.0), ("ben-back", 7.5), ("ben-time", 12.5), ("ann-philosophy", 18.5)]


def clip(name: str) -> dict[str, Any]:
    clips = json.loads((CLIPS / "clips.json").read_text())
    return next(found for found in clips if found["file"] == f"{name}.flac")


def speech_in(path: Path, model: Path) -> list[tuple[float, float]]:
    """Find the spans of speech in a file with the real VAD, pauses under 1 s bridged."""
    silero, voice, gate = SileroModel(model), Voice(), SpeechGate(VadConfig())
    samples = np.concatenate(list(decode_file(path)))
    spans: list[tuple[float, float]] = []
    for first in range(0, len(samples) - VAD_WINDOW, VAD_WINDOW):
        [score] = silero.score([voice], [samples[first : first + VAD_WINDOW]])
        at = first / HEARING_RATE
        for found in gate.receive(score, start=at, end=at + VAD_WINDOW / HEARING_RATE):
            if spans and found.start - spans[-1][1] < 1.0:
                spans[-1] = (spans[-1][0], found.end)
            else:
                spans.append((found.start, found.end))
    return spans


def check_scene(ended: Ended) -> None:
    assert ended.code == 0, ended.err
    assert len(ended.turns) == len(SCENE)
    for turn, (name, at) in zip(ended.turns, SCENE, strict=True):
        said = clip(name)
        assert turn["text"] == said["text"]
        assert turn["speaker"] == said["speaker"]
        assert turn["start"] == pytest.approx(at + said["speech"][0], abs=0.15)
        assert turn["end"] == pytest.approx(at + said["speech"][1], abs=0.15)
        assert turn["error"] is None
    assert [turn["addressed"] for turn in ended.turns] == [True, False, True, True]
    assert [turn["agent"] for turn in ended.turns if turn["addressed"]] == [
        "jarvis",
        "jarvis",
        "sage",
    ]
    for turn in ended.turns:
        latency = turn["latency_ms"]
        spans = [latency[name] for name in list(latency) if name != "total"]
        if turn["addressed"]:
            assert turn["heard"] == turn["reply"]
            assert turn["text"] in turn["reply"]
            assert sum(spans) == pytest.approx(latency["total"], abs=1)
        else:
            assert (turn["reply"], latency["total"]) == ("", None)


def test_the_built_in_scene(tmp_path, silero_path):
    out = tmp_path / "reply.wav"
    ended = run("demo", "--fast", "--json", "--out", str(out), cache=tmp_path)
    check_scene(ended)
    assert "test model" in ended.err
    replies = speech_in(out, silero_path)
    addressed = [turn for turn in ended.turns if turn["addressed"]]
    assert len(replies) == len(addressed)
    for (start, end), turn in zip(replies, addressed, strict=True):
        assert 0.2 < start - turn["end"] < 2.5
        assert end - start > 1.5


@pytest.mark.slow
def test_the_built_in_scene_in_real_time(tmp_path):
    check_scene(run("demo", "--json", cache=tmp_path))


def test_for_people_the_turns_are_readable(tmp_path):
    ended = run("demo", "--fast", cache=tmp_path)
    assert ended.code == 0
    assert "ann: hey jarvis what is the weather in london" in ended.out
    assert "not for the bot" in ended.out
    assert "VAD 160 ms · Smart Turn" in ended.out


def test_two_people_who_overlap_give_two_clean_turns(tmp_path):
    files = (f"ann={CLIPS / 'ann-philosophy.flac'}", f"ben={CLIPS / 'ben-timer.flac'}")
    ended = run("demo", *files, "--fast", "--json", *FIXTURE, cache=tmp_path)
    by_speaker = {turn["speaker"]: turn for turn in ended.turns}
    assert len(ended.turns) == 2
    assert by_speaker["ann"]["text"] == "sage tell me about philosophy"
    assert by_speaker["ben"]["text"] == "jarvis set a timer for five minutes"
    assert not any(turn["interrupted"] for turn in ended.turns)
    assert all(turn["heard"] == turn["reply"] != "" for turn in ended.turns)


def test_sensitivity_and_agent_are_options(tmp_path):
    file = str(CLIPS / "ann-game.flac")
    alone = run("demo", file, "--fast", "--json", "--agent", "sage", *FIXTURE, cache=tmp_path)
    assert alone.turns[0]["addressed"]
    assert alone.turns[0]["agent"] == "sage"
    low = run("demo", file, "--fast", "--json", "--sensitivity", "low", *FIXTURE, cache=tmp_path)
    assert not low.turns[0]["addressed"]


# Formats.


def write_wav(path: Path, name: str, rate: int, width: int, channels: int) -> None:
    samples = samples_of(name, rate).astype(np.int32)
    if width == 1:
        data = ((samples >> 8) + 128).astype(np.uint8).reshape(-1, 1)
    else:
        data = (samples << 16 if width == 4 else samples << 8 if width == 3 else samples).astype(
            "<i4"
        )
        data = data.view(np.uint8).reshape(-1, 4)[:, :width]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.repeat(data[:, None], channels, axis=1).tobytes())


def write_float(path: Path, samples: np.ndarray, rate: int) -> None:
    data = samples.astype("<f4").tobytes()
    header = struct.pack("<HHIIHH", 3, 1, rate, rate * 4, 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", 16) + header + b"data" + struct.pack("<I", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data)


def write_encoded(path: Path, name: str, codec: str, rate: int) -> None:
    samples = samples_of(name, rate)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout="mono", rate=rate, frame_size=1024
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))


FORMATS: dict[str, Callable[[Path], None]] = {
    "8-bit.wav": lambda path: write_wav(path, "ben-timer", 16_000, 1, 1),
    "24-bit.wav": lambda path: write_wav(path, "ben-timer", 16_000, 3, 1),
    "32-bit.wav": lambda path: write_wav(path, "ben-timer", 48_000, 4, 1),
    "stereo-44100.wav": lambda path: write_wav(path, "ben-timer", 44_100, 2, 2),
    "five-channels.wav": lambda path: write_wav(path, "ben-timer", 48_000, 2, 5),
    "8000.wav": lambda path: write_wav(path, "ben-timer", 8_000, 2, 1),
    "float.wav": lambda path: write_float(path, samples_of("ben-timer") / 32_768, 16_000),
    "m4a.m4a": lambda path: write_encoded(path, "ben-timer", "aac", 44_100),
}


def test_any_format_is_heard_alike(tmp_path):
    people = {name.split(".")[0]: tmp_path / name for name in FORMATS}
    for path in people.values():
        FORMATS[path.name](path)
    files = [f"{person}={path}" for person, path in people.items()]
    ended = run("demo", *files, "--fast", "--json", *FIXTURE, cache=tmp_path)
    assert ended.code == 0, ended.err
    assert sorted(turn["speaker"] for turn in ended.turns) == sorted(people)
    for turn in ended.turns:
        assert turn["text"] == "jarvis set a timer for five minutes", turn["speaker"]
        assert turn["end"] == pytest.approx(2.45, abs=0.15), turn["speaker"]


def test_samples_that_are_not_numbers_are_silence(tmp_path):
    samples = samples_of("ben-timer") / 32_768
    samples[::997] = np.nan
    samples[5] = np.inf
    write_float(tmp_path / "nan.wav", samples, 16_000)
    ended = run("demo", str(tmp_path / "nan.wav"), "--fast", "--json", *FIXTURE, cache=tmp_path)
    assert ended.code == 0, ended.err
    assert len(ended.turns) == 1


def test_silence_and_noise_give_no_turn(tmp_path):
    noise = np.random.default_rng(1).normal(0.0, 0.05, 10 * 16_000)
    write_float(tmp_path / "noise.wav", noise, 16_000)
    write_float(tmp_path / "silence.wav", np.zeros(10 * 16_000), 16_000)
    files = (str(tmp_path / "noise.wav"), str(tmp_path / "silence.wav"))
    ended = run("demo", *files, "--fast", "--json", *FIXTURE, cache=tmp_path)
    assert (ended.code, ended.out) == (0, "")


def test_recorded_noise_and_music_give_no_turn(tmp_path, shared_audio):
    files = [
        str(shared_audio.folder / facts["path"])
        for facts in shared_audio.manifest
        if facts["kind"] in {"noise", "music"}
    ]
    ended = run("demo", *files, "--fast", "--json", *FIXTURE, cache=tmp_path)
    assert (ended.code, ended.out) == (0, "")


# Bad input: one clear message each.


def refused(ended: Ended, *words: str, code: int = 1) -> None:
    assert ended.code == code
    assert ended.out == ""
    assert "Traceback" not in ended.err
    for word in words:
        assert word in ended.err


def test_a_missing_file(tmp_path):
    refused(run("demo", "ann=no.wav", *FIXTURE, cache=tmp_path), "no.wav: no such file")


def test_a_text_file_named_wav(tmp_path):
    (tmp_path / "text.wav").write_text("this is not audio\n" * 50)
    refused(run("demo", "ann=text.wav", *FIXTURE, cache=tmp_path), "text.wav: not an audio file")


def test_an_empty_wav(tmp_path):
    with wave.open(str(tmp_path / "empty.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
    refused(run("demo", "ann=empty.wav", *FIXTURE, cache=tmp_path), "empty.wav", "no audio")


def test_a_file_of_no_bytes(tmp_path):
    (tmp_path / "nothing.wav").touch()
    refused(run("demo", "nothing.wav", *FIXTURE, cache=tmp_path), "nothing.wav: not an audio file")


def test_a_folder(tmp_path):
    refused(run("demo", str(tmp_path), *FIXTURE, cache=tmp_path), "is a folder")


def test_a_damaged_file_is_heard_up_to_the_damage(tmp_path):
    data = (CLIPS / "ben-timer.flac").read_bytes()
    (tmp_path / "damaged.flac").write_bytes(data[: len(data) * 2 // 3] + bytes(range(256)) * 40)
    ended = run("demo", "damaged.flac", "--fast", "--json", *FIXTURE, cache=tmp_path)
    assert ended.code == 0, ended.err
    assert len(ended.turns) == 1


def test_one_name_for_two_files(tmp_path):
    file = f"ann={CLIPS / 'ann-game.flac'}"
    refused(run("demo", file, file, *FIXTURE, cache=tmp_path), "speaks twice", code=2)


def test_an_unknown_agent(tmp_path):
    refused(run("demo", "--agent", "hal", cache=tmp_path), "hal", "jarvis, sage", code=2)


def test_without_its_model_a_file_is_refused_and_nothing_is_pretended(tmp_path):
    ended = run("demo", str(CLIPS / "ann-game.flac"), "--json", cache=tmp_path)
    refused(ended, "base.en", "3d3d5dee26484f91867d81cb899cfcf72b96be6c", "models pull base.en")


def test_a_folder_that_holds_no_model(tmp_path):
    options = ("--set", f"pipeline.stt.model_size={tmp_path}")
    ended = run("demo", str(CLIPS / "ann-game.flac"), *options, cache=tmp_path)
    refused(ended, "model")


def test_an_output_that_cannot_be_written(tmp_path):
    ended = run("demo", "--fast", "--out", str(tmp_path / "no" / "reply.wav"), cache=tmp_path)
    assert ended.code == 1
    assert "reply.wav" in ended.err
    assert "Traceback" not in ended.err
