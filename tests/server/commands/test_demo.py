"""The demo as a user meets it: ``run.py demo`` in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest

from pipeline.audio import HEARING_RATE, VAD_WINDOW, Samples, decode_file
from pipeline.config import VadConfig
from pipeline.speech_gate import SpeechGate
from pipeline.vad_model import SileroModel, Voice
from tests.peers.chat_server import ChatServer, Exchange, reply
from tests.peers.speech_server import Answer, Request, SpeechPeer, Then, json_answer, tone
from tests.server.commands.program import (
    CLIPS,
    FIXTURE,
    REPOSITORY,
    Ended,
    environment,
    run,
    run_program,
)

SCENE = [("ann-weather", 0.0), ("ben-back", 7.5), ("ben-time", 12.5), ("ann-philosophy", 18.5)]


def clip(name: str) -> dict[str, Any]:
    clips = json.loads((CLIPS / "clips.json").read_text())
    return next(found for found in clips if found["file"] == f"{name}.flac")


def samples_of(name: str, rate: int = HEARING_RATE) -> Samples:
    return np.concatenate(list(decode_file(CLIPS / f"{name}.flac", rate=rate)))


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
    assert "VAD 200 ms · Smart Turn" in ended.out


def test_two_people_who_overlap_give_two_clean_turns(tmp_path):
    files = (f"ann={CLIPS / 'ann-philosophy.flac'}", f"ben={CLIPS / 'ben-timer.flac'}")
    ended = run("demo", *files, "--fast", "--json", *FIXTURE, cache=tmp_path)
    by_speaker = {turn["speaker"]: turn for turn in ended.turns}
    assert len(ended.turns) == 2
    assert by_speaker["ann"]["text"] == "sage tell me about philosophy"
    assert by_speaker["ben"]["text"] == "jarvis set a timer for five minutes"
    assert not any(turn["interrupted"] for turn in ended.turns)
    assert all(turn["heard"] == turn["reply"] != "" for turn in ended.turns)


def test_a_gateway_that_cannot_be_used_yet_is_not_pretended(tmp_path):
    options = ("--set", "openclaw.base_url=ws://127.0.0.1:18789")
    ended = run("demo", str(CLIPS / "ben-time.flac"), "--fast", *FIXTURE, *options, cache=tmp_path)
    assert ended.code == 0
    assert "no Gateway client yet" in ended.err


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


@pytest.mark.parametrize("name", FORMATS)
def test_any_format_is_heard_alike(name, tmp_path):
    path = tmp_path / name
    FORMATS[name](path)
    ended = run("demo", f"ben={path}", "--fast", "--json", *FIXTURE, cache=tmp_path)
    assert ended.code == 0, ended.err
    [turn] = ended.turns
    assert turn["text"] == "jarvis set a timer for five minutes"
    assert turn["end"] == pytest.approx(2.45, abs=0.15)


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


# Servers that fail. Ann speaks twice; the second turn always works.


def two_turns(tmp_path: Path) -> str:
    """Write a file in which ann asks for the time, and 12 s later again."""
    said = samples_of("ben-time")
    gap = np.zeros(12 * HEARING_RATE, np.int16)
    path = tmp_path / "twice.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HEARING_RATE)
        file.writeframes(np.concatenate([said, gap, said]).tobytes())
    return f"ann={path}"


def pcm(seconds: float = 1.0) -> bytes:
    return tone(seconds, 24_000).tobytes()


BAD_VOICES = {
    "500": (json_answer({"error": {"message": "out of memory"}}, 500), "out of memory"),
    "garbage": (Answer([b"<html>hello</html>"], content_type="text/html"), "tts: "),
    "empty": (Answer([]), "tts: "),
    "never": (Answer(silent=True, then=Then.HANG), "tts: "),
    "stops": (Answer([pcm(0.5)], then=Then.CUT), "tts: "),
    "stalls": (Answer([pcm(0.5)], then=Then.HANG), "tts: "),
}


@pytest.mark.parametrize("fault", BAD_VOICES)
def test_a_speech_server_that_fails(fault, tmp_path):
    bad, message = BAD_VOICES[fault]

    async def main() -> Ended:
        broken = 1

        def answer(request: Request) -> Answer:
            nonlocal broken
            if request.method == "GET":
                return json_answer({"voices": []})
            if broken:
                broken -= 1
                return bad
            return Answer([pcm()])

        async with SpeechPeer(answer) as peer:
            limits = ("tts.first_audio_timeout=0.5", "tts.stall_timeout=0.5", f"tts.url={peer.url}")
            options = [part for limit in limits for part in ("--set", limit)]
            return await run_program(
                "demo",
                two_turns(tmp_path),
                "--fast",
                "--json",
                *FIXTURE,
                *options,
                cache=tmp_path,
            )

    ended = asyncio.run(main())
    assert ended.code == 0, ended.err
    first, second = ended.turns
    assert message in first["error"]
    assert second["error"] is None
    assert second["heard"] == second["reply"] != ""


def test_a_slow_speech_server_is_waited_for(tmp_path):
    def answer(request: Request) -> Answer:
        if request.method == "GET":
            return json_answer({"voices": []})
        return Answer([pcm(0.3)] * 3, pause=0.3)

    async def main() -> Ended:
        async with SpeechPeer(answer) as peer:
            options = ("--set", f"tts.url={peer.url}")
            file = str(CLIPS / "ben-time.flac")
            return await run_program(
                "demo", file, "--fast", "--json", *FIXTURE, *options, cache=tmp_path
            )

    [turn] = asyncio.run(main()).turns
    assert turn["error"] is None
    assert turn["heard"] == turn["reply"] != ""
    assert turn["latency_ms"]["tts"] >= 300


async def never(exchange: Exchange) -> None:
    await exchange.until_hung_up()


async def nothing(exchange: Exchange) -> None:
    await exchange.start()
    await exchange.done()
    await exchange.end()


async def half(exchange: Exchange) -> None:
    await exchange.start()
    await exchange.say("It is four. ")
    exchange.cut()


async def endless(exchange: Exchange) -> None:
    await exchange.start()
    while not exchange.hung_up.is_set():
        await exchange.say("word " * 50)
        await asyncio.sleep(0.01)


AGENT_FAULTS = [never, nothing, half, endless]


@pytest.mark.parametrize("script", AGENT_FAULTS)
def test_an_agent_that_fails(script, tmp_path):
    async def main() -> Ended:
        async with ChatServer(script, reply("It is ", "half past four.")) as server:
            limits = (
                f"chat.base_url={server.url}",
                "chat.first_text_timeout=0.5",
                "chat.stall_timeout=0.5",
                "chat.max_reply=0.2",
            )
            options = [part for limit in limits for part in ("--set", limit)]
            return await run_program(
                "demo",
                two_turns(tmp_path),
                "--fast",
                "--json",
                *FIXTURE,
                *options,
                cache=tmp_path,
            )

    ended = asyncio.run(main())
    assert ended.code == 0, ended.err
    first, second = ended.turns
    if script is endless:  # ann's second question interrupts it
        assert first["interrupted"]
    else:
        assert first["error"].startswith("gateway: ")
    assert second["text"] == "what time is it jarvis"
    assert (second["error"], second["heard"]) == (None, "It is half past four.")


def test_a_chat_server_answers(tmp_path):
    async def main() -> tuple[Ended, list[Exchange]]:
        async with ChatServer(reply("It is ", "four.")) as server:
            ended = await run_program(
                "demo",
                str(CLIPS / "ben-time.flac"),
                "--fast",
                "--json",
                *FIXTURE,
                "--set",
                f"chat.base_url={server.url}",
                cache=tmp_path,
            )
            return ended, server.exchanges

    ended, [exchange] = asyncio.run(main())
    assert ended.turns[0]["heard"] == "It is four."
    assert exchange.body["messages"][-1] == {
        "role": "user",
        "content": "ben-time: what time is it jarvis",
    }


# Ctrl-C.


async def after(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def while_it_talks(process: asyncio.subprocess.Process) -> None:
    """Wait until the first turn was printed, so that the next is under way."""
    assert process.stdout is not None
    await process.stdout.readline()
    await asyncio.sleep(2.0)


async def while_the_voice_runs(process: asyncio.subprocess.Process) -> None:
    """Wait until the speech server was started."""
    while not psutil.Process(process.pid).children():  # noqa: ASYNC110 - another process's doing
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(lambda _: after(0.3), id="at the start"),
        pytest.param(lambda _: after(1.2), id="while models load"),
        pytest.param(while_the_voice_runs, id="while the voice starts"),
        pytest.param(while_it_talks, id="in the middle"),
    ],
)
def test_ctrl_c_ends_it_within_two_seconds_and_leaves_nothing(moment, tmp_path):
    ended = run("demo", cache=tmp_path, interrupt=moment)
    assert ended.seconds_after_signal < 2.5  # 2 s and what a loaded machine adds
    assert "Traceback" not in ended.err
    assert ended.left == [], (ended.code, ended.seconds_after_signal, ended.err[-1500:])
    assert ended.code == 130, ended.err


@pytest.mark.slow
def test_hours_of_audio_do_not_grow_the_memory(tmp_path):
    def write(path: Path, minutes: int) -> None:
        minute = np.zeros(60 * 8_000, np.uint8) + 128
        said = (samples_of("ben-time", 8_000) >> 8).astype(np.int16) + 128
        minute[: len(said)] = said.astype(np.uint8)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(1)
            file.setframerate(8_000)
            for _ in range(minutes):
                file.writeframes(minute.tobytes())

    def most_memory(minutes: int) -> int:
        path = tmp_path / f"{minutes}.wav"
        write(path, minutes)
        code, out, kilobytes = run_measured("demo", str(path), "--fast", "--json", *FIXTURE)
        assert code == 0
        assert len(out.splitlines()) == minutes
        return kilobytes * 1024

    def run_measured(*arguments: str) -> tuple[int, str, int]:
        with (tmp_path / "out").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, str(REPOSITORY / "run.py"), *arguments],
                stdout=out,
                stderr=subprocess.DEVNULL,
                env=environment(tmp_path),
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, (tmp_path / "out").read_text(), usage.ru_maxrss

    few = most_memory(2)
    assert most_memory(40) - few < 50e6


def test_the_replies_do_not_overwrite_what_someone_says(tmp_path):
    said = tmp_path / "ann.flac"
    said.write_bytes((CLIPS / "ann-weather.flac").read_bytes())
    ended = run("demo", f"ann={said}", "--out", str(said), "--fast", *FIXTURE, cache=tmp_path)
    assert ended.code == 2
    assert "would overwrite what ann says" in ended.err
    assert said.read_bytes() == (CLIPS / "ann-weather.flac").read_bytes()


def test_a_reader_who_has_had_enough_ends_the_demo_quietly(tmp_path):
    program = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "run.py"), "demo", "--fast", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        cwd=tmp_path,
    )
    with program:
        assert program.stdout is not None
        assert program.stderr is not None
        json.loads(program.stdout.readline())
        program.stdout.close()
        errors = program.stderr.read().decode()
        assert program.wait(60) == 1
    assert "Traceback" not in errors
    assert "Broken" not in errors
