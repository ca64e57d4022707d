from __future__ import annotations

import numpy as np
import pytest

from benchmarks.echo import Outcome
from benchmarks.echo_cases import Case
from benchmarks.echo_rooms import Room, active_level, by_opus, by_telephone, come_back, pick_up
from discord_bot.opus import load_opus
from pipeline.audio import HEARING_RATE, SPEECH_RATE, Samples


def burst(seconds: float = 2.0, *, at: float = 0.5) -> Samples:
    """Silence with a fifth of a second of noise in it, at 24 kHz."""
    played = np.zeros(round(seconds * SPEECH_RATE), np.int16)
    first = round(at * SPEECH_RATE)
    noise = np.random.default_rng(1).normal(0.0, 3000.0, SPEECH_RATE // 5)
    played[first : first + len(noise)] = noise
    return played


def outcome(speech: str, echo: str) -> Outcome:
    nothing = np.zeros(0, np.int16)
    case = Case("echo", Room(-10.0, 0.3), nothing, ((0.0, 1.0),), nothing, ((0.32, 1.0),), 6.0)
    return Outcome(case, *(np.array([flag == "x" for flag in flags]) for flags in (speech, echo)))


@pytest.mark.parametrize("delay", [0.1, 0.8])
def test_an_echo_comes_after_the_delay_at_its_gain(delay: float) -> None:
    room = Room(-20.0, delay, jitter=0.0, reverberation=0.2)
    echo = come_back(burst(), room, np.random.default_rng(2))
    first = np.flatnonzero(np.abs(echo) > np.abs(echo).max() * 0.1)[0] / HEARING_RATE
    assert first == pytest.approx(0.5 + delay, abs=0.01)
    assert 3000.0 / active_level(echo) == pytest.approx(10.0, rel=0.5)


def test_headphones_have_no_echo() -> None:
    assert not come_back(burst(), Room(-np.inf, 0.3), np.random.default_rng(2)).any()


def test_a_canceller_leaves_less() -> None:
    room, played = Room(-10.0, 0.2), np.tile(burst(), 4)
    whole = come_back(played, room, np.random.default_rng(3))
    cancelled = come_back(played, Room(-10.0, 0.2, canceller=True), np.random.default_rng(3))
    assert 0.0 < (cancelled**2).sum() < 0.5 * (whole**2).sum()


def test_codecs_and_the_microphone_keep_the_length() -> None:
    library = load_opus()
    pcm = (np.sin(np.arange(HEARING_RATE) / 5.0) * 8000.0).astype(np.int16)
    quiet = np.zeros(len(pcm))
    heard = pick_up(pcm.astype(float), quiet, Room(-10.0, 0.3), library, np.random.default_rng(1))
    for other in (by_telephone(pcm), by_opus(pcm, library), heard):
        assert len(other) == len(pcm)
        assert active_level(other.astype(float)) == pytest.approx(8000.0 / 2**0.5, rel=0.2)


def test_only_long_speech_that_is_not_known_to_be_echo_interrupts() -> None:
    assert outcome("x" * 9 + ".." + "x" * 9, "." * 20).interruptions == 0
    assert outcome("x" * 10, "." * 10).interruptions == 1
    assert outcome("x" * 30, "." * 30).interruptions == 1
    assert outcome("x" * 19, "." * 9 + "x" + "." * 9).interruptions == 0


def test_a_person_is_found_with_two_windows_in_a_row() -> None:
    found = outcome("x" * 32, "x" * 12 + ".x.." + "x" * 16)
    assert found.detections() == [pytest.approx(15 * 0.032 - 0.32)]


def test_an_echo_is_known_late() -> None:
    assert outcome("..xxxxxx", ".....xxx").onset_delays() == [pytest.approx(3 * 0.032)]
