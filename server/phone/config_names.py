"""Settings of the telephone under the names of the user's documents.

The documents describe several programs whose settings differ; all of them are accepted below
``phone:``, and these are the settings they mean today.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from server.settings_schema import SettingPath, dotted

logger = logging.getLogger(__name__)

_MILLISECONDS = 1000.0
_SECONDS_A_MINUTE = 60.0


def _as_it_is(value: Any) -> Any:
    return value


def _from_milliseconds(value: Any) -> Any:
    return _number(value) / _MILLISECONDS


def _from_minutes(value: Any) -> Any:
    return _number(value) * _SECONDS_A_MINUTE


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("should be a number") from None


@dataclass(frozen=True, slots=True)
class Today:
    """The setting that a documented name means today."""

    path: SettingPath | None
    """Below ``phone``; ``None`` when nothing is left to set."""

    convert: Callable[[Any], Any] = _as_it_is
    """Turns the documented value into today's."""


_PCMU = Today(None)  # the telephone's own format goes through as it is

DOCUMENTED: Mapping[SettingPath, Today] = {
    ("accountSid",): Today(("twilio", "account_sid")),
    ("authToken",): Today(("twilio", "auth_token")),
    ("phoneNumber",): Today(("twilio", "from_number")),
    ("openaiApiKey",): Today(("openai", "api_key")),
    ("realtimeModel",): Today(("openai", "model")),
    ("defaultVoice",): Today(("openai", "voice")),
    ("maxCallDuration",): Today(("limits", "longest_outbound")),
    ("recordCalls",): Today(("recording", "mode")),
    ("transcriptsDir",): Today(("transcripts", "folder")),
    ("webhookPort",): Today(("public", "port")),
    ("webhookHost",): Today(("public", "base_url")),
    ("publicBaseUrl",): Today(("public", "base_url")),
    ("telephony", "provider"): Today(("provider",)),
    ("server", "port"): Today(("public", "port")),
    ("server", "publicBaseUrl"): Today(("public", "base_url")),
    ("twilio", "accountSid"): Today(("twilio", "account_sid")),
    ("twilio", "authToken"): Today(("twilio", "auth_token")),
    ("twilio", "fromNumber"): Today(("twilio", "from_number")),
    ("twilio", "validateSignature"): Today(("twilio", "validate_signature")),
    ("openai", "apiKey"): Today(("openai", "api_key")),
    ("openai", "inputFormat"): _PCMU,
    ("openai", "outputFormat"): _PCMU,
    ("openai", "outputSampleRate"): _PCMU,
    ("notify", "hooksUrl"): Today(("notify", "hooks_url")),
    ("notify", "hooksToken"): Today(("notify", "hooks_token")),
    ("notify", "sessionKey"): Today(("notify", "session_key")),
    ("retry", "maxAttempts"): Today(("retry", "max_attempts")),
    ("retry", "initialDelayMs"): Today(("retry", "initial_delay"), _from_milliseconds),
    ("retry", "backoffFactor"): Today(("retry", "factor")),
    ("retry", "retryStatuses"): Today(("retry", "statuses")),
    ("call", "defaultInstructions"): Today(("agent", "instructions")),
    ("call", "recordCalls"): Today(("recording", "mode")),
    ("call", "maxCallDurationMinutes"): Today(("limits", "longest_inbound"), _from_minutes),
    ("openclaw", "memoryEnabled"): Today(("context", "memory_enabled")),
    ("openclaw", "contextMaxTokens"): Today(("context", "max_tokens")),
    ("openclaw", "crossChannelEnabled"): Today(("context", "cross_channel_enabled")),
    ("bridge", "monitoring", "healthCheckInterval"): Today(
        ("monitoring", "interval"), _from_milliseconds
    ),
    ("bridge", "monitoring", "alertOnFailure"): Today(("monitoring", "alert_on_failure")),
    ("agent", "voice"): Today(("openai", "voice")),
    ("agent", "model"): Today(("openai", "model")),
}
"""Documented names below ``phone``, and what they mean today."""

VARIABLES: Mapping[str, SettingPath] = {
    "TWILIO_ACCOUNT_SID": ("twilio", "account_sid"),
    "TWILIO_AUTH_TOKEN": ("twilio", "auth_token"),
    "TWILIO_PHONE_NUMBER": ("twilio", "from_number"),
    "OPENAI_API_KEY": ("openai", "api_key"),
    "OPENAI_PROJECT_ID": ("openai", "project_id"),
    "WEBHOOK_SECRET": ("openai", "webhook_secret"),
    "PUBLIC_URL": ("public", "base_url"),
    "OPENCLAW_TIMEOUT": ("ask_timeout",),
    "VOICE_DEV_MODE": ("dev_mode",),
}
"""Documented environment variables, and the settings below ``phone`` that they set."""


def is_documented(path: SettingPath) -> bool:
    """Return whether a path below ``phone`` is a documented name, or a section with some."""
    return any(name[: len(path)] == path for name in DOCUMENTED)


def with_canonical_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings below ``phone`` with every documented name replaced by today's.

    Raises:
        ValueError: Two names of one setting have different values, or a value cannot be converted.

    """
    tree: dict[str, Any] = deepcopy(dict(settings))
    for path, today in DOCUMENTED.items():
        found, value = _taken_out(tree, path)
        if not found:
            continue
        if today.path is None:
            logger.warning(
                "phone.%s has no use any more: sound goes as the telephone has it", dotted(path)
            )
            continue
        try:
            converted = today.convert(value)
        except ValueError as error:
            raise ValueError(f"{dotted(path)}: {error}") from None
        _put(tree, today.path, converted, path)
    return tree


def _taken_out(tree: dict[str, Any], path: SettingPath) -> tuple[bool, Any]:
    """Remove a value, and sections that are empty without it; return whether it was there."""
    name, below = path[0], path[1:]
    if name not in tree:
        return False, None
    if not below:
        return True, tree.pop(name)
    section = tree[name]
    if not isinstance(section, dict):
        return False, None
    found, value = _taken_out(section, below)
    if found and not section:
        del tree[name]
    return found, value


def _put(tree: dict[str, Any], path: SettingPath, value: Any, documented: SettingPath) -> None:
    section = tree
    for name in path[:-1]:
        section = section.setdefault(name, {})
        if not isinstance(section, dict):
            raise ValueError(f"{name}: must be a section with settings below it")  # noqa: TRY004 - pydantic's
    # Equal as text: one may come from the environment, where everything is.
    if path[-1] in section and str(section[path[-1]]) != str(value):
        raise ValueError(
            f"{dotted(documented)} and {dotted(path)} are one setting and have different values;"
            " keep one of them"
        )
    section[path[-1]] = value
