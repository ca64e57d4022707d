"""Who speaks where our own speech server cannot be started."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from pipeline.config import TtsConfig, TtsFallback
from server.config import Config
from server.engines import open_tts, open_voice
from server.parts import PartState
from server.speech.child import SpeechServerError
from server.speech.config import SpeechConfig
from server.speech_ladder import with_fallback_first, with_server
from server.speech_part import SpeechPart
from tests.peers.speech_server import Answer, Request, SpeechPeer
from tests.server.control_scene import running
from tests.server.room_support_scene import VOICES, Service, Setting

BROKEN = SpeechConfig(default_voice="klingon")
"""Our own server refuses to start with it."""

SOUND = Answer((bytes(4800),), headers={"X-Sample-Rate": "24000"})


def test_our_own_server_is_asked_before_the_fallbacks():
    tts = TtsConfig(fallbacks={"spare": TtsFallback(url="http://spare")})
    assert with_server(tts, "http://own") == tts.model_copy(update={"url": "http://own"})


def test_the_first_fallback_takes_its_place_with_all_that_belongs_to_it():
    tts = TtsConfig(
        speed=1.3,
        fallbacks={
            "spare": TtsFallback(
                url="http://spare", model="m", voice="nova", api_key=SecretStr("hush")
            ),
            "last": TtsFallback(url="http://last"),
        },
    )
    first = with_fallback_first(tts, SpeechServerError("broken"))
    assert (first.url, first.model, first.voice) == ("http://spare", "m", "nova")
    assert first.api_key == SecretStr("hush")
    assert first.fallbacks == {"last": TtsFallback(url="http://last")}
    assert first.speed == 1.3


def test_without_fallbacks_there_is_nobody():
    with pytest.raises(SpeechServerError, match="broken"):
        with_fallback_first(TtsConfig(), SpeechServerError("broken"))


@asynccontextmanager
async def spare() -> AsyncIterator[tuple[SpeechPeer, TtsConfig]]:
    """Run another speech server, and name it in the settings."""
    async with SpeechPeer(answered) as peer:
        yield peer, TtsConfig(fallbacks={"spare": TtsFallback(url=peer.url)})


def answered(request: Request) -> Answer:
    return SOUND if request.path == "/v1/audio/speech" else VOICES


def test_a_fallback_speaks_when_our_own_server_cannot_start(caplog: pytest.LogCaptureFixture):
    async def run() -> None:
        async with spare() as (peer, tts):
            part = SpeechPart(BROKEN, tts)
            async with running(part):
                servers = await part.servers()
                assert servers is not None
                assert servers.url == peer.url
                assert part.url is None  # nothing of ours is passed on
                status = part.status()
                assert status.state is PartState.DEGRADED
                assert status.message.startswith("tts.fallbacks.spare speaks, our own speech")
                async with open_tts(servers) as voice:
                    sound = [chunk async for chunk in voice.synthesize("Hello.", voice="x")]
                assert sum(map(len, sound)) == 2400
            assert await part.servers() is None

    asyncio.run(run())
    assert "tts.fallbacks.spare speaks" in caplog.text


def test_without_a_fallback_nobody_speaks():
    async def run() -> None:
        part = SpeechPart(BROKEN, TtsConfig())
        await part.run()
        assert await part.servers() is None
        assert part.status().state is PartState.FAILED

    asyncio.run(run())


def test_the_server_of_the_settings_comes_first_when_it_is_named():
    async def run() -> None:
        tts = TtsConfig(url="http://127.0.0.1:9", fallbacks={"spare": TtsFallback(url="http://x")})
        part = SpeechPart(SpeechConfig(), tts)
        assert await part.servers() == tts

    asyncio.run(run())


def test_the_demo_speaks_with_a_fallback_too():
    async def run() -> None:
        async with spare() as (_, tts), open_voice(Config(tts=tts, speech=BROKEN)) as voice:
            assert [chunk async for chunk in voice.synthesize("Hello.", voice="x")]

    asyncio.run(run())


def test_a_room_is_heard_where_only_a_fallback_speaks(setting: Setting):
    setting.own_speech = BROKEN
    setting.answer = answered

    async def test(service: Service) -> None:
        async with service.room() as room:
            assert room.cast.personas["jarvis"].voice == "jarvis"
            said = room.engines.tts.synthesize("Hello.", voice="jarvis")
            assert [chunk async for chunk in said]

    setting.tried(test)
