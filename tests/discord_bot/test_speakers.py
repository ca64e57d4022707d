from __future__ import annotations

from collections.abc import Iterable

import pytest

from discord_bot.rtp import SILENCE, AudioPacket
from discord_bot.speakers import (
    KEY_CHANGE,
    LONGEST_WAIT,
    MOST_BYTES,
    MOST_PACKETS,
    MOST_SENDERS,
    MOST_STRANGERS,
    RETRY,
    TRY_KEYS_AFTER,
    Opened,
    Sealed,
    Speakers,
)

ANN, BEN = 2001, 2002


class FakeKeys:
    """Everyone's packets begin with their id; opens those of whom it has the key."""

    def __init__(self, *user_ids: int) -> None:
        self.known = set(user_ids)
        self.opened: list[bytes] = []
        self.otherwise = Sealed.NO_VALID_KEY
        self.late = False
        """Whether the newest keys are still on their way."""
        self.given_up: list[Sealed] = []

    def open(self, user_id: int, payload: bytes) -> bytes | Sealed:
        if payload == SILENCE:
            return payload
        if user_id not in self.known:
            return Sealed.NO_KEY_OF_SENDER
        assert payload not in self.opened, "opened twice"
        name = str(user_id).encode()
        if self.late or not payload.startswith(name):
            return self.otherwise
        self.opened.append(payload)
        return payload.removeprefix(name)

    def give_up(self, reason: Sealed) -> None:
        self.given_up.append(reason)

    def try_open(self, user_id: int, payload: bytes) -> bytes | None:
        opus = self.open(user_id, payload) if payload.startswith(str(user_id).encode()) else None
        return opus if isinstance(opus, bytes) else None

    def holders(self) -> Iterable[int]:
        return sorted(self.known)


def packet(number: int, user_id: int = ANN, ssrc: int = 1, size: int = 0) -> AudioPacket:
    payload = f"{user_id}:{number}".encode().ljust(size, b".")
    return AudioPacket(number, number * 960, ssrc, payload)


def opened(speakers: Speakers) -> list[Opened]:
    found = []
    while (one := speakers.next_opened()) is not None:
        found.append(one)
    return found


def sequences(speakers: Speakers) -> list[int]:
    return [one.packet.sequence for one in opened(speakers)]


def test_known_speaker_is_heard_at_once() -> None:
    speakers = Speakers(FakeKeys(ANN))
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(5), 1.5)
    (one,) = opened(speakers)
    assert (one.user_id, one.ssrc) == (ANN, 1)
    assert (one.packet.sequence, one.packet.opus, one.packet.at) == (5, b":5", 1.5)
    assert speakers.get_timer() is None


def test_packets_wait_for_their_sender_and_keep_order_and_time() -> None:
    speakers = Speakers(FakeKeys(ANN))
    for number in range(3):
        speakers.receive_packet(packet(number), number * 0.02)
    assert opened(speakers) == []
    speakers.receive_speaking(1, ANN, 0.1)
    found = opened(speakers)
    assert [(one.packet.sequence, one.packet.at) for one in found] == [
        (0, 0.0),
        (1, 0.02),
        (2, 0.04),
    ]


def test_nothing_overtakes_what_waits_for_its_key() -> None:
    keys = FakeKeys()
    speakers = Speakers(keys)
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(0), 0.0)
    keys.known.add(ANN)
    speakers.receive_packet(packet(1), 0.02)
    assert opened(speakers) == []
    speakers.handle_timer(RETRY)
    assert sequences(speakers) == [0, 1]


def test_what_waits_too_long_is_dropped() -> None:
    speakers = Speakers(FakeKeys())
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(0), 0.0)
    speakers.receive_packet(packet(1), 1.0)
    speakers.handle_timer(LONGEST_WAIT)
    assert speakers.expired == 1
    speakers.handle_timer(1.0 + LONGEST_WAIT)
    assert speakers.expired == 2
    assert speakers.get_timer() is None


