"""The application commands a bot has registered, and how often it did."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.peers.discord.rest import RestApi, invalid, unknown
from tests.peers.discord.world import BOT_ID, Json, snowflake

NAME = re.compile(r"[-_'\w]{1,32}")
SUBCOMMANDS = {1, 2}


@dataclass(frozen=True, slots=True)
class Sync:
    """One request that changed commands."""

    at: float
    method: str
    guild_id: int | None
    """``None``: the global commands."""

    names: tuple[str, ...]


@dataclass
class CommandRegistry:
    """All commands, by guild; ``None`` stands for the global ones."""

    by_guild: dict[int | None, list[Json]] = field(default_factory=dict)
    syncs: list[Sync] = field(default_factory=list)

    def register(self, rest: RestApi) -> None:
        """Add the endpoints."""
        for base in ("/applications/{app}", "/applications/{app}/guilds/{guild}"):
            rest.route("GET", base + "/commands", self._list)
            rest.route("PUT", base + "/commands", self._replace)
            rest.route("POST", base + "/commands", self._add)
            rest.route("GET", base + "/commands/{command}", self._get)
            rest.route("PATCH", base + "/commands/{command}", self._edit)
            rest.route("DELETE", base + "/commands/{command}", self._delete)

    def find(self, guild_id: int, name: str) -> Json:
        """Return the command that a member of a guild gets under a name.

        Raises:
            LookupError: There is none: the member could not run it.

        """
        for scope in (guild_id, None):
            for command in self.by_guild.get(scope, ()):
                if command["name"] == name:
                    return command
        raise LookupError(f"the bot has no command /{name}")

    def names(self, guild_id: int | None = None) -> list[str]:
        return [command["name"] for command in self.by_guild.get(guild_id, ())]

    def _list(self, request: web.Request, _body: Any) -> list[Any]:
        return list(self.by_guild.get(_scope(request), ()))

    def _get(self, request: web.Request, _body: Any) -> Json:
        for command in self.by_guild.get(_scope(request), ()):
            if command["id"] == request.match_info["command"]:
                return command
        raise unknown("application command", 10063)

    def _replace(self, request: web.Request, body: Any) -> list[Any]:
        scope = _scope(request)
        self._note("PUT", scope, *body)
        former = {one["name"]: one["id"] for one in self.by_guild.get(scope, ())}
        commands = [_registered(one, scope, former.get(one["name"])) for one in body]
        self.by_guild[scope] = commands
        return commands

    def _add(self, request: web.Request, body: Any) -> Json:
        scope = _scope(request)
        self._note("POST", scope, body)
        commands = self.by_guild.setdefault(scope, [])
        former = next((one for one in commands if one["name"] == body["name"]), None)
        command = _registered(body, scope, None if former is None else former["id"])
        if former is not None:
            commands.remove(former)
        commands.append(command)
        return command

    def _edit(self, request: web.Request, body: Any) -> Json:
        scope, former = _scope(request), self._get(request, None)
        command = _registered({**former, **body}, scope, former["id"])
        self._note("PATCH", scope, command)
        commands = self.by_guild[scope]
        commands[commands.index(former)] = command
        return command

    def _delete(self, request: web.Request, _body: Any) -> None:
        scope, command = _scope(request), self._get(request, None)
        self._note("DELETE", scope, command)
        self.by_guild[scope].remove(command)

    def _note(self, method: str, scope: int | None, *commands: Json) -> None:
        names = tuple(one["name"] for one in commands)
        now = asyncio.get_running_loop().time()
        self.syncs.append(Sync(now, method, scope, names))


def _scope(request: web.Request) -> int | None:
    guild = request.match_info.get("guild")
    return None if guild is None else int(guild)


def _registered(command: Json, scope: int | None, command_id: str | None) -> Json:
    """Return a command as Discord keeps it: with its defaults, without what is empty."""
    _check(command)
    for option in command.get("options", ()):
        _check(option)
    registered = {
        "type": 1,
        "nsfw": False,
        "default_member_permissions": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        **command,
        "id": command_id or str(snowflake()),
        "application_id": str(BOT_ID),
        "version": str(snowflake()),
        "options": [_without_empty(option) for option in command.get("options", ())],
    }
    if scope is not None:
        registered["guild_id"] = str(scope)
    if not registered["options"]:
        del registered["options"]
    return registered


def _check(one: Json) -> None:
    name, is_slash = one["name"], one.get("type", 1) == 1 or "description" in one
    if is_slash and (not NAME.fullmatch(name) or name != name.lower()):
        raise invalid("name", "Command name is invalid")
    if is_slash and not 1 <= len(one.get("description", "")) <= 100:
        raise invalid("description", "Must be between 1 and 100 in length.")


def _without_empty(option: Json) -> Json:
    kept = {name: value for name, value in option.items() if value not in (None, False, [])}
    if "options" in kept:
        kept["options"] = [_without_empty(one) for one in kept["options"]]
    return kept
