"""Directives in an agent's reply: how to speak it, and what a telephone call shall do.

A reply may begin with one line of JSON about the voice, as OpenClaw's Talk mode
has it (https://docs.openclaw.ai/nodes/talk): ``{"voice": "…", "speed": 1.1,
"lang": "de", "once": true}``. Unknown keys are ignored. Elsewhere, directives
stand in double brackets: ``[[tts:voice=… speed=…]]`` for this reply's voice,
``[[end_call]]``, ``[[transfer:…]]``, ``[[dtmf:…]]`` and ``[[report_call:…]]`` for
the telephone. None of them is ever spoken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

NORMAL_RATE = 175
"""Words a minute at speed 1, by which Talk mode turns ``rate`` into a speed."""

SLOWEST, FASTEST = 0.25, 4.0
"""Speeds a speech server takes; others are no directive."""

LONGEST_DIRECTIVE = 4000
"""Characters after which a directive that has not ended is given up, and not spoken either."""

_VOICE_KEYS = ("voice", "voice_id", "voiceId", "speakerVoice", "speakerVoiceId")
_LANGUAGE_KEYS = ("lang", "language", "languageCode")
_VOICE_LINE_KEYS = frozenset(
    (
        *_VOICE_KEYS,
        *_LANGUAGE_KEYS,
        *("speed", "rate", "once", "model", "model_id", "modelId", "stability", "similarity"),
        *("style", "speakerBoost", "seed", "normalize", "output_format", "latency_tier"),
    )
)
"""What Talk mode knows; the voice is all of it that this program can change."""

_CALL = frozenset(("end_call", "transfer", "dtmf", "report_call"))
_SILENT = frozenset(("reply_to_current", "reply_to", "audio_as_voice", "/tts"))
_VOICE = "tts"
_NAMES = _CALL | _SILENT | {_VOICE}


@dataclass(frozen=True, slots=True)
class VoiceDirective:
    """How the agent wants to sound; what is ``None`` stays as it is."""

    voice: str | None = None
    """The voice's name at the speech server, or an alias of the settings."""

    speed: float | None = None
    """1 is normal, 2 twice as fast; 0.25 to 4."""

    language: str | None = None
    """ISO 639 code."""

    once: bool = False
    """Whether it is for this reply alone, not for those that follow."""


@dataclass(frozen=True, slots=True)
class CallDirective:
    """What the telephone call shall do; the phone understands the argument."""

    name: str
    """``end_call``, ``transfer``, ``dtmf`` or ``report_call``."""

    argument: str = ""
    """What stands behind the colon, as it was written."""


class Bracket(Enum):
    """What a text that begins with double brackets is, so far."""

    OPEN = auto()
    """It may be a directive."""
    DIRECTIVE = auto()
    """It is one, and complete."""
    TEXT = auto()
    """It is none."""


def read_voice_line(line: str) -> VoiceDirective | None:
    """Read the first line of a reply; returns ``None`` when it is no directive."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or not _VOICE_LINE_KEYS.intersection(fields):
        return None
    return _voice(fields, once=fields.get("once") is True)


def weigh_bracket(text: str) -> Bracket:
    """Say what a text that begins with ``[[`` is."""
    inside = text[2:].lstrip()
    name = _name(inside)
    rest = inside[len(name) :].lstrip(" ")
    if not rest:
        known = any(known.startswith(name) for known in _NAMES)
        return Bracket.OPEN if known else Bracket.TEXT
    if name not in _NAMES or rest[0] not in ":]":
        return Bracket.TEXT
    if rest.startswith((":{", ":[")):
        return _weigh_json(rest[1:])
    if rest.endswith("]]"):
        return Bracket.DIRECTIVE
    return Bracket.OPEN


def read_bracket(text: str) -> VoiceDirective | CallDirective | None:
    """Read a complete directive in double brackets; returns ``None`` when it is not for us."""
    name, _, argument = text[2:-2].partition(":")
    name = name.strip()
    if name in _CALL:
        return CallDirective(name, argument.strip())
    if name == _VOICE:
        fields = dict(field.split("=", 1) for field in argument.split() if "=" in field)
        voice = _voice(fields, once=True)
        return None if voice == VoiceDirective(once=True) else voice
    return None


def _name(text: str) -> str:
    end = next((n for n, sign in enumerate(text) if not (sign.isalpha() or sign in "_/")), None)
    return text[:end]


def _weigh_json(text: str) -> Bracket:
    if not text.endswith("]]"):
        return Bracket.OPEN
    try:
        json.loads(text[:-2])
    except (ValueError, RecursionError):
        return Bracket.OPEN  # brackets inside the JSON
    return Bracket.DIRECTIVE


def _voice(fields: Mapping[str, object], *, once: bool) -> VoiceDirective:
    rate = _number(fields.get("rate"))
    speed = _number(fields.get("speed")) or (rate and rate / NORMAL_RATE)
    if speed is not None and not SLOWEST <= speed <= FASTEST:
        speed = None
    return VoiceDirective(
        voice=_first_text(fields, _VOICE_KEYS),
        speed=speed,
        language=_first_text(fields, _LANGUAGE_KEYS),
        once=once,
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _first_text(fields: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    values = (fields.get(key) for key in keys)
    return next((value for value in values if isinstance(value, str) and value), None)
