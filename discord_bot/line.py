"""What rooms need of a voice connection, as Protocols."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Protocol

from discord_bot.commands import Channel
from pipeline.clock import Clock
from pipeline.interfaces import AudioTransport


class Ending(Enum):
    """Why a voice connection is over."""

    SENT_AWAY = "sent away"
    """Somebody disconnected the bot, or the channel is gone: it is not wanted there."""

    LOST = "lost"
    """It broke; another attempt may help."""

    DEAF = "deaf"
    """People speak and nothing can be heard of them; another connection may help."""


class LineError(Exception):
    """A channel could not be entered; the message is for the people who asked."""


class Line(Protocol):
    """A voice connection while it lasts."""

    @property
    def transport(self) -> AudioTransport:
        """Its audio. Closes when the connection ends."""

    @property
    def channel(self) -> Channel:
        """Where it is now: people with the right to do so can move the bot."""

    @property
    def ending(self) -> Ending | None:
        """Why it is over; ``None`` while it is not."""

    def close(self) -> None:
        """End the audio: people are no longer heard, what plays is dropped."""

    def report(self) -> Sequence[str]:
        """Return lines for ``/status`` on what is heard."""


class Lines(Protocol):
    """Enters voice channels."""

    def enter(self, channel: Channel, clock: Clock) -> AbstractAsyncContextManager[Line]:
        """Be in a voice channel while a block runs; afterwards the bot is out of it.

        Args:
            channel: Which.
            clock: The clock of the conversation that is held there.

        Raises:
            LineError: It could not be entered.

        Cancelling leaves it.

        """
