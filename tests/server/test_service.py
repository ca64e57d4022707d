"""The service as a process: it starts, tells how it is, and ends in order."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.server.program import ROOT, Program

FIXTURE = {
    "PIPELINE__STT__MODEL_SIZE": "fixture",
    "PIPELINE__STT__ALLOW_TEST_FIXTURE": "true",
    "PIPELINE__TURNS__END_OF_TURN_MODEL": "silence",
    "SERVER_PORT": "0",
}


class Running:
    """A service that is up, its log so far read."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log: list[str] = []
        self.url = self.read_until(r"control API is on (http://\S+),")[1]

    def read_until(self, pattern: str) -> re.Match[str]:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError("".join(self.log))

    def get(self, path: str) -> Any:
        response = httpx.get(self.url + path, timeout=5, trust_env=False)
        return response.raise_for_status().json()

    def health(self, *, without: str = "starting") -> Any:
        for _ in range(200):
            health = self.get("/health")
            if without not in {part["status"] for part in health["parts"].values()}:
                return health
            time.sleep(0.1)
        raise AssertionError(health)

    def end(self, number: signal.Signals) -> float:
        """End it; returns how long it took."""
        assert self.process.stderr is not None
        descendants = psutil.Process(self.process.pid).children(recursive=True)
        began = time.monotonic()
        os.kill(self.process.pid, number)
        self.log += self.process.stderr.readlines()
        assert self.process.wait(timeout=20) == 0
        took = time.monotonic() - began
        assert psutil.wait_procs(descendants, timeout=3)[1] == []
        return took


