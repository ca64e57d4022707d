"""Our speech server as a process of its own, with an engine that takes its time; it may be killed.

``python -m tests.peers.paced_speech_server`` prints the port it listens on.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

import uvicorn

from server.http_server import HttpServer
from server.speech.app import create_app
from server.speech.config import SpeechConfig
from server.speech.engine import Sound
from server.speech.espeak import EspeakEngine
from server.speech.espeak_thread import Espeak
from server.speech.ladder import Ladder
from tests.server.speech.fakes import ScriptedRecogniser

PACE = 0.2
"""Seconds it takes to say a second."""


class PacedEngine(EspeakEngine):
    """Espeak, at a fifth of the time that a person takes, a word or less at once."""

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        async with aclosing(super().synthesize(text, voice=voice, speed=speed)) as sounds:
            async for sound in sounds:
                step = sound.rate // 10
                for first in range(0, len(sound.samples), step):
                    piece = sound.samples[first : first + step]
                    await asyncio.sleep(PACE * len(piece) / sound.rate)
                    yield replace(sound, samples=piece, words=() if first else sound.words)


@dataclass(frozen=True, slots=True)
class PacedServer:
    """The process."""

    url: str
    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def paced_speech_server() -> AsyncIterator[PacedServer]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        yield PacedServer(f"http://127.0.0.1:{port}", process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _serve() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    engine = PacedEngine(Espeak())
    app = create_app(SpeechConfig(), Ladder([engine], SpeechConfig()), ScriptedRecogniser())
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    await HttpServer(config).serve([listener])


if __name__ == "__main__":
    asyncio.run(_serve())
