"""Sans-I/O: what Twilio's REST API takes for a call, and what it says otherwise."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

Problem = tuple[int, str]

KNOWN_PARAMETERS = frozenset(
    {
        "To",
        "From",
        "Method",
        "FallbackUrl",
        "FallbackMethod",
        "StatusCallback",
        "StatusCallbackEvent",
        "StatusCallbackMethod",
        "SendDigits",
        "Timeout",
        "Record",
        "RecordingChannels",
        "RecordingStatusCallback",
        "RecordingStatusCallbackMethod",
        "RecordingConfigurationId",
        "SipAuthUsername",
        "SipAuthPassword",
        "MachineDetection",
        "MachineDetectionTimeout",
        "RecordingStatusCallbackEvent",
        "Trim",
        "CallerId",
        "MachineDetectionSpeechThreshold",
        "MachineDetectionSpeechEndThreshold",
        "MachineDetectionSilenceTimeout",
        "AsyncAmd",
        "AsyncAmdStatusCallback",
        "AsyncAmdStatusCallbackMethod",
        "Passports",
        "Byoc",
        "CallReason",
        "CallToken",
        "RecordingTrack",
        "TimeLimit",
        "ClientNotificationUrl",
        "Url",
        "Twiml",
        "ApplicationSid",
    }
)
"""Of creating a call; checked against Twilio's library by a test."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_URL = re.compile(r"https?://[^/\s_]+(/|$)")
_RANGES = {
    "Timeout": (1, 600),
    "TimeLimit": (1, 86_400),
    "MachineDetectionTimeout": (3, 59),
    "MachineDetectionSpeechThreshold": (1000, 6000),
    "MachineDetectionSpeechEndThreshold": (500, 5000),
    "MachineDetectionSilenceTimeout": (2000, 10_000),
}
_CHOICES = {
    "MachineDetection": {"Enable", "DetectMessageEnd"},
    "Record": {"true", "false"},
    "RecordingChannels": {"mono", "dual"},
}
_LONGEST_TWIML = 4000
_EVENTS = {"initiated", "ringing", "answered", "completed"}


def check_creation(parameters: dict[str, Any], own_numbers: Collection[str]) -> Problem | None:
    """Return what is wrong with a request to make a call."""
    unknown = set(parameters) - KNOWN_PARAMETERS
    if unknown:  # Twilio ignores them; a test wants to know
        return 20001, f"unknown parameters {sorted(unknown)}"
    return (
        _check_numbers(parameters, own_numbers)
        or _check_document(parameters)
        or _check_values(parameters)
    )


def _check_numbers(parameters: dict[str, Any], own_numbers: Collection[str]) -> Problem | None:
    to, caller = parameters.get("To", ""), parameters.get("From", "")
    if not to:
        return 21201, "No 'To' number is specified"
    if not _E164.fullmatch(to):
        return 21211, f"Invalid 'To' Phone Number: {to[:-4]}XXXX"
    if not caller:
        return 21213, "No 'From' number is specified"
    if caller not in own_numbers:
        return 21210, f"The source phone number provided, {caller}, is not yet verified."
    return None


def _check_document(parameters: dict[str, Any]) -> Problem | None:
    if not any(parameters.get(one) for one in ("Url", "Twiml", "ApplicationSid")):
        return 21205, "Url parameter is required."
    if parameters.get("Url") and not _URL.match(parameters["Url"]):
        return 21205, f"Url is not a valid URL: {parameters['Url']}"
    if len(parameters.get("Twiml", "")) > _LONGEST_TWIML:
        return 21218, "Twiml exceeds 4000 characters"
    return None


def _check_values(parameters: dict[str, Any]) -> Problem | None:
    for name, (least, most) in _RANGES.items():
        value = parameters.get(name)
        if value is not None and not (value.isdigit() and least <= int(value) <= most):
            return 21218, f"Invalid {name}"
    for name, choices in _CHOICES.items():
        if name in parameters and parameters[name] not in choices:
            return 21218, f"Invalid {name}"
    if set(parameters.get("StatusCallbackEvent", ())) - _EVENTS:
        return 21626, "Invalid StatusCallbackEvent"
    return None
