"""Sans-I/O: what a call will have cost, by the rates in the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from server.phone.calls.config import CostsConfig
from server.phone.calls.limits import billed_minutes
from server.phone.calls.record import Cost
from server.phone.calls.status import Direction

_MINUTE = 60.0
_DIGITS = 4
"""Decimals of an amount: rates are fractions of a cent."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one attempt used."""

    direction: Direction
    number: str
    """Of the other side."""

    seconds: float
    """From the answer to the end; 0 when nobody answered."""

    media_seconds: float = 0.0
    """Of sound through the provider's media stream."""

    recorded_seconds: float = 0.0
    """That the provider recorded; what we record ourselves costs nothing."""

    machine_detection: bool = False
    realtime_input_seconds: float = 0.0
    realtime_output_seconds: float = 0.0


def estimate(usages: Iterable[Usage], rates: CostsConfig) -> Cost:
    """Return what a call costs: all its attempts. Unanswered ones cost nothing."""
    parts: dict[str, float] = {}
    minutes = 0
    for usage in usages:
        minutes += billed_minutes(usage.seconds)
        for name, amount in _parts(usage, rates).items():
            parts[name] = parts.get(name, 0.0) + amount
    return Cost(
        currency=rates.currency,
        amount=round(sum(parts.values()), _DIGITS),
        parts={name: round(amount, _DIGITS) for name, amount in parts.items() if amount},
        minutes=minutes,
    )


def _parts(usage: Usage, rates: CostsConfig) -> dict[str, float]:
    detected = usage.machine_detection and usage.seconds > 0
    return {
        "telephone": billed_minutes(usage.seconds) * _minute_rate(usage, rates),
        "media": billed_minutes(usage.media_seconds) * rates.media_minute,
        "recording": billed_minutes(usage.recorded_seconds) * rates.recording_minute,
        "machine_detection": rates.machine_detection if detected else 0.0,
        "realtime_input": usage.realtime_input_seconds / _MINUTE * rates.realtime_input_minute,
        "realtime_output": usage.realtime_output_seconds / _MINUTE * rates.realtime_output_minute,
    }


def _minute_rate(usage: Usage, rates: CostsConfig) -> float:
    if usage.direction == "inbound":
        return rates.inbound_minute
    prefixes = rates.outbound_prefixes
    fitting = [prefix for prefix in prefixes if usage.number.startswith(prefix)]
    return prefixes[max(fitting, key=len)] if fitting else rates.outbound_minute
