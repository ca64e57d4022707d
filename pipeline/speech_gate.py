"""From speech probabilities to speech: where it begins, goes on, and stops."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config import VadConfig

GAP = 0.1
"""Seconds without any window after which speech does not simply go on: a transport that sends
nothing in silence tells of silence that way. Lost packets are shorter."""

STIR = 0.064
"""Seconds of what could be weak speech from which a reply makes room for it, before it is known
to be any."""

WEAK_ONSET = 0.25
"""Seconds by which a sound too short to count may come before speech and still be its beginning:
a quiet first syllable is scored in bits and pieces."""

_ROUNDING = 1e-6  # seconds; sums of 0.032 are not exact


@dataclass(frozen=True, slots=True)
class Voiced:
    """A window in which someone spoke."""

    start: float
    """When its first sample was heard, in seconds on the conversation clock."""

    end: float
    """When its last sample was heard, same clock."""

    probability: float
    """The model's score in [0, 1]."""


class SpeechGate:
    """Decides which windows of one speaker are speech. Sans I/O.

    Speech begins at :attr:`~pipeline.config.VadConfig.start_probability` and
    goes on down to :attr:`~pipeline.config.VadConfig.stop_probability`, so that
    a weak syllable does not break it. A sound shorter than
    :attr:`~pipeline.config.VadConfig.start` is ignored, unless speech follows it
    closely.

    Args:
        config: The thresholds.

    """

    def __init__(self, config: VadConfig) -> None:
        self._config = config
        self._unconfirmed: list[Voiced] = []
        self._short_sound: tuple[Voiced, ...] = ()
        self._speaking = False
        self._end = 0.0
        self._stirred = 0.0

    def stirs_since(self, now: float) -> float | None:
        """Return since when there is a sound that may yet turn out to be speech, if there is."""
        if self._unconfirmed and now - self._end <= GAP:
            return self._unconfirmed[0].start
        return None

    @property
    def stirs(self) -> bool:
        """Whether the last windows may turn out to be speech that is weak at first."""
        return self._stirred >= STIR - _ROUNDING

    def receive(self, probability: float, *, start: float, end: float) -> tuple[Voiced, ...]:
        """Take in the score of the speaker's next window.

        Args:
            probability: As the voice activity model gave it.
            start: Seconds on the conversation clock.
            end: Likewise.

        Returns:
            What is now known to be speech: nothing, this window, or, when speech
            has just been confirmed, all windows since it began.

        """
        if start - self._end > GAP:
            self.reset()
        self._end = end
        may_be = probability >= self._config.stop_probability
        self._stirred = self._stirred + end - start if may_be else 0.0
        begun = self._speaking or bool(self._unconfirmed)
        threshold = self._config.stop_probability if begun else self._config.start_probability
        if probability < threshold:
            self._fall_silent()
            return ()
        window = Voiced(start, end, probability)
        if self._speaking:
            return (window,)
        self._unconfirmed.append(window)
        return self._confirm()

    def reset(self) -> None:
        """Begin again in silence; a sound that was not confirmed is dropped."""
        self._unconfirmed.clear()
        self._short_sound = ()
        self._speaking = False
        self._stirred = 0.0

    def _fall_silent(self) -> None:
        if self._unconfirmed:
            self._short_sound = tuple(self._unconfirmed)
            self._unconfirmed.clear()
        self._speaking = False

    def _confirm(self) -> tuple[Voiced, ...]:
        voiced = sum(window.end - window.start for window in self._unconfirmed)
        if voiced < self._config.start - _ROUNDING:
            return ()
        speech = tuple(self._unconfirmed)
        if self._short_sound and speech[0].start - self._short_sound[-1].end <= WEAK_ONSET:
            speech = self._short_sound + speech
        self._unconfirmed.clear()
        self._short_sound = ()
        self._speaking = True
        return speech
