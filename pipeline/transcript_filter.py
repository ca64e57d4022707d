"""Decides whether the words a Whisper model gave were really said.

Whisper was trained on subtitles. Given noise, music or a breath it may write
the phrases that subtitles hold where nobody speaks, repeat itself, or give back
its own prompt. No single sign finds all of these [1]_, so each rule here looks
for one kind, and words that people also say in earnest are refused only when
the model itself doubts that it heard speech.

.. [1] Barański et al., "Investigation of Whisper ASR Hallucinations Induced by
   Non-Speech Audio", 2025, arXiv:2501.11378.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.interfaces import Transcript

SHORTEST_SPEECH = 0.25
"""Seconds of speech below which the model is not asked at all."""

SHORTEST_WORD = 0.3
"""Seconds of speech below which only one undoubted word is believed."""

FASTEST_SPEECH = 7.0
"""Words a second that nobody says; one more is allowed, for the edges of speech are not sharp."""

DOUBT = 0.2
"""``no_speech_prob`` above which the model doubts that it heard speech."""

WEAK_SPEECH = 0.8
"""Seconds of speech below which a known phantom is not believed."""

MOST_HOTWORDS = 16
"""Names in a prompt; Whisper's prompt is short, and more names blur each other."""

LONGEST_HOTWORD = 32
"""Characters of a name that are used."""

# The bounds of Whisper's own decoder.
_NO_SPEECH = 0.6
_LOW_LOGPROB = -1.0
_HIGH_COMPRESSION = 2.4

TOO_LITTLE_SPEECH = "too little speech"

PHANTOM_PHRASES = frozenset(
    {
        "thanks for watching",
        "thanks for watching everyone",
        "thank you for watching",
        "thank you so much for watching",
        "thank you for your viewing",
        "please subscribe",
        "please subscribe to my channel",
        "don't forget to like and subscribe",
        "like and subscribe",
        "see you in the next video",
        "i'll see you in the next video",
        "see you next time",
        "we'll be right back",
        "vielen dank fürs zuschauen",
        "danke fürs zuschauen",
        "bis zum nächsten mal",
        "merci d'avoir regardé cette vidéo",
        "merci d'avoir regardé",
        "gracias por ver el video",
        "gracias por ver el vídeo",
        "suscríbete al canal",
        "obrigado por assistir",
        "grazie per aver guardato il video",
        "bedankt voor het kijken",
        "dziękuję za uwagę",
        "dziękuję za oglądanie",
        "спасибо за просмотр",
        "продолжение следует",
        "дякую за перегляд",
        "izlediğiniz için teşekkür ederim",
        "ご視聴ありがとうございました",
        "最後までご視聴いただきありがとうございます",
        "谢谢观看",
        "感谢观看",
        "謝謝觀看",
        "시청해주셔서 감사합니다",
    }
)
"""Ends of videos, in whole; nobody says them to a voice agent."""

PHANTOM_OPENINGS = (
    "subtitles by",
    "subtitled by",
    "captions by",
    "captioning by",
    "transcription by",
    "transcribed by",
    "translated by",
    "untertitel",
    "copyright wdr",
    "sous-titres",
    "sous-titrage",
    "subtítulos",
    "legendas",
    "sottotitoli",
    "ondertitel",
    "napisy",
    "субтитры",
    "редактор субтитров",
    "titulky",
    "altyaz\N{LATIN SMALL LETTER DOTLESS I}",
    "undertexter",
    "tekstet av",
    "字幕",
    "请不吝点赞",
    "請不吝點贊",
    "mbc 뉴스",
    "자막",
)
"""How the credits of subtitles begin."""

EVERYDAY_PHANTOMS = frozenset(
    {
        "you",
        "thank you",
        "thank you very much",
        "thanks",
        "bye",
        "bye bye",
        "okay",
        "so",
        "oh",
        "hmm",
        "danke",
        "merci",
        "gracias",
        "grazie",
        "спасибо",
    }
)
"""Favourites of Whisper in silence that people also say: refused only when the model doubts."""

# At the edges only: inside a word, the vowel signs of Indic scripts are not \w either.
_PUNCTUATION = re.compile(r"^[\W_]+|[\W_]+$")
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_LONGEST_LOOP = 8
_LOOP_REPEATS = 4
_LOOP_WORDS = 8


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


def judge(hypothesis: Hypothesis, *, voiced: float, hotwords: Sequence[str] = ()) -> Transcript:
    """Believe or drop what the model gave.

    Args:
        hypothesis: The model's words and doubts.
        voiced: Seconds of speech that the voice activity model found in the utterance.
        hotwords: The names the model was prompted with.

    Returns:
        The words, or "" with the reason in :attr:`~pipeline.interfaces.Transcript.dropped`.

    """
    text = hypothesis.text.strip()
    reason = _reason_to_drop(hypothesis, voiced, hotwords) if text else ""
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


def _reason_to_drop(hypothesis: Hypothesis, voiced: float, hotwords: Sequence[str]) -> str:
    words = _words(hypothesis.text)
    doubtful = hypothesis.no_speech_prob > DOUBT
    reasons = {
        "no words": not words,
        TOO_LITTLE_SPEECH: voiced < SHORTEST_SPEECH,
        "no speech": _is_silence(hypothesis),
        "repetition": hypothesis.compression_ratio > _HIGH_COMPRESSION or _loops(words),
        "more words than can be said": _too_many(words, voiced, doubtful=doubtful),
        "known phantom": _is_phantom(" ".join(words), voiced, doubtful=doubtful),
        "echo of the hotwords": _echoes(words, hotwords, doubtful=doubtful),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _is_silence(hypothesis: Hypothesis) -> bool:
    return hypothesis.no_speech_prob > _NO_SPEECH and hypothesis.avg_logprob < _LOW_LOGPROB


def _words(text: str) -> list[str]:
    tokens = text.casefold().replace(_APOSTROPHE, "'").split()
    return [word for token in tokens if (word := _PUNCTUATION.sub("", token))]


def _loops(words: Sequence[str]) -> bool:
    """Whether some words come again and again without a break."""
    for length in range(1, _LONGEST_LOOP + 1):
        same = 0
        for word, before in zip(words[length:], words, strict=False):
            same = same + 1 if word == before else 0
            if same >= length * (_LOOP_REPEATS - 1) and same + length >= _LOOP_WORDS:
                return True
    return False


def _too_many(words: Sequence[str], voiced: float, *, doubtful: bool) -> bool:
    if voiced < SHORTEST_WORD and (doubtful or len(words) > 1):
        return True
    return len(words) > FASTEST_SPEECH * voiced + 1


def _is_phantom(text: str, voiced: float, *, doubtful: bool) -> bool:
    if doubtful and text in EVERYDAY_PHANTOMS:
        return True
    weak = doubtful or voiced < WEAK_SPEECH
    return weak and (text in PHANTOM_PHRASES or text.startswith(PHANTOM_OPENINGS))


def _echoes(words: Sequence[str], hotwords: Sequence[str], *, doubtful: bool) -> bool:
    """Whether the text is the prompt's names: all of them, or some and the model doubts.

    One name alone is how people call an agent.
    """
    said = set(words)
    prompted = set(_words(" ".join(hotwords)))
    return (len(hotwords) > 1 and said == prompted) or (doubtful and said <= prompted)
