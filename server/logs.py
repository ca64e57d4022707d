"""The program's log: one line a record on standard error, secrets left out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable

from server.config_view import MASK

_SHORTEST_SECRET = 4
"""Characters below which masking would only make the log unreadable."""

_CHATTY = (
    "httpx",
    "httpcore",
    "httpx2",
    "httpcore2",
    "huggingface_hub",
    "filelock",
    "markdown_it",
    "asyncio",
    "faster_whisper",
)
"""Libraries that log every request at INFO, and every event at DEBUG."""


class SafeFormatter(logging.Formatter):
    """Writes a record on one line and leaves secrets out of it, the traceback's text included.

    The last line of defence: nothing should log a secret in the first place.

    Args:
        secrets: What must not be shown.

    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
        # Longest first: one secret may be the beginning of another.
        self._secrets = sorted(
            (secret for secret in secrets if len(secret) >= _SHORTEST_SECRET), key=len, reverse=True
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line, in which a message cannot begin a line of its own."""
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, a traceback below it, without secrets."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


def log_to_stderr(level: int, secrets: Iterable[str] = ()) -> None:
    """Send the program's log to standard error, in place of wherever it went before.

    Args:
        level: From which level on; at DEBUG transcripts may stand in it.
        secrets: Values that must not be shown.

    """
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(SafeFormatter(secrets))
    logging.basicConfig(level=level, handlers=[output], force=True)
    for name in _CHATTY:
        chatter = logging.INFO if level <= logging.DEBUG else logging.WARNING
        logging.getLogger(name).setLevel(chatter)
