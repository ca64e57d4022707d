"""What Discord rooms get from the service: ears, voice, agents, and a memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from discord_bot.support import AgentChoice, Choice, GuildChoices, RoomPlace, SupportError
from openclaw_client import AgentError, AgentInfo, Place, discord_key
from pipeline.cast import Cast
from pipeline.config import AgentConfig, PipelineConfig, TtsConfig
from pipeline.engines import Engines
from pipeline.feedback import bounded
from pipeline.interfaces import Agent, Participant
from pipeline.judgement import NamedAgent
from pipeline.loudness import VoiceLevels
from pipeline.name_variants import NameVariants
from pipeline.relevance import Relevance
from pipeline.second_opinion import SecondOpinion
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import VoiceChoices
from pipeline.wait_times import WaitTimes
from server.agent_voices import AgentVoices
from server.agents import open_agent
from server.config import Config
from server.engines import Ears, open_tts
from server.gateway.agent import GatewayAgent
from server.gateway.part import GatewayPart
from server.guild_memory import GuildMemory
from server.hearing_part import HearingPart
from server.parts import Part
from server.roster import Roster, RosterError, configured_roster, gateway_roster
from server.speech_part import SpeechPart
from server.store.part import StorePart

logger = logging.getLogger(__name__)

_PATIENCE = 60.0
"""Seconds for which a room waits for models and voice that are still coming up."""

T = TypeVar("T")


class ServiceRoom:
    """One room's engines and cast; a :class:`discord_bot.support.RoomSupport`."""

    def __init__(
        self, engines: Engines, cast: Cast, voices: AgentVoices, support: ServiceSupport
    ) -> None:
        self.engines = engines
        self.cast = cast
        self._voices = voices
        self._support = support

    async def choose_agent(self, agent: str) -> AgentChoice:
        """Have another agent answer, with its own voice, from the next turn on.

        Raises:
            SupportError: There is no such agent.

        """
        chosen = await self._support.agent(agent)
        settings = self._support.agent_settings(chosen)
        others = self.cast.personas.values()
        heard = self._voices.persona(chosen.id, chosen.name, settings, others)
        self.cast.personas = {**self.cast.personas, chosen.id: heard}
        if self.cast.relevance is not None:
            names = (settings.name or chosen.id, *settings.names)
            self.cast.relevance.add_agent(NamedAgent(chosen.id, names))
        self.cast.agent = chosen.id
        return chosen


