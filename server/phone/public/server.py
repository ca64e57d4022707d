"""Serves the public listener."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.http_server import HttpServer
from server.phone.public.door import Door, guarded_protocol
from server.phone.security.admission import LONGEST_BODY, LONGEST_HEAD

KEEP_ALIVE: Final = 5
"""Seconds that a connection may be idle between two requests."""


class PublicServer(HttpServer):
    """A server beside another, which alone is told when the program shall end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the service."""
        yield


class RefusingProtocol(WebSocketsSansIOProtocol):
    """Takes a refused socket for answered; uvicorn's own (0.54) logs an error for each."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True


def public_server(app: Starlette, door: Door) -> PublicServer:
    """Return the server of an application, with a door before it."""
    return PublicServer(
        uvicorn.Config(
            app,
            http=guarded_protocol(door),
            ws=RefusingProtocol,
            ws_max_size=LONGEST_BODY,
            ws_per_message_deflate=False,
            h11_max_incomplete_event_size=LONGEST_HEAD,
            timeout_keep_alive=KEEP_ALIVE,
            # Who connects is told by the guards, which know whose word to take.
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
        )
    )


class ListenError(OSError):
    """The public listener has no socket; the message says why and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Open the socket of the public listener.

    Raises:
        ListenError: The address is taken, or none of this machine.

    """
    try:
        return socket.create_server((host, port), reuse_port=False)
    except OSError as error:
        reason, fix = error.strerror or str(error), "choose another phone.public.host or port"
        if error.errno == errno.EADDRINUSE:
            reason = "which is in use already"
            fix = "set another phone.public.port, and have the tunnel lead to it"
        raise ListenError(f"cannot listen on {host} port {port}, {reason}: {fix}") from error
