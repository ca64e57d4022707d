"""What the telephone gets from the service: people, agents, ears, a voice, and a memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from openclaw_client import session_key
from pipeline.cast import Persona
from pipeline.clock import Clock
from pipeline.config import AgentConfig, TtsConfig
from pipeline.engines import Engines
from pipeline.errors import AgentError
from pipeline.interfaces import Agent
from pipeline.turn_record import TurnRecord
from server.agent_voices import AgentVoices, main_agent
from server.agents import open_agent
from server.config import Config
from server.engines import Ears, open_tts
from server.gateway.agent import GatewayAgent
from server.gateway.part import GatewayPart
from server.hearing_part import HearingPart
from server.phone.calls.people import People, Person
from server.phone.calls.store import CallStore
from server.phone.config_providers import find_realtime_voice
from server.phone.engines import local_session
from server.phone.engines.engine import Engine
from server.phone.engines.local import LocalEngine
from server.phone.engines.realtime import session as realtime_session
from server.phone.engines.realtime.engine import RealtimeEngine
from server.phone.live.own_numbers import PhoneAgent
from server.phone.messages.engine import MessageEngine
from server.phone.part import PhoneNotReadyError, PhoneParts
from server.phone.security.callers import Assurance
from server.room_support import ServiceSupport
from server.roster import Roster, configured_roster
from server.speech_part import SpeechPart
from server.store.errors import StoreError
from server.store.part import StoreDatabase, StorePart

logger = logging.getLogger(__name__)

CONNECTION = "phone"
"""Name of the telephone's connection to the gateway."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What calls use while the telephone runs."""

    agent: Agent
    engines: Engines | None
    """``None`` where nothing needs them: an engine hears and speaks by itself, and takes no
    messages."""

    voices: AgentVoices | None
    personas: dict[str, Persona]


