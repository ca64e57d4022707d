"""Settings of the speech server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline.config import Seconds, Settings

DEFAULT_VOICE = "default"
"""The name under which every client may ask for :attr:`SpeechConfig.default_voice`."""

VOICES = {
    "jarvis": "en-gb",
    "sage": "en-us+f3",
    "alloy": "en-us",
    "ash": "en-us+m3",
    "ballad": "en-gb+m7",
    "cedar": "en-us+m8",
    "claude": "en-gb-x-rp+m4",
    "coral": "en-us+f2",
    "echo": "en-us+m1",
    "fable": "en-gb-scotland",
    "marin": "en-us+f5",
    "nia": "en-029+f4",
    "nova": "en-us+Annie",
    "onyx": "en-us+m2",
    "shimmer": "en-gb+f4",
    "verse": "en-us+Michael",
    "watson": "en-gb-x-gbclan+m5",
}
"""Names of agents and of OpenAI's voices, each with an espeak voice that sounds different."""


class SpeechConfig(Settings):
    """The speech server. In the service it runs on loopback when ``tts.url`` is not set."""

    engine: Literal["espeak"] = "espeak"
    """What makes the sound: espeak, which works offline at once, in 100 languages."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the engine runs; espeak needs no graphics card and ignores it."""

    host: str = "127.0.0.1"
    """Address ``run.py speech`` listens on; 0.0.0.0 lets other machines use the voices."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8881
    """Port ``run.py speech`` listens on; 0 takes a free one, as the service always does."""

    default_voice: str = "jarvis"
    """Voice of a request that names none, or "default"."""

    voices: dict[str, str] = VOICES
    """Names and the engine's voice for each; added to the built-in names. An espeak voice is a
    language tag, with or without a variant: en-gb, de, en-us+f3."""

    max_input: Annotated[int, Field(ge=1, le=100_000)] = 4096
    """Characters one request may ask for; 4096 is OpenAI's limit."""

    start_timeout: Seconds = 20.0
    """Seconds the speech server may take to start."""

    @field_validator("voices")
    @classmethod
    def _add_built_in(cls, voices: dict[str, str]) -> dict[str, str]:
        return VOICES | {name.lower(): voice for name, voice in voices.items()}
