"""Scripted engines for the speech server's tests."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

import httpx
import uvicorn
from fastapi import FastAPI

from server.http_server import HttpServer
from server.speech.app import create_app
from server.speech.config import SpeechConfig
from server.speech.engine import Engine, EngineError, Sound
from server.speech.ladder import Ladder
from server.speech.recogniser import Recogniser, RecogniserError
from server.speech.recordings import Recording, RecordingError
from server.speech.subtitles import Passage
from tests.peers.speech_server import tone

RATE = 22_050


class ScriptedEngine:
    """Speaks a tone of 60 ms for each letter; fails at "!", never ends at "∞", hangs at "~"."""

    def __init__(self, name: str = "scripted", voices: Sequence[str] = ("en-gb", "en-us")) -> None:
        self.name = name
        self.asked: list[tuple[str, str, float]] = []
        self.closed = asyncio.Event()
        self.made = 0
        self._voices = voices

    @property
    def names(self) -> Mapping[str, str]:
        return {"jarvis": "en-gb", "sage": "en-us+f3", "echo": "en-us+m1"}

    def voices(self) -> Sequence[str]:
        return self._voices

    def has_voice(self, voice: str) -> bool:
        return voice.startswith(("en", "de")) or voice in self._voices

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        self.asked.append((text, voice, speed))
        try:
            for letter in itertools.repeat("∞") if text == "∞" else text:
                if letter == "!":
                    raise EngineError("the engine has no more breath")
                if letter == "~":
                    await asyncio.Event().wait()
                await asyncio.sleep(0)
                self.made += 1
                yield Sound(tone(0.06, RATE), RATE)
        finally:
            self.closed.set()

    async def aclose(self) -> None:
        pass


class ScriptedRecogniser:
    """Hears the words of the file itself: a passage of a second for each line."""

    model = "scripted-whisper"

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def read(self, file: BinaryIO) -> Recording:
        self._lines = file.read().decode().splitlines()
        if self._lines == ["noise"]:
            raise RecordingError("This is not an audio file.")
        return Recording(float(len(self._lines)), ())

    async def transcribe(self, recording: Recording) -> AsyncGenerator[Passage]:
        try:
            for number, line in enumerate(self._lines):
                if line == "!":
                    raise RecogniserError("there is no model")
                if line == "~":
                    await asyncio.Event().wait()
                yield Passage(number, number + 0.9, line, "en")
        finally:
            self.closed.set()

    async def aclose(self) -> None:
        pass


def application(
    engine: Engine | None = None,
    *,
    config: SpeechConfig | None = None,
    recogniser: Recogniser | None = None,
) -> FastAPI:
    config = config or SpeechConfig()
    ladder = Ladder([engine or ScriptedEngine()], config)
    return create_app(config, ladder, recogniser or ScriptedRecogniser())


def ask(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    async def story() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://speech") as client:
            return await client.request(method, path, **options)

    return asyncio.run(story())


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Serve on a real socket; yields a client of it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = HttpServer(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listener]))
            try:
                async with httpx.AsyncClient(base_url=url) as client:
                    yield client
            finally:
                server.should_exit = True
