"""Calls as files: one JSON file a call, and an index with one line a call.

A copy for people and other programs; the store is the truth. Everything here blocks: call it in
threads, in several at once if need be. Files are for the user alone (mode 0600): they hold numbers
and what was said.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from server.phone.calls.record import CallRecord

INDEX_NAME = "index.jsonl"

_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UNFINISHED = ".unfinished-"


class CallFilesError(Exception):
    """The files of calls cannot be read or written; the message says why and what to do."""


class CallFiles:
    """The folder with a file for each call.

    Args:
        folder: Made when it is missing.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index_lock = threading.Lock()

    def path(self, call_id: str) -> Path:
        """Return where a call's file is, or would be.

        Raises:
            CallFilesError: That is no id of a call.

        """
        if not _SAFE_ID.fullmatch(call_id):
            raise CallFilesError("that is no id of a call")
        return self._folder / f"{call_id}.json"

    def write(self, record: CallRecord) -> Path:
        """Write a call's file and its line in the index; one that is there is replaced whole.

        Raises:
            CallFilesError: The folder cannot be written.

        """
        path = self.path(record.id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            known = path.exists()
            self._replace(path, json.dumps(record.to_json(), ensure_ascii=False, indent=2) + "\n")
            with self._index_lock:
                self._index(record, known=known)
        except OSError as error:
            raise self._explained(error) from error
        return path

    def index(self) -> list[dict[str, Any]]:
        """Return the lines of the index, oldest first, each call once; damaged ones are left out.

        Raises:
            CallFilesError: The index cannot be read.

        """
        try:
            text = (self._folder / INDEX_NAME).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._explained(error) from error
        lines: dict[str, dict[str, Any]] = {}
        for line in text.splitlines():
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                    lines[entry["id"]] = entry
        return list(lines.values())

    def remove_before(self, at: datetime) -> tuple[str, ...]:
        """Remove the files of calls that began before; return their ids.

        Raises:
            CallFilesError: The folder cannot be written.

        """
        with self._index_lock:
            entries = self.index()
            old = [entry for entry in entries if _began_before(entry, at)]
            removed = tuple(entry["id"] for entry in old)
            try:
                for call_id in filter(_SAFE_ID.fullmatch, removed):
                    self.path(call_id).unlink(missing_ok=True)
                if removed:
                    self._write_index(entry for entry in entries if entry not in old)
            except OSError as error:
                raise self._explained(error) from error
        return removed

    def remove_unfinished(self) -> None:
        """Remove what a crash left in the middle of writing; once, before anything is written.

        Raises:
            CallFilesError: The folder cannot be written.

        """
        try:
            for unfinished in self._folder.glob(f"{_UNFINISHED}*"):
                unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise self._explained(error) from error

    def _index(self, record: CallRecord, *, known: bool) -> None:
        entry = _entry(record)
        if known:
            entries = {one["id"]: one for one in self.index()} | {record.id: entry}
            self._write_index(entries.values())
            return
        descriptor = os.open(self._folder / INDEX_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            end = file.seek(0, os.SEEK_END)
            torn = end > 0 and (file.seek(end - 1), file.read(1))[1] != b"\n"
            # A line break first, after a crash in the middle of a line.
            file.write(b"\n" * torn + _line(entry).encode(errors="ignore"))
            file.flush()
            os.fsync(file.fileno())

    def _write_index(self, entries: Iterable[dict[str, Any]]) -> None:
        self._replace(self._folder / INDEX_NAME, "".join(_line(entry) for entry in entries))

    def _replace(self, path: Path, text: str) -> None:
        """Replace the file at once: readers see the old or the new one, whatever happens."""
        descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self._folder)
        try:
            # Half a character, as a model may write one, is left out.
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="ignore") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _explained(self, error: OSError) -> CallFilesError:
        return CallFilesError(
            f"the folder of transcripts {self._folder} cannot be used ({error.strerror}): set"
            " phone.transcripts.folder to one that can be written"
        )


def _entry(record: CallRecord) -> dict[str, Any]:
    """Return a call's line: what a list shows."""
    whole = record.to_json(transcript=False)
    names = (
        "id", "direction", "from", "to", "task", "status", "startedAt", "endedAt", "duration",
        "identity", "endReason", "outcome", "error",
    )  # fmt: skip
    return {name: whole[name] for name in names}


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _began_before(entry: dict[str, Any], at: datetime) -> bool:
    try:
        return datetime.fromisoformat(entry["startedAt"]) < at
    except (KeyError, TypeError, ValueError):
        return False
