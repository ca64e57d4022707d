"""Settings of the telephone under the names of the user's documents.

The documents describe several programs whose settings differ; all of them are accepted below
``phone:``, and these are the settings they mean today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.setting_paths import Moved, SettingPath

_MILLISECONDS = 1000.0
_SECONDS_A_MINUTE = 60.0


def _from_milliseconds(value: Any) -> Any:
    return _number(value) / _MILLISECONDS


def _from_minutes(value: Any) -> Any:
    return _number(value) * _SECONDS_A_MINUTE


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("should be a number") from None


_PCMU = Moved(None, why="sound goes as the telephone has it")
_TUNNEL = Moved(None, why="no tunnel is started: start one, and set phone.public.base_url")
_NOTIFY = Moved(None, why="reports of calls are in the call history, and are sent nowhere")
_MONITORING = Moved(None, why="see /health")

DOCUMENTED: Mapping[SettingPath, Moved] = {
    ("accountSid",): Moved(("twilio", "account_sid")),
    ("authToken",): Moved(("twilio", "auth_token")),
    ("phoneNumber",): Moved(("twilio", "from_number")),
    ("openaiApiKey",): Moved(("openai", "api_key")),
    ("realtimeModel",): Moved(("openai", "model")),
    ("defaultVoice",): Moved(("openai", "voice")),
    ("maxCallDuration",): Moved(("limits", "longest_outbound")),
    ("recordCalls",): Moved(("recording", "mode")),
    ("transcriptsDir",): Moved(("transcripts", "folder")),
    ("webhookPort",): Moved(("public", "port")),
    ("webhookHost",): Moved(("public", "base_url")),
    ("publicBaseUrl",): Moved(("public", "base_url")),
    ("telephony", "provider"): Moved(("provider",)),
    ("server", "port"): Moved(("public", "port")),
    ("server", "publicBaseUrl"): Moved(("public", "base_url")),
    ("twilio", "accountSid"): Moved(("twilio", "account_sid")),
    ("twilio", "authToken"): Moved(("twilio", "auth_token")),
    ("twilio", "fromNumber"): Moved(("twilio", "from_number")),
    ("twilio", "validateSignature"): Moved(("twilio", "validate_signature")),
    ("openai", "apiKey"): Moved(("openai", "api_key")),
    ("openai", "inputFormat"): _PCMU,
    ("openai", "outputFormat"): _PCMU,
    ("openai", "outputSampleRate"): _PCMU,
    ("notify", "hooksUrl"): _NOTIFY,
    ("notify", "hooksToken"): _NOTIFY,
    ("notify", "sessionKey"): _NOTIFY,
    ("tunnel", "provider"): _TUNNEL,
    ("retry", "maxAttempts"): Moved(("retry", "max_attempts")),
    ("retry", "initialDelayMs"): Moved(("retry", "initial_delay"), _from_milliseconds),
    ("retry", "backoffFactor"): Moved(("retry", "factor")),
    ("retry", "retryStatuses"): Moved(("retry", "statuses")),
    ("call", "defaultInstructions"): Moved(("agent", "instructions")),
    ("call", "recordCalls"): Moved(("recording", "mode")),
    ("call", "maxCallDurationMinutes"): Moved(("limits", "longest_inbound"), _from_minutes),
    ("openclaw", "memoryEnabled"): Moved(("context", "memory_enabled")),
    ("openclaw", "contextMaxTokens"): Moved(("context", "max_tokens")),
    ("openclaw", "crossChannelEnabled"): Moved(("context", "cross_channel_enabled")),
    ("bridge", "monitoring", "healthCheckInterval"): _MONITORING,
    ("bridge", "monitoring", "alertOnFailure"): _MONITORING,
    ("agent", "voice"): Moved(("openai", "voice")),
    ("agent", "model"): Moved(("openai", "model")),
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
}
"""Documented environment variables, and the settings below ``phone`` that they set."""
