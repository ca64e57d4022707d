"""A Hugging Face hub on loopback, for the unmodified ``huggingface_hub`` client.

Speaks what the client downloads with: ``HEAD`` and ``GET`` of
``/<repository>/resolve/<revision>/<file>``, with the hub's headers and error codes. As on the real
hub, large files are redirected to a storage server of another origin that supports ranges, and
small ones are answered directly.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Self

LARGE = 10_000
"""Bytes from which a file is kept by the storage server."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a server saw it."""

    server: str
    """``hub`` or ``storage``."""

    method: str
    path: str
    range: str | None
    authorised: bool


@dataclass
class FakeHub:
    """What the hub holds and how it behaves; a context manager that serves while open."""

    repositories: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    """Content by repository, revision and file name."""

    gated: set[str] = field(default_factory=set)
    """Repositories that are refused until their licence is accepted."""

    status: HTTPStatus = HTTPStatus.OK
    """Anything else is the answer to every request."""

    cut_after: int | None = None
    """Bytes after which the next transfer from storage breaks off, once."""

    delay: float = 0.0
    """Seconds before storage sends a body."""

    silent: bool = False
    """Accept connections and never answer."""

    requests: list[Request] = field(default_factory=list)
    transferring: Event = field(default_factory=Event)
    """Set when storage was asked for a body."""

    _servers: list[ThreadingHTTPServer] = field(default_factory=list)
    _closing: Event = field(default_factory=Event)

    def put(self, repository: str, revision: str, name: str, content: bytes) -> None:
        """Add or replace a file."""
        self.repositories.setdefault(repository, {}).setdefault(revision, {})[name] = content

    def transfers(self) -> int:
        """How many bodies storage was asked for."""
        return sum(r.server == "storage" and r.method == "GET" for r in self.requests)

    @property
    def url(self) -> str:
        """Value for ``HF_ENDPOINT``."""
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def storage_url(self) -> str:
        return f"http://127.0.0.1:{self._servers[1].server_port}"

    def __enter__(self) -> Self:
        for name in ("hub", "storage"):
            handler = type("Handler", (_Handler,), {"hub": self, "server_name": name})
            server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
            server.daemon_threads = False  # closing the server joins them
            self._servers.append(server)
            Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def wait(self, seconds: float) -> None:
        """Wait, or until the hub closes."""
        self._closing.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub
    server_name: str

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub = self.hub
        headers = self.headers
        authorised = "authorization" in headers
        hub.requests.append(
            Request(self.server_name, self.command, self.path, headers["range"], authorised)
        )
        self.close_connection = True  # closing the hub need not wait for idle connections
        if hub.silent:
            hub.wait(30)
        elif hub.status != HTTPStatus.OK:
            self._send(hub.status, {}, b"")
        elif self.server_name == "storage":
            self._send_from_storage()
        else:
            self._resolve(with_body=with_body)

    def _resolve(self, *, with_body: bool) -> None:
        repository, _, rest = self.path.lstrip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        revisions = self.hub.repositories.get(repository)
        if revisions is None:
            return self._refuse(HTTPStatus.NOT_FOUND, "RepoNotFound")
        if repository in self.hub.gated:
            return self._refuse(HTTPStatus.FORBIDDEN, "GatedRepo")
        if revision not in revisions:
            return self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound")
        content = revisions[revision].get(name)
        if content is None:
            return self._refuse(HTTPStatus.NOT_FOUND, "EntryNotFound")
        headers = {"X-Repo-Commit": revision}
        if len(content) >= LARGE:
            digest = hashlib.sha256(content).hexdigest()
            headers |= {
                "X-Linked-Etag": f'"{digest}"',
                "X-Linked-Size": str(len(content)),
                "Location": f"{self.hub.storage_url}/{repository}/{revision}/{name}",
            }
            return self._send(HTTPStatus.FOUND, headers, b"")
        blob = b"blob %d\0%s" % (len(content), content)
        headers["ETag"] = f'"{hashlib.sha1(blob, usedforsecurity=False).hexdigest()}"'
        return self._send(HTTPStatus.OK, headers, content, with_body=with_body)

    def _send_from_storage(self) -> None:
        repository, revision, name = self.path.lstrip("/").rsplit("/", 2)
        content = self.hub.repositories[repository][revision][name]
        self.hub.transferring.set()
        self.hub.wait(self.hub.delay)
        wanted = self.headers["range"]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        status = HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK
        cut, self.hub.cut_after = self.hub.cut_after, None
        self._send(status, headers if wanted else {}, content[start:], cut_after=cut)

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        self._send(status, {"X-Error-Code": code, "X-Error-Message": code}, b"")

    def _send(
        self,
        status: HTTPStatus,
        headers: dict[str, str],
        body: bytes,
        *,
        with_body: bool = True,
        cut_after: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            with suppress(ConnectionError):  # a client may be killed
                self.wfile.write(body[:cut_after])


def free_port() -> int:
    """Return a port that nothing listens on."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return server.server_port
