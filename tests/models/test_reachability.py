import socket
import time
from collections.abc import Iterator

import pytest

from models.reachability import reachable
from tests.peers.hub import free_port

PATIENT = 5.0
"""Seconds; a library left to itself takes half a minute and more."""


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        yield server


def url_of(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_listens_is_reachable(listener: socket.socket) -> None:
    assert reachable(url_of(listener))


def test_a_closed_port_and_an_unknown_name_are_not() -> None:
    assert not reachable(f"http://127.0.0.1:{free_port()}")
    assert not reachable("https://nowhere.invalid")


def test_swallowed_packets_are_noticed_soon(listener: socket.socket) -> None:
    # The kernel ignores connections to a listener whose queue is full, as a firewall does.
    waiting = [socket.socket() for _ in range(8)]
    try:
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(listener.getsockname())
        started = time.monotonic()
        assert not reachable(url_of(listener))
        assert time.monotonic() - started < PATIENT
    finally:
        for connection in waiting:
            connection.close()


def test_behind_a_proxy_only_the_proxy_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert reachable("https://nowhere.invalid")


def test_a_host_that_goes_round_the_proxy_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "nowhere.invalid")
    assert not reachable("https://nowhere.invalid")
