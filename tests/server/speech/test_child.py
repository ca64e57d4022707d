from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.config import TtsConfig
from pipeline.tts import HttpTextToSpeech
from server.speech.child import SpeechServer, SpeechServerError
from server.speech.config import ProcessConfig, SpeechConfig

CONFIG = SpeechConfig()
ROOT = Path(__file__).parents[3]


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


def is_gone(pid: int) -> bool:
    """Whether a process ended; one that nobody has waited for is gone too."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  another process has no event to wait for
            await asyncio.sleep(0.02)


async def health(url: str) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{url}/health")).status_code


def pid_of(server: SpeechServer) -> int:
    assert server.pid is not None
    return server.pid


def test_the_server_runs_while_the_block_does() -> None:
    async def story() -> None:
        async with SpeechServer(CONFIG) as server:
            pid = pid_of(server)
            assert await health(server.url) == 200
            assert os.getpgid(pid) != os.getpgid(0)  # Ctrl-C does not reach it
        assert is_gone(pid)
        assert server.pid is None

    run(story)


def test_a_block_left_at_once_leaves_no_process() -> None:
    async def story() -> None:
        async with SpeechServer(CONFIG) as server:
            pid = pid_of(server)
        assert is_gone(pid)

    run(story)


def test_an_error_in_the_block_goes_on_as_it_is() -> None:
    async def story() -> None:
        server = SpeechServer(CONFIG)
        pids: list[int] = []

        async def fail() -> None:
            async with server:
                pids.append(pid_of(server))
                raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            await fail()
        assert is_gone(pids[0])

    run(story)


def test_cancelling_the_start_leaves_no_process() -> None:
    async def story() -> None:
        server = SpeechServer(CONFIG)
        start = asyncio.create_task(server.__aenter__())
        await until(lambda: server.pid is not None)
        pid = pid_of(server)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        assert is_gone(pid)

    run(story)


def test_a_server_that_dies_is_started_again_at_the_same_address() -> None:
    async def story() -> None:
        async with SpeechServer(CONFIG) as server:
            url, pid = server.url, pid_of(server)
            assert server.answers
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not server.answers)
            await until(lambda: server.answers)
            again = pid_of(server)
            assert server.url == url
            assert await health(url) == 200
        assert is_gone(again)

    run(story)


def test_a_server_that_does_not_end_is_killed() -> None:
    async def story() -> None:
        async with SpeechServer(CONFIG) as server:
            pid = pid_of(server)
            os.kill(pid, signal.SIGSTOP)
        assert is_gone(pid)

    run(story)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (SpeechConfig(voices={"nia": "xx"}), "speech.voices.nia: espeak has no voice 'xx'"),
        (SpeechConfig(start_timeout=0.01), "not ready after 0.01 s"),
    ],
)
def test_a_server_that_cannot_start_says_why(config: SpeechConfig, words: str) -> None:
    async def story() -> None:
        with pytest.raises(SpeechServerError, match=words):
            async with SpeechServer(config):
                pass

    run(story)


def test_a_port_that_is_taken_is_named() -> None:
    async def story() -> None:
        async with SpeechServer(CONFIG) as first:
            port = int(first.url.rsplit(":", 1)[1])
            with pytest.raises(SpeechServerError, match=f"cannot listen on 127.0.0.1 port {port}"):
                async with SpeechServer(CONFIG, port=port):
                    pass

    run(story)


def test_the_parent_loads_no_engine() -> None:
    """The engine is GPL, and importing the web framework takes half a second."""
    code = (
        "import sys, server.speech.child, server.commands.speech;"
        "print([name for name in ('espeakng_loader', 'fastapi', 'uvicorn') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout == "[]\n"


PARENT = """
import asyncio
from server.speech.child import SpeechServer
from server.speech.config import SpeechConfig

async def main():
    async with SpeechServer(SpeechConfig()) as server:
        print(server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_parent_takes_the_server_along(how: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not is_gone(pid)
        parent.send_signal(how)
    asyncio.run(until(lambda: is_gone(pid)))


def test_the_process_ends_when_its_input_does() -> None:
    command = [sys.executable, "-m", "server.speech"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        settings = ProcessConfig(speech=SpeechConfig(port=0))
        child.stdin.write(settings.model_dump_json() + "\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["port"] > 0
        child.stdin.close()
        assert child.wait(20) == 0


def test_the_process_without_settings_says_how_to_start_it() -> None:
    command = [sys.executable, "-m", "server.speech"]
    out = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert out.returncode == 1
    assert "run.py speech" in json.loads(out.stdout)["error"]


def test_the_process_whose_parent_goes_while_it_starts_ends_without_a_word() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    out = subprocess.run(
        [sys.executable, "-m", "server.speech"],
        input=SpeechConfig(port=0).model_dump_json() + "\n",
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=20,
    )
    os.close(writing)
    assert out.stderr == ""


@pytest.mark.parametrize("how", ["before the first sound", "in the middle"])
def test_a_client_that_hangs_up_is_not_written_to(
    how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        body = json.dumps({"input": "One two three four. " * 200, "response_format": "pcm"})
        head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        request = f"{head}Content-Type: application/json\r\n\r\n{body}".encode()
        async with SpeechServer(CONFIG) as server:
            process = psutil.Process(pid_of(server))
            assert await health(server.url) == 200
            await until(lambda: not process.net_connections("tcp")[1:])
            for _ in range(20):
                port = int(server.url.rpartition(":")[2])
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                if how == "in the middle":
                    await reader.readexactly(4096)
                writer.transport.abort()
            await until(lambda: not process.net_connections("tcp")[1:])
            assert await health(server.url) == 200

    run(story)
    assert capfd.readouterr().err == ""


def test_our_client_speaks_with_our_server() -> None:
    async def story() -> None:
        async with SpeechServer(CONFIG) as server:
            tts = HttpTextToSpeech(TtsConfig(), server.url)
            try:
                names = set(await tts.voices())
                assert {"default", "jarvis", "sage"} <= names
                assert "zoe" not in names
                one, other = [await _say(tts, voice) for voice in ("jarvis", "sage")]
                fallback = await _say(tts, "zoe")
            finally:
                await tts.aclose()
        for heard in (one, other, fallback):
            assert 1 < len(heard) / SPEECH_RATE < 4
            assert np.sqrt(np.mean(np.square(heard.astype(float)))) > 1000
        assert len(fallback) == pytest.approx(len(one), rel=0.02)
        assert abs(len(other) - len(one)) > 0.005 * len(one)

    run(story)


async def _say(tts: HttpTextToSpeech, voice: str) -> Samples:
    text = "It is ten past four. Anything else?"
    return np.concatenate([chunk async for chunk in tts.synthesize(text, voice=voice)])
