"""The speech server's process: ``python -m server.speech``, started by its parent.

The parent writes the settings as one line of JSON to standard input and keeps
that pipe open: its end, however the parent went, is the end of this process.
The first line on standard output is ``{"port": …, "engine": …}``, or ``{"error": …}`` when
the server cannot start. People start it with ``run.py speech``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
import threading
from contextlib import AsyncExitStack, suppress

import uvicorn
from pydantic import ValidationError

from models.registry import Registry
from server.http_server import HttpServer
from server.speech.app import create_app
from server.speech.config import ProcessConfig
from server.speech.engine import EngineError
from server.speech.recogniser import WhisperRecogniser
from server.speech.rungs import open_ladder

BACKLOG = 128
"""Connections that may wait to be accepted."""

KEEP_ALIVE = 75
"""Seconds an idle connection is kept, so that a conversation's next sentence finds it warm."""

SWITCH_INTERVAL = 0.0001
"""Seconds after which the event loop lets the thread that speaks have Python's lock, and the other
way round. By default it is fifty times as long: of many requests at once each would wait for it."""

GRACE = 3.0
"""Seconds after the parent's end until the process ends without ceremony."""


def main() -> int:
    """Serve until the parent goes or a signal comes; returns the exit code."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = ProcessConfig.model_validate_json(sys.stdin.readline())
    except ValidationError as error:
        return _refuse(f"no valid settings on standard input; start it with run.py speech\n{error}")
    try:
        asyncio.run(_serve(settings))
    except EngineError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(
            f"the speech server cannot listen on {settings.speech.host} port"
            f" {settings.speech.port} ({error.strerror}); choose another with speech.host and"
            " speech.port"
        )
    return 0


async def _serve(settings: ProcessConfig) -> None:
    config = settings.revealed()
    listener = _listen(config.host, config.port)
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        ladder = await open_ladder(config, Registry(settings.models), stack)
        recogniser = WhisperRecogniser(settings.stt, settings.models, config.max_recording)
        stack.push_async_callback(recogniser.aclose)
        server = HttpServer(
            uvicorn.Config(
                create_app(config, ladder, recogniser),
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                timeout_keep_alive=KEEP_ALIVE,
            )
        )
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
        _report({"port": listener.getsockname()[1], "engine": ladder.engine.name})
        await server.serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # asyncio turns Nagle's algorithm off (40 ms a response) only on sockets
    # that say they are TCP; socket.create_server makes one that does not.
    listener = socket.socket(family, kind, protocol)
    if os.name == "posix":  # on Windows it would share the port with others
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    return listener


def _end_with_parent(server: uvicorn.Server) -> None:
    # os.read, not sys.stdin: a thread inside the latter's lock breaks the
    # interpreter's exit.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    server.should_exit = True
    threading.Event().wait(GRACE)
    os._exit(1)


def _refuse(message: str) -> int:
    _report({"error": message})
    return 1


def _report(line: dict[str, object]) -> None:
    # os.write, not sys.stdout: what the latter cannot write it tries again, and reports, at exit.
    with suppress(BrokenPipeError):  # the parent is gone, which ends this process anyway
        os.write(sys.stdout.fileno(), f"{json.dumps(line)}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
