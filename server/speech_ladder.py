"""Which speech servers are asked, once it is known whether our own is there."""

from __future__ import annotations

from pipeline.config import TtsConfig
from server.speech.child import SpeechServerError


def with_server(tts: TtsConfig, url: str) -> TtsConfig:
    """Return the settings of the client with our own server first."""
    return tts.model_copy(update={"url": url})


def with_fallback_first(tts: TtsConfig, error: SpeechServerError) -> TtsConfig:
    """Return the settings of the client without our own server, which cannot be started.

    Args:
        tts: As the user set it, with no ``url``.
        error: Why it cannot.

    Raises:
        SpeechServerError: There are no fallbacks.

    """
    fallbacks = dict(tts.fallbacks)
    if not fallbacks:
        raise error
    first = fallbacks.pop(next(iter(fallbacks)))
    return tts.model_copy(
        update={
            "url": first.url,
            "model": first.model,
            "voice": first.voice,
            "api_key": first.api_key,
            "fallbacks": fallbacks,
        }
    )
