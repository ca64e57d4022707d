from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from server.streamed_audio import StreamedAudio

SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


class Source:
    """Sound without end, that never makes its reader wait."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 1
            yield b"sound"

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("listens_for", [0, 3])
def test_a_client_that_goes_away_ends_it_and_closes_the_source(listens_for: int) -> None:
    source = Source()
    gone = asyncio.Event()
    sent: list[Message] = []

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) > listens_for:
            gone.set()

    async def story() -> None:
        if not listens_for:
            gone.set()
        async with asyncio.timeout(10):
            await StreamedAudio(source.chunks(), source)(SCOPE, receive, send)

    asyncio.run(story())
    assert source.closed
    assert len(sent) <= listens_for + 3  # without a turn of the loop it would never end
