"""Ports and certificates for the tests of connections, and a guard over secrets."""

import logging
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openclaw_client.clients import TOKEN, WHISPER

PASSWORD = "hush-password"
DEVICE_TOKEN = "hush-device"
SECRETS = (TOKEN, PASSWORD, DEVICE_TOKEN)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a key and a self-signed certificate for 127.0.0.1."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the program openssl, to make a certificate")
    key, made, both = (tmp_path / name for name in ("key.pem", "made.pem", "both.pem"))
    options = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 1"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(made)]
    subprocess.run([openssl, *options.split(), *names, *files], check=True, capture_output=True)
    both.write_text(key.read_text() + made.read_text())
    return both


@pytest.fixture
def secrets_kept(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail when anything logs a secret at any level, or the words of a turn above DEBUG."""
    caplog.set_level(logging.DEBUG)
    yield
    formatter = logging.Formatter("%(name)s %(message)s")
    for record in caplog.get_records("call"):
        text = formatter.format(record)
        assert not any(secret in text for secret in SECRETS), record.name
        if record.levelno > logging.DEBUG:
            assert WHISPER not in text
            assert not re.search(r"\bw\d+\b", text), "the words of a reply"
