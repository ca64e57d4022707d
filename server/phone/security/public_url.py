"""Sans-I/O: the address by which the world reaches the public listener."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

Purpose: TypeAlias = Literal["webhook", "stream"]

_DEFAULT_PORT: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_STREAM_SCHEME: Final = {"http": "ws", "https": "wss"}
_LOCAL_ENDINGS: Final = (".local", ".localhost", ".internal", ".lan", ".home.arpa")


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """What stands in front of every path that a provider is told.

    Signatures are made over the address as the provider knows it, so it is taken from the settings
    or from the tunnel, never from a request: ``Host`` and ``X-Forwarded-Host`` are whatever the
    sender likes.
    """

    secure: bool
    host: str
    """Name or address as written, an IPv6 address in brackets."""

    port: int | None
    prefix: str
    """Path that a proxy in front takes away; without a slash at its end."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``https://phone.example.com``, with a port and a path where there are any.

        Raises:
            ValueError: It is no such address.

        """
        parts = urlsplit(url.strip())
        if parts.scheme not in _STREAM_SCHEME or not parts.hostname:
            raise ValueError("a public URL looks like https://phone.example.com")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("a public URL has no user, no query and no fragment")
        host = parts.netloc
        if parts.port is not None:
            host = host.rpartition(":")[0]
        return cls(parts.scheme == "https", host.rstrip(":"), parts.port, parts.path.rstrip("/"))

    def url(self, path: str, purpose: Purpose = "webhook") -> str:
        """Return what to tell the provider for a path, which begins with a slash."""
        port = "" if self.port is None else f":{self.port}"
        return f"{self._scheme(purpose)}://{self.host}{port}{self.prefix}{path}"

    def signed_urls(self, target: str, purpose: Purpose) -> tuple[str, ...]:
        """Return the addresses over which a request may have been signed.

        Twilio is not consistent about the port, so as its own libraries do, it is tried without
        and with one.

        Args:
            target: Path and query as they stand in the request, not decoded.
            purpose: A media stream is signed with the scheme ``wss``, a webhook with ``https``.

        """
        scheme = self._scheme(purpose)
        port = self.port or _DEFAULT_PORT[scheme]
        rest = f"{self.prefix}{target}"
        return (f"{scheme}://{self.host}{rest}", f"{scheme}://{self.host}:{port}{rest}")

    def problem(self) -> str | None:
        """Return why no provider can reach this address, if so; for ``setup`` and ``doctor``."""
        if not self.secure:
            return "Media streams need https: Twilio opens no ws:// socket."
        name = self.host.strip("[]").rstrip(".").lower()
        try:
            reachable = ipaddress.ip_address(name).is_global
        except ValueError:
            reachable = "." in name and not name.endswith(_LOCAL_ENDINGS)
        if reachable:
            return None
        return f"{self.host} can be reached from this network only, not by Twilio."

    def _scheme(self, purpose: Purpose) -> str:
        scheme = "https" if self.secure else "http"
        return scheme if purpose == "webhook" else _STREAM_SCHEME[scheme]
