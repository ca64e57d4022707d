"""The fake Discord: all its parts on one port of this machine."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web

from tests.peers.discord.commands import CommandRegistry
from tests.peers.discord.endpoints import Endpoints
from tests.peers.discord.gateway import RESUME_URL, Gateway, GatewaySession
from tests.peers.discord.interactions import Interaction, InteractionDesk
from tests.peers.discord.member_input import MemberInput
from tests.peers.discord.opcodes import ChannelKind, Intent
from tests.peers.discord.rest import RestApi
from tests.peers.discord.room import Room
from tests.peers.discord.rtp import RtpPacket
from tests.peers.discord.tls import CertificateAuthority, LoopbackResolver
from tests.peers.discord.udp import MediaSocket
from tests.peers.discord.user import FakeUser
from tests.peers.discord.voice_gateway import VoiceGateway
from tests.peers.discord.voice_session import VoiceSession
from tests.peers.discord.voice_states import VoiceStates
from tests.peers.discord.world import BOT_ID, GUILD_ID, Account, Channel, Guild, Json

BIGGEST_REQUEST = 64 << 20
SHUTDOWN_SECONDS = 1.0


class FakeDiscord:
    """Discord on loopback; ``async with FakeDiscord() as discord:`` runs it.

    One bot with one token is known; any number of its processes may connect.
    """

    BOT_ID = BOT_ID
    GUILD_ID = GUILD_ID

    def __init__(self) -> None:
        self.token = "MTEx." + secrets.token_urlsafe(4) + "." + secrets.token_urlsafe(24)
        self.bot = Account(BOT_ID, "voicebot", bot=True)
        self.bot_public = False
        """Whether anybody can invite the bot; before it logs in."""

        self.users: dict[int, FakeUser] = {}
        self.gateway = Gateway(self)
        self.rest = RestApi(self)
        self.commands = CommandRegistry()
        self.voice_states = VoiceStates(self.gateway)
        self.media = MediaSocket(lambda: self.voice_gateway.sessions, self._forward)
        self.voice_gateway = VoiceGateway(self, self.media)
        self.voice_states.connect(self.voice_gateway)
        self._authority = CertificateAuthority()
        self._desk = InteractionDesk(self.bot)
        self.input = MemberInput(self.guilds, self.gateway, self.commands, self._desk)
        self._listener = _Listener(self)
        self._endpoints = Endpoints(self)
        for part in (self._endpoints, self.commands, self._desk):
            part.register(self.rest)
        self.add_guild(GUILD_ID, "Workshop")

    # Running

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> Self:
        """Listen; ``port`` 0 is any free one."""
        await self.media.open()
        await self._listener.open(port, self._authority)
        return self

    async def stop(self) -> None:
        """Close every connection and stop listening.

        Raises:
            ExceptionGroup: The bot sent something that the fake could not make sense of.

        """
        for room in self.rooms.values():
            room.close()
        for user in self.users.values():
            user.left()
        await self.voice_gateway.close()
        await self.gateway.close(1000)
        self.media.close()
        await self._listener.close()
        if self._listener.failures:
            raise ExceptionGroup("the fake Discord failed", self._listener.failures)

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def ca_file(self) -> Path:
        """What a subprocess has to trust; there while the fake runs."""
        return self._listener.ca_file

    def client_context(self) -> ssl.SSLContext:
        return self._authority.client_context()

    def connector(self) -> aiohttp.TCPConnector:
        """Return what makes an unpatched ``discord.Client`` talk with this Discord only."""
        resolver = LoopbackResolver(self.port)
        return aiohttp.TCPConnector(limit=0, resolver=resolver, ssl=self.client_context())

    # The world

    @property
    def guilds(self) -> dict[int, Guild]:
        return self.voice_states.guilds

    @property
    def rooms(self) -> dict[int, Room]:
        """Media sessions by channel id."""
        return self.voice_states.rooms

    @property
    def voice(self) -> list[VoiceSession]:
        """Every voice connection the bot ever identified, the newest last."""
        return self.voice_gateway.sessions

    @property
    def interactions(self) -> list[Interaction]:
        """Everything members did with commands and buttons."""
        return self._desk.all

    def add_guild(self, guild_id: int, name: str) -> Guild:
        """Add a server that the bot is a member of; before it connects."""
        guild = self.guilds[guild_id] = Guild(guild_id, name, {BOT_ID: self.bot})
        return guild

    def add_user(
        self,
        user_id: int,
        name: str,
        *,
        bot: bool = False,
        display_name: str | None = None,
        guild_ids: tuple[int, ...] = (GUILD_ID,),
    ) -> FakeUser:
        """Add a person, or another bot, as a member of guilds."""
        account = Account(user_id, name, display_name, bot)
        for guild_id in guild_ids:
            self.guilds[guild_id].members[user_id] = account
        user = self.users[user_id] = FakeUser(self, account)
        return user

    def add_channel(
        self,
        channel_id: int,
        name: str,
        kind: ChannelKind = ChannelKind.VOICE,
        *,
        guild_id: int = GUILD_ID,
        user_limit: int = 0,
        dave: bool | None = None,
    ) -> Channel:
        """Add a channel; voice is encrypted from end to end by DAVE unless it is a stage."""
        channel = Channel(channel_id, guild_id, name, ChannelKind(kind), user_limit)
        self.guilds[guild_id].channels[channel_id] = channel
        if channel.has_voice:
            encrypted = channel.kind is ChannelKind.VOICE if dave is None else dave
            self.rooms[channel_id] = Room(channel_id, dave=encrypted)
        return channel

    # What happens to the bot

    async def kick_bot(self, guild_id: int = GUILD_ID) -> None:
        """Disconnect the bot from voice, as a member with the right can."""
        self.voice_states.remove_bot(guild_id)
        await self.gateway.drain()

    async def move_bot(self, channel_id: int) -> None:
        """Drag the bot into another voice channel."""
        self.voice_states.move_bot(channel_id)
        await self.gateway.drain()

    async def move_voice_server(self, guild_id: int = GUILD_ID) -> None:
        """Send the bot to another media server, as Discord does for a region or a restart."""
        self.voice_states.endpoint += 1
        self.voice_states.update_server(guild_id)
        await self.gateway.drain()

    async def update_bot(
        self, guild_id: int = GUILD_ID, *, mute: bool = False, deaf: bool = False
    ) -> None:
        """Mute or deafen the bot for the whole server, or undo it."""
        self.voice_states.update_bot(guild_id, mute=mute, deaf=deaf)
        await self.gateway.drain()

    # What the parts ask of each other

    def room(self, channel_id: int) -> Room:
        return self.rooms[channel_id]

    def bot_may_hear(self, session: VoiceSession) -> bool:
        return self.voice_states.bot_may_hear(session)

    def ready_json(self, session: GatewaySession) -> Json:
        guilds = [one for one in self.guilds if session.has_guild(one)]
        return {
            "v": 10,
            "user": self.bot.json(),
            "session_id": session.id,
            "resume_gateway_url": RESUME_URL,
            "guilds": [{"id": str(one), "unavailable": True} for one in guilds],
            "application": self._endpoints.application_json(),
            "shard": list(session.shard),
        }

    def guilds_for(self, session: GatewaySession) -> list[Json]:
        everybody = bool(session.intents & Intent.GUILD_PRESENCES)
        guilds = [one for one in self.guilds.values() if session.has_guild(one.id)]
        return [one.json(all_members=everybody) for one in guilds]

    def on_voice_state_request(self, session: GatewaySession, data: Json) -> None:
        self.voice_states.on_request(session, data)

    def on_session_ended(self, session: GatewaySession) -> None:
        self.voice_states.on_session_ended(session)

    def members_chunk(self, data: Json) -> Json:
        guild = self.guilds[int(data["guild_id"])]
        wanted = [int(one) for one in data.get("user_ids", guild.members)]
        return {
            "guild_id": str(guild.id),
            "members": [guild.member_json(one) for one in wanted if one in guild.members],
            "not_found": [str(one) for one in wanted if one not in guild.members],
            "presences": [],
            "chunk_index": 0,
            "chunk_count": 1,
            "nonce": data.get("nonce"),
        }

    def _forward(self, call: VoiceSession, packet: RtpPacket) -> None:
        """Pass what the bot said on to everybody in the room."""
        if not self.voice_states.bot_may_be_heard(call):
            call.traffic.refused["may not speak"] += 1
            return
        for member in list(call.room.members.values()):
            if isinstance(member, FakeUser):
                member.hear(call.user_id, packet)


class _Listener:
    """The port on which all of Discord's hosts are."""

    def __init__(self, discord: FakeDiscord) -> None:
        self._discord = discord
        self._runner: web.AppRunner | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.failures: list[Exception] = []
        """What went wrong in the fake itself."""

        self.port = 0

    @property
    def ca_file(self) -> Path:
        assert self._folder is not None, "the fake Discord is not running"
        return Path(self._folder.name) / "ca.pem"

    async def open(self, port: int, authority: CertificateAuthority) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.ca_file.write_text(authority.pem)
        application = web.Application(client_max_size=BIGGEST_REQUEST)
        application.router.add_route("*", "/{tail:.*}", self._serve)
        runner = web.AppRunner(application, shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
        self._runner = runner
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=authority.server_context())
        await site.start()
        self.port = runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._folder is not None:
            self._folder.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        discord = self._discord
        host = (request.host or "").partition(":")[0]
        try:
            if request.headers.get("Upgrade", "").lower() != "websocket":
                return await discord.rest.serve(request)
            if host.endswith("discord.media"):
                return await discord.voice_gateway.serve(request)
            return await discord.gateway.serve(request)
        except Exception as error:
            self.failures.append(error)
            raise
