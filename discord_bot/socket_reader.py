"""Reads the voice connection's UDP socket, and follows it at once when it is replaced.

discord.py's own reader is a thread that goes on waiting for a closed socket for
up to 30 s, in which a new connection gets no answer to IP discovery and times
out. Both readers here call their listeners on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from discord.voice_state import SocketReader, VoiceConnectionState

logger = logging.getLogger(__name__)

DATAGRAMS_WAITING = 4000
"""Datagrams that may wait for a busy event loop (10 speakers for 8 s); beyond it the oldest go."""

_AT_ONCE = 64
"""Datagrams taken before others have their turn."""

_LONGEST_DATAGRAM = 2048


def make_reader(state: VoiceConnectionState, loop: asyncio.AbstractEventLoop) -> SocketReader:
    """Return the reader that works best on an event loop, started."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            loop.add_reader(probe, lambda: None)
        except NotImplementedError:  # the usual event loop of Windows
            reader: SocketReader = ThreadSocketReader(state, loop)
        else:
            loop.remove_reader(probe)
            reader = LoopSocketReader(state, loop)
    reader.start()
    return reader


class LoopSocketReader(SocketReader):
    """Reads on the event loop itself: no thread has to be woken for every packet.

    Args:
        state: Has the socket.
        loop: Where to read.

    """

    def __init__(
        self, state: VoiceConnectionState, loop: asyncio.AbstractEventLoop, **options: Any
    ) -> None:
        super().__init__(state, **options)
        self._loop = loop
        self._watched: socket.socket | None = None

    def start(self) -> None:
        """Do not begin a thread."""

    def pause(self) -> None:
        """Read no more until :meth:`resume`; the socket is about to be closed."""
        self._unwatch()

    def resume(self, *, force: bool = False) -> None:
        """Read again, perhaps from another socket."""
        self._unwatch()
        self._watched = self.state.socket
        self._loop.add_reader(self._watched, self._read, self._watched)

    def stop(self) -> None:
        """Read no more."""
        self._unwatch()

    def _unwatch(self) -> None:
        if self._watched is not None:
            with suppress(ValueError):  # closed by somebody else: the selector has dropped it
                self._loop.remove_reader(self._watched)
            self._watched = None

    def _read(self, readable: socket.socket) -> None:
        with suppress(OSError):  # nothing left
            for _ in range(_AT_ONCE):
                _tell(self._callbacks, readable.recv(_LONGEST_DATAGRAM))


class ThreadSocketReader(SocketReader):
    """Reads in a thread that is woken when the socket is replaced.

    Args:
        state: Has the socket.
        loop: Where listeners are called.

    """

    def __init__(
        self, state: VoiceConnectionState, loop: asyncio.AbstractEventLoop, **options: Any
    ) -> None:
        super().__init__(state, **options)
        self._loop = loop
        self._waiting: deque[bytes] = deque(maxlen=DATAGRAMS_WAITING)
        self._told = False
        self._woken, self._waker = socket.socketpair()
        self._woken.settimeout(0.0)
        self._waker.settimeout(0.0)

    def pause(self) -> None:
        """Read no more until :meth:`resume`; the socket is about to be closed."""
        super().pause()
        self._wake()

    def resume(self, *, force: bool = False) -> None:
        """Read again, perhaps from another socket."""
        super().resume(force=force)
        self._wake()

    def stop(self) -> None:
        """End the thread."""
        super().stop()
        self._wake()

    def _wake(self) -> None:
        with suppress(OSError):  # closed, or woken already
            self._waker.send(b"\0")

    def _do_run(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._woken, selectors.EVENT_READ)
                self._read(selector)
        finally:
            self._woken.close()
            self._waker.close()

    def _read(self, selector: selectors.BaseSelector) -> None:
        registered: socket.socket | None = None
        while not self._end.is_set():
            if not self._running.is_set():
                self._running.wait()
                continue
            current = self.state.socket or None
            if current is not registered:
                if registered is not None:
                    with suppress(KeyError, ValueError):
                        selector.unregister(registered)
                registered = current if current and _register(selector, current) else None
            for key, _ in selector.select(timeout=1.0 if registered else 0.02):
                self._take(key.fileobj)  # type: ignore[arg-type] # only sockets are registered

    def _take(self, readable: socket.socket) -> None:
        with suppress(OSError):  # nothing left, or closed meanwhile
            if readable is self._woken:
                readable.recv(4096)
                return
            for _ in range(_AT_ONCE):
                self._hand_over(readable.recv(_LONGEST_DATAGRAM))

    def _hand_over(self, datagram: bytes) -> None:
        self._waiting.append(datagram)
        if not self._told:
            self._told = True
            with suppress(RuntimeError):  # the program ends
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._told = False  # first: what comes from now on has to be told of again
        while self._waiting:
            _tell(self._callbacks, self._waiting.popleft())


def _register(selector: selectors.BaseSelector, readable: socket.socket) -> bool:
    try:
        selector.register(readable, selectors.EVENT_READ)
    except (KeyError, ValueError, OSError):
        return False  # closed already; its successor is on the way
    return True


def _tell(listeners: Iterable[Callable[[bytes], Any]], datagram: bytes) -> None:
    for listener in list(listeners):
        try:
            listener(datagram)
        except Exception:
            # One bad datagram must not end the hearing of everybody.
            logger.exception("A datagram could not be handled")
