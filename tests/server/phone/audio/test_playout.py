"""Replies on their way to the caller, and what of them was heard, in virtual time."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audio import SPEECH_RATE
from pipeline.interfaces import DUCK, ReplyAudio, Volume
from server.phone.audio.g711 import decode_ulaw, encode_ulaw
from server.phone.audio.playout import (
    FRAME,
    LEAD,
    MARK_PATIENCE,
    MOST_UNACKNOWLEDGED,
    Playout,
    SendClear,
    SendMark,
    SendSound,
)
from tests.server.phone.audio.phone_line import PhoneLine

WORD = 0.3
"""Seconds of a word, spoken slowly."""


def counting(seconds: float, start: int = 1) -> bytes:
    """Return mu-law of which every 20 ms can be told from those around, and none is silence."""
    frames = [bytes([1 + (start + index) % 120]) * FRAME for index in range(round(seconds / 0.02))]
    return b"".join(frames)


def tone(seconds: float) -> np.ndarray:
    at = np.arange(round(SPEECH_RATE * seconds)) / SPEECH_RATE
    return (8000 * np.sin(2 * np.pi * 300 * at)).astype(np.int16)


def jitter(now: float, most: float, seed: float = 0.0) -> float:
    """Return a delay for a moment: what is sent together arrives together."""
    return random.Random(f"{seed} {now:.4f}").uniform(0.0, most)  # noqa: S311 - jitter


def said(line: PhoneLine, now: float, ulaw: bytes, piece: int = 1) -> None:
    line.at(now, lambda: line.playout.queue_ulaw(piece, ulaw, line.now))


def test_a_reply_is_heard_whole_and_in_order():
    line = PhoneLine(Playout())
    said(line, 1.0, counting(3.0))
    line.run(6.0)
    assert encode_ulaw(line.heard()) == counting(3.0)
    assert line.playout.finished
    assert line.playout.ledger(line.now).seconds_played(1) == pytest.approx(3.0)
    assert line.playout.ledger(line.now).seconds_waiting == 0


def test_speech_of_the_pipeline_is_resampled_and_its_last_samples_come_too():
    line = PhoneLine(Playout())
    sound = tone(0.733)
    for part in np.array_split(sound, 9):
        audio = ReplyAudio(1, "hello there", part)
        line.at(1.0, lambda audio=audio: line.playout.queue(audio, line.now))
    line.run(4.0)
    heard = np.concatenate([decode_ulaw(one.ulaw) for one in line.ear])
    sounding = np.flatnonzero(np.abs(heard) > 100)
    assert (sounding[-1] - sounding[0]) / 8000 == pytest.approx(0.733, abs=0.002)
    assert line.playout.ledger(line.now).seconds_played(1) == pytest.approx(0.733)
    assert line.playout.ledger(line.now).heard(1) == "hello there"
    assert line.playout.finished


def test_no_more_is_sent_than_the_lead():
    line = PhoneLine(Playout(), there=lambda _: 0.05, back=lambda _: 0.05)
    said(line, 0.5, counting(20.0))
    line.run(22.0)
    assert line.most_held <= LEAD + 0.02
    assert line.seconds_heard() == pytest.approx(20.0)


@pytest.mark.parametrize("way", [0.0, 0.04, 0.12, 0.25])
def test_no_gap_is_heard_however_long_the_way(way):
    line = PhoneLine(Playout(), there=lambda _: way, back=lambda _: way)
    said(line, 0.5, counting(5.0))
    line.run(8.0)
    sounding = [index for index, one in enumerate(line.ear) if one.ulaw != b"\xff" * FRAME]
    assert len(sounding) == 250
    assert sounding[-1] - sounding[0] == 249


def test_a_jittery_way_leaves_no_gap():
    line = PhoneLine(
        Playout(),
        there=lambda now: 0.03 + jitter(now, 0.12),
        back=lambda now: 0.03 + jitter(now, 0.12, 1),
    )
    said(line, 0.5, counting(30.0))
    line.run(33.0)
    sounding = [index for index, one in enumerate(line.ear) if one.ulaw != b"\xff" * FRAME]
    assert sounding[-1] - sounding[0] == len(sounding) - 1 == 1499


def test_marks_come_every_tenth_of_a_second_and_at_the_end():
    playout = Playout()
    playout.queue_ulaw(1, counting(0.16), 1.0)
    steps = []
    while (step := playout.next_step()) is not None:
        steps.append(step)
    kinds = "".join("s" if isinstance(step, SendSound) else "m" for step in steps)
    assert kinds == "sssssmsssm"
    assert [step.name for step in steps if isinstance(step, SendMark)] == ["0:800", "0:1280"]


def test_a_stop_throws_away_what_was_not_heard():
    line = PhoneLine(Playout())
    said(line, 0.5, counting(5.0))
    line.run(2.0)
    heard = line.seconds_heard()
    line.playout.stop(line.now)
    line.run(4.0)
    assert line.seconds_heard() <= heard + 0.02
    assert line.playout.finished
    assert line.clears == 1
    account = line.playout.ledger(line.now)
    assert account.seconds_waiting == 0
    assert account.seconds_played(1) == pytest.approx(line.seconds_heard(), abs=0.03)


def test_late_marks_of_an_earlier_reply_tell_nothing():
    line = PhoneLine(Playout(), back=lambda _: 0.4)
    said(line, 0.5, counting(5.0))
    line.run(2.0)
    line.playout.stop(line.now)
    line.playout.queue_ulaw(2, counting(2.0), line.now)
    line.run(2.3)
    assert line.playout.ledger(line.now).seconds_played(2) <= 0.3
    line.run(6.0)
    assert line.playout.ledger(line.now).seconds_played(2) == pytest.approx(2.0)


def test_marks_that_come_too_soon_do_not_count_as_heard():
    playout = Playout()
    playout.queue_ulaw(1, counting(2.0), 10.0)
    while (step := playout.next_step()) is not None:
        if isinstance(step, SendMark):
            playout.receive_mark(step.name, 10.001)
    assert playout.ledger(10.001).seconds_played(1) <= 0.0011


@pytest.mark.parametrize("name", ["", ":", "0:", "x", "0:7", "1:800", "-1:800", "0:800:1", "p7"])
def test_marks_that_are_not_ours_are_ignored(name):
    playout = Playout()
    playout.queue_ulaw(1, counting(1.0), 10.0)
    playout.receive_mark(name, 10.1)
    assert not playout.finished
    assert playout.ledger(10.1).seconds_played(1) == pytest.approx(0.1, abs=0.001)


@settings(max_examples=60, deadline=None)
@given(
    there=st.floats(0.0, 0.2),
    back=st.floats(0.0, 0.2),
    most=st.floats(0.0, 0.08),
    phase=st.floats(0.0, 0.019),
    seed=st.integers(0, 1000),
    before=st.booleans(),
    stop=st.floats(0.0, 4.0),
)
def test_what_was_heard_is_known_within_a_word(there, back, most, phase, seed, before, stop):
    line = PhoneLine(
        Playout(),
        there=lambda now: there + jitter(now, most, seed),
        back=lambda now: back + jitter(now, most, seed + 0.5),
        phase=phase,
    )
    if before:
        said(line, 0.1, counting(1.0))
    said(line, 3.0, counting(5.0, start=60), piece=2)
    line.run(3.0 + stop)
    line.playout.stop(line.now)
    line.run(line.now + 3.0)
    really = line.seconds_heard() - (1.0 if before else 0.0)
    account = line.playout.ledger(line.now).seconds_played(2)
    assert account == pytest.approx(really, abs=WORD)
    assert line.playout.finished


def test_without_jitter_what_was_heard_is_known_within_30_ms():
    for way in (0.0, 0.03, 0.1, 0.2):
        line = PhoneLine(Playout(), there=lambda _, way=way: way, back=lambda _, way=way: way)
        said(line, 0.1, counting(1.0))
        heard = 1.0
        for piece in range(2, 6):
            said(line, line.now + 2.0, counting(3.0), piece)
            line.run(line.now + 3.0 + piece * 0.17)
            line.playout.stop(line.now)
            line.run(line.now + 1.0)
            really, heard = line.seconds_heard() - heard, line.seconds_heard()
            account = line.playout.ledger(line.now).seconds_played(piece)
            assert account == pytest.approx(really, abs=0.03)


def test_a_stalled_network_is_not_taken_for_hearing():
    line = PhoneLine(Playout(), there=lambda now: 3.0 if 2.0 <= now < 5.0 else 0.02)
    said(line, 0.5, counting(9.0))
    line.run(4.4)
    line.playout.stop(line.now)
    account = line.playout.ledger(line.now).seconds_played(1)
    line.run(9.0)
    # What was sent into the stall came to the ear later, up to the clear behind it.
    assert 1.4 <= account <= line.seconds_heard() + 0.01


def test_a_far_end_that_is_silent_is_sent_no_more_and_then_called_lost():
    line = PhoneLine(Playout(), returns_marks=False)
    said(line, 1.0, counting(20.0))
    line.run(1.0 + MARK_PATIENCE)
    assert line.seconds_heard() <= LEAD + MOST_UNACKNOWLEDGED + 0.05
    assert not line.playout.lost
    line.run(2.0 + MARK_PATIENCE)
    assert line.playout.lost
    line.playout.stop(line.now)
    line.run(line.now + 0.1)
    assert not line.playout.lost
    assert line.playout.finished


def test_after_a_stall_it_goes_on_where_it_was():
    line = PhoneLine(Playout(), back=lambda now: 2.5 if 2.0 <= now < 2.2 else 0.02)
    said(line, 0.5, counting(6.0))
    line.run(12.0)
    assert encode_ulaw(line.heard()) == counting(6.0)
    assert line.playout.finished


def test_held_nothing_is_heard_and_nothing_is_lost():
    line = PhoneLine(Playout(), there=lambda _: 0.03, back=lambda _: 0.03, phase=0.005)
    said(line, 0.5, counting(4.0))
    line.run(2.0)
    line.playout.set_volume(Volume.HELD, line.now)
    line.run(2.06)
    quiet_since = len(line.ear)
    line.run(5.0)
    assert all(one.ulaw == b"\xff" * FRAME for one in line.ear[quiet_since:])
    line.playout.set_volume(Volume.FULL, line.now)
    line.run(9.0)
    # Where it goes on is known to a frame or two; no more than that is repeated or left out.
    assert line.seconds_heard() == pytest.approx(4.0, abs=0.05)
    assert line.playout.ledger(line.now).seconds_played(1) == pytest.approx(4.0)
    assert line.playout.finished


def test_ducked_it_is_quieter_within_a_frame_though_much_was_sent():
    line = PhoneLine(Playout())
    line.at(0.5, lambda: line.playout.queue(ReplyAudio(1, "", tone(4.0)), line.now))
    line.run(2.001)
    line.playout.set_volume(Volume.DUCKED, line.now)
    line.run(3.0)
    loudness = [float(np.abs(decode_ulaw(one.ulaw)).max()) for one in line.ear]
    assert loudness[-1] == pytest.approx(8000 * DUCK, rel=0.05)
    loud_after = [one.at for one, loud in zip(line.ear, loudness, strict=True) if loud > 4000]
    assert loud_after[-1] <= 2.021
    line.playout.set_volume(Volume.FULL, line.now)
    line.run(3.3)
    assert np.abs(decode_ulaw(line.ear[-1].ulaw)).max() > 7500
    line.run(6.0)
    assert line.playout.finished
    sounding = np.flatnonzero(np.concatenate([decode_ulaw(one.ulaw) for one in line.ear]))
    assert (sounding[-1] - sounding[0]) / 8000 == pytest.approx(4.0, abs=0.03)


def test_the_volume_is_full_again_after_a_stop():
    line = PhoneLine(Playout())
    said(line, 0.5, counting(2.0))
    line.run(1.0)
    line.playout.set_volume(Volume.HELD, line.now)
    line.playout.stop(line.now)
    line.run(1.5)
    before = line.seconds_heard()
    line.playout.queue_ulaw(2, counting(1.0), line.now)
    line.run(3.0)
    assert line.seconds_heard() == pytest.approx(before + 1.0, abs=0.001)


def test_silence_is_not_cleared():
    playout = Playout()
    playout.stop(1.0)
    playout.set_volume(Volume.DUCKED, 1.0)
    assert playout.next_step() is None
    assert playout.get_timer() is None
    assert playout.finished


def test_speech_that_does_not_keep_up_is_joined_where_it_can_be():
    line = PhoneLine(Playout())
    sound = counting(1.0)
    for index in range(0, len(sound), 90):
        said(line, 0.5 + index / 8000, sound[index : index + 90])
    line.run(3.0)
    assert encode_ulaw(line.heard()) == sound
    first = next(index for index, one in enumerate(line.ear) if one.ulaw != b"\xff" * FRAME)
    assert all(b"\xff" not in one.ulaw for one in line.ear[first : first + 49])


@settings(max_examples=50, deadline=None)
@given(cuts=st.lists(st.integers(0, 8000), max_size=30))
def test_any_cutting_gives_the_same_frames(cuts):
    sound = encode_ulaw(np.arange(8000).astype(np.int16))
    frames = []
    for chosen in ([], sorted(cuts)):
        playout = Playout()
        for start, end in zip([0, *chosen], [*chosen, 8000], strict=True):
            playout.queue_ulaw(1, sound[start:end], 1.0)
        line = PhoneLine(playout)
        line.now = 1.0
        line.run(3.0)
        frames.append(encode_ulaw(line.heard()))
    assert frames[0] == frames[1]


def test_what_was_heard_is_reported_for_the_recording():
    line = PhoneLine(Playout(), there=lambda _: 0.03, back=lambda _: 0.03)
    said(line, 0.5, counting(3.0))
    line.run(2.0)
    line.playout.stop(line.now)
    line.run(3.0)
    said(line, 3.0, counting(1.0), piece=2)
    line.run(6.0)
    reported = np.concatenate([sound.samples for sound in line.played])
    heard = line.heard()
    assert len(reported) == pytest.approx(len(heard), abs=240)
    first = next(one.at for one in line.ear if one.ulaw != b"\xff" * FRAME)
    assert line.played[0].at == pytest.approx(first, abs=0.05)
    again = next(one.at for one in line.ear if one.at > 2.5 and one.ulaw != b"\xff" * FRAME)
    assert min(sound.at for sound in line.played if sound.at > 2.5) == pytest.approx(
        again, abs=0.03
    )


@pytest.mark.slow
def test_an_hour_of_interruptions_on_a_far_end_whose_clock_is_fast():
    rng = random.Random(11)  # noqa: S311 - a conversation
    line = PhoneLine(
        Playout(),
        there=lambda now: 0.04 + jitter(now, 0.03),
        back=lambda now: 0.04 + jitter(now, 0.03, 1),
        rate=1.0001,
    )
    off = []
    for piece in range(1, 600):
        line.ear.clear()
        line.played.clear()
        said(line, line.now, counting(rng.uniform(1.0, 9.0)), piece)
        line.run(line.now + rng.uniform(0.5, 9.0))
        line.playout.stop(line.now)
        line.run(line.now + 1.3)
        off.append(line.playout.ledger(line.now).seconds_played(piece) - line.seconds_heard())
        line.playout.ledger(line.now).forget(piece)
        assert line.playout.finished
    assert line.now > 3600
    assert max(map(abs, off)) < 0.08
    assert abs(float(np.median(off))) < 0.03


def test_a_clear_goes_before_what_is_sent_again():
    playout = Playout()
    playout.queue_ulaw(1, counting(1.0), 1.0)
    while playout.next_step() is not None:
        pass
    playout.set_volume(Volume.DUCKED, 1.1)
    assert isinstance(playout.next_step(), SendClear)
    assert isinstance(playout.next_step(), SendSound)
