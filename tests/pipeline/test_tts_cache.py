from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE
from pipeline.tts_cache import LONGEST_SOUND, LONGEST_TEXT, Phrase, PhraseCache
from pipeline.tts_sound import SpeechChunk
from pipeline.word_times import WordStart

SURE = Phrase("Sure.", "sage", 1.0, 0)
SOUND = np.arange(2400, dtype=np.int16)
CHUNK = SpeechChunk(SOUND)


def test_a_phrase_is_found_whole_and_cannot_be_spoilt() -> None:
    cache = PhraseCache(2)
    assert cache.find(SURE) is None
    words = (WordStart(0, 0.0), WordStart(3, 0.05))
    cache.keep(SURE, [SpeechChunk(SOUND[:1000], words[:1]), SpeechChunk(SOUND[1000:], words[1:])])
    kept = cache.find(SURE)
    assert kept is not None
    assert np.array_equal(kept.samples, SOUND)
    assert kept.words == words
    with pytest.raises(ValueError, match="read-only"):
        kept.samples[0] = 1


@pytest.mark.parametrize(
    "other",
    [
        Phrase("Sure!", "sage", 1.0, 0),
        Phrase("Sure.", "nia", 1.0, 0),
        Phrase("Sure.", "sage", 1.1, 0),
        Phrase("Sure.", "sage", 1.0, 1),
    ],
)
def test_another_text_voice_pace_or_server_is_another_phrase(other: Phrase) -> None:
    cache = PhraseCache(2)
    cache.keep(SURE, [CHUNK])
    assert cache.find(other) is None


def test_the_phrase_that_was_not_said_for_longest_makes_room() -> None:
    cache = PhraseCache(2)
    first, second, third = (Phrase(text, "sage", 1.0, 0) for text in ("One.", "Two.", "Three."))
    cache.keep(first, [CHUNK])
    cache.keep(second, [CHUNK])
    cache.find(first)
    cache.keep(third, [CHUNK])
    assert cache.find(second) is None
    assert cache.find(first) is not None
    assert cache.find(third) is not None


def test_long_phrases_are_not_kept() -> None:
    cache = PhraseCache(2)
    assert not cache.wants(Phrase("x" * (LONGEST_TEXT + 1), "sage", 1.0, 0))
    cache.keep(SURE, [SpeechChunk(np.zeros(round(LONGEST_SOUND * SPEECH_RATE) + 1, np.int16))])
    assert cache.find(SURE) is None


def test_a_cache_of_nothing_keeps_nothing() -> None:
    cache = PhraseCache(0)
    assert not cache.wants(SURE)
    cache.keep(SURE, [CHUNK])
    assert cache.find(SURE) is None