class ServiceSupport:
    """What all rooms work with; a :class:`discord_bot.support.Support`.

    Args:
        config: The settings.
        store: Keeps turns and choices.
        speech: Knows where the speech server is.
        hearing: Has the models that hear.
        gateway: Opens connections to the gateway.

    """

    def __init__(
        self,
        config: Config,
        store: StorePart,
        speech: SpeechPart,
        hearing: HearingPart,
        gateway: GatewayPart,
    ) -> None:
        self.pipeline: PipelineConfig = config.pipeline
        self.finished: asyncio.Queue[TurnRecord] = asyncio.Queue()
        """Turns that are to be kept."""
        self._config = config
        self._store = store
        self._memory = GuildMemory(store)
        self._speech = speech
        self._hearing = hearing
        self._gateway = gateway
        self._open: dict[int, tuple[RoomPlace, ServiceRoom]] = {}
        self.wait_times = WaitTimes()
        """What is known of how long agents take."""
        self.levels = VoiceLevels()
        """What is known of how loud voices are."""

    @asynccontextmanager
    async def open_room(
        self, place: RoomPlace, choices: GuildChoices
    ) -> AsyncIterator[ServiceRoom]:
        """Make everything ready for one room.

        Raises:
            SupportError: Something cannot be had.

        Cancelling takes down what was made ready.

        """
        guild_id = place.guild_id
        ears, servers = await self._ears(), await self._voice()
        async with AsyncExitStack() as stack:
            tts = await stack.enter_async_context(open_tts(servers))
            heard = await AgentVoices.ask(self._config, tts)
            roster = await self._roster(choices.agent)
            agent = await stack.enter_async_context(
                open_agent(self._config, self._gateway, _connection(guild_id))
            )
            variants = NameVariants(choices.heard_names)
            relevance = Relevance(self.pipeline.relevance, roster.named(), variants)
            if choices.sensitivity is not None:
                relevance.sensitivity = choices.sensitivity
            relevance.leaning = bounded(choices.leaning or 0.0)
            cast = Cast(heard.personas(roster), roster.default, relevance)
            cast.voices = VoiceChoices(heard.server, choices.voices)
            if isinstance(agent, GatewayAgent):
                cast.session_key = self._session_keys(guild_id, place.channel_id)
            if self.pipeline.relevance.second_opinion:
                cast.second_opinion = self._second_opinion(guild_id, agent)
            engines = Engines(
                ears.vad, ears.end_of_turn, ears.stt, agent, tts, self.wait_times, self.levels
            )
            stack.enter_context(self._memory.watching(guild_id, variants, cast.voices))
            room = ServiceRoom(engines, cast, heard, self)
            self._open[guild_id] = place, room
            stack.callback(self._open.pop, guild_id)
            yield room

    def session_of(self, user_id: str, agent: str) -> str | None:
        """Return an agent's session of the voice channel in which somebody is with the bot.

        ``None`` when they are in none, or the room's agents have no sessions.
        """
        for place, room in self._open.values():
            if user_id.isdecimal() and int(user_id) in place.people():
                return room.cast.session_key(Participant(user_id, user_id), agent)
        return None

    def _second_opinion(self, guild_id: int, agent: Agent) -> SecondOpinion:
        def session(agent_id: str) -> str:
            return f"agent:{agent_id}:discord:judging:{guild_id}".lower()

        timeout = self.pipeline.relevance.second_opinion_timeout
        return SecondOpinion(agent, session, timeout=timeout)

    async def agents(self) -> Sequence[AgentChoice]:
        """Return the agents that can be chosen, the default one first; at least one.

        Raises:
            SupportError: They are not known now.

        """
        known = await self._known() if self._config.uses_gateway else ()
        if known:
            agents = [self._choice(one) for one in known]
            ids = {one.id for one in agents}
            ours = (self._config.openclaw.agent_id, *self._config.agents)
            default = next((id_ for id_ in ours if id_ in ids), "")
        else:
            roster = self._settings_roster()
            agents = [AgentChoice(id_, name) for id_, name in roster.names().items()]
            default = roster.default
        return sorted(agents, key=lambda one: one.id != default)

    async def agent(self, name: str) -> AgentChoice:
        """Return the agent with this id or name; case does not count.

        Raises:
            SupportError: There is none; the message lists those there are.

        """
        agents = await self.agents()
        for one in agents:
            if name.lower() in {one.id.lower(), one.name.lower()}:
                return one
        known = ", ".join(f"`{one.id}`" for one in agents)
        raise SupportError(f"There is no such agent. I know: {known}")

    def agent_settings(self, agent: AgentChoice) -> AgentConfig:
        """Return what the settings say of an agent, which may be nothing."""
        return self._config.agents.get(agent.id) or AgentConfig(name=agent.name)

    async def choices(self, guild_id: int) -> GuildChoices:
        """Return what a guild chose; nothing where that cannot be read."""
        return await self._memory.choices(guild_id)

    async def remember(self, guild_id: int, name: str, value: Choice | None) -> None:
        """Keep a choice; that it cannot be kept is only logged."""
        await self._memory.remember(guild_id, name, value)

    def receive_turn(self, record: TurnRecord) -> None:
        """Take in that a turn is finished."""
        self.finished.put_nowait(record)

    def report(self, guild_id: int) -> Sequence[str]:
        """Return lines for ``/status``."""
        parts: tuple[Part, ...] = (self._hearing, self._speech)
        lines = [f"{part.name.capitalize()}: {_of(part)}" for part in parts]
        return [*lines, f"Agents: {self._agents_report(guild_id)}"]

    async def keep_turns(self) -> None:
        """Keep finished turns until cancelled, and those that are there then."""
        try:
            while True:
                await self._store.add(await self.finished.get())
                await self._memory.keep_learnt()
        finally:
            while not self.finished.empty():
                await self._store.add(self.finished.get_nowait())

    def _agents_report(self, guild_id: int) -> str:
        if not self._config.uses_gateway:
            return "chat server" if self._config.chat.base_url else "an echo; none is configured"
        stats = self._gateway.stats().get(_connection(guild_id))
        if stats is None:
            return _of(self._gateway)
        words = [f"gateway {stats.server_version or ''} {stats.state.value}".replace("  ", " ")]
        if stats.first_words.p50 is not None:
            words.append(f"first words after {stats.first_words.p50:.0f} ms")
        if stats.reconnects:
            words.append(f"{stats.reconnects} reconnects")
        if stats.error:
            words.append(stats.error)
        return ", ".join(words)

    def _choice(self, agent: AgentInfo) -> AgentChoice:
        """Return one of the gateway's agents, called as the settings say where they name it."""
        id_ = agent.id.lower()
        settings = self._config.agents.get(id_)
        name = agent.name if settings is None else settings.name or id_.capitalize()
        return AgentChoice(id_, name)

    async def _known(self) -> Sequence[AgentInfo]:
        try:
            return await self._gateway.agents()
        except AgentError as error:
            raise SupportError(f"I do not know the agents now: {error}") from None

    async def _roster(self, chosen: str | None) -> Roster:
        """Return the agents of a room, as far as they are known now."""
        known: Sequence[AgentInfo] = ()
        if self._config.uses_gateway:
            try:
                known = await self._known()
            except SupportError as error:
                logger.warning("%s", error)
        if not known:
            return self._settings_roster(chosen)
        if chosen:
            try:
                return gateway_roster(self._config, known, chosen)
            except RosterError as error:
                logger.warning("The default agent answers: %s", error)
        try:
            return gateway_roster(self._config, known)
        except RosterError as error:
            raise SupportError(f"None of my agents is there: {error}") from None

    def _settings_roster(self, chosen: str | None = None) -> Roster:
        """Return the agents as far as the settings tell.

        A gateway that does not tell which agents it has, or not yet, may well have the one that
        the guild or the settings name.
        """
        agents = self._config.agents
        if not self._config.uses_gateway:
            return configured_roster(self._config, chosen if chosen in agents else "")
        default = chosen or self._config.openclaw.agent_id
        return Roster({**agents, default: agents.get(default) or AgentConfig()}, default)

    def _session_keys(
        self, guild_id: int, channel_id: Callable[[], int]
    ) -> Callable[[Participant, str], str | None]:
        openclaw = self._config.openclaw

        def session_key(speaker: Participant, agent: str) -> str:
            voice = str(channel_id())
            channel = openclaw.text_channels.get(voice, voice)
            place = Place(user_id=speaker.id, channel_id=channel, guild_id=str(guild_id))
            return discord_key(openclaw.session_scope, agent, place)

        return session_key

    async def _ears(self) -> Ears:
        ears = await self._soon(self._hearing.ears, self._hearing)
        if ears is None:
            raise SupportError(f"I cannot hear: {_of(self._hearing)}")
        return ears

    async def _voice(self) -> TtsConfig:
        servers = await self._soon(self._speech.servers, self._speech)
        if servers is None:
            raise SupportError(f"I cannot speak: {_of(self._speech)}")
        return servers

    async def _soon(self, get: Callable[[], Awaitable[T]], part: Part) -> T:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await get()
        except TimeoutError:
            raise SupportError(
                f"I am still getting ready ({_of(part)}). Try again in a few minutes."
            ) from None


def _connection(guild_id: int) -> str:
    return f"guild:{guild_id}"


def _of(part: Part) -> str:
    status = part.status()
    return status.message or status.state.value
