"""Makes every voice equally loud, whatever speech server it comes from. Sans I/O.

How loud a voice is, is learnt while it speaks, and remembered: from the second sentence on its
gain hardly moves. The first is levelled from its first chunk on, which is heard without waiting
for more, and whose level is only half believed: speech often begins softly.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples, to_float, to_pcm
from pipeline.errors import StageError
from pipeline.fades import FADE_SAMPLES, rise
from pipeline.limiter import Floats, Limiter
from pipeline.loudness_meter import STEP, gated_loudness, to_power, weighted_power

TARGET = -18.0
"""LUFS, integrated, of a reply."""

VOICES = 64
"""Voices remembered; the one not heard for longest makes room."""

USUAL = -20.0
"""LUFS that a voice is taken to have before it was heard."""

MOST_GAIN = 24.0
"""dB by which a voice is amplified at most: what is quieter is noise, not a quiet voice."""

_SILENCE = TARGET - MOST_GAIN - 10.0  # LUFS: quieter than the softest part of the softest voice
_MEMORY = 200  # steps: 20 s of speech
_DOUBT = 0.06  # seconds of speech that weigh as much as what is usual
_NEW = 1.0  # seconds of speech until which a voice is new
_EASE_NEW = 400.0  # dB a second: at once, without a click
_EASE = 3.0  # dB a second: not heard as a change
_ANOTHER = 9.0  # LU; such a difference is another voice under the same name
_ANOTHER_SURE = 3  # steps of speech that show it


class _Voice:
    """How loud one voice is before anything is done to it."""

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=_MEMORY)

    @property
    def seconds(self) -> float:
        """How much speech is known."""
        return len(self._steps) * STEP / SPEECH_RATE

    @property
    def loudness(self) -> float:
        """LUFS, integrated; minus infinity before anything is known."""
        return gated_loudness(self._steps, _SILENCE)

    def learn(self, power: float) -> None:
        self._steps.append(power)

    def replace(self, steps: list[float]) -> None:
        self._steps.clear()
        self._steps.extend(steps)


class VoiceLevels:
    """How loud voices are, as far as they were heard; one for all that speak to the same people.

    Args:
        target: LUFS that every voice shall have.

    """

    def __init__(self, target: float = TARGET) -> None:
        self._target = target
        self._voices: OrderedDict[str, _Voice] = OrderedDict()

    def begin(self, voice: str) -> Levelling:
        """Begin a sentence in a voice, which may be new."""
        known = self._voices.setdefault(voice, _Voice())
        self._voices.move_to_end(voice)
        if len(self._voices) > VOICES:
            self._voices.popitem(last=False)
        return Levelling(known, self._target)


class Levelling:
    """Brings one sentence to the loudness of all others, chunk by chunk; it begins and ends softly.

    As many samples come out as go in; the last 5 to 10 ms of each chunk come with the next one,
    so that a peak is seen before it is heard. Made by :meth:`VoiceLevels.begin`.

    Args:
        voice: What is known of the voice, and is learnt.
        target: LUFS.

    """

    def __init__(self, voice: _Voice, target: float) -> None:
        self._voice = voice
        self._target = target
        self._limiter = Limiter()
        self._unmeasured: Samples = np.empty(0, np.int16)
        self._steps: list[float] = []
        self._gain: float | None = None
        self._passed = 0

    def level(self, samples: Samples) -> Samples:
        """Take in the next samples of the sentence and return what is ready, perhaps none."""
        if not len(samples):
            return samples
        self._measure(samples)
        levelled = to_float(samples) * self._gains(len(samples))
        left = max(0, FADE_SAMPLES - self._passed)
        levelled[:left] *= rise(FADE_SAMPLES)[self._passed : self._passed + len(levelled)]
        self._passed += len(samples)
        return to_pcm(self._limiter.push(levelled))

    def finish(self) -> Samples:
        """Return the rest: the sentence is over, or broke off."""
        rest = self._limiter.flush()
        length = min(FADE_SAMPLES, len(rest))
        rest[len(rest) - length :] *= rise(length)[::-1]
        return to_pcm(rest)

    def _measure(self, samples: Samples) -> None:
        """Learn from sound before it is heard."""
        sound = np.concatenate([self._unmeasured, samples])
        whole = len(sound) - len(sound) % STEP
        for first in range(0, whole, STEP):
            power = weighted_power(sound[first : first + STEP])
            if not self._steps and power < to_power(_SILENCE):
                continue  # not begun
            self._voice.learn(power)
            self._steps.append(power)
            self._notice_another()
        self._unmeasured = sound[whole:]

    def _notice_another(self) -> None:
        """Forget what was known of the voice when this is plainly not it.

        The server behind a name may have been replaced, by another of its ladder for one.
        """
        here = gated_loudness(self._steps, _SILENCE)
        enough = len(self._steps) >= _ANOTHER_SURE
        if enough and abs(here - self._voice.loudness) > _ANOTHER:
            self._voice.replace(self._steps)

    def _wanted(self) -> float:
        """Return the gain in dB after all that is known."""
        seconds, loudness = self._voice.seconds, self._voice.loudness
        if loudness == -math.inf:  # less than a step so far, or silence
            seconds = len(self._unmeasured) / SPEECH_RATE
            loudness = gated_loudness([weighted_power(self._unmeasured)], _SILENCE)
        if loudness == -math.inf:
            return self._target - USUAL
        belief = seconds / (seconds + _DOUBT)
        return min(MOST_GAIN, self._target - USUAL - belief * (loudness - USUAL))

    def _gains(self, count: int) -> Floats:
        """Return the factor of each of the next samples."""
        wanted = self._wanted()
        if self._gain is None:
            self._gain = wanted
        pace = _EASE_NEW if self._voice.seconds < _NEW else _EASE
        step = math.copysign(pace / SPEECH_RATE, wanted - self._gain)
        moved = self._gain + step * np.arange(1, count + 1)
        gains = np.minimum(moved, wanted) if step > 0.0 else np.maximum(moved, wanted)
        self._gain = float(gains[-1])
        factors: Floats = (10.0 ** (gains / 20.0)).astype(np.float32)
        return factors


async def levelled(chunks: AsyncGenerator[Samples], sentence: Levelling) -> AsyncGenerator[Samples]:
    """Stream the sound of a sentence at the loudness of all others.

    Args:
        chunks: The sound as a voice gives it; the caller closes it.
        sentence: From :meth:`VoiceLevels.begin`.

    Raises:
        StageError: As ``chunks`` does; what was held back is given out before.

    Cancelling drops what was held back.

    """
    failure: StageError | None = None
    try:
        async for chunk in chunks:
            if len(ready := sentence.level(chunk)):
                yield ready
    except StageError as error:
        failure = error
    if len(rest := sentence.finish()):
        yield rest
    if failure is not None:
        raise failure
