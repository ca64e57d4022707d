from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scenes import sound
from benchmarks.scenes.recordings import Recording, Recordings, fixture_clips


def chance() -> random.Random:
    return random.Random(1)  # noqa: S311 - no secret


def tones(*spans: sound.Span, length: float) -> Recording:
    """A recording with a faint background and loud tones."""
    background = np.random.default_rng(1)
    samples = background.normal(0.0, 5.0, sound.place(length)).astype(np.int16)
    for start, end in spans:
        samples[sound.place(start) : sound.place(end)] = 5000
    return Recording(samples, (spans[0][0], spans[-1][1]), "one two three four", pause=0.0)


def test_a_pause_moves_what_comes_after_it():
    before = tones((0.5, 1.0), (1.1, 2.0), length=3.0)
    after = before.with_pause(1.05, 0.7, chance())
    assert after.speech == pytest.approx((0.5, 2.7))
    assert sound.loud_part(after.samples) == pytest.approx(after.speech, abs=0.02)
    assert sound.longest_silence(after.samples, after.speech) == pytest.approx(0.8, abs=0.03)
    assert len(after.samples) - len(before.samples) == sound.place(0.7)
    background = after.samples[sound.place(1.2) : sound.place(1.7)]
    assert 2.0 < background.std() < 8.0


def test_a_pause_is_as_long_as_the_gap_and_what_was_put_in():
    before = tones((0.5, 1.0), (1.2, 2.0), length=3.0)
    gap = Recording(before.samples, before.speech, "", pause=0.2, gaps=((1.0, 1.2),))
    assert gap.with_pause(1.1, 0.5, chance()).pause == pytest.approx(0.7)


def test_a_tight_cut_keeps_the_speech():
    cut = tones((0.9, 2.0), length=4.0).tight()
    assert sound.loud_part(cut.samples) == pytest.approx(cut.speech, abs=0.02)
    assert sound.seconds(cut.samples) == pytest.approx(1.6)


def test_two_halves_are_the_whole():
    first, second = tones((0.5, 1.2), (1.3, 2.0), length=3.0).split(1.25)
    assert (first.text, second.text) == ("one two", "three four")
    assert first.speech == pytest.approx((0.5, 1.25), abs=0.06)
    assert second.speech == pytest.approx((0.0, 0.75), abs=0.06)


def test_recordings_are_not_chosen_again_before_all_were(recordings: Recordings):
    chosen = recordings.commands(60) + recordings.commands(40)
    assert len({id(one) for one in chosen}) == 100


def test_two_parts_share_no_recording(audio: Path):
    parts = [Recordings(audio, chance(), (number, 2)).commands(30) for number in (1, 2)]
    first, second = ({one.samples.tobytes() for one in part} for part in parts)
    assert not first & second


def test_the_clips_speech_is_where_they_say():
    for clip in fixture_clips().values():
        assert clip.speech == pytest.approx(sound.loud_part(clip.samples, below=40.0), abs=0.05)