class PhoneSupport:
    """Makes what calls need ready, and keeps their turns.

    Args:
        config: The settings.
        store: Keeps calls and turns.
        speech: Knows where the speech server is.
        hearing: Has the models that hear.
        gateway: Opens the telephone's connection.
        rooms: Knows how agents and voices were so far.

    """

    def __init__(
        self,
        config: Config,
        store: StorePart,
        speech: SpeechPart,
        hearing: HearingPart,
        gateway: GatewayPart,
        rooms: ServiceSupport,
    ) -> None:
        self._config = config
        self._store = store
        self._speech = speech
        self._hearing = hearing
        self._gateway = gateway
        self._rooms = rooms
        self._finished: asyncio.Queue[TurnRecord] = asyncio.Queue()
        self._made: _Made | None = None

    def parts(self) -> PhoneParts:
        """Return what the telephone gets."""
        return PhoneParts(
            agent=phone_agent(self._config),
            people=people(self._config),
            store=CallStore(StoreDatabase(self._store)),
            engine=self._engine,
            messages=self._messages,
            recordings=self._config.data_dir / "calls" / "recordings",
            name_of=partial(agent_name, self._config),
            tell_session=self._tell_session if self._config.uses_gateway else None,
            ready=self._ready,
            last_session=self._last_session,
            find_voice=self._find_voice,
        )

    @asynccontextmanager
    async def _ready(self) -> AsyncIterator[None]:
        """Wait for the models, the voice and the store, and hold what calls use.

        Raises:
            PhoneNotReadyError: Something cannot be had.

        """
        await self._store.opened()
        async with AsyncExitStack() as stack:
            agent = await stack.enter_async_context(
                open_agent(self._config, self._gateway, CONNECTION)
            )
            engines, voices = None, None
            phone = self._config.phone
            if phone.engine == "local" or phone.inbound.takes_messages:
                ears, servers = await self._ears(), await self._servers()
                tts = await stack.enter_async_context(open_tts(servers))
                rooms = self._rooms
                engines = Engines(
                    ears.vad,
                    ears.end_of_turn,
                    ears.stt,
                    agent,
                    tts,
                    rooms.wait_times,
                    rooms.levels,
                )
                voices = await AgentVoices.ask(self._config, tts)
            roster = _roster(self._config)
            personas = voices.personas(roster) if voices is not None else {}
            self._made = _Made(agent, engines, voices, personas)
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._keep_turns(), name="keeping turns of calls")
                try:
                    yield
                finally:
                    self._made = None
                    keeping.cancel()

    async def _ears(self) -> Ears:
        ears = await self._hearing.ears()
        if ears is None:
            raise PhoneNotReadyError(f"nobody is heard: {self._hearing.status().message}")
        return ears

    async def _servers(self) -> TtsConfig:
        servers = await self._speech.servers()
        if servers is None:
            raise PhoneNotReadyError(f"nothing can be said: {self._speech.status().message}")
        return servers

    async def _keep_turns(self) -> None:
        try:
            while True:
                await self._store.add(await self._finished.get())
        finally:
            while not self._finished.empty():
                await self._store.add(self._finished.get_nowait())

    async def _tell_session(self, session_key: str, text: str, *, idempotency_key: str) -> None:
        """Tell a session something; see :class:`~server.phone.live.session_notes.TellSession`."""
        agent = None if self._made is None else self._made.agent
        if not isinstance(agent, GatewayAgent):
            raise AgentError("the telephone is not connected to the gateway")
        await agent.add_transcript(session_key, text, idempotency_key=idempotency_key)

    async def _last_session(self, person: Person, agent: str) -> str | None:
        """Return where somebody talks; see :class:`~server.phone.live.kit.LastSession`."""
        if person.discord is None:
            return None
        if (here := self._rooms.session_of(person.discord, agent)) is not None:
            return here
        try:
            return await self._store.store().turns.last_session(person.discord, "guild")
        except StoreError as error:
            logger.warning("Where %s talked last is not known: %s", person.name, error)
            return None

    def _find_voice(self, wanted: str) -> str | None:
        if self._config.phone.engine == "realtime":
            return find_realtime_voice(wanted)
        voices = None if self._made is None else self._made.voices
        return wanted if voices is None else voices.server.find(wanted)

    def _engine(self, clock: Clock, began: datetime) -> Engine:
        made, phone = self._made, self._config.phone
        if made is None:
            raise AssertionError("the telephone is not ready")
        if phone.engine == "realtime":
            return RealtimeEngine(
                realtime_session.Surroundings(
                    phone.openai, phone.limits, made.agent, clock, phone.ask_timeout
                )
            )
        return LocalEngine(self._surroundings(clock, began), self._persona)

    def _messages(self, clock: Clock, began: datetime) -> MessageEngine:
        around = self._surroundings(clock, began)
        return MessageEngine(around, self._persona, self._config.phone.inbound)

    def _surroundings(self, clock: Clock, began: datetime) -> local_session.Surroundings:
        made, phone = self._made, self._config.phone
        if made is None or made.engines is None:
            raise AssertionError("the telephone is not ready")
        return local_session.Surroundings(
            made.engines,
            self._config.pipeline,
            phone.limits,
            clock,
            began,
            self._finished.put_nowait,
            barge_in=phone.playout.barge_in,
            filler_after=phone.playout.filler_after,
        )

    def _persona(self, agent: str) -> Persona:
        """Return how an agent sounds; also one that the settings do not name."""
        made = self._made
        if made is None or made.voices is None:
            raise AssertionError("the telephone is not ready")
        if agent not in made.personas:
            settings = self._config.agents.get(agent) or AgentConfig()
            others = made.personas.values()
            name = agent_name(self._config, agent)
            made.personas[agent] = made.voices.persona(agent, name, settings, others)
        return made.personas[agent]


def phone_agent(config: Config) -> PhoneAgent:
    """Return who answers the telephone where nothing else is said."""
    chosen = config.phone.agent
    id_ = session_key.agent_id(chosen.id or main_agent(config))
    return PhoneAgent(id_, chosen.name or agent_name(config, id_))


def agent_name(config: Config, agent: str) -> str:
    """Return how an agent introduces itself, by its id."""
    settings = config.agents.get(agent) or AgentConfig()
    return settings.name or agent.capitalize()


def people(config: Config) -> People:
    """Return everybody whom the settings name, as the telephone knows them."""
    known = (
        Person(name, one.phones, one.discord, one.session_key, one.pin)
        for name, one in config.identities.items()
    )
    return People(known, Assurance(config.phone.identity.require))


def _roster(config: Config) -> Roster:
    """Return the agents of the settings, and the one who answers the telephone."""
    roster = configured_roster(config)
    agent = phone_agent(config).id
    agents = {**roster.agents, agent: roster.agents.get(agent) or AgentConfig()}
    return Roster(agents, agent)
