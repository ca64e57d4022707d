"""Sans-I/O: who is behind a telephone number, and which conversation their call goes on with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from openclaw_client import session_key
from openclaw_client.session_key import Place, checked_key, discord_key
from server.phone.security.callers import Assurance

SessionScope = Literal["per-phone", "per-call", "main"]

_ORDER = (Assurance.CLAIMED, Assurance.ATTESTED, Assurance.PIN)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the settings name under ``identities``."""

    name: str
    phones: tuple[str, ...] = ()
    """In international form."""

    discord: str | None = None
    """User id."""

    session_key: str | None = None
    """What their calls join when they were in no channel yet."""

    pin: SecretStr | None = None
    """By which they prove who they are, whatever number they call from."""


class People:
    """Everybody whom the settings name.

    Args:
        people: They; a number that several have is the first one's.
        required: How sure a caller's number must be before they are taken for that person.

    """

    def __init__(self, people: Iterable[Person], required: Assurance = Assurance.CLAIMED) -> None:
        self._required = _ORDER.index(required)
        self._by_number: dict[str, Person] = {}
        self._by_name = {person.name: person for person in people}
        for person in self._by_name.values():
            for phone in person.phones:
                self._by_number.setdefault(phone, person)

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of all of them."""
        return frozenset(self._by_number)

    @property
    def pins(self) -> dict[str, SecretStr]:
        """The PINs of those who have one, by their names."""
        return {one.name: one.pin for one in self._by_name.values() if one.pin is not None}

    def named(self, name: str) -> Person | None:
        """Return the person of a name."""
        return self._by_name.get(name)

    def called(self, number: str) -> Person | None:
        """Return whom we call under a number."""
        return self._by_number.get(number)

    def caller(self, number: str | None, assurance: Assurance) -> Person | None:
        """Return who calls; ``None`` when nobody knows, or it is not sure enough."""
        if number is None or _ORDER.index(assurance) < self._required:
            return None
        return self._by_number.get(number)


def phone_key(
    agent: str,
    *,
    call_id: str,
    number: str | None,
    scope: SessionScope = "per-phone",
    person: Person | None = None,
    last_key: str | None = None,
) -> str:
    """Return the session that a call goes on with.

    Args:
        agent: Who answers.
        call_id: Ours.
        number: Of the other side; ``None`` when it is withheld.
        scope: What strangers' calls share: those of one number, nothing, or the agent's main
            session.
        person: Who it is, when that is sure enough. They go on with the channel they are in, else
            with what the settings say, else with their direct messages.
        last_key: Session of the channel that this person is in, or was last; whose agent it is
            does not count.

    Raises:
        SessionKeyError: The agent is no id, or a key in the settings is none.

    """
    if person is not None:
        return _linked_key(agent, person, last_key, number)
    if scope == "main":
        return f"agent:{session_key.agent_id(agent)}:main"
    if scope == "per-call" or number is None:
        return checked_key(f"agent:{session_key.agent_id(agent)}:voice:call:{call_id}")
    return session_key.phone_key(agent, number)


def chosen_key(agent: str, text: str) -> str:
    """Return the session that somebody asked for, when they asked for a call.

    Args:
        agent: Whose session it is, when the text does not say.
        text: A whole key, ``voice:<number>``, or the name of a session of the agent.

    Raises:
        SessionKeyError: It is none of these.

    """
    prefix, colon, rest = text.strip().partition(":")
    if prefix.lower() == "agent" and colon:
        return checked_key(text)
    if prefix.lower() == "voice" and rest.startswith("+"):
        return session_key.phone_key(agent, rest)
    return checked_key(f"agent:{session_key.agent_id(agent)}:{text.strip()}")


def _linked_key(agent: str, person: Person, last_key: str | None, number: str | None) -> str:
    if last_key is not None:  # whichever agent they had there, this one answers
        return session_key.with_agent(last_key, agent)
    if person.session_key is not None:
        return checked_key(person.session_key)
    if person.discord is not None:
        return discord_key("user", agent, Place(user_id=person.discord))
    # Their telephones are one person: the first stands for all.
    phone = person.phones[0] if person.phones else number or ""
    return session_key.phone_key(agent, phone)
