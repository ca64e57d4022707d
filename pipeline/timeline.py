"""When each stage of a turn happened, and what the turn's record says of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Stage(enum.Enum):
    """Stages of a turn in order; the value names the span that ends there."""

    SPEECH_END = ""
    """The last sample of speech."""

    PAUSE = "vad"
    """Enough silence to ask whether the turn is over."""

    TURN_END = "smart_turn"
    """The decision that it is, the wait included."""

    TRANSCRIPT = "stt"
    """The words are known."""

    JUDGED = "relevance"
    """Whether the bot was addressed is known."""

    FIRST_TEXT = "gateway"
    """The first speakable piece of the reply is there."""

    FIRST_AUDIO = "tts"
    """The first sample of the reply went to the transport."""


@dataclass(slots=True)
class Timeline:
    """Times of one turn along its critical path, in seconds on the conversation clock.

    Work may be done ahead: the words, and even the reply, can be ready before
    the turn is known to be over. A stage counts from when all stages before it
    have been reached, so what was done ahead takes no time of its own.

    On a clock that stands still while work is done (``demo --fast``) stages are
    ready later than the clock says, by the work that was measured; a later wait
    on the clock absorbs it, as it would have in real time.
    """

    _ready: dict[Stage, float] = field(default_factory=dict)

    @property
    def speech_end(self) -> float | None:
        """The last sample of speech; ``None`` before there was any."""
        return self._ready.get(Stage.SPEECH_END)

    def restart(self, speech_end: float) -> None:
        """Begin again from the end of speech (speech may have gone on)."""
        self._ready = {Stage.SPEECH_END: speech_end}

    def reach(self, stage: Stage, at: float) -> None:
        """Record when a stage was ready, in any order; only its first time counts.

        Args:
            stage: What was reached.
            at: The conversation clock, and the measured work that it does not show.

        """
        self._ready.setdefault(stage, at)

    def reached(self, stage: Stage) -> float:
        """Return when a stage was reached, everything before it included.

        What was not reached is passed over.
        """
        until = list(Stage)[: list(Stage).index(stage) + 1]
        return max((self._ready[one] for one in until if one in self._ready), default=0.0)

    def latency_ms(self) -> dict[str, int | None]:
        """Return the spans in milliseconds as the turn record has them, and their ``total``.

        A span not reached is ``None``; ``total`` is ``None`` when nothing was played.
        """
        spans: dict[str, int | None] = {}
        start = self._ready.get(Stage.SPEECH_END, 0.0)
        last = 0
        for stage in list(Stage)[1:]:
            # Rounded from the start, so that the spans add up to the total.
            since = round((self.reached(stage) - start) * 1000)
            spans[stage.value] = since - last if stage in self._ready else None
            last = since
        spans["total"] = last if Stage.FIRST_AUDIO in self._ready else None
        return spans
