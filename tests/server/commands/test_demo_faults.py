"""The demo when servers fail, when it is interrupted, and when the files are very long."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import psutil
import pytest

from pipeline.audio import HEARING_RATE
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
    samples_of,
)

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
            at_the_end = ("--set", "pipeline.turns.speculation=false")
            options = ("--set", f"tts.url={peer.url}", *at_the_end)
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
                "pipeline.turns.speculation=false",  # each turn is asked once
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
    assert most_memory(16) - few < 20e6  # 14 minutes of what is heard are 27 MB


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
