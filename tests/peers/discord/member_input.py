"""What members type and click, turned into the events that the bot receives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from tests.peers.discord.commands import CommandRegistry
from tests.peers.discord.gateway import Gateway, GatewaySession
from tests.peers.discord.interactions import Interaction, InteractionDesk, InteractionKind
from tests.peers.discord.messages import message_json
from tests.peers.discord.opcodes import ALL_PERMISSIONS, Intent
from tests.peers.discord.world import BOT_ID, Account, Channel, Guild, Json

SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2
USER_OPTION, CHANNEL_OPTION = 6, 7
KINDS_OF_VALUES: dict[int, tuple[type, ...]] = {
    3: (str,),
    4: (int,),
    5: (bool,),
    USER_OPTION: (int,),
    CHANNEL_OPTION: (int,),
    8: (int,),
    10: (int, float),
}
UPLOAD_LIMIT = 10 * 2**20


class Member(Protocol):
    """Who types."""

    user_id: int
    account: Account


class MemberInput:
    """Sends what members do to the bot."""

    def __init__(
        self,
        guilds: dict[int, Guild],
        gateway: Gateway,
        commands: CommandRegistry,
        desk: InteractionDesk,
    ) -> None:
        self._guilds = guilds
        self._gateway = gateway
        self._commands = commands
        self._desk = desk

    async def run(
        self, member: Member, name: str, channel_id: int | None, values: Json
    ) -> Interaction:
        """Run a slash command.

        Raises:
            LookupError: The bot has no such command.
            ValueError: Discord would not have let the member send these options.

        """
        guild, channel = self._where(member, channel_id)
        command, path, known = self._command(guild, name)
        missing = [
            one["name"] for one in known if one.get("required") and one["name"] not in values
        ]
        unknown = set(values) - {one["name"] for one in known}
        if missing or unknown:
            raise ValueError(f"/{name}: missing {missing}, unknown {sorted(unknown)}")
        options = [_filled(one, values[one["name"]]) for one in known if one["name"] in values]
        data = _command_data(command, path, options)
        data["resolved"] = self._resolved(guild, options)
        return await self._send(InteractionKind.COMMAND, data, member, guild, channel)

    async def complete(
        self, member: Member, name: str, channel_id: int | None, option: str, typed: str
    ) -> Interaction:
        """Type into an option that completes itself.

        Raises:
            LookupError: The bot has no such command, or the option does not complete itself.

        """
        guild, channel = self._where(member, channel_id)
        command, path, known = self._command(guild, name)
        chosen = next((one for one in known if one["name"] == option), {})
        if not chosen.get("autocomplete"):
            raise LookupError(f"/{name} {option}: does not complete itself")
        half = {"name": option, "type": chosen["type"], "value": typed, "focused": True}
        data = _command_data(command, path, [half])
        return await self._send(InteractionKind.AUTOCOMPLETE, data, member, guild, channel)

    async def click(
        self, member: Member, message: Json, custom_id: str, values: Sequence[str]
    ) -> Interaction:
        """Press a button of a message, or choose values of its menu.

        Raises:
            LookupError: The message has no such button or menu.

        """
        guild, channel = self._where(member, int(message["channel_id"]))
        kinds = {
            one["custom_id"]: one["type"]
            for one in _components(message["components"])
            if "custom_id" in one
        }
        if custom_id not in kinds:
            raise LookupError(f"no {custom_id} among {sorted(kinds)}")
        data: Json = {"custom_id": custom_id, "component_type": kinds[custom_id]}
        if values:
            data["values"] = list(values)
        return await self._send(InteractionKind.COMPONENT, data, member, guild, channel, message)

    async def write(self, member: Member, channel_id: int, content: str) -> Json:
        """Write a message; bots read it only with the intent for it, or when they are named."""
        guild, channel = self._where(member, channel_id)
        message = message_json(member.account, channel_id, {"content": content})
        named = f"<@{BOT_ID}>" in content
        if named:
            message["mentions"] = [guild.members[BOT_ID].json()]
        channel.messages.append(message)
        seen = {**message, "guild_id": str(guild.id), "member": guild.member_json(member.user_id)}
        unread = {**seen, "content": ""}
        self._gateway.dispatch(
            "MESSAGE_CREATE",
            lambda session: seen if named or _reads(session) else unread,
            guild_id=guild.id,
            intent=Intent.GUILD_MESSAGES,
        )
        await self._gateway.drain()
        return message

    def _where(self, member: Member, channel_id: int | None) -> tuple[Guild, Channel]:
        """Return the channel, or the first where the member is without one named."""
        guilds = [one for one in self._guilds.values() if member.user_id in one.members]
        guilds.sort(key=lambda one: member.user_id not in one.voice_states)
        channels = [(guild, channel) for guild in guilds for channel in guild.channels.values()]
        for guild, channel in channels:
            if channel.id == channel_id or (channel_id is None and not channel.has_voice):
                return guild, channel
        raise LookupError(f"{member.account.username} sees no such channel")

    def _command(self, guild: Guild, name: str) -> tuple[Json, list[Json], list[Json]]:
        """Return a command, the subcommands on the way, and the options at its end."""
        first, *rest = name.split()
        command = self._commands.find(guild.id, first)
        path: list[Json] = []
        known = command.get("options", [])
        for part in rest:
            found = next((one for one in known if one["name"] == part), None)
            if found is None:
                raise LookupError(f"the bot has no command /{name}")
            path.append(found)
            known = found.get("options", [])
        return command, path, known

    def _resolved(self, guild: Guild, options: list[Json]) -> Json:
        """Describe the channels and people that options name."""
        resolved: Json = {}
        for option in options:
            target = option["value"]
            match option["type"]:
                case kind if kind == CHANNEL_OPTION:
                    partial = guild.channel_json(int(target)) | {
                        "permissions": str(ALL_PERMISSIONS)
                    }
                    resolved.setdefault("channels", {})[target] = partial
                case kind if kind == USER_OPTION:
                    member = guild.member_json(int(target))
                    resolved.setdefault("users", {})[target] = member.pop("user")
                    permissions = {"permissions": str(ALL_PERMISSIONS)}
                    resolved.setdefault("members", {})[target] = member | permissions
        return resolved

    async def _send(
        self,
        kind: InteractionKind,
        data: Json,
        member: Member,
        guild: Guild,
        channel: Channel,
        source: Json | None = None,
    ) -> Interaction:
        interaction = self._desk.open(kind, data, channel.id, source)
        permissions = {"permissions": str(int(guild.permissions(member.user_id, channel)))}
        content = {
            "id": interaction.id,
            "application_id": str(BOT_ID),
            "type": int(kind),
            "token": interaction.token,
            "version": 1,
            "data": data,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "features": [], "locale": "en-US"},
            "channel_id": str(channel.id),
            "channel": guild.channel_json(channel.id) | permissions,
            "member": guild.member_json(member.user_id) | permissions,
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": str(int(guild.permissions(BOT_ID, channel))),
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild.id)},
            "context": 0,
            "attachment_size_limit": UPLOAD_LIMIT,
            **({} if source is None else {"message": source}),
        }
        self._gateway.dispatch("INTERACTION_CREATE", content, guild_id=guild.id)
        await self._gateway.drain()
        return interaction


def _reads(session: GatewaySession) -> bool:
    return bool(session.intents & Intent.MESSAGE_CONTENT)


def _command_data(command: Json, path: list[Json], options: list[Json]) -> Json:
    for subcommand in reversed(path):
        options = [{"name": subcommand["name"], "type": subcommand["type"], "options": options}]
    data = {"id": command["id"], "name": command["name"], "type": 1, "options": options}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data


def _filled(option: Json, value: Any) -> Json:
    """Return an option with what was typed; Discord's own client checks it just so."""
    kind, name = option["type"], option["name"]
    if not isinstance(value, KINDS_OF_VALUES[kind]):
        raise ValueError(f"option {name} of type {kind} cannot be {value!r}")  # noqa: TRY004 - one kind of refusal
    choices = [choice["value"] for choice in option.get("choices", ())]
    if choices and value not in choices:
        raise ValueError(f"option {name}: {value!r} is none of {choices}")
    typed = str(value) if kind in {USER_OPTION, CHANNEL_OPTION, 8} else value
    return {"name": name, "type": kind, "value": typed}


def _components(components: Sequence[Json]) -> Iterator[Json]:
    for one in components:
        yield one
        yield from _components(one.get("components", ()))
        if "accessory" in one:
            yield one["accessory"]
