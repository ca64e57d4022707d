"""Settings of the telephone on Discord."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from pipeline.config import Settings
from server.written import written_as

DiscordId = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    written_as(r"\d{15,20}", "should be an id of Discord: 15 to 20 digits"),
]


class PhoneDiscordConfig(Settings):
    """Who may make, end and approve calls on Discord."""

    users: tuple[DiscordId, ...] = ()
    """Discord user ids, in quotes. The people in identities, the owner of the bot, and members who
    may manage the server may anyway; of a public bot only where its owner owns the server."""

    roles: tuple[DiscordId, ...] = ()
    """Ids of roles, in quotes: whoever has one may."""
