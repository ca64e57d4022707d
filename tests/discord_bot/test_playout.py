from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discord_bot.playout import (
    FAR,
    MOST_CONCEALED,
    MOST_LATE,
    PATIENCE,
    Arrival,
    Conceal,
    Play,
    Playout,
    Recover,
    Restart,
    SpeakerTime,
    Step,
)
from discord_bot.rtp import SILENCE

FRAME = 0.02


def arrival(number: int, at: float | None = None, opus: bytes = b"opus") -> Arrival:
    when = number * FRAME if at is None else at
    return Arrival(number % 65536, number * 960 % (1 << 32), opus, when)


def steps(playout: Playout) -> list[Step]:
    found = []
    while (step := playout.next_step()) is not None:
        found.append(step)
    return found


def numbers(found: list[Step]) -> list[int | str]:
    """Return the sequence numbers played, with a letter for everything else."""
    return [
        one.packet.sequence if isinstance(one, Play) else type(one).__name__[0] for one in found
    ]


def test_packets_in_order_come_out_at_once() -> None:
    playout = Playout()
    for number in range(65530, 65542):  # across the end of the numbers
        playout.receive(arrival(number))
        assert numbers(steps(playout)) == [number % 65536]
        assert playout.get_timer() is None


@given(st.integers(0, 65535), st.randoms(use_true_random=False))
def test_packets_out_of_order_are_put_in_order(first: int, chance: random.Random) -> None:
    playout = Playout()
    playout.receive(arrival(first))
    order = list(range(first + 1, first + 40))
    for at in range(0, len(order) - 2, 3):  # nothing is more than two places off
        part = order[at : at + 3]
        chance.shuffle(part)
        order[at : at + 3] = part
    for place, number in enumerate(order):
        playout.receive(arrival(number, at=place * 0.001))
        if chance.random() < 0.2:
            playout.receive(arrival(number, at=place * 0.001))
    assert numbers(steps(playout)) == [number % 65536 for number in range(first, first + 40)]
    assert playout.lost == 0


@given(
    kept=st.lists(st.booleans(), min_size=30, max_size=80),
    jitter=st.lists(st.floats(0, 0.05), min_size=80, max_size=80),
)
def test_everything_that_arrived_in_time_is_played_once_and_in_order(
    kept: list[bool], jitter: list[float]
) -> None:
    sent = [0, *(number for number, here in enumerate(kept, 1) if here)]
    arrivals = sorted((number * FRAME + jitter[number % 80], number) for number in sent)
    playout = Playout()
    found: list[Step] = []
    for at, number in arrivals:
        if (due := playout.get_timer()) is not None and due <= at:
            playout.handle_timer(due)
        playout.receive(arrival(number, at))
        found += steps(playout)
    playout.flush()
    found += steps(playout)
    played = [one.packet.sequence for one in found if isinstance(one, Play)]
    assert played == sorted(set(played))
    assert len(played) + playout.refused == len(sent)


def test_missing_packet_is_waited_for() -> None:
    playout = Playout()
    playout.receive(arrival(1))
    playout.receive(arrival(3))
    steps(playout)
    assert playout.get_timer() == pytest.approx(3 * FRAME + PATIENCE)
    playout.receive(arrival(2, at=0.1))
    assert numbers(steps(playout)) == [2, 3]


def test_missing_packet_is_recovered_from_the_next_when_time_is_up() -> None:
    playout = Playout()
    playout.receive(arrival(1))
    playout.receive(arrival(3))
    steps(playout)
    playout.handle_timer(3 * FRAME + PATIENCE)
    assert numbers(steps(playout)) == ["R", 3]
    assert playout.lost == 1
    playout.receive(arrival(2, at=0.2))
    assert steps(playout) == []
    assert playout.refused == 1


def test_missing_packet_is_given_up_when_enough_came_behind_it() -> None:
    playout = Playout()
    for number in (1, 3, 4, 5, 6):
        playout.receive(arrival(number, at=0.0))
    assert numbers(steps(playout)) == [1, "R", 3, 4, 5, 6]


