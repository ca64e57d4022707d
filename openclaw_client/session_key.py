"""Session keys: which conversation of which agent a turn belongs to.

The keys that OpenClaw's own Discord channel uses, so that voice continues the text chat::

    channel   agent:<agent>:discord:channel:<channel id>
    user      agent:<agent>:discord:direct:<user id>
    dm        agent:<agent>:discord:dm:<user id>         a form of our own, meets no other session
    guild     agent:<agent>:discord:guild:<guild id>
    phone     agent:<agent>:voice:<digits>
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from openclaw_client.errors import AgentError, UnknownAgentError

SessionScope = Literal["channel", "user", "dm", "guild"]

LONGEST_KEY = 512
"""Characters of a session key, as the gateway allows."""

_AGENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PLACE = re.compile(r"[a-z0-9_][a-z0-9_.@+-]{0,127}")
_REST = re.compile(r"[a-z0-9_.@+-]+(:[a-z0-9_.@+-]+)*")
_SHORTEST_NUMBER, _LONGEST_NUMBER = 3, 20

_SEGMENTS: dict[SessionScope, str] = {
    "channel": "channel",
    "user": "direct",
    "dm": "dm",
    "guild": "guild",
}


class SessionKeyError(AgentError):
    """Something that should become part of a session key cannot."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody speaks on Discord. Ids may be empty where they are not known."""

    user_id: str = ""
    channel_id: str = ""
    guild_id: str = ""


def discord_key(scope: SessionScope, agent: str, place: Place) -> str:
    """Return the session key of somebody speaking on Discord.

    Raises:
        SessionKeyError: The agent or the id that the scope needs is empty or no id.

    """
    ids = {
        "channel": place.channel_id,
        "user": place.user_id,
        "dm": place.user_id,
        "guild": place.guild_id,
    }
    return f"agent:{agent_id(agent)}:discord:{_SEGMENTS[scope]}:{_place_id(scope, ids[scope])}"


def phone_key(agent: str, number: str) -> str:
    """Return the session key of a telephone number.

    Raises:
        SessionKeyError: The agent is no id, or the number has fewer than 3 or more than 20 digits.

    """
    digits = re.sub(r"[ ()./-]", "", number).removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        digits = ""
    if not _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER:
        raise SessionKeyError("a session key needs a telephone number of 3 to 20 digits")
    return f"agent:{agent_id(agent)}:voice:{digits}"


def warm_up_key(agent: str) -> str:
    """Return the session in which an agent is warmed up; nobody else uses it."""
    return f"agent:{agent_id(agent)}:voice:warm-up"


def checked_key(text: str) -> str:
    """Return a key that somebody wrote, in lower case.

    Raises:
        SessionKeyError: It is not ``agent:<agent>:<rest>``, or too long.

    """
    key = text.strip().lower()
    prefix, _, after = key.partition(":")
    agent, _, rest = after.partition(":")
    if prefix != "agent" or not _AGENT.fullmatch(agent) or not _REST.fullmatch(rest):
        raise SessionKeyError(
            "a session key should be agent:<agent>:<rest>, as agent:main:discord:channel:123"
        )
    if len(key) > LONGEST_KEY:
        raise SessionKeyError(f"a session key has at most {LONGEST_KEY} characters")
    return key


def agent_of(key: str) -> str:
    """Return the agent that a session key names.

    Raises:
        SessionKeyError: It is no session key of an agent.

    """
    return checked_key(key).split(":")[1]


def with_agent(key: str, agent: str) -> str:
    """Return the session of another agent in the same place.

    Raises:
        SessionKeyError: It is no session key of an agent, or the agent no id.

    """
    _, _, place = checked_key(key).split(":", 2)
    return f"agent:{agent_id(agent)}:{place}"


def agent_id(text: str) -> str:
    """Return an agent's id in lower case.

    Raises:
        SessionKeyError: It is no id.

    """
    agent = text.strip().lower()
    if not _AGENT.fullmatch(agent):
        raise SessionKeyError(
            "an agent id has 1 to 64 of the letters a to z, digits, - and _",
            fix="Choose an agent with /agent, or set openclaw.agent_id",
        )
    return agent


def known_agent(text: str, known: Iterable[str]) -> str:
    """Return the id of an agent that the gateway knows.

    An unknown one must be refused here: old gateways let the default agent answer in its name.

    Raises:
        SessionKeyError: It is no id.
        UnknownAgentError: The gateway does not know it.

    """
    agent = agent_id(text)
    ids = tuple(known)
    if agent not in {one.lower() for one in ids}:
        raise UnknownAgentError(agent, ids)
    return agent


def _place_id(scope: SessionScope, text: str) -> str:
    place = text.strip().lower()
    if not _PLACE.fullmatch(place):
        what = {"channel": "channel", "user": "user", "dm": "user", "guild": "guild"}[scope]
        raise SessionKeyError(f"session scope {scope!r} needs the id of a {what}")
    return place
