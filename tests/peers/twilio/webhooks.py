"""Requests that Twilio makes: signed over the public address, dialled through a tunnel."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp

from tests.peers.twilio.signing import Signer

TIMEOUT = 15.0
"""Seconds Twilio waits for an answer."""

TWILIO_ADDRESS = "54.172.60.1"
UNREACHABLE = 502
_TUNNELLED = {"https": "http", "wss": "ws"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook, and how it was answered."""

    method: str
    url: str
    """Public address, as signed."""

    headers: dict[str, str]
    body: str
    fields: dict[str, str]
    status: int = 0
    """Of the answer; :data:`UNREACHABLE` when there was none."""

    content_type: str = ""
    answer: str = ""


class Webhooks:
    """Makes requests to the program under test."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.tunnels: dict[str, str] = {}
        """``address:port`` by public host."""

        self.delays: dict[str, float] = {}
        """Seconds by which status callbacks are late, by their event."""

        self.deliveries: list[Delivery] = []
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session is not None, "the fake Twilio is not running"
        return self._session

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))

    async def close(self) -> None:
        await self.session.close()

    def outgoing(self, url: str, fields: dict[str, str]) -> dict[str, str]:
        """Return the headers of a request."""
        return {
            **self.signer.headers(url, fields.items()),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }

    def tunnelled(self, url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Return what to dial for a public address, with what a tunnel adds."""
        parts = urlsplit(url)
        target = self.tunnels.get(parts.netloc) or self.tunnels.get(parts.hostname or "")
        if target is None:
            if parts.hostname != "127.0.0.1":
                raise aiohttp.ClientError(f"there is no {parts.netloc} here")
            return url, headers
        added = {
            "Host": parts.netloc,
            "X-Forwarded-Host": parts.netloc,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": TWILIO_ADDRESS,
        }
        scheme = _TUNNELLED.get(parts.scheme, parts.scheme)
        return urlunsplit(parts._replace(scheme=scheme, netloc=target)), headers | added

    async def send(self, url: str, fields: dict[str, str], method: str = "POST") -> Delivery:
        """Make a request; its fields are a form, or the query of a GET."""
        if method.upper() == "GET":
            address = url + ("&" if "?" in url else "?") + urlencode(fields)
            headers = self.outgoing(address, {})
            return await self.deliver(Delivery("GET", address, headers, "", fields))
        headers = self.outgoing(url, fields)
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return await self.deliver(Delivery("POST", url, headers, urlencode(fields), fields))

    async def deliver(self, delivery: Delivery) -> Delivery:
        """Carry out a request as it stands."""
        try:
            dialled, headers = self.tunnelled(delivery.url, delivery.headers)
            headers = headers | {"User-Agent": "TwilioProxy/1.1"}
            body = delivery.body.encode() or None
            async with self.session.request(
                delivery.method, dialled, headers=headers, data=body
            ) as response:
                answered = replace(
                    delivery,
                    status=response.status,
                    content_type=response.headers.get("Content-Type", ""),
                    answer=await response.text(),
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            answered = replace(delivery, status=UNREACHABLE, answer=repr(error))
        self.deliveries.append(answered)
        return answered

    async def redeliver(
        self,
        delivery: Delivery,
        *,
        headers: dict[str, str] | None = None,
        body: str | None = None,
    ) -> Delivery:
        """Make a request once more: as it was, like Twilio's retries, or changed by an attacker."""
        changed = delivery.headers | (headers or {})
        return await self.deliver(
            replace(delivery, headers=changed, body=delivery.body if body is None else body)
        )
