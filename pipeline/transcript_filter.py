"""Decides whether the words a Whisper model gave were really said.

Whisper was trained on subtitles. Given noise, music or a breath it may write
the phrases that subtitles hold where nobody speaks, repeat itself, or give back
its own prompt. No single sign finds all of these [1]_, so each rule here looks
for one kind, and words that people also say in earnest are refused only when
something else speaks against them, too.

.. [1] Barański et al., "Investigation of Whisper ASR Hallucinations Induced by
   Non-Speech Audio", 2025, arXiv:2501.11378.
"""

from __future__ import annotations

import itertools
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.interfaces import Transcript
from pipeline.interjections import is_interjection
from pipeline.loops import count_rounds, cut_loop, find_loop
from pipeline.phantoms import is_everyday_phantom, is_phantom
from pipeline.spoken_units import count_words, split_units, strip_annotations

SHORTEST_SPEECH = 0.25
"""Seconds of speech below which the model is not asked at all."""

SHORTEST_WORD = 0.3
"""Seconds of speech below which only one undoubted word is believed."""

FASTEST_SPEECH = 7.0
"""Words a second that nobody says; one more is allowed, for the edges of speech are not sharp."""

SLOWEST_SPEECH = 1.0
"""Words a second below which a known phantom is not believed: it was not this that was said."""

DOUBT = 0.2
"""``no_speech_prob`` above which the model doubts that it heard speech."""

WEAK_SPEECH = 0.8
"""Seconds of speech below which a known phantom is not believed."""

MOST_ROUNDS = 3
"""Times that people say a word of :func:`~pipeline.phantoms.is_everyday_phantom` running."""

MOST_HOTWORDS = 16
"""Names in a prompt; Whisper's prompt is short, and more names blur each other."""

LONGEST_HOTWORD = 32
"""Characters of a name that are used."""

# The bounds of Whisper's own decoder.
_NO_SPEECH = 0.6
_LOW_LOGPROB = -1.0
_HIGH_COMPRESSION = 2.4

TOO_LITTLE_SPEECH = "too little speech"

_ECHOED_RUN = 3
"""Names that follow one another as in the prompt, and are then no longer a call."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the model gave for one utterance, with its own measures of doubt."""

    text: str
    """The words; "" when the model heard none."""

    language: str
    """ISO 639-1 code, as set or as detected."""

    no_speech_prob: float
    """Probability that there was no speech; the mean where several windows were decoded."""

    avg_logprob: float
    """Mean log probability of a token, the end included."""

    compression_ratio: float
    """How much the text can be compressed, the highest of all windows; repetition is high."""

    @property
    def doubtful(self) -> bool:
        """Whether the model doubts that it heard speech."""
        return self.no_speech_prob > DOUBT

    @property
    def guessed(self) -> bool:
        """Whether it doubts that, or the words: sentences that it invents are seldom certain."""
        return self.doubtful or self.avg_logprob < _LOW_LOGPROB


def judge(hypothesis: Hypothesis, *, voiced: float, hotwords: Sequence[str] = ()) -> Transcript:
    """Believe or drop what the model gave.

    Descriptions of sounds (``[music]``) are left out, and a phrase that the model
    got caught in at the end of an utterance is given once.

    Args:
        hypothesis: The model's words and doubts.
        voiced: Seconds of speech that the voice activity model found in the utterance.
        hotwords: The names the model was prompted with.

    Returns:
        The words, or "" with the reason in :attr:`~pipeline.interfaces.Transcript.dropped`.

    """
    said = strip_annotations(hypothesis.text)
    text, looped = _without_loops(said)
    claim = _Claim(said, text, looped, hypothesis, voiced, hotwords)
    reasons = (reason for reason, holds in _RULES.items() if holds(claim))
    reason = next(reasons, "") if hypothesis.text.strip() else ""
    return Transcript("" if reason else text, hypothesis.language, dropped=reason)


def clean_hotwords(names: Iterable[str]) -> tuple[str, ...]:
    """Names that are safe and useful in the model's prompt, each once.

    People choose their own display names. Anything but letters, digits, spaces,
    ``'`` and ``-`` is taken out, so that no name can spell one of the model's
    control tokens such as ``<|endoftext|>`` and end the transcript of a whole room.
    """
    cleaned: dict[str, str] = {}
    for name in names:
        kept = "".join(char if _may_stand_in_name(char) else " " for char in name)
        short = " ".join(kept.split())[:LONGEST_HOTWORD].strip()
        if short:
            cleaned.setdefault(short.casefold(), short)
    return tuple(cleaned.values())[:MOST_HOTWORDS]


