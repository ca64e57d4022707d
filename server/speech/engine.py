"""What the speech server needs of a speech engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.audio import Samples
from pipeline.word_times import WordStart


class EngineError(Exception):
    """The engine could not be loaded, or failed at a text. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of speech."""

    samples: Samples
    """Mono PCM."""

    rate: int
    """Hertz; the same for all pieces of one text."""

    words: tuple[WordStart, ...] = ()
    """Words that begin in it, where the engine knows; from the beginning of the text."""


class Engine(Protocol):
    """Turns text into sound."""

    @property
    def name(self) -> str:
        """Short name, as in the settings."""

    @property
    def names(self) -> Mapping[str, str]:
        """Voices for the names that agents and OpenAI's clients use, such as ``alloy``."""

    def voices(self) -> Sequence[str]:
        """Return the names of the engine's own voices, the best known first."""

    def has_voice(self, voice: str) -> bool:
        """Whether :meth:`synthesize` takes this voice; there may be more than are listed."""

    def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Sound]:
        """Stream the sound of ``text``, as fast as it is taken.

        Args:
            text: Plain text of any length.
            voice: One that :meth:`has_voice` accepts.
            speed: 1 is the voice's usual pace.

        Raises:
            EngineError: The engine failed.

        Closing the generator, or cancelling, stops the work within 100 ms.

        """

    async def aclose(self) -> None:
        """End running work and free the engine."""
