"""What the speech server needs of a speech engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from pipeline.audio import Samples


class EngineError(Exception):
    """The engine could not be loaded, or failed at a text."""


class Engine(Protocol):
    """Turns text into sound."""

    @property
    def name(self) -> str:
        """Short name, as in the settings."""

    @property
    def sample_rate(self) -> int:
        """Hertz of what :meth:`synthesize` yields."""

    def voices(self) -> Sequence[str]:
        """Return the names of the engine's own voices."""

    def has_voice(self, voice: str) -> bool:
        """Whether :meth:`synthesize` takes this voice; there may be more than are listed."""

    def synthesize(self, text: str, *, voice: str, speed: float) -> AsyncGenerator[Samples]:
        """Stream the sound of ``text`` at :attr:`sample_rate`, as fast as it is taken.

        Args:
            text: Plain text of any length.
            voice: One that :meth:`has_voice` accepts.
            speed: 1 is the voice's usual pace.

        Raises:
            EngineError: The engine failed.

        Closing the generator, or cancelling, stops the work within one chunk.

        """

    def close(self) -> None:
        """End running work and free the engine."""
