"""Who we are to a gateway: an Ed25519 key, and the tokens gateways gave it.

A gateway on another machine lets nobody talk with agents whose device it has not approved. The
key and the tokens live in one file that only its owner may read. The identity is created once;
two processes that start together end with the same one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock
from nacl.signing import SigningKey

from openclaw_client.errors import DeviceFileError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SEED_BYTES = 32
_LOCK_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """The key of this device."""

    _key: SigningKey = field(repr=False)

    @property
    def device_id(self) -> str:
        """SHA-256 of the public key, in hex."""
        return hashlib.sha256(self._public_bytes()).hexdigest()

    @property
    def public_key(self) -> str:
        """The raw public key, base64url without padding."""
        return _base64url(self._public_bytes())

    def sign(self, text: str) -> str:
        """Return the signature of ``text``, base64url without padding."""
        return _base64url(self._key.sign(text.encode()).signature)

    def _public_bytes(self) -> bytes:
        return bytes(self._key.verify_key)


class DeviceStore:
    """The file with the identity and the tokens.

    Its methods block for a moment on the disk.

    Args:
        path: The file; it and its folder are created when first needed.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = filelock.FileLock(path.with_name(path.name + ".lock"), timeout=_LOCK_TIMEOUT)

    def identity(self) -> DeviceIdentity:
        """Return the identity, created when there is none.

        Raises:
            DeviceFileError: The file cannot be read, written or trusted.

        """
        return DeviceIdentity(_signing_key(self._load_or_create(), self._path))

    def token(self, gateway: str) -> str:
        """Return the token that the gateway at this address gave us, "" when it gave none.

        Raises:
            DeviceFileError: The file cannot be read, written or trusted.

        """
        token = _tokens(self._load_or_create()).get(gateway)
        return token if isinstance(token, str) else ""

    def keep_token(self, gateway: str, token: str) -> None:
        """Remember the gateway's token for us; "" forgets it.

        Raises:
            DeviceFileError: The file cannot be read, written or trusted.

        """
        self._load_or_create()
        with _translated(self._path), self._lock:
            content = _read(self._path)
            tokens = _tokens(content)
            if tokens.get(gateway, "") == token:
                return
            tokens = {name: kept for name, kept in tokens.items() if name != gateway}
            content["tokens"] = {**tokens, gateway: token} if token else tokens
            _write(self._path, content)

    def _load_or_create(self) -> dict[str, Any]:
        with _translated(self._path):
            if not self._path.exists():
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._lock:
                    if not self._path.exists():
                        seed = SigningKey.generate().encode()
                        _write(self._path, {"version": 1, "seed": _base64url(seed), "tokens": {}})
            return _read(self._path)


class _translated:  # noqa: N801 - used as a function, in a with statement
    """Translates what the file system and the lock raise."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        # A lock timeout is an OSError too.
        if isinstance(error, OSError):
            reason = error.strerror or type(error).__name__
            raise DeviceFileError(
                f"the device file {self._path} cannot be used: {reason}. Make its folder"
                " writable, or set openclaw.device_file to another place"
            ) from None


def _read(path: Path) -> dict[str, Any]:
    """Read the file, after closing it to others.

    A file that others could read may hold a key they know; one that others could write may hold
    one they chose. The first is repaired, the second refused.
    """
    mode = path.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DeviceFileError(
            f"others may write the device file {path}, so its key cannot be trusted. Delete it:"
            " a new one is made, which the gateway has to approve"
        )
    if mode & _OTHERS:
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise DeviceFileError(
            f"the device file {path} is damaged. Delete it: a new one is made, which the gateway"
            " has to approve"
        )
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    """Replace the file in one step; a crash leaves the old or the new one, both whole."""
    # mkstemp makes files that only their owner may read.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _tokens(content: dict[str, Any]) -> dict[str, Any]:
    tokens = content.get("tokens")
    return tokens if isinstance(tokens, dict) else {}


def _signing_key(content: dict[str, Any], path: Path) -> SigningKey:
    seed = content.get("seed")
    try:
        raw = base64.urlsafe_b64decode(f"{seed}==") if isinstance(seed, str) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _SEED_BYTES:
        raise DeviceFileError(
            f"the device file {path} holds no key. Delete it: a new one is made, which the gateway"
            " has to approve"
        )
    return SigningKey(raw)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
