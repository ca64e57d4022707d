"""Sans-I/O: the terms of a call that somebody asks for, checked, and as an engine is told them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from openclaw_client.session_key import SessionKeyError
from server.phone.calls.people import chosen_key
from server.phone.calls.request import CallRefusedError, CallRequest, Obstacle
from server.phone.config import PhoneConfig
from server.phone.engines.engine import EngineCall
from server.phone.security.numbers import parse_number

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?=[-_]|$)")


def calling_number(config: PhoneConfig, wanted: str | None) -> str:
    """Return which of our numbers calls.

    Raises:
        CallRefusedError: There is none, or the one wanted is not ours.

    """
    usual = config.twilio.from_number
    if usual is None:
        raise CallRefusedError(
            "there is no number to call from: set TWILIO_PHONE_NUMBER", Obstacle.UNAVAILABLE
        )
    if wanted is None:
        return usual
    ours = {usual, *config.numbers}
    number = getattr(parse_number(wanted, config.defaults.country), "e164", None)
    if number not in ours:
        raise CallRefusedError(
            "caller_id is not a number of ours: leave it out, or add the number to phone.numbers",
            Obstacle.REQUEST,
        )
    return str(number)


def check_terms(request: CallRequest, config: PhoneConfig, engine: str) -> None:
    """Make sure that a call can be made as it is asked for.

    Args:
        request: What is asked for.
        config: The telephone's settings.
        engine: What talks in calls of this process.

    Raises:
        CallRefusedError: It cannot.

    """
    longest = config.limits.longest_outbound
    if request.max_duration is not None and request.max_duration > longest:
        raise CallRefusedError(
            f"max_duration is more than {longest:.0f} seconds: ask for less, or raise"
            " phone.limits.longest_outbound",
            Obstacle.REQUEST,
        )
    if request.mode == "notify" and (request.task or request.context or not request.message):
        raise CallRefusedError(
            "mode notify says message and nothing else: send message, without task and context",
            Obstacle.REQUEST,
        )
    if request.engine not in {None, engine}:
        raise CallRefusedError(
            f"calls are held by the engine {engine}: leave engine out, or change phone.engine",
            Obstacle.REQUEST,
        )
    if request.timezone is not None:
        _zone(request.timezone)


def chosen_session(agent: str, text: str) -> str:
    """Return the key of the session that somebody asks a call to go on with.

    Raises:
        CallRefusedError: It is no key, or one of another agent.

    """
    try:
        key = chosen_key(agent, text)
    except SessionKeyError as error:
        raise CallRefusedError(f"session_key cannot be used: {error}", Obstacle.REQUEST) from None
    if not key.startswith(f"agent:{agent}:"):
        raise CallRefusedError(
            f"session_key belongs to another agent: {agent} makes calls", Obstacle.REQUEST
        )
    return key


def with_terms(
    call: EngineCall, request: CallRequest, config: PhoneConfig, now: datetime
) -> EngineCall:
    """Return a call as it is asked for.

    Args:
        call: The call as the settings have it.
        request: What is asked for.
        config: The telephone's settings.
        now: The time of day.

    Raises:
        CallRefusedError: The session that is asked for cannot be used.

    """
    locale = _LANGUAGE.match(request.locale or "")
    key = request.session_key
    return replace(
        call,
        caller=replace(call.caller, name=request.callee_name or call.caller.name),
        session_key=call.session_key if key is None else chosen_session(call.agent, key),
        instructions="\n".join(filter(None, (call.instructions, _facts(request, config, now)))),
        task=request.task,
        context=context_text(request.context),
        language=call.language if locale is None else locale[0].lower(),
        voice=request.voice or call.voice,
    )


def context_text(context: str | Mapping[str, Any]) -> str:
    """Return what is known as the text that an engine gets: a line for each heading."""
    if isinstance(context, str):
        return context
    return "\n".join(f"{name.replace('_', ' ')}: {_text(it)}" for name, it in context.items())


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _facts(request: CallRequest, config: PhoneConfig, now: datetime) -> str:
    """Return what the agent has to know of who calls whom, when and where."""
    caller = request.caller_name or config.agent.caller_name
    zone = request.timezone or config.defaults.timezone
    local = now.astimezone(_zone(zone))
    facts = (
        f"You call on behalf of {caller}." if caller else "",
        f"You call {request.callee_name}." if request.callee_name else "",
        f"This call was asked for on {local:%A, %Y-%m-%d at %H:%M}; times are meant in {zone}.",
        f"The locale of the other side is {request.locale}." if request.locale else "",
    )
    return " ".join(filter(None, facts))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise CallRefusedError(
            "timezone is none that this machine knows: write one such as Europe/Oslo",
            Obstacle.REQUEST,
        ) from None