def _may_stand_in_name(char: str) -> bool:
    # Letters, marks (half of every syllable in Indic scripts) and numbers.
    return char in "'-" or unicodedata.category(char)[0] in "LMN"


@dataclass(frozen=True, slots=True)
class _Claim:
    """All that is known of words that are perhaps invented."""

    said: str
    """The words, with all repetitions."""

    text: str
    """The words, every loop given once."""

    looped: int
    """Units of :attr:`text` that came again and again."""

    hypothesis: Hypothesis
    voiced: float
    hotwords: Sequence[str]


def _without_loops(said: str) -> tuple[str, int]:
    """Return the words with every loop given once, and how many of their units looped."""
    text, looped = said, 0
    while (loop := find_loop(split_units(text))) is not None:
        text = cut_loop(text, loop)
        looped += loop.length
    return text, looped


def _has_no_words(claim: _Claim) -> bool:
    return not split_units(claim.said)


def _is_too_short(claim: _Claim) -> bool:
    return claim.voiced < SHORTEST_SPEECH


def _is_silence(claim: _Claim) -> bool:
    hypothesis = claim.hypothesis
    return hypothesis.no_speech_prob > _NO_SPEECH and hypothesis.avg_logprob < _LOW_LOGPROB


def _is_repetition(claim: _Claim) -> bool:
    """Whether it is the model that repeats itself, and there is nothing else worth keeping.

    People repeat what they call out. A decoder that is caught in the last words of
    a sentence leaves a sentence that is longer than they are.
    """
    hypothesis = claim.hypothesis
    if is_interjection(claim.text, claim.hotwords, language=hypothesis.language):
        return False
    if not claim.looped:
        return hypothesis.compression_ratio > _HIGH_COMPRESSION
    mostly_loops = len(split_units(claim.text)) < 2 * claim.looped
    return hypothesis.guessed or mostly_loops or _compression(claim.text) > _HIGH_COMPRESSION


def _compression(text: str) -> float:
    """Return Whisper's measure of how repetitive a text is."""
    written = text.encode()
    return len(written) / len(zlib.compress(written))


def _is_too_fast(claim: _Claim) -> bool:
    words = count_words(split_units(claim.text))
    if claim.voiced < SHORTEST_WORD and (claim.hypothesis.doubtful or words > 1):
        return True
    return words > FASTEST_SPEECH * claim.voiced + 1


def _is_known(claim: _Claim) -> bool:
    """Whether it is a sentence of subtitles, and something else speaks against it, too."""
    units = split_units(claim.said)
    rounds = count_rounds(units)
    once = " ".join(units[: len(units) // rounds])
    if claim.hypothesis.guessed or rounds > MOST_ROUNDS:
        return any(is_phantom(text) or is_everyday_phantom(text) for text in (claim.said, once))
    slow = count_words(units) < SLOWEST_SPEECH * claim.voiced
    weak = slow or claim.voiced < WEAK_SPEECH
    return weak and (is_phantom(claim.said) or is_phantom(once))


def _is_echo(claim: _Claim) -> bool:
    """Whether the words are the prompt's names, and more of them than people call at once.

    One name alone is how people call an agent, and so are two.
    """
    names = [split_units(name) for name in claim.hotwords]
    called = _called(split_units(claim.said), names)
    if not called:
        return False
    if claim.hypothesis.doubtful:
        return True
    everyone = len(names) > 1 and len(set(called)) == len(names)
    in_order = all(after == before + 1 for before, after in itertools.pairwise(called))
    return everyone or (in_order and len(called) >= _ECHOED_RUN)


def _called(units: Sequence[str], names: Sequence[tuple[str, ...]]) -> list[int]:
    """Return the indices of the names that the units are a row of; none when there is more."""
    called: list[int] = []
    at = 0
    while at < len(units):
        fitting = [i for i, name in enumerate(names) if name == tuple(units[at : at + len(name)])]
        if not fitting:
            return []
        called.append(max(fitting, key=lambda index: len(names[index])))
        at += len(names[called[-1]])
    return called


_RULES: Mapping[str, Callable[[_Claim], bool]] = {
    "no words": _has_no_words,
    TOO_LITTLE_SPEECH: _is_too_short,
    "no speech": _is_silence,
    "repetition": _is_repetition,
    "more words than can be said": _is_too_fast,
    "known phantom": _is_known,
    "echo of the hotwords": _is_echo,
}
"""Reasons to drop words, the first that holds counts."""
