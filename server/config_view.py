"""Settings as people may see them: masked, and with what to warn about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from server.config import Config

MASK = "********"
"""Stands for a secret wherever settings are shown."""

_SHORT_NAME = 3
_NOBODY_MAY_CALL = (
    "nobody's calls reach the agent: put your number into identities.<name>.phones; or set"
    " phone.inbound.policy to off, if that is meant"
)
_URL_LOGIN = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def masked(config: Config) -> dict[str, Any]:
    """Return the settings as a JSON object, secrets and the logins in addresses masked."""
    shown: dict[str, Any] = _shown(config.model_dump())
    return shown


def _shown(value: Any) -> Any:
    match value:
        case SecretStr():
            return MASK
        case dict():
            return {name: _shown(item) for name, item in value.items()}
        case tuple() | list():
            return [_shown(item) for item in value]
        case Path():
            return str(value)
        case str():
            return _URL_LOGIN.sub(MASK, value)
        case _:
            return value


def secret_values(config: Config) -> frozenset[str]:
    """Return every secret among the settings, so that a log can leave them out."""
    secrets: set[str] = set()
    for value in _values(config.model_dump()):
        if isinstance(value, SecretStr):
            secrets.add(value.get_secret_value())
        elif isinstance(value, str):
            secrets.update(_URL_LOGIN.findall(value))
    return frozenset(secrets)


def _values(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for item in value.values():
                yield from _values(item)
        case tuple() | list():
            for item in value:
                yield from _values(item)
        case _:
            yield value


def config_warnings(config: Config) -> list[str]:
    """Return what works, but probably not as the user wishes."""
    names = (
        (agent_id, name)
        for agent_id, agent in config.agents.items()
        for name in (agent.name or agent_id, *agent.names)
    )
    warnings = [
        f"agents.{agent_id}: the name {name!r} is short: it will be misheard, or heard where nobody"
        " said it; names of five letters and more work best"
        for agent_id, name in names
        if len(name) <= _SHORT_NAME
    ]
    if config.chat.base_url is not None and config.openclaw.base_url is not None:
        warnings.append(
            "chat.base_url and openclaw.base_url are both set: the chat server answers, and the"
            " OpenClaw Gateway is not asked"
        )
    return [*warnings, *_callers(config), *config.phone.notes()]


def _callers(config: Config) -> list[str]:
    """Return what is odd about who may call."""
    inbound, people = config.phone.inbound, config.identities.values()
    ways_in = (
        not (config.phone.enabled and config.phone.twilio.is_configured),
        inbound.policy != "allowlist",
        inbound.unknown_callers != "refuse",
        bool(inbound.allow),
        any(person.phones for person in people),
    )
    if any(ways_in):
        return []
    return [_NOBODY_MAY_CALL]
