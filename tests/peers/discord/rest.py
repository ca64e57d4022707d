"""The web server under Discord's REST addresses: who may ask, what goes wrong, what was asked."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias

from aiohttp import web

from tests.peers.discord.world import Json

API = "/api/v10"
TOKEN_IN_PATH = ("/interactions/", "/webhooks/")
"""Addresses that need no other authorisation than the token in them."""

FILES = "files"

Answer: TypeAlias = Json | list[Any] | None
Endpoint: TypeAlias = Callable[[web.Request, Any], Answer]


class Discord(Protocol):
    """What the web server asks of the rest of the fake."""

    token: str


class RestError(Exception):
    """Discord refuses a request."""

    def __init__(self, status: HTTPStatus, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"message": message, "code": code}


def unknown(what: str, code: int) -> RestError:
    return RestError(HTTPStatus.NOT_FOUND, f"Unknown {what}", code)


def invalid(field: str, problem: str) -> RestError:
    """Return the refusal of a body."""
    error = RestError(HTTPStatus.BAD_REQUEST, "Invalid Form Body", 50035)
    problems = [{"code": "BASE_TYPE_BAD_LENGTH", "message": problem}]
    error.body["errors"] = {field: {"_errors": problems}}
    return error


MISSING_PERMISSIONS = (HTTPStatus.FORBIDDEN, "Missing Permissions", 50013)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One request as Discord saw it."""

    at: float
    """When it came, on the event loop's clock."""

    method: str
    path: str
    """Without the version of the API."""

    body: Any
    """Files that came with it are under :data:`FILES`, by their number."""

    status: int
    """Of the answer."""


@dataclass
class Fault:
    """What goes wrong with the next requests of a kind."""

    method: str
    path: re.Pattern[str]
    times: int
    status: HTTPStatus
    body: Json
    headers: dict[str, str]


class RestApi:
    """Answers requests by the endpoints it was given."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._endpoints: list[tuple[str, re.Pattern[str], Endpoint]] = []
        self._faults: list[Fault] = []
        self.requests: list[Request] = []
        self.unhandled: list[tuple[str, str]] = []
        """Requests for which the fake has no endpoint; a test should find none."""

    def route(self, method: str, path: str, endpoint: Endpoint) -> None:
        """Answer requests of a path; ``{name}`` stands for one part of it."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self._endpoints.append((method, re.compile(pattern + "$"), endpoint))

    def limit(self, method: str, path: str, *, times: int = 1, retry_after: float = 0.05) -> None:
        """Answer the next requests with 429; ``path`` is a regular expression."""
        message = {"message": "You are being rate limited.", "retry_after": retry_after}
        headers = {
            "Retry-After": str(max(1, round(retry_after))),
            "X-RateLimit-Scope": "user",
            "Via": "1.1 google",  # clients tell Discord's own answers from Cloudflare's by it
        }
        body: Json = {**message, "global": False}
        status = HTTPStatus.TOO_MANY_REQUESTS
        fault = Fault(method, re.compile(path), times, status, body, headers)
        self._faults.append(fault)

    def fail(
        self,
        method: str,
        path: str,
        status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE,
        *,
        times: int = 1,
        message: str = "",
        code: int = 0,
    ) -> None:
        """Refuse the next requests; ``path`` is a regular expression."""
        body: Json = {"message": message or f"{status.value}: {status.phrase}", "code": code}
        self._faults.append(Fault(method, re.compile(path), times, status, body, {}))

    def asked(self, method: str, path: str = "") -> list[Request]:
        """Return the requests so far of one method whose path holds a regular expression."""
        return [one for one in self.requests if one.method == method and re.search(path, one.path)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        at = asyncio.get_running_loop().time()
        path = request.path.removeprefix(API)
        body = await _body(request)
        headers: dict[str, str] = {}
        answer: Answer
        try:
            fault = self._next_fault(request.method, path)
            if fault is not None:
                status, answer, headers = fault.status, fault.body, fault.headers
            else:
                self._authorise(request, path)
                status, answer = self._answer(request, path, body)
        except RestError as error:
            status, answer = error.status, error.body
        self.requests.append(Request(at, request.method, path, body, status))
        if answer is None:
            return web.Response(status=status)
        # discord.py knows JSON only by this header without a character set.
        headers = {**headers, "Content-Type": "application/json"}
        return web.Response(body=json.dumps(answer).encode(), status=status, headers=headers)

    def _next_fault(self, method: str, path: str) -> Fault | None:
        for fault in self._faults:
            if fault.times and fault.method == method and fault.path.search(path):
                fault.times -= 1
                return fault
        return None

    def _authorise(self, request: web.Request, path: str) -> None:
        if path.startswith(TOKEN_IN_PATH):
            return
        if request.headers.get("Authorization") != f"Bot {self._discord.token}":
            raise RestError(HTTPStatus.UNAUTHORIZED, "401: Unauthorized")

    def _answer(self, request: web.Request, path: str, body: Any) -> tuple[HTTPStatus, Answer]:
        for method, pattern, endpoint in self._endpoints:
            found = pattern.match(path)
            if method == request.method and found:
                request.match_info.update(found.groupdict())
                answer = endpoint(request, body)
                return HTTPStatus.NO_CONTENT if answer is None else HTTPStatus.OK, answer
        self.unhandled.append((request.method, path))
        raise RestError(HTTPStatus.NOT_FOUND, "404: Not Found")


async def _body(request: web.Request) -> Any:
    match request.content_type:
        case "application/json":
            return await request.json()
        case "multipart/form-data":
            form = await request.post()
            return {**json.loads(str(form.get("payload_json", "{}"))), FILES: _uploads(form)}
        case _:
            return None


def _uploads(form: Mapping[str, Any]) -> dict[int, Upload]:
    """Return the files of a form, by the number in ``files[number]``."""
    return {
        int(found[1]): Upload(part.filename, part.file.read())
        for name, part in form.items()
        if (found := re.fullmatch(r"files\[(\d+)\]", name))
    }
