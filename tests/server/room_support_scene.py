"""What rooms get from the service, with the servers behind it on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pydantic import SecretStr

from discord_bot.support import GuildChoices, RoomPlace
from openclaw_client import OpenClawConfig
from pipeline.config import AgentConfig, ChatConfig, TtsConfig, TtsFallback
from pipeline.interfaces import Participant
from server.config import Config
from server.engines import Ears
from server.gateway.part import GatewayPart
from server.hearing_part import HearingPart
from server.parts import PartState, PartStatus
from server.room_support import ServiceRoom, ServiceSupport
from server.speech.config import SpeechConfig
from server.speech_part import SpeechPart
from server.store.part import StorePart
from tests.peers.discord import until
from tests.peers.gateway_hub import GUARD, GatewayHub
from tests.peers.speech_server import Answer, Request, SpeechPeer, json_answer

GUILD = 5
ANN = Participant("2001", "Ann")
VOICES = json_answer({"voices": ["default", "jarvis", "sage"]})


class ScriptedHearing:
    """The models that hear: loaded, missing, or still on their way."""

    name = "hearing"

    def __init__(self, *, loaded: bool = True, broken: str = "") -> None:
        unused = cast("Any", SimpleNamespace())
        self._ears = Ears(unused, None, unused) if loaded and not broken else None
        self._status = PartStatus(PartState.FAILED if broken else PartState.STARTING, broken)
        self._waits = not loaded

    async def ears(self) -> Ears | None:
        if self._waits:
            await asyncio.Event().wait()
        return self._ears

    def status(self) -> PartStatus:
        return self._status


@dataclass
class Service:
    """What rooms need, and the servers behind it."""

    support: ServiceSupport
    hub: GatewayHub
    gateway: GatewayPart
    config: Config
    store: StorePart
    speech: SpeechPart

    @asynccontextmanager
    async def room(self, choices: GuildChoices | None = None) -> AsyncIterator[ServiceRoom]:
        """Open the guild's room in channel 700."""
        chosen = choices or await self.support.choices(GUILD)
        async with self.support.open_room(RoomPlace(GUILD, lambda: 700), chosen) as room:
            yield room


@dataclass
class Setting:
    """How the service is set up."""

    folder: Path
    hub: GatewayHub = field(default_factory=GatewayHub)
    agents: dict[str, AgentConfig] = field(
        default_factory=lambda: {"jarvis": AgentConfig(), "sage": AgentConfig()}
    )
    openclaw: dict[str, Any] = field(default_factory=dict)
    uses_gateway: bool = True
    chat: ChatConfig = field(default_factory=ChatConfig)
    own_speech: SpeechConfig | None = None
    """Our own speech server, with the other one as its fallback."""

    answer: Callable[[Request], Answer] = lambda _: VOICES
    """What the other speech server answers."""

    def config(self, voices: str) -> Config:
        token, limits = SecretStr("hush-hush"), {"warm_up": False, "retry_timeout": 0.1}
        url = self.openclaw.get("base_url", self.hub.url)
        given = {"agent_id": "jarvis", **limits, **self.openclaw, "base_url": url}
        gateway = OpenClawConfig(auth_token=token, **given)
        return Config(
            agents=self.agents,
            openclaw=gateway if self.uses_gateway else OpenClawConfig(),
            chat=self.chat,
            tts=TtsConfig(url=voices)
            if self.own_speech is None
            else TtsConfig(fallbacks={"spare": TtsFallback(url=voices)}),
            data_dir=self.folder,
        )

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Service]:
        """Run what the rooms need; the gateway only where it is used."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(asyncio.timeout(GUARD))
            peer = await stack.enter_async_context(SpeechPeer(self.answer))
            await stack.enter_async_context(self.hub.running())
            config = self.config(peer.url)
            store, gateway = StorePart(config.data_dir), GatewayPart(config)
            speech = SpeechPart(self.own_speech or SpeechConfig(), config.tts)
            for part in (store, gateway, speech):
                await stack.enter_async_context(running(part.run))
            await until(lambda: store.status().state is not PartState.STARTING)
            hearing = cast("HearingPart", ScriptedHearing())
            support = ServiceSupport(config, store, speech, hearing, gateway)
            yield Service(support, self.hub, gateway, config, store, speech)

    def tried(self, test: Callable[[Service], Awaitable[None]]) -> None:
        """Run a test in such a service."""

        async def main() -> None:
            async with self.service() as service:
                await test(service)

        asyncio.run(main())


@asynccontextmanager
async def running(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    async def working() -> None:
        await work()

    task = asyncio.create_task(working())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def hub_with(*agents: str) -> GatewayHub:
    hub = GatewayHub()
    hub.agents = list(agents)
    return hub
