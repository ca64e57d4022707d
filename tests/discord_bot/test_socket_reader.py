from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from discord_bot.socket_reader import (
    LoopSocketReader,
    ThreadSocketReader,
    make_reader,
)
from tests.peers.discord import until

READERS = pytest.mark.parametrize("kind", [LoopSocketReader, ThreadSocketReader])
Kind = type[LoopSocketReader] | type[ThreadSocketReader]


@dataclass
class Reading:
    """A reader, and somebody who sends to its socket."""

    reader: LoopSocketReader | ThreadSocketReader
    state: SimpleNamespace
    sender: socket.socket
    datagrams: list[bytes] = field(default_factory=list)

    def send(self, datagram: bytes) -> None:
        self.sender.sendto(datagram, self.state.socket.getsockname())

    async def got(self, count: int) -> list[bytes]:
        await until(lambda: len(self.datagrams) >= count)
        return self.datagrams


def udp() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    bound.settimeout(0.0)
    return bound


@asynccontextmanager
async def reading(kind: Kind) -> AsyncIterator[Reading]:
    with udp() as first, udp() as sender:
        state = SimpleNamespace(socket=first)
        reader = kind(state, asyncio.get_running_loop())  # type: ignore[arg-type] # it asks for the socket only
        reader.start()
        here = Reading(reader, state, sender)
        reader.register(here.datagrams.append)
        reader.resume(force=True)
        try:
            yield here
        finally:
            reader.stop()
            if reader.is_alive():
                await asyncio.to_thread(reader.join)


@READERS
def test_datagrams_are_passed_on(kind: Kind) -> None:
    async def main() -> None:
        async with reading(kind) as here:
            sent = [b"%d" % number for number in range(100)]
            for datagram in sent:
                here.send(datagram)
            assert await here.got(100) == sent

    asyncio.run(main())


@READERS
def test_replaced_socket_is_followed_at_once(kind: Kind) -> None:
    async def main() -> None:
        with udp() as second:
            async with reading(kind) as here:
                here.send(b"first")
                await here.got(1)
                here.reader.pause()
                here.state.socket.close()
                here.state.socket = second
                here.reader.resume()
                here.send(b"second")
                assert await here.got(2) == [b"first", b"second"]

    asyncio.run(main())


@READERS
def test_socket_replaced_without_a_pause_is_followed(kind: Kind) -> None:
    async def main() -> None:
        with udp() as second:
            async with reading(kind) as here:
                here.state.socket.close()
                here.state.socket = second
                here.reader.resume()
                here.send(b"second")
                assert await here.got(1) == [b"second"]

    asyncio.run(main())


@READERS
def test_listener_that_fails_does_not_end_the_reading(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: bytes) -> None:
        raise RuntimeError("broken")

    async def main() -> None:
        async with reading(kind) as here:
            here.reader.register(fail)
            here.send(b"first")
            here.send(b"second")
            assert await here.got(2) == [b"first", b"second"]
            assert "could not be handled" in caplog.text

    asyncio.run(main())


def test_event_loop_reads_by_itself_where_it_can() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(make_reader(SimpleNamespace(), loop), LoopSocketReader)  # type: ignore[arg-type] # not used yet

    asyncio.run(main())


def test_thread_reads_where_the_event_loop_cannot() -> None:
    class Proactor(asyncio.SelectorEventLoop):
        def add_reader(self, *_: object) -> None:
            raise NotImplementedError

    async def main() -> None:
        with udp() as sock:
            state = SimpleNamespace(socket=sock)
            reader = make_reader(state, asyncio.get_running_loop())  # type: ignore[arg-type] # it asks for the socket only
            assert isinstance(reader, ThreadSocketReader)
            while reader.is_alive():  # stopping is forgotten by a thread that has just begun
                reader.stop()
                await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=Proactor) as runner:
        runner.run(main())