def test_key_that_the_packet_overtook_is_waited_for_shortly() -> None:
    keys = FakeKeys(ANN)
    speakers = Speakers(keys)
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(0, BEN), 0.0)
    speakers.receive_packet(packet(1), 0.02)
    speakers.handle_timer(0.08)
    assert opened(speakers) == []
    speakers.handle_timer(KEY_CHANGE)
    assert sequences(speakers) == [1]
    assert keys.given_up == [Sealed.NO_VALID_KEY]


def test_key_that_comes_late_loses_nothing() -> None:
    keys = FakeKeys(ANN)
    speakers = Speakers(keys)
    speakers.receive_speaking(1, ANN, 0.0)
    keys.late = True
    for number in range(50):
        speakers.receive_packet(packet(number), number * 0.02)
        speakers.handle_timer(number * 0.02)
    keys.late = False
    speakers.handle_timer(1.1)
    assert sequences(speakers) == list(range(50))
    assert keys.given_up == []


def test_packets_of_no_key_do_not_hold_up_those_behind_them() -> None:
    keys = FakeKeys(ANN)
    speakers = Speakers(keys)
    speakers.receive_speaking(1, ANN, 0.0)
    for number in range(3):
        speakers.receive_packet(packet(number, BEN), number * 0.02)
    for number in range(3, 6):
        speakers.receive_packet(packet(number), number * 0.02)
    speakers.handle_timer(KEY_CHANGE + 0.04)
    assert sequences(speakers) == [3, 4, 5]
    assert keys.given_up == [Sealed.NO_VALID_KEY] * 3


def test_silence_behind_a_packet_tells_nothing_of_its_key() -> None:
    speakers = Speakers(FakeKeys(ANN))
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(0, BEN), 0.0)
    speakers.receive_packet(AudioPacket(1, 960, 1, SILENCE), 0.02)
    speakers.handle_timer(LONGEST_WAIT - 0.1)
    assert opened(speakers) == []
    speakers.handle_timer(LONGEST_WAIT)
    assert sequences(speakers) == [1]


def test_what_is_not_encrypted_is_given_up_at_once() -> None:
    keys = FakeKeys(ANN)
    keys.otherwise = Sealed.NOT_ENCRYPTED
    speakers = Speakers(keys)
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(0, BEN), 0.0)
    assert speakers.get_timer() is None
    assert keys.given_up == [Sealed.NOT_ENCRYPTED]


def test_one_queue_is_bounded() -> None:
    speakers = Speakers(FakeKeys(ANN))
    for number in range(MOST_PACKETS + 5):
        speakers.receive_packet(packet(number), 0.0)
    speakers.receive_speaking(1, ANN, 0.0)
    assert sequences(speakers) == list(range(5, MOST_PACKETS + 5))


