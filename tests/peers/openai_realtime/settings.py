"""Sans-I/O: the settings of a session."""

from __future__ import annotations

import re
from typing import Any

from tests.peers.openai_realtime.problems import ProblemError, missing, unknown, unsupported

Json = dict[str, Any]

VOICES = (
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar",
)  # fmt: skip
BYTES_PER_MS = {"audio/pcm": 48, "audio/pcmu": 8, "audio/pcma": 8}
_REPLACED_WHOLE = {"format", "transcription", "turn_detection", "tools"}
_PCM: Json = {"type": "audio/pcm", "rate": 24000}


def default_settings(session_id: str, model: str, expires_at: int) -> Json:
    return {
        "type": "realtime", "object": "realtime.session", "id": session_id, "model": model,
        "output_modalities": ["audio"], "instructions": "Be helpful.", "tools": [],
        "tool_choice": "auto", "max_output_tokens": "inf", "tracing": None, "truncation": "auto",
        "prompt": None, "include": None, "expires_at": expires_at,
        "audio": {
            "input": {
                "format": _PCM, "transcription": None, "noise_reduction": None,
                "turn_detection": {
                    "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300,
                    "silence_duration_ms": 500, "idle_timeout_ms": None, "create_response": True,
                    "interrupt_response": True,
                },
            },
            "output": {"format": _PCM, "voice": "marin", "speed": 1.0},
        },
    }  # fmt: skip


def merged(settings: Json, update: Json) -> Json:
    """Return settings with an update, which names only what changes."""
    result = dict(settings)
    for name, value in update.items():
        old = result.get(name)
        deeper = isinstance(value, dict) and isinstance(old, dict) and name not in _REPLACED_WHOLE
        result[name] = merged(old, value) if deeper and isinstance(old, dict) else value
    return result


def check_settings(update: Json, at: str = "session") -> None:
    """Check what the SDK's types cannot express.

    Raises:
        ProblemError: The service does not take it.

    """
    modalities = update.get("output_modalities")
    if modalities is not None and sorted(modalities) not in (["audio"], ["text"]):
        message = (
            f"Invalid modalities: {modalities}. Supported combinations are: ['text'] and ['audio']."
        )
        raise ProblemError(message, "invalid_value", f"{at}.output_modalities")
    audio = update.get("audio") or {}
    for side in ("input", "output"):
        _check_format((audio.get(side) or {}).get("format"), f"{at}.audio.{side}.format")
    _check_voice(audio.get("output") or {}, f"{at}.audio.output")
    _check_tools(update.get("tools") or [], f"{at}.tools")


def check_update(settings: Json, update: Json, *, spoke: bool) -> None:
    """Check an update against the settings it changes."""
    check_settings(update)
    if update.get("type") != "realtime":
        raise ProblemError("This is a realtime session.", "invalid_value", "session.type")
    if update.get("model", settings["model"]) != settings["model"]:
        raise ProblemError("Cannot change the model.", "invalid_value", "session.model")
    voice = ((update.get("audio") or {}).get("output") or {}).get("voice")
    if spoke and voice not in {None, settings["audio"]["output"]["voice"]}:
        message = "Cannot update a conversation's voice if assistant audio is present."
        raise ProblemError(message, "cannot_update_voice", "session.audio.output.voice")


def _check_format(audio_format: Json | None, at: str) -> None:
    if audio_format is None:
        return
    if not audio_format.get("type"):
        raise missing(f"{at}.type")
    if audio_format["type"] == "audio/pcm" and audio_format.get("rate") is None:
        raise missing(f"{at}.rate")
    if audio_format["type"] != "audio/pcm" and "rate" in audio_format:
        raise unknown(f"{at}.rate")


def _check_voice(output: Json, at: str) -> None:
    voice, speed = output.get("voice"), output.get("speed")
    if isinstance(voice, str) and voice not in VOICES:
        raise unsupported(voice, VOICES, f"{at}.voice")
    slowest, fastest = 0.25, 1.5
    if speed is not None and not slowest <= speed <= fastest:
        message = f"Invalid '{at}.speed': decimal value out of range."
        raise ProblemError(message, "decimal_out_of_range", f"{at}.speed")


def _check_tools(tools: list[Json], at: str) -> None:
    for index, tool in enumerate(tools):
        name = tool.get("name") or ""
        if tool.get("type") == "function" and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            message = f"Invalid '{at}[{index}].name': string does not match pattern."
            raise ProblemError(message, "invalid_value", f"{at}[{index}].name")
