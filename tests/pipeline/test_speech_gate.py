from __future__ import annotations

from pipeline.config import VadConfig
from pipeline.speech_gate import SpeechGate, Voiced

WINDOW = 0.032
CONFIG = VadConfig(start_probability=0.5, stop_probability=0.35, start=0.096)


def window(index: int, probability: float, *, at: float = 0.0) -> Voiced:
    return Voiced(at + index * WINDOW, at + (index + 1) * WINDOW, probability)


def run(gate: SpeechGate, *probabilities: float, at: float = 0.0) -> list[tuple[Voiced, ...]]:
    voiced = [window(index, probability, at=at) for index, probability in enumerate(probabilities)]
    return [gate.receive(w.probability, start=w.start, end=w.end) for w in voiced]


def test_silence_is_no_speech() -> None:
    assert run(SpeechGate(CONFIG), 0.0, 0.1, 0.49) == [(), (), ()]


def test_speech_is_confirmed_after_three_windows_and_returned_from_its_onset() -> None:
    heard = run(SpeechGate(CONFIG), 0.1, 0.5, 0.6, 0.7)
    assert heard == [(), (), (), (window(1, 0.5), window(2, 0.6), window(3, 0.7))]


def test_confirmed_speech_is_returned_window_by_window() -> None:
    heard = run(SpeechGate(CONFIG), 0.9, 0.9, 0.9, 0.8, 0.9)
    assert heard[3:] == [(window(3, 0.8),), (window(4, 0.9),)]


def test_a_short_sound_is_ignored() -> None:
    assert run(SpeechGate(CONFIG), 0.9, 0.9, 0.1, 0.9, 0.9, 0.1) == [()] * 6


def test_speech_goes_on_above_the_lower_threshold_and_stops_below_it() -> None:
    heard = run(SpeechGate(CONFIG), 0.9, 0.9, 0.9, 0.35, 0.34, 0.4)
    assert heard[3:] == [(window(3, 0.35),), (), ()]


def test_the_lower_threshold_holds_while_speech_is_not_confirmed_yet() -> None:
    assert len(run(SpeechGate(CONFIG), 0.5, 0.4, 0.4)[2]) == 3


def test_speech_after_a_stop_is_confirmed_again() -> None:
    heard = run(SpeechGate(CONFIG), 0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9)
    assert heard[3:] == [(), (), (), (window(4, 0.9), window(5, 0.9), window(6, 0.9))]


def test_without_a_start_time_the_first_window_is_speech() -> None:
    gate = SpeechGate(VadConfig(start=0.0))
    assert run(gate, 0.6) == [(window(0, 0.6),)]


def test_a_gap_in_the_audio_drops_a_sound_that_was_not_confirmed() -> None:
    gate = SpeechGate(CONFIG)
    run(gate, 0.9, 0.9)
    assert run(gate, 0.9, at=5.0) == [()]


def test_a_gap_in_the_audio_ends_speech() -> None:
    gate = SpeechGate(CONFIG)
    run(gate, 0.9, 0.9, 0.9)
    heard = run(gate, 0.4, 0.9, 0.9, 0.9, at=5.0)
    assert [len(voiced) for voiced in heard] == [0, 0, 0, 3]


def test_a_lost_packet_does_not_end_speech() -> None:
    gate = SpeechGate(CONFIG)
    run(gate, 0.9, 0.9, 0.9)
    assert run(gate, 0.4, at=3 * WINDOW + 0.06) == [(window(0, 0.4, at=3 * WINDOW + 0.06),)]


def test_reset_begins_again_in_silence() -> None:
    gate = SpeechGate(CONFIG)
    run(gate, 0.9, 0.9, 0.9)
    gate.reset()
    assert run(gate, 0.9, at=3 * WINDOW) == [()]


def test_a_weak_onset_belongs_to_the_speech_that_follows_it() -> None:
    heard = run(SpeechGate(CONFIG), 0.7, 0.4, 0.2, 0.2, 0.2, 0.2, 0.9, 0.9, 0.9)
    assert heard[:-1] == [()] * 8
    assert [round(found.start / WINDOW) for found in heard[-1]] == [0, 1, 6, 7, 8]


def test_a_short_sound_long_before_speech_is_not_its_onset() -> None:
    heard = run(SpeechGate(CONFIG), 0.7, *[0.2] * 9, 0.9, 0.9, 0.9)
    assert len(heard[-1]) == 3


def test_a_weak_onset_is_used_once() -> None:
    heard = run(SpeechGate(CONFIG), 0.7, 0.2, 0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9)
    assert len(heard[4]) == 4
    assert len(heard[8]) == 3


def test_a_sound_stirs_until_it_is_speech_or_nothing() -> None:
    gate = SpeechGate(CONFIG)
    assert gate.stirs_since(0.0) is None
    run(gate, 0.1, 0.9, 0.9)
    assert gate.stirs_since(3 * WINDOW) == WINDOW
    assert gate.stirs_since(3 * WINDOW + 0.099) == WINDOW
    assert gate.stirs_since(3 * WINDOW + 0.101) is None  # nothing more was sent
    run(gate, 0.9, at=3 * WINDOW)
    assert gate.stirs_since(4 * WINDOW) is None
    run(gate, 0.1, 0.9, 0.1, at=4 * WINDOW)
    assert gate.stirs_since(7 * WINDOW) is None


def stirs(*probabilities: float) -> list[bool]:
    gate, found = SpeechGate(CONFIG), []
    for index, probability in enumerate(probabilities):
        at = window(index, probability)
        gate.receive(probability, start=at.start, end=at.end)
        found.append(gate.stirs)
    return found


def test_two_windows_of_what_may_be_weak_speech_stir() -> None:
    assert stirs(0.34, 0.35, 0.35, 0.34, 0.5, 0.9) == [False, False, True, False, False, True]


def test_what_stirred_before_a_gap_is_forgotten() -> None:
    gate = SpeechGate(CONFIG)
    gate.receive(0.4, start=0.0, end=WINDOW)
    gate.receive(0.4, start=1.0, end=1.0 + WINDOW)
    assert not gate.stirs
