"""Which engine speaks: the one that was chosen, else the next that can.

The first rung is the engine that the settings choose, or the best that is there; below it stands
espeak, which always is. Each request names a voice, and the first rung that has it speaks. When
that one fails before its first sound, the next speaks instead, and the failing one rests a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from server.speech.config import DEFAULT_VOICE, SpeechConfig
from server.speech.engine import Engine, EngineError, Sound

logger = logging.getLogger(__name__)

REST = 10.0
"""Seconds in which an engine that failed is asked only when no other can speak."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An engine that the settings choose and that is not there."""

    engine: str
    reason: str
    """What to do, for people."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A voice of one engine."""

    engine: Engine
    voice: str


@dataclass(slots=True)
class _Failure:
    reason: str
    until: float
    """When the engine is asked again, on the event loop's clock."""


class Ladder:
    """All engines as one.

    Args:
        engines: From the first choice to the last; at least one. Closed by :meth:`aclose`.
        config: Names of voices.
        missing: Engines that were chosen and are not there.

    Raises:
        EngineError: The settings name a voice that no engine has.

    """

    def __init__(
        self, engines: Sequence[Engine], config: SpeechConfig, missing: Sequence[Missing] = ()
    ) -> None:
        self._engines = tuple(engines)
        self._missing = tuple(missing)
        self._failures: dict[str, _Failure] = {}
        self._names = self._settings_names(config)

    @property
    def engine(self) -> Engine:
        """The first choice of those that are there."""
        return self._engines[0]

    @property
    def missing(self) -> Sequence[Missing]:
        """Engines that were chosen and are not there."""
        return self._missing

    def voices(self) -> list[str]:
        """Return all names to ask for, each once."""
        engines = self._engines
        known = [name for engine in engines for name in engine.names]
        own = [voice for engine in engines for voice in engine.voices()]
        return list(dict.fromkeys((*self._names, *known, *own)))

    def behind(self, voice: str) -> str:
        """Return what the engine that speaks with a voice calls it itself."""
        own = (self._find(engine, voice) for engine in self._engines)
        return next(filter(None, own), voice)

    def has_voice(self, voice: str) -> bool:
        """Whether any engine speaks with this voice."""
        return any(self._find(engine, voice) is not None for engine in self._engines)

    async def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        """Stream the sound of ``text``; see :meth:`server.speech.engine.Engine.synthesize`."""
        parts = self._order(list(self._parts(voice)))
        for number, part in enumerate(parts, 1):
            begun = False
            sound = part.engine.synthesize(text, voice=part.voice, speed=speed)
            try:
                async with aclosing(sound):
                    async for piece in sound:
                        begun = True
                        yield piece
            except EngineError as error:
                self._note(part.engine, str(error))
                if begun or number == len(parts):
                    raise
                logger.warning("%s; %s speaks", error, parts[number].engine.name)
            else:
                self._failures.pop(part.engine.name, None)
                return

    def health(self) -> dict[str, Any]:
        """Tell which engine speaks, and what is not as it was chosen."""
        troubles = [*self._missing]
        troubles += [Missing(name, failure.reason) for name, failure in self._failures.items()]
        speaking = next(
            (one for one in self._engines if one.name not in self._failures), self._engines[0]
        )
        return {
            "status": "degraded" if troubles else "ok",
            "engine": speaking.name,
            "engines": [engine.name for engine in self._engines],
            "troubles": [{"engine": one.engine, "reason": one.reason} for one in troubles],
        }

    async def aclose(self) -> None:
        """Close every engine."""
        for engine in self._engines:
            await engine.aclose()

    def _settings_names(self, config: SpeechConfig) -> dict[str, str]:
        """Check the settings' voices and return them by name, in lower case."""
        names = dict(config.voices)
        default = names.get(config.default_voice.lower(), config.default_voice)
        for name, voice in {DEFAULT_VOICE: default, **names}.items():
            if any(_own_voice(engine, voice) is not None for engine in self._engines):
                names[name] = voice
                continue
            setting = "default_voice" if name == DEFAULT_VOICE else f"voices.{name}"
            complaint = f"speech.{setting}: {self._listed()} has no voice {voice!r}"
            if not self._missing:
                raise EngineError(complaint)
            logger.warning("%s; the engine that has it may be the missing one", complaint)
            names.pop(name, None)
        return {DEFAULT_VOICE: names.pop(DEFAULT_VOICE, ""), **names}

    def _listed(self) -> str:
        return " or ".join(engine.name for engine in self._engines)

    def _find(self, engine: Engine, voice: str) -> str | None:
        return _own_voice(engine, self._names.get(voice.lower()) or voice)

    def _parts(self, voice: str) -> Iterator[_Part]:
        """Yield who may speak: the first who has the voice, then whoever stands below."""
        found = False
        for engine in self._engines:
            own = self._find(engine, voice)
            if own is None and found:
                own = self._find(engine, DEFAULT_VOICE) or next(iter(engine.voices()), None)
            if own is not None:
                found = True
                yield _Part(engine, own)
        if not found:
            raise EngineError(f"{self._listed()} has no voice {voice[:40]!r}")

    def _order(self, parts: list[_Part]) -> list[_Part]:
        """Put those who rest behind the others."""
        now = asyncio.get_running_loop().time()

        def rests(part: _Part) -> bool:
            failure = self._failures.get(part.engine.name)
            return failure is not None and failure.until > now

        return sorted(parts, key=rests)

    def _note(self, engine: Engine, reason: str) -> None:
        until = asyncio.get_running_loop().time() + REST
        self._failures[engine.name] = _Failure(reason, until)


def _own_voice(engine: Engine, voice: str) -> str | None:
    """Return the engine's own name of a voice, ``None`` when it has none."""
    own = engine.names.get(voice.lower(), voice)
    return own if engine.has_voice(own) else None
