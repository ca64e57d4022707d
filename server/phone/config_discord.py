"""Settings of the telephone on Discord."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from pipeline.config import Settings

DiscordId = Annotated[str, StringConstraints(pattern=r"^\d{15,20}$", strip_whitespace=True)]


class PhoneDiscordConfig(Settings):
    """Who may make, end and approve calls on Discord."""

    users: tuple[DiscordId, ...] = ()
    """Discord user ids, in quotes. The people in identities, the owner of the bot, and members who
    may manage the server, may anyway."""

    roles: tuple[DiscordId, ...] = ()
    """Ids of roles, in quotes: whoever has one may."""