@contextmanager
def service(
    folder: Path, *arguments: str, run: Path = ROOT / "run.py", **variables: str
) -> Iterator[Running]:
    process = Program(folder, run).start(*arguments, **variables)
    with process:
        try:
            yield Running(process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_starts_tells_how_it_is_and_ends_in_order(
    tmp_path: Path, number: signal.Signals
) -> None:
    with service(tmp_path, **FIXTURE) as running:
        health = running.health()
        assert health["status"] == "ok"
        assert {name: part["status"] for name, part in health["parts"].items()} == {
            "store": "ok",
            "speech": "ok",
            "hearing": "ok",
            "gateway": "off",
            "phone": "off",
            "discord": "off",
        }
        assert running.get("/turns") == {"turns": []}
        assert running.get("/v1/audio/voices")["voices"]
        assert running.end(number) < 3  # 2 s of the contract, and one for a busy machine
    log = "".join(running.log)
    assert "set DISCORD_BOT_TOKEN in .env" in log
    assert "Traceback" not in log
    assert running.log[-1].endswith("The service has ended\n")
    assert (tmp_path / "data" / "openclaw-voice.db").is_file()


def test_it_ends_at_once_while_it_is_still_starting(tmp_path: Path) -> None:
    with service(tmp_path, **FIXTURE) as running:
        assert running.end(signal.SIGTERM) < 3
    assert "Traceback" not in "".join(running.log)


def test_it_ends_at_once_while_a_model_is_being_fetched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent_hub:
        variables = {
            **FIXTURE,
            "PIPELINE__STT__MODEL_SIZE": "base.en",
            "HF_HUB_OFFLINE": "0",
            "HF_ENDPOINT": f"http://127.0.0.1:{silent_hub.getsockname()[1]}",
        }
        with service(tmp_path, **variables) as running:
            connection, _ = silent_hub.accept()
            with connection:
                assert running.get("/health")["parts"]["hearing"]["status"] == "starting"
                assert running.end(signal.SIGTERM) < 3
    assert "Traceback" not in "".join(running.log)


def test_without_a_recognition_model_it_goes_on_without_ears_and_says_so(tmp_path: Path) -> None:
    with service(tmp_path, "--set", "server.port=0") as running:
        health = running.health()
        assert health["status"] == "degraded"
        assert health["parts"]["hearing"]["status"] == "failed"
        assert "models pull base.en" in health["parts"]["hearing"]["message"]
        assert health["parts"]["speech"]["status"] == "ok"
        running.end(signal.SIGTERM)
    assert any("Nobody is heard: The model base.en" in line for line in running.log)


def test_without_a_store_it_goes_on_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with service(tmp_path, **FIXTURE) as running:
        health = running.health()
        assert health["parts"]["store"]["status"] == "failed"
        with pytest.raises(httpx.HTTPStatusError, match="503"):
            running.get("/turns")
        running.end(signal.SIGTERM)
    assert any("Nothing is kept: " in line for line in running.log)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = Program(tmp_path).run(**{**FIXTURE, "SERVER_PORT": port})
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert f"cannot listen on 127.0.0.1 port {port}: another program" in line


def test_a_host_that_does_not_exist_is_told(tmp_path: Path) -> None:
    done = Program(tmp_path).run(SERVER_HOST="no.such.host.invalid", SERVER__TOKEN="t0ken")
    assert done.returncode == 1
    assert "cannot listen on no.such.host.invalid" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_tts_url_that_is_the_service_itself_means_its_own_speech_server(tmp_path: Path) -> None:
    # None that the system gives to connections of other tests in between.
    port = str(20_000 + os.getpid() % 10_000)
    variables = {**FIXTURE, "SERVER_PORT": port, "TTS_URL": f"http://localhost:{port}"}
    with service(tmp_path, **variables) as running:
        assert running.health()["parts"]["speech"]["message"] == "espeak voices"
        assert running.get("/v1/audio/voices")["voices"]
        running.end(signal.SIGTERM)


def without_weights(folder: Path) -> Path:
    """Make a program folder like this one, but with no models fetched; returns its run.py."""
    (folder / "models").mkdir(parents=True)
    for package in ("server", "pipeline", "discord_bot", "openclaw_client"):
        (folder / package).symlink_to(ROOT / package)
    for file in (ROOT / "models").iterdir():
        if file.name != "weights":
            (folder / "models" / file.name).symlink_to(file)
    return Path(shutil.copy(ROOT / "run.py", folder))


def test_why_it_hears_without_the_end_of_turn_model_is_told(tmp_path: Path) -> None:
    variables = {**FIXTURE, "PIPELINE__TURNS__END_OF_TURN_MODEL": "smart_turn", "PIP_NO_INDEX": "1"}
    with service(tmp_path, run=without_weights(tmp_path / "fresh"), **variables) as running:
        hearing = running.health()["parts"]["hearing"]
        assert hearing["status"] == "degraded"
        assert hearing["message"].startswith("silence alone ends turns: The model smart-turn is")
        assert "HF_HUB_OFFLINE is set; pip could not fetch the wheel" in hearing["message"]
        running.end(signal.SIGTERM)
    (line,) = [line for line in running.log if "Without the end-of-turn model" in line]
    assert hearing["message"] in line


def test_it_ends_at_once_while_pip_fetches_a_model(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent_index:
        variables = {
            **FIXTURE,
            "PIPELINE__TURNS__END_OF_TURN_MODEL": "smart_turn",
            "PIP_INDEX_URL": f"http://127.0.0.1:{silent_index.getsockname()[1]}/simple",
        }
        with service(tmp_path, run=without_weights(tmp_path / "fresh"), **variables) as running:
            connection, _ = silent_index.accept()
            with connection:
                assert running.end(signal.SIGTERM) < 3  # pip too: it would wait for 5 s


@pytest.mark.parametrize("reads", [0, 1000])
def test_it_ends_in_silence_while_somebody_listens_slowly(tmp_path: Path, reads: int) -> None:
    body = json.dumps({"input": "One two three four. " * 200, "response_format": "pcm"})
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    head += "Content-Type: application/json\r\n\r\n"
    with service(tmp_path, **FIXTURE) as running:
        running.health()
        port = int(running.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"{head}{body if reads else body[:9]}".encode())
            while reads > 0:
                reads -= len(client.recv(reads))
            assert running.end(signal.SIGTERM) < 4
    assert [line for line in running.log if " ERROR " in line or "Traceback" in line] == []


def test_killed_it_leaves_no_process(tmp_path: Path) -> None:
    with service(tmp_path, **FIXTURE) as running:
        running.health()
        descendants = psutil.Process(running.process.pid).children(recursive=True)
        assert descendants
        os.kill(running.process.pid, signal.SIGKILL)
        assert psutil.wait_procs(descendants, timeout=10)[1] == []
