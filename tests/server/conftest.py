"""Rooms of the service, and an address where nobody is."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.server.room_support_scene import Setting


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


@pytest.fixture
def nowhere() -> str:
    """Return the address of a gateway that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"ws://127.0.0.1:{taken.getsockname()[1]}"