def test_several_missing_packets_are_made_up_before_the_last_is_recovered() -> None:
    playout = Playout()
    playout.receive(arrival(1))
    playout.receive(arrival(5))
    playout.flush()
    found = steps(playout)
    assert numbers(found) == [1, "C", "C", "R", 5]
    assert [one.timestamp for one in found if isinstance(one, Conceal)] == [2 * 960, 3 * 960]
    assert [one.following.sequence for one in found if isinstance(one, Recover)] == [5]


def test_long_hole_is_silence() -> None:
    playout = Playout()
    playout.receive(arrival(1))
    playout.receive(arrival(3 + MOST_CONCEALED))
    playout.flush()
    assert numbers(steps(playout)) == [1, 3 + MOST_CONCEALED]


def test_nothing_is_made_up_behind_silence() -> None:
    playout = Playout()
    playout.receive(arrival(1, opus=SILENCE))
    playout.receive(arrival(3))
    playout.flush()
    assert numbers(steps(playout)) == [1, 3]


@pytest.mark.parametrize("jump", [FAR + 2, -FAR, 30_000])
def test_far_jump_begins_anew(jump: int) -> None:
    playout = Playout()
    playout.receive(arrival(40_000))
    playout.receive(arrival(40_000 + jump))
    found = steps(playout)
    assert isinstance(found[1], Restart)
    assert numbers(found)[2] == (40_000 + jump) % 65536


def test_sender_that_goes_back_a_little_is_heard_again() -> None:
    playout = Playout()
    playout.receive(arrival(40_000))
    for number in range(39_900, 39_950):
        playout.receive(arrival(number))
    found = numbers(steps(playout))
    assert found[:2] == [40_000, "R"]
    assert found[2:] == list(range(39_900 + MOST_LATE, 39_950))
    assert playout.refused == MOST_LATE


def test_late_packets_among_others_are_no_new_sequence() -> None:
    playout = Playout()
    for number in range(40):
        playout.receive(arrival(1000 + number))
        playout.receive(arrival(900 + number))
    assert numbers(steps(playout)) == list(range(1000, 1040))


def test_time_follows_the_timestamps_through_jitter() -> None:
    time = SpeakerTime()
    jitter = random.Random(1)  # noqa: S311 - the same every time
    placed = [
        time.place(number * 960, FRAME, 5.0 + number * FRAME + jitter.uniform(0, 0.03))
        for number in range(200)
    ]
    gaps = [b - a for a, b in itertools.pairwise(placed)]
    assert max(gaps) == pytest.approx(FRAME, abs=0.001)
    assert min(gaps) == pytest.approx(FRAME, abs=0.001)


def test_burst_after_a_stall_is_heard_one_after_another() -> None:
    time = SpeakerTime()
    before = [time.place(number * 960, FRAME, number * FRAME) for number in range(10)]
    burst = [time.place(number * 960, FRAME, 0.6) for number in range(10, 30)]
    gaps = [b - a for a, b in zip([before[-1], *burst], burst, strict=False)]
    assert all(gap == pytest.approx(FRAME, abs=0.006) for gap in gaps)


def test_silence_in_which_timestamps_stood_still_is_noticed() -> None:
    time = SpeakerTime()
    time.place(0, FRAME, 1.0)
    time.pause()
    assert time.place(960, FRAME, 1.5) == pytest.approx(1.48)


def test_silence_in_which_timestamps_went_on_is_kept() -> None:
    time = SpeakerTime()
    time.place(0, FRAME, 1.0)
    time.pause()
    assert time.place(24_000, FRAME, 1.53) == pytest.approx(1.48, abs=0.001)


def test_timestamps_wrap_around() -> None:
    time = SpeakerTime()
    time.place((1 << 32) - 960, FRAME, 1.0)
    assert time.place(0, FRAME, 1.05) == pytest.approx(1.0, abs=0.001)
