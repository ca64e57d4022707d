"""Whoever hangs up ends the synthesis at once, with every engine, in the process as it runs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from benchmarks.random_voices import KokoroSize, make_kokoro, make_piper
from models.config import ModelsConfig
from server.speech.child import SpeechServer
from server.speech.config import EngineName, SpeechConfig

SENTENCE = "The weather in Oslo is fine today, but take an umbrella with you, just in case. "
LONG = SENTENCE * 45

WORK = 0.15
"""Seconds of processor that may be used after hanging up: more than the 100 ms that are promised,
for the accounting is done in steps of 10 ms, and hanging up is work, too."""


KOKORO = KokoroSize(width=256, language=384, inner=1024, layers=6, decoder=512, blocks=2)
"""Half of its true size in each direction."""


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make large voices: small ones would be done before anybody hangs up."""
    folder = tmp_path_factory.mktemp("voices")
    make_piper(folder / "piper-en-us")
    make_kokoro(folder / "kokoro", KOKORO)
    yield folder
    shutil.rmtree(folder)


def used(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def hang_up(client: httpx.AsyncClient, *, after_sound: bool) -> None:
    body = {"input": LONG, "response_format": "wav"}
    if after_sound:
        async with client.stream("POST", "/v1/audio/speech", json=body) as response:
            await anext(response.aiter_raw())
        return
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.08):
            await client.post("/v1/audio/speech", json=body)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["espeak", "piper", "kokoro"])
def test_hanging_up_ends_the_work(engine: EngineName, voices: Path) -> None:
    async def story() -> None:
        models = ModelsConfig(path=(voices,))
        async with (
            SpeechServer(SpeechConfig(engine=engine), models=models) as server,
            httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as client,
        ):
            assert server.engine == engine
            assert server.pid is not None
            for after_sound in (True, False) if engine != "espeak" else (True,):
                await hang_up(client, after_sound=after_sound)
                before = used(server.pid)
                await asyncio.sleep(1.0)
                assert used(server.pid) - before <= WORK

    asyncio.run(story())
