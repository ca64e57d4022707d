from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from server.logs import SafeFormatter
from tests.server.program import ROOT


def record(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, __file__, 1, message, args, None)


def test_secrets_are_masked_wherever_they_stand() -> None:
    formatter = SafeFormatter(["s3cret", "s3cret-longer", "abc"])
    text = formatter.format(record("token %s and %s", "s3cret-longer", {"k": "s3cret"}))
    assert "s3cret" not in text
    assert text.endswith("token ******** and {'k': '********'}")


def test_secrets_too_short_to_hide_are_left() -> None:
    assert SafeFormatter(["abc"]).format(record("abc")).endswith("abc")


def test_secrets_are_masked_in_tracebacks() -> None:
    failing = record("failed")
    try:
        {}["s3cret"]
    except KeyError:
        failing.exc_info = sys.exc_info()
    text = SafeFormatter(["s3cret"]).format(failing)
    assert "Traceback" in text
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (logging.WARNING, ["WARNING server", "WARNING httpx"]),
        (logging.INFO, ["INFO server", "WARNING server", "WARNING httpx"]),
        (logging.DEBUG, ["DEBUG server", "INFO server", "WARNING server", "INFO httpx"]),
    ],
)
def test_libraries_are_heard_only_when_details_are_wanted(level: int, shown: list[str]) -> None:
    program = f"""
import logging
import subprocess
import pytest

from server.logs import log_to_stderr
log_to_stderr({level})
for name in ("server", "httpx"):
    for each in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(each, "said")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [line.split()[1:3] for line in done.stderr.splitlines()]
    assert [f"{level} {name[:-1]}" for level, name in lines][: len(shown)] == shown


def test_a_message_cannot_forge_a_line() -> None:
    text = SafeFormatter([]).format(record("said %s", "one\n00:00:00 ERROR forged\r"))
    assert "\n" not in text
    assert text.endswith("said one\\n00:00:00 ERROR forged\\r")
