"""The media streams of one call, of which one carries its sound at a time."""

from __future__ import annotations

import asyncio

from server.phone.audio.media_stream import MediaStream
from server.phone.line.media_connection import MediaSocket, StreamEnd, StreamWatcher, carry
from server.phone.line.transport import PhoneTransport


class Streams:
    """Carries the newest stream.

    A socket may be dead long before that is noticed: by then the provider has opened another, and
    the one before it must take neither sound nor marks any more.

    Args:
        transport: The call's sound.
        watcher: Is told of signs of life and keys.
        over: Set when the call is over.

    """

    def __init__(
        self, transport: PhoneTransport, watcher: StreamWatcher, over: asyncio.Event
    ) -> None:
        self._transport = transport
        self._watcher = watcher
        self._over = over
        self._one_at_a_time = asyncio.Lock()
        self._carrying: asyncio.Task[StreamEnd] | None = None
        self._newest = 0

    async def carry(self, socket: MediaSocket, stream: MediaStream) -> StreamEnd | None:
        """Carry a stream, in place of the one before.

        Returns:
            Why it is over; ``None`` when the call is, or another stream has come. Closing the
            socket is the caller's.

        Cancelling ends it.

        """
        self._newest = number = self._newest + 1
        if self._carrying is not None:
            self._carrying.cancel()
        async with self._one_at_a_time:  # until the one before has let go of the sound
            if number != self._newest or self._over.is_set():
                return None
            return await self._carry(socket, stream)

    async def _carry(self, socket: MediaSocket, stream: MediaStream) -> StreamEnd | None:
        async with asyncio.TaskGroup() as tasks:
            carrying = tasks.create_task(carry(socket, stream, self._transport, self._watcher))
            over = tasks.create_task(self._over.wait())
            self._carrying = carrying
            try:
                await asyncio.wait({carrying, over}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._carrying = None
                carrying.cancel()
                over.cancel()
        return None if carrying.cancelled() else carrying.result()
