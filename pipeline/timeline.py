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

    On a clock that stands still while work is done (``demo --fast``) the path
    runs ahead of the clock by the work that was measured; a later wait on the
    clock absorbs it, as it would have in real time.
    """

    marks: dict[Stage, float] = field(default_factory=dict)
    path: float = 0.0
    """How far the critical path has come."""

    def restart(self, speech_end: float) -> None:
        """Begin again from the end of speech (speech may have gone on)."""
        self.marks = {Stage.SPEECH_END: speech_end}
        self.path = speech_end

    def reach(self, stage: Stage, now: float, *, work: float = 0.0, ready: float = 0.0) -> None:
        """Record ``stage``; only its first time counts.

        Args:
            stage: What was reached.
            now: The conversation clock.
            work: Seconds of work done for it that the clock does not show.
            ready: Earliest time it could be reached for work begun elsewhere
                (a speculative transcript), 0 when there was none.

        """
        if stage in self.marks:
            return
        self.path = max(self.path + work, now, ready)
        self.marks[stage] = self.path

    def latency_ms(self) -> dict[str, int | None]:
        """Return the spans in milliseconds as the turn record has them, and their ``total``.

        A span not reached is ``None``; ``total`` is ``None`` when nothing was played.
        """
        spans: dict[str, int | None] = {}
        start = self.marks.get(Stage.SPEECH_END, 0.0)
        last = 0
        for stage in list(Stage)[1:]:
            at = self.marks.get(stage)
            # Rounded from the start, so that the spans add up to the total.
            since = last if at is None else round((at - start) * 1000)
            spans[stage.value] = None if at is None else since - last
            last = since
        spans["total"] = last if Stage.FIRST_AUDIO in self.marks else None
        return spans
