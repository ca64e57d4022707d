"""Sans-I/O: when a message that a caller leaves is over, and whether there is one."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

from pipeline.speech_gate import Voiced

PATIENCE: Final = 10.0
"""Seconds after the tone in which somebody has to begin to speak."""

LEAST_SPEECH: Final = 0.3
"""Seconds of speech that make a message; less is a cough, or the receiver put down."""

LAST_KEY: Final = "#"
"""The key that ends a message."""


class MessageOver(enum.Enum):
    """Why a message is over."""

    KEY = "key"
    SILENCE = "silence"
    """Nothing more was said."""

    NOTHING_SAID = "nothing said"
    TOO_LONG = "too long"
    HUNG_UP = "hung up"


class MessageWatch:
    """Follows one message, by the time of what is heard: a network that stalls is no silence.

    Args:
        began: When the tone was over, in seconds on the conversation clock.
        longest: Seconds that a message may take.
        silence: Seconds of silence after speech that end it.

    """

    def __init__(self, began: float, *, longest: float, silence: float) -> None:
        self.began = began
        self._longest = longest
        self._silence = silence
        self._voiced = 0.0
        self._spoke: float | None = None
        self.over: MessageOver | None = None
        """Why it is over; ``None`` while it goes on."""

    @property
    def is_message(self) -> bool:
        """Whether enough was said to be kept."""
        return self._voiced >= LEAST_SPEECH

    def receive(self, speech: Sequence[Voiced], until: float) -> None:
        """Take in what was heard.

        Args:
            speech: Windows in which the caller spoke, in order; empty for silence.
            until: When the last window that was listened to ended.

        """
        for window in speech:
            self._voiced += window.end - window.start
            self._spoke = window.end
        if self.over is None:
            self.over = self._judge(until)

    def press(self, digit: str) -> None:
        """Take in that the caller pressed a key."""
        if self.over is None and digit == LAST_KEY:
            self.over = MessageOver.KEY

    def hang_up(self) -> None:
        """Take in that nothing more will be heard."""
        if self.over is None:
            self.over = MessageOver.HUNG_UP

    def _judge(self, until: float) -> MessageOver | None:
        if until - self.began >= self._longest:
            return MessageOver.TOO_LONG
        if not self.is_message:
            quiet = until - max(self.began, self._spoke or self.began)
            return MessageOver.NOTHING_SAID if quiet >= PATIENCE else None
        if self._spoke is not None and until - self._spoke >= self._silence:
            return MessageOver.SILENCE
        return None
