"""REST addresses of users, guilds and channels."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import web

from tests.peers.discord.gateway import Gateway, intent_flags
from tests.peers.discord.messages import checked_message, message_json
from tests.peers.discord.opcodes import Intent, Permission
from tests.peers.discord.rest import FILES, MISSING_PERMISSIONS, RestApi, RestError, unknown
from tests.peers.discord.voice_states import VoiceStates
from tests.peers.discord.world import BOT_ID, OWNER_ID, Account, Channel, Guild, Json

GATEWAY_URL = "wss://gateway.discord.gg"
STARTS_PER_DAY = 1000


class Discord(Protocol):
    """What the endpoints ask of the rest of the fake."""

    bot: Account
    gateway: Gateway
    voice_states: VoiceStates
    bot_public: bool


class Endpoints:
    """Answers about users, guilds and channels."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._guilds = discord.voice_states.guilds

    def register(self, rest: RestApi) -> None:
        """Add the endpoints."""
        rest.route("GET", "/gateway", lambda *_: {"url": GATEWAY_URL})
        rest.route("GET", "/gateway/bot", self._gateway)
        rest.route("GET", "/users/@me", lambda *_: self._discord.bot.json())
        rest.route("GET", "/users/@me/guilds", self._own_guilds)
        rest.route("GET", "/users/{user}", self._user)
        for path in ("/oauth2/applications/@me", "/applications/@me"):
            rest.route("GET", path, self._application)
        rest.route("GET", "/guilds/{guild}", self._get_guild)
        rest.route("GET", "/guilds/{guild}/channels", self._channels)
        rest.route("GET", "/guilds/{guild}/members/{user}", self._member)
        rest.route("PATCH", "/guilds/{guild}/voice-states/@me", self._own_voice_state)
        rest.route("GET", "/channels/{channel}", self._get_channel)
        rest.route("PUT", "/channels/{channel}/voice-status", self._nothing)
        rest.route("POST", "/channels/{channel}/typing", self._nothing)
        rest.route("POST", "/channels/{channel}/messages", self._write)
        message = "/channels/{channel}/messages/{message}"
        rest.route("GET", message, self._message)
        rest.route("PATCH", message, self._edit)
        rest.route("DELETE", message, self._delete)

    def _gateway(self, _request: web.Request, _body: Any) -> Json:
        left = self._discord.gateway.identifies_left
        limit = {
            "total": STARTS_PER_DAY,
            "remaining": STARTS_PER_DAY if left is None else left,
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return {"url": GATEWAY_URL, "shards": 1, "session_start_limit": limit}

    def application_json(self) -> Json:
        """Describe the application in short, as READY does."""
        return {"id": str(BOT_ID), "flags": intent_flags(self._discord.gateway.allowed_intents)}

    def _application(self, _request: web.Request, _body: Any) -> Json:
        return {
            **self.application_json(),
            "name": self._discord.bot.username,
            "icon": None,
            "description": "",
            "summary": "",
            "bot": self._discord.bot.json(),
            "bot_public": self._discord.bot_public,
            "bot_require_code_grant": False,
            "verify_key": "00" * 32,
            "owner": Account(OWNER_ID, "owner").json(),
            "team": None,
            "approximate_guild_count": len(self._guilds),
        }

    def _own_guilds(self, _request: web.Request, _body: Any) -> list[Any]:
        return [
            {"id": str(one.id), "name": one.name, "owner": False, "permissions": str(int(one.bot))}
            for one in self._guilds.values()
        ]

    def _user(self, request: web.Request, _body: Any) -> Json:
        user_id = int(request.match_info["user"])
        for guild in self._guilds.values():
            if user_id in guild.members:
                return guild.members[user_id].json()
        raise unknown("User", 10013)

    def _get_guild(self, request: web.Request, _body: Any) -> Json:
        whole = self._guild(request).json(all_members=False)
        return {name: whole[name] for name in whole if name not in {"channels", "voice_states"}}

    def _channels(self, request: web.Request, _body: Any) -> list[Any]:
        guild = self._guild(request)
        return [guild.channel_json(one) for one in guild.channels]

    def _member(self, request: web.Request, _body: Any) -> Json:
        guild, user_id = self._guild(request), int(request.match_info["user"])
        if user_id not in guild.members:
            raise unknown("Member", 10007)
        return guild.member_json(user_id)

    def _own_voice_state(self, request: web.Request, body: Any) -> None:
        guild = self._guild(request)
        state = guild.voice_states.get(BOT_ID)
        if state is None:
            raise unknown("Voice State", 10065)
        if body.get("suppress") is False:
            self._require(guild.channels[state.channel_id], Permission.MUTE_MEMBERS)
        if "suppress" in body:
            self._discord.voice_states.suppress_bot(guild.id, suppress=body["suppress"])

    def _get_channel(self, request: web.Request, _body: Any) -> Json:
        channel = self._channel(request)
        return self._guilds[channel.guild_id].channel_json(channel.id)

    def _nothing(self, request: web.Request, _body: Any) -> None:
        self._channel(request)

    def _write(self, request: web.Request, body: Any) -> Json:
        channel = self._channel(request)
        self._require(channel, Permission.SEND_MESSAGES)
        if body.get(FILES):
            self._require(channel, Permission.ATTACH_FILES)
        checked_message(body)
        message = message_json(self._discord.bot, channel.id, body)
        channel.messages.append(message)
        event = {**message, "guild_id": str(channel.guild_id)}
        self._discord.gateway.dispatch(
            "MESSAGE_CREATE", event, guild_id=channel.guild_id, intent=Intent.GUILD_MESSAGES
        )
        return message

    def _message(self, request: web.Request, _body: Any) -> Json:
        for message in self._channel(request).messages:
            if message["id"] == request.match_info["message"]:
                return message
        raise unknown("Message", 10008)

    def _edit(self, request: web.Request, body: Any) -> Json:
        message = self._message(request, None)
        checked_message({**message, **body})
        message.update(body)
        return message

    def _delete(self, request: web.Request, _body: Any) -> None:
        self._channel(request).messages.remove(self._message(request, None))

    def _guild(self, request: web.Request) -> Guild:
        guild = self._guilds.get(int(request.match_info["guild"]))
        if guild is None:
            raise unknown("Guild", 10004)
        return guild

    def _channel(self, request: web.Request) -> Channel:
        try:
            channel = self._discord.voice_states.channel(int(request.match_info["channel"]))
        except LookupError:
            raise unknown("Channel", 10003) from None
        self._require(channel, Permission.VIEW_CHANNEL, "Missing Access", 50001)
        return channel

    def _require(self, channel: Channel, wanted: Permission, *refusal: Any) -> None:
        guild = self._guilds[channel.guild_id]
        if not guild.permissions(BOT_ID, channel) & wanted:
            status, message, code = MISSING_PERMISSIONS
            raise RestError(HTTPStatus(status), *(refusal or (message, code)))
