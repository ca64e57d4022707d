"""What OpenClaw's own settings tell, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from openclaw_client import OpenClawConfig
from server.setup.local_gateway import LocalGateway, read_local_gateway


def told(folder: Path, text: str) -> LocalGateway:
    file = folder / "openclaw.json"
    file.write_text(text, encoding="utf-8")
    return read_local_gateway(file)


def test_port_token_and_password(tmp_path: Path) -> None:
    text = '{"gateway": {"port": 1234, "auth": {"token": "t", "password": "p"}}}'
    gateway = told(tmp_path, text)
    assert gateway == LocalGateway("ws://127.0.0.1:1234", "t", "p")
    assert "'t'" not in repr(gateway)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "// a comment\n{}",
        "[1]",
        "[" * 100_000,
        '{"gateway": 1}',
        '{"gateway": {"auth": [], "port": true}}',
        '{"gateway": {"port": 65536, "auth": {"token": {"source": "env"}}}}',
        '{"gateway": {"port": "1", "auth": {"token": "${OPENCLAW_TOKEN}"}}}',
    ],
)
def test_what_is_not_told_is_the_usual(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text) == LocalGateway()


def test_no_file_is_the_usual_gateway(tmp_path: Path) -> None:
    gateway = read_local_gateway(tmp_path / "openclaw.json")
    assert gateway == LocalGateway("ws://127.0.0.1:18789")


def test_credentials_are_those_that_were_not_shown_yet() -> None:
    gateway = LocalGateway(token="t", password="p")
    nothing, same = OpenClawConfig(), OpenClawConfig(auth_token=SecretStr("t"))
    assert gateway.credentials_for(nothing, password=False) == "t"
    assert gateway.credentials_for(nothing, password=True) == "p"
    assert gateway.credentials_for(same, password=False) == ""
