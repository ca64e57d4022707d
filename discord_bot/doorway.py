"""Whether the bot may enter a voice channel, and what to say when it may not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doorway:
    """A voice channel as the bot sees it from outside."""

    name: str
    view: bool
    """Whether the bot sees the channel (View Channel)."""

    connect: bool
    """Whether it may enter (Connect)."""

    speak: bool
    """Whether it may speak there (Speak)."""

    voice_activity: bool
    """Whether it may speak without push-to-talk (Use Voice Activity)."""

    stage: bool = False
    moderator: bool = False
    """Whether it may make itself a speaker on a stage (Mute Members)."""

    members: int = 0
    limit: int = 0
    """Most people who fit in; 0 is no limit."""

    passes_limit: bool = False
    """Whether it may enter a full channel (Move Members)."""

    inside: bool = False
    """Whether it is in there already."""


def refusal(door: Doorway) -> str:
    """Return why the bot cannot enter and what would help, or "" when it can.

    Discord itself says nothing: a bot that tries waits until its patience ends.
    """
    if missing := _missing_rights(door):
        rights = " and ".join(f"**{right}**" for right in missing)
        return (
            f"I may not talk in **{door.name}**: I lack the permission {rights}. Someone who"
            " manages this server can give it to me, in the channel's settings under Permissions."
        )
    if door.stage and not door.moderator:
        return (
            f"**{door.name}** is a stage, where I would be in the audience. Make me a stage"
            " moderator (the permission **Mute Members**), or choose a voice channel."
        )
    full = 0 < door.limit <= door.members
    if full and not door.passes_limit and not door.inside:
        return (
            f"**{door.name}** is full ({door.members} of {door.limit}). Raise its user limit, or"
            " give me the permission **Move Members**."
        )
    return ""


def _missing_rights(door: Doorway) -> list[str]:
    """Return what has to be given; who may not enter has no other right there either."""
    if not door.view:
        return ["View Channel"]
    if not door.connect:
        return ["Connect"]
    rights = {
        "Speak": door.speak or (door.stage and door.moderator),
        "Use Voice Activity": door.voice_activity or door.stage,
    }
    return [right for right, given in rights.items() if not given]
