"""Opening the WebSocket, and what it means when that fails."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import CloseCode

from openclaw_client.config import OpenClawConfig
from openclaw_client.errors import (
    GatewayConnectionError,
    NotAGatewayError,
    ProtocolMismatchError,
    TlsError,
    UnavailableError,
    UnreachableError,
)
from openclaw_client.frames import WireError, quoted
from openclaw_client.refusals import connect_refusal

LARGEST_MESSAGE = 64 * 2**20
"""Bytes; gateways send at most 25 MiB."""

CLOSING = 1.0
"""Seconds that a gateway may take to agree that a connection closes."""

_PING = 20.0
_HTTPS_PORT, _HTTP_PORT = 443, 80

_NO_GATEWAY_FIX = "Check the port of openclaw.base_url; a Gateway usually listens on 18789"
_UNREACHABLE_FIX = (
    "Check that the gateway runs (openclaw gateway status) and that openclaw.base_url is its"
    " address"
)
_TLS_FIX = (
    "Check whether openclaw.base_url should be ws:// or wss://; for a certificate of your own"
    " set openclaw.ca_file"
)

# At DEBUG the library logs whole messages, and with them the token.
_NO_LOG = logging.Logger(  # noqa: LOG001 - one without handlers, outside the tree of loggers
    "openclaw_client.websockets", logging.CRITICAL + 1
)


@asynccontextmanager
async def dial(config: OpenClawConfig) -> AsyncIterator[ClientConnection]:
    """Open a WebSocket to the gateway, and close it at the end.

    Raises:
        GatewayConnectionError: It could not be opened.

    Cancelling closes it.

    """
    address = config.base_url
    if address is None:
        raise UnreachableError(
            "no gateway is configured", fix="Set OPENCLAW_BASE_URL, usually ws://127.0.0.1:18789"
        )
    with _translated(address):
        socket = await _open(config, address)
    try:
        yield socket
    finally:
        await _close(socket)


def closing_error(closed: websockets.ConnectionClosed, *, greeted: bool) -> GatewayConnectionError:
    """Return what it means that the gateway closed the connection.

    Args:
        closed: What the library raised.
        greeted: Whether the gateway had let us in.

    """
    code = closed.rcvd.code if closed.rcvd else CloseCode.ABNORMAL_CLOSURE
    reason = quoted(closed.rcvd.reason) if closed.rcvd else ""
    if code == CloseCode.POLICY_VIOLATION and not greeted:
        # Of the reasons that stand here, those we know are the same sentences as in a refusal.
        refusal = connect_refusal(WireError("CLOSED", reason))
        if not isinstance(refusal, ProtocolMismatchError):
            return refusal
    if code in {CloseCode.SERVICE_RESTART, CloseCode.TRY_AGAIN_LATER}:
        return UnavailableError("the gateway restarts")
    after = f": {reason}" if reason else ""
    return UnreachableError(f"the connection to the gateway broke (code {int(code)}{after})")


async def _close(socket: ClientConnection) -> None:
    """Close within a time; the library's own limit begins only when all was written and read."""
    try:
        async with asyncio.timeout(CLOSING):
            await socket.close()
    except TimeoutError:
        socket.transport.abort()
        await socket.wait_closed()


async def _open(config: OpenClawConfig, address: str) -> ClientConnection:
    parts = urlsplit(address)
    secure = parts.scheme == "wss"
    return await connect(
        address,
        # Named here, they keep a redirect from taking our token to another host.
        host=parts.hostname,
        port=parts.port or (_HTTPS_PORT if secure else _HTTP_PORT),
        ssl=_tls(config) if secure else None,
        compression=None,  # gateways offer none
        proxy=None,  # what people say goes to this gateway, not to a proxy found somewhere
        open_timeout=config.connect_timeout,
        close_timeout=CLOSING,
        ping_interval=_PING,
        ping_timeout=_PING,
        max_size=LARGEST_MESSAGE,
        logger=_NO_LOG,
    )


def _tls(config: OpenClawConfig) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except OSError as error:
        reason = error.strerror or "it holds no certificate"
        raise TlsError(f"openclaw.ca_file cannot be used: {reason}", fix=_TLS_FIX) from None


@contextmanager
def _translated(address: str) -> Iterator[None]:
    try:
        yield
    except (websockets.InvalidHandshake, websockets.InvalidURI) as error:
        raise _handshake_error(error, address) from None
    except OSError as error:  # among them TimeoutError and ssl.SSLError
        raise _network_error(error, address) from None
    except ValueError:
        # The library's word for a redirect that it must not follow.
        raise NotAGatewayError(
            f"what listens at {address} sends us to another host", fix=_NO_GATEWAY_FIX
        ) from None


def _handshake_error(
    error: websockets.InvalidHandshake | websockets.InvalidURI, address: str
) -> GatewayConnectionError:
    if isinstance(error, websockets.InvalidStatus):
        status = error.response.status_code
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            return UnavailableError(f"the gateway at {address} is not ready yet (HTTP 503)")
        return NotAGatewayError(
            f"what listens at {address} is a web server, not a Gateway (HTTP {status})",
            fix=_NO_GATEWAY_FIX,
        )
    if isinstance(error.__cause__, EOFError):
        # A gateway that is starting or stopping does this too, so it is worth another try soon.
        return UnreachableError(
            f"what listens at {address} closed the connection at once", fix=_TLS_FIX
        )
    return NotAGatewayError(
        f"what listens at {address} does not speak WebSocket", fix=_NO_GATEWAY_FIX
    )


def _network_error(error: OSError, address: str) -> GatewayConnectionError:
    gateway = f"the gateway at {address}"
    match error:
        case ssl.SSLError():
            reason = getattr(error, "verify_message", "") or error.reason or "handshake failed"
            return TlsError(f"no encrypted connection to {gateway}: {reason}", fix=_TLS_FIX)
        case TimeoutError():
            return UnreachableError(f"{gateway} did not answer in time", fix=_UNREACHABLE_FIX)
        case ConnectionResetError() if address.startswith("wss:"):
            # A server without TLS may do this; so does a gateway that is starting or stopping.
            return UnreachableError(f"{gateway} broke the TLS handshake off", fix=_TLS_FIX)
        case _:
            return UnreachableError(
                f"{gateway} cannot be reached: {_reason(error)}", fix=_UNREACHABLE_FIX
            )


def _reason(error: OSError) -> str:
    """Return what the system calls the error; asyncio has words of its own."""
    return os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
