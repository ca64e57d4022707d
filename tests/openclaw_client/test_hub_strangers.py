"""What listens at the address is no gateway, or not one that can be talked with; over sockets."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from openclaw_client import (
    GatewayClient,
    LinkState,
    NotAGatewayError,
    OpenClawConfig,
    TlsError,
    UnreachableError,
)
from tests.openclaw_client.captured import event
from tests.openclaw_client.clients import TOKEN, asked, connected, guarded
from tests.peers.gateway_hub import GatewayHub, Visit, until

pytestmark = pytest.mark.usefixtures("secrets_kept")

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(peer: Peer, scheme: str = "ws") -> AsyncIterator[str]:
    """Run a server that is no WebSocket; yield its address."""

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await peer(reader, writer)
        writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1", 0)
    async with server:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def says(text: str) -> Peer:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode())
        await writer.drain()

    return peer


PAGE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
ELSEWHERE = "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.2:9/\r\nContent-Length: 0\r\n\r\n"
ROUND_AND_ROUND = "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("peer", "error", "words"),
    [
        (mute, UnreachableError, "did not answer in time"),
        (says(PAGE), NotAGatewayError, "is a web server"),
        (says(ELSEWHERE), NotAGatewayError, "another host"),
        (says(ROUND_AND_ROUND), NotAGatewayError, "does not speak WebSocket"),
        (says("220 mail.example ESMTP\r\n"), NotAGatewayError, "does not speak WebSocket"),
        (says(""), UnreachableError, "closed the connection at once"),
    ],
    ids=["mute", "web page", "redirect", "redirects for ever", "mail", "hangs up"],
)
def test_what_is_no_gateway_is_told_in_time(peer: Peer, error: type[Exception], words: str):
    async def test() -> None:
        async with listening(peer) as address:
            config = OpenClawConfig(
                base_url=address,
                auth_token=SecretStr(TOKEN),
                connect_timeout=0.2,
                retry_timeout=0.2,
            )
            async with GatewayClient(config) as client:
                for _ in range(2):
                    failed = await asked(client)
                    assert type(failed.error) is error
                    assert words in str(failed.error)

    guarded(test)


def test_tls_on_a_plain_port_and_the_reverse_are_told(certificate: Path):
    async def test() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        hub = GatewayHub()
        for tls, scheme in ((None, "wss"), (context, "ws")):
            async with hub.running(tls=tls):
                hub.url = f"{scheme}://{hub.url.partition('://')[2]}"
                async with connected(hub, retry_timeout=0.2, ca_file=certificate) as client:
                    failed = await asked(client)
                    assert isinstance(failed.error, TlsError | UnreachableError)
                    assert "ws:// or wss://" in failed.error.fix
        async with hub.running(tls=context), connected(hub, ca_file=certificate) as client:
            assert (await asked(client)).words.startswith("echo ")

    guarded(test)


async def nothing(visit: Visit) -> None:
    """Accept, and never speak."""


async def ticks_only(visit: Visit) -> None:
    while True:
        await visit.send(event("tick", {}))
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("welcome", [nothing, ticks_only])
def test_a_websocket_that_never_greets_is_no_gateway(welcome: Callable[[Visit], Awaitable[None]]):
    async def test() -> None:
        hub = GatewayHub()
        usual, hub.welcome = hub.welcome, welcome
        async with hub.running(), connected(hub, connect_timeout=0.2) as client:
            failed = await asked(client)
            assert isinstance(failed.error, NotAGatewayError)
            assert "does not speak the Gateway protocol" in str(failed.error)
            hub.welcome = usual
            assert (await asked(client)).error is failed.error  # which makes it try again
            await until(lambda: client.stats().state is LinkState.READY)
            assert (await asked(client)).words.startswith("echo ")

    guarded(test)
