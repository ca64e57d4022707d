"""Guilds, channels, members and who is in which voice channel, as Discord describes them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.peers.discord.opcodes import ALL_PERMISSIONS, EVERYONE, ChannelKind, Permission

Json: TypeAlias = dict[str, Any]

DISCORD_EPOCH_MS = 1_420_070_400_000
BOT_ID = 111_111_111_111_111_111
"""User id of the bot, and id of its application."""

GUILD_ID = 500_000_000_000_000_005
"""The guild that is always there."""

OWNER_ID = 100_000_000_000_000_001
"""Who owns the guilds and the bot; nobody who takes part."""

_JOINED_AT = "2024-01-01T00:00:00+00:00"
_counter = itertools.count(1)


def snowflake() -> int:
    """Return a new id; like Discord's, it says when it was made."""
    return (int(time.time() * 1000) - DISCORD_EPOCH_MS) << 22 | next(_counter) & 0x3FFFFF


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody on Discord."""

    id: int
    username: str
    display_name: str | None = None
    bot: bool = False

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.username,
            "global_name": self.display_name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass
class VoiceState:
    """Somebody's place in the voice channels of a guild."""

    user_id: int
    channel_id: int
    session_id: str
    self_mute: bool = False
    self_deaf: bool = False
    self_video: bool = False
    mute: bool = False
    """Muted by the server."""

    deaf: bool = False
    """Deafened by the server."""

    suppress: bool = False
    """May not speak here: no permission, or in the audience of a stage."""

    @property
    def may_be_heard(self) -> bool:
        return not (self.mute or self.self_mute or self.suppress)

    @property
    def may_hear(self) -> bool:
        return not (self.deaf or self.self_deaf)


@dataclass
class Channel:
    """A text, voice or stage channel."""

    id: int
    guild_id: int
    name: str
    kind: ChannelKind = ChannelKind.VOICE
    user_limit: int = 0
    """Most people in it; 0 is any number."""

    denied: dict[int, Permission] = field(default_factory=dict)
    """What a role or member may not do here, by id."""

    allowed: dict[int, Permission] = field(default_factory=dict)
    """What a role or member may do here beyond what they may do elsewhere, by id."""

    messages: list[Json] = field(default_factory=list)
    """What was written here."""

    @property
    def has_voice(self) -> bool:
        return self.kind is not ChannelKind.TEXT

    def json(self, member_ids: Iterable[int] = ()) -> Json:
        """Describe the channel; overwrites for members are told from those for roles by id."""
        overwrites = [
            {
                "id": str(target),
                "type": int(target in member_ids),
                "allow": str(int(self.allowed.get(target, 0))),
                "deny": str(int(self.denied.get(target, 0))),
            }
            for target in {**self.denied, **self.allowed}
        ]
        common: Json = {
            "id": str(self.id),
            "type": int(self.kind),
            "guild_id": str(self.guild_id),
            "name": self.name,
            "position": 0,
            "permission_overwrites": overwrites,
            "parent_id": None,
            "nsfw": False,
            "topic": None,
            "flags": 0,
            "rate_limit_per_user": 0,
            "last_message_id": None,
        }
        if not self.has_voice:
            return common
        return common | {"bitrate": 64000, "user_limit": self.user_limit, "rtc_region": None}


@dataclass
class Guild:
    """A Discord server."""

    id: int
    name: str
    members: dict[int, Account] = field(default_factory=dict)
    nicknames: dict[int, str] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    voice_states: dict[int, VoiceState] = field(default_factory=dict)
    everyone: Permission = EVERYONE
    bot: Permission = EVERYONE
    """What the role that came with the bot's invitation allows."""

    administrators: set[int] = field(default_factory=set)
    owner_id: int = OWNER_ID
    bot_role_id: int = field(default_factory=snowflake)

    def permissions(self, user_id: int, channel: Channel) -> int:
        """Compute what somebody may do in a channel, as Discord documents it."""
        roles = [self.bot_role_id] if user_id == BOT_ID else []
        base = self.everyone | (self.bot if roles else 0)
        if user_id in self.administrators or base & Permission.ADMINISTRATOR:
            return ALL_PERMISSIONS
        for targets in ([self.id], roles, [user_id]):
            for target in targets:
                base &= ~channel.denied.get(target, 0)
            for target in targets:
                base |= channel.allowed.get(target, 0)
        return int(base) if base & Permission.VIEW_CHANNEL else 0

    def people_in(self, channel_id: int) -> list[int]:
        """Return who is in a voice channel, the bot too."""
        return [one.user_id for one in self.voice_states.values() if one.channel_id == channel_id]

    def member_json(self, user_id: int) -> Json:
        account = self.members[user_id]
        return {
            "user": account.json(),
            "nick": self.nicknames.get(user_id),
            "roles": [str(self.bot_role_id)] if user_id == BOT_ID else [],
            "joined_at": _JOINED_AT,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
            "avatar": None,
            "premium_since": None,
            "communication_disabled_until": None,
        }

    def voice_state_json(self, state: VoiceState, *, left: bool = False) -> Json:
        return {
            "guild_id": str(self.id),
            "channel_id": None if left else str(state.channel_id),
            "user_id": str(state.user_id),
            "session_id": state.session_id,
            "deaf": state.deaf,
            "mute": state.mute,
            "self_deaf": state.self_deaf,
            "self_mute": state.self_mute,
            "self_video": state.self_video,
            "suppress": state.suppress,
            "request_to_speak_timestamp": None,
            "member": self.member_json(state.user_id),
        }

    def channel_json(self, channel_id: int) -> Json:
        return self.channels[channel_id].json(self.members)

    def json(self, *, all_members: bool) -> Json:
        """Describe the guild as GUILD_CREATE does.

        Args:
            all_members: Without the presences intent only the bot and who is in voice are listed.

        """
        listed = self.members if all_members else dict.fromkeys([BOT_ID, *self.voice_states])
        states = [self.voice_state_json(one) for one in self.voice_states.values()]
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "icon": None,
            "roles": self._roles(),
            "channels": [self.channel_json(one) for one in self.channels],
            "members": [self.member_json(one) for one in listed],
            "voice_states": [{**one, "guild_id": None} for one in states],
            "member_count": len(self.members),
            "joined_at": _JOINED_AT,
            "preferred_locale": "en-US",
            "afk_timeout": 300,
            **dict.fromkeys(("afk_channel_id", "system_channel_id")),
            **dict.fromkeys(("large", "unavailable"), False),
            **dict.fromkeys(
                (
                    "verification_level",
                    "default_message_notifications",
                    "explicit_content_filter",
                    "premium_tier",
                    "mfa_level",
                    "nsfw_level",
                ),
                0,
            ),
            **{name: [] for name in _EMPTY_LISTS},
        }

    def _roles(self) -> list[Json]:
        everyone = _role(self.id, "@everyone", self.everyone, 0)
        return [everyone, _role(self.bot_role_id, "voice bot", self.bot, 1)]


_EMPTY_LISTS = (
    "emojis",
    "stickers",
    "features",
    "threads",
    "presences",
    "stage_instances",
    "guild_scheduled_events",
    "soundboard_sounds",
)


def _role(role_id: int, name: str, permissions: int, position: int) -> Json:
    colours = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    return {
        "id": str(role_id),
        "name": name,
        "color": 0,
        "colors": colours,
        "hoist": False,
        "position": position,
        "permissions": str(int(permissions)),
        "managed": position > 0,
        "mentionable": False,
        "flags": 0,
    }
