"""What goes wrong when the WebSocket is opened, against real sockets."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import websockets
from websockets.frames import Close, CloseCode

from openclaw_client.config import OpenClawConfig
from openclaw_client.dialing import closing_error, dial
from openclaw_client.errors import (
    CredentialsError,
    GatewayConnectionError,
    NotAGatewayError,
    PairingRequiredError,
    TlsError,
    UnavailableError,
    UnreachableError,
)
from tests.peers.gateway_hub import GUARD, GatewayHub

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def says(text: bytes) -> Peer:
    """Return a peer that says one thing and hangs up."""

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.LimitOverrunError):
            await reader.read(4096)
            writer.write(text)
            await writer.drain()
        writer.close()

    return peer


def http(status: str, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n{headers}\r\n".encode()


async def dialled(address: str, ca_file: Path | None = None, within: float = 5.0) -> None:
    config = OpenClawConfig(base_url=address, ca_file=ca_file, connect_timeout=within)
    async with dial(config):
        pass


def failure_with(peer: Peer, scheme: str = "ws", within: float = 5.0) -> GatewayConnectionError:
    async def test() -> GatewayConnectionError:
        server = await asyncio.start_server(peer, "127.0.0.1", 0)
        address = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            with pytest.raises(GatewayConnectionError) as caught:
                await dialled(address, within=within)
        return caught.value

    return asyncio.run(asyncio.wait_for(test(), GUARD))


def test_a_gateway_is_reached():
    async def test() -> None:
        async with GatewayHub().running() as gateway:
            await dialled(gateway.url)

    asyncio.run(test())


@pytest.mark.parametrize(
    "peer", [says(http("200 OK")), says(http("404 Not Found")), says(http("401 Unauthorized"))]
)
def test_a_web_server_is_no_gateway(peer: Peer):
    error = failure_with(peer)
    assert isinstance(error, NotAGatewayError)
    assert "web server" in str(error)
    assert "18789" in error.fix


def test_a_server_that_is_not_ready_is_asked_again():
    assert isinstance(failure_with(says(http("503 Service Unavailable"))), UnavailableError)


def test_something_else_is_no_gateway():
    error = failure_with(says(b"SSH-2.0-OpenSSH_9.6\r\n"))
    assert isinstance(error, NotAGatewayError)
    assert "does not speak WebSocket" in str(error)


def test_one_that_hangs_up_at_once_is_tried_again_soon():
    error = failure_with(says(b""))
    assert isinstance(error, UnreachableError)
    assert "wss://" in error.fix


def test_one_that_never_answers_is_given_up():
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    error = failure_with(silent, within=0.2)
    assert isinstance(error, UnreachableError)
    assert "in time" in str(error)


def test_a_redirect_does_not_take_our_token_to_another_host():
    error = failure_with(says(http("302 Found", "Location: ws://127.0.0.2:9/\r\n")))
    assert isinstance(error, NotAGatewayError)


def test_a_closed_port_is_unreachable(unused_port: int):
    with pytest.raises(UnreachableError, match="openclaw gateway status"):
        asyncio.run(dialled(f"ws://127.0.0.1:{unused_port}"))


def test_an_unknown_host_is_unreachable():
    with pytest.raises(UnreachableError):
        asyncio.run(dialled("ws://no-such-host.invalid:1"))


def test_tls_to_a_gateway_without_it_is_told():
    error = failure_with(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), scheme="wss")
    assert isinstance(error, TlsError)
    assert "ws:// or wss://" in error.fix


def test_a_certificate_that_nobody_vouches_for_is_told(certificate: Path):
    async def test() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = await asyncio.start_server(says(b""), "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with server:
            with pytest.raises(TlsError, match=r"self-signed certificate.*openclaw\.ca_file"):
                await dialled(f"wss://127.0.0.1:{port}")
            # Trusted, it is reached, and hangs up.
            with pytest.raises(UnreachableError):
                await dialled(f"wss://127.0.0.1:{port}", ca_file=certificate)

    asyncio.run(asyncio.wait_for(test(), GUARD))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unusable_ca_file_is_told(tmp_path: Path, content: str | None):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(TlsError, match=r"openclaw\.ca_file cannot be used"):
        asyncio.run(dialled("wss://127.0.0.1:1", ca_file=path))


def test_without_an_address_there_is_a_hint():
    async def test() -> None:
        async with dial(OpenClawConfig()):
            pass

    with pytest.raises(UnreachableError, match="OPENCLAW_BASE_URL"):
        asyncio.run(test())


@pytest.mark.parametrize(
    ("code", "reason", "greeted", "kind"),
    [
        (1006, "", True, UnreachableError),
        (1000, "", True, UnreachableError),
        (1012, "service restart", True, UnavailableError),
        (1013, "starting", False, UnavailableError),
        (1008, "unauthorized: gateway token mismatch", False, CredentialsError),
        (1008, "pairing required: device is not approved", False, PairingRequiredError),
        (1008, "slow consumer", True, UnreachableError),
        (1008, "something new", False, UnreachableError),
    ],
)
def test_what_a_close_means(
    code: int, reason: str, *, greeted: bool, kind: type[GatewayConnectionError]
):
    received = None if code == CloseCode.ABNORMAL_CLOSURE else Close(code, reason)
    closed = websockets.ConnectionClosedError(received, None)
    error = closing_error(closed, greeted=greeted)
    assert type(error) is kind