def test_all_queues_together_are_bounded_and_the_longest_pays() -> None:
    speakers = Speakers(FakeKeys(ANN))
    speakers.receive_packet(packet(0, ssrc=1), 0.0)
    for ssrc in range(10, 10 + MOST_BYTES // (1400 * MOST_PACKETS) + 2):
        for number in range(MOST_PACKETS):
            speakers.receive_packet(packet(number, ssrc=ssrc, size=1400), 0.0)
    assert speakers.expired > 0
    speakers.receive_speaking(1, ANN, 0.0)
    assert sequences(speakers) == [0]


def test_made_up_ssrcs_are_bounded_and_do_not_push_out_who_speaks() -> None:
    speakers = Speakers(FakeKeys(ANN))
    made_up = 10
    for number in range(20):
        speakers.receive_packet(packet(number), number * 0.02)
        for _ in range(MOST_STRANGERS // 2):
            speakers.receive_packet(packet(0, BEN, made_up), number * 0.02)
            made_up += 1
        speakers.handle_timer(number * 0.02)
    assert sequences(speakers) == list(range(20))
    assert speakers.held - speakers.expired <= MOST_STRANGERS + 20


def test_senders_are_bounded_and_the_oldest_is_forgotten() -> None:
    speakers = Speakers(FakeKeys(ANN, 10_000))
    for number in range(MOST_SENDERS):
        speakers.receive_speaking(number, 10_000 + number, 0.0)
    speakers.receive_speaking(5000, ANN, 0.0)
    speakers.receive_packet(packet(0, ssrc=5000), 0.0)
    speakers.receive_packet(packet(1, 10_000, ssrc=0), 0.0)
    assert sequences(speakers) == [0]


def test_ssrc_that_goes_over_to_somebody_else_takes_nothing_along() -> None:
    keys = FakeKeys(BEN)
    speakers = Speakers(keys)
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(0), 0.0)
    speakers.receive_speaking(1, BEN, 0.1)
    speakers.receive_packet(packet(0, BEN), 0.1)
    (one,) = opened(speakers)
    assert (one.user_id, one.packet.opus) == (BEN, b":0")


def test_empty_packet_found_by_its_key_is_opened_once() -> None:
    speakers = Speakers(FakeKeys(ANN))
    speakers.receive_packet(AudioPacket(1, 960, 1, b"2001"), 0.0)
    speakers.handle_timer(TRY_KEYS_AFTER)
    (one,) = opened(speakers)
    assert (one.user_id, one.packet.opus) == (ANN, b"")


def test_sender_is_found_by_the_key_when_nobody_tells() -> None:
    speakers = Speakers(FakeKeys(ANN, BEN))
    silence = AudioPacket(9, 0, 1, SILENCE)
    speakers.receive_packet(silence, 0.0)
    for number in range(10, 13):
        speakers.receive_packet(packet(number, BEN), 0.0)
    speakers.handle_timer(TRY_KEYS_AFTER / 2)
    assert opened(speakers) == []
    speakers.handle_timer(TRY_KEYS_AFTER)
    found = opened(speakers)
    assert {one.user_id for one in found} == {BEN}
    assert [one.packet.opus for one in found] == [SILENCE, b":10", b":11", b":12"]
    assert speakers.identified == 1


def test_keys_of_those_whose_ssrc_is_known_are_not_tried() -> None:
    keys = FakeKeys(ANN)
    speakers = Speakers(keys)
    speakers.receive_speaking(2, ANN, 0.0)
    speakers.receive_packet(packet(0, ssrc=1), 0.0)
    speakers.handle_timer(TRY_KEYS_AFTER)
    assert keys.opened == []


def test_repeated_packet_is_opened_once() -> None:
    speakers = Speakers(FakeKeys(ANN))
    speakers.receive_packet(packet(1), 0.0)
    speakers.receive_packet(packet(1), 0.0)
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(1), 0.1)
    assert sequences(speakers) == [1]
    assert speakers.repeated == 2


@pytest.mark.parametrize("told_again", [False, True])
def test_new_ssrc_replaces_the_old(told_again: bool) -> None:
    speakers = Speakers(FakeKeys(ANN))
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_speaking(2, ANN, 0.0)
    if told_again:
        speakers.receive_speaking(2, ANN, 0.0)
    speakers.receive_packet(packet(0, ssrc=1), 0.0)
    speakers.receive_packet(packet(1, ssrc=2), 0.0)
    assert sequences(speakers) == [1]


def test_who_left_and_who_is_there() -> None:
    speakers = Speakers(FakeKeys(ANN))
    speakers.receive_present([ANN, BEN])
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_left(ANN)
    assert speakers.present == {BEN}
    speakers.receive_packet(packet(0), 0.0)
    assert opened(speakers) == []


def test_new_session_forgets_every_ssrc_and_keeps_who_is_there() -> None:
    speakers = Speakers(FakeKeys(ANN))
    speakers.receive_present([ANN])
    speakers.receive_speaking(1, ANN, 0.0)
    speakers.receive_packet(packet(0, ssrc=3), 0.0)
    speakers.receive_new_session()
    assert speakers.get_timer() is None
    speakers.receive_packet(packet(0), 0.0)
    assert opened(speakers) == []
    assert speakers.present == {ANN}
