from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

ROOT = Path(__file__).parents[3]

SERVE = """
import sys
from server.commands.speech import serve_speech
from server.speech.config import SpeechConfig
sys.exit(serve_speech(SpeechConfig(port=int(sys.argv[1]))))
"""


def serve(port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVE, str(port)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end_and_ends_quietly(how: signal.Signals) -> None:
    with serve(0) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        url = server.stdout.readline().split()[3]
        (child,) = psutil.Process(server.pid).children()
        response = httpx.post(f"{url}/v1/audio/speech", json={"input": "Yes.", "voice": "alloy"})
        assert response.headers["content-type"] == "audio/mpeg"
        server.send_signal(how)
        assert server.wait(20) == 0
        assert server.stderr.read() == ""
        assert not child.is_running()


def test_ctrl_c_while_it_starts_leaves_nothing() -> None:
    with serve(0) as server:
        children: list[psutil.Process] = []
        while not children:
            children = psutil.Process(server.pid).children()
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert not any(child.is_running() for child in children)


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serve(port) as server:
            _, errors = server.communicate(timeout=20)
    assert server.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in errors
    assert errors.count("\n") == 1
