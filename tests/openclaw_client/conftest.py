"""Ports and certificates for the tests of connections."""

import shutil
import socket
import subprocess
from pathlib import Path

import pytest


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
