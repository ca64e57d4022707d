from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from discord_bot.dave import DaveKeys
from discord_bot.opus import OpusLibrary, load_opus
from discord_bot.receiver import SILENCE_KEPT, Receiver
from discord_bot.rtp import SILENCE
from pipeline.audio import HEARING_RATE, AudioFrame, Resampler, Samples
from pipeline.interfaces import HeardEvent, ParticipantLeft, VoiceStopped
from tests.discord_bot.groups import BOT, Call
from tests.discord_bot.packets import KEY, Sender, seal, spoken
from tests.peers.discord import correlation

ANN, BEN, ROBOT = 2001, 2002, 2003
OWN = 99
FRAME = 0.02


@pytest.fixture(scope="module")
def library() -> OpusLibrary:
    return load_opus()


@pytest.fixture
def receiver(library: OpusLibrary) -> Receiver:
    keys = DaveKeys(Call(None, 0), BOT)
    receiver = Receiver(keys, library, lambda user_id: user_id != ROBOT)
    receiver.receive_speaking(1, ANN, speaks=False, now=0.0)
    receiver.receive_speaking(2, BEN, speaks=False, now=0.0)
    return receiver


def receive(receiver: Receiver, datagram: bytes, now: float) -> None:
    receiver.receive_datagram(datagram, key=KEY, own_ssrc=OWN, now=now)


def events(receiver: Receiver) -> list[HeardEvent]:
    found = []
    while (event := receiver.next_event()) is not None:
        found.append(event)
    return found


def frames(receiver: Receiver) -> list[AudioFrame]:
    return [one for one in events(receiver) if isinstance(one, AudioFrame)]


def joined(found: list[AudioFrame], speaker: int = ANN) -> Samples:
    mine = [one.samples for one in found if one.speaker == str(speaker)]
    return np.concatenate([np.empty(0, np.int16), *mine])


def alike(voice: Samples, heard: Samples) -> float:
    return correlation(Resampler(48_000, HEARING_RATE).push(voice), heard)


def test_each_voice_is_heard_under_its_speaker(receiver: Receiver) -> None:
    voices = {ANN: spoken(1.0, 1), BEN: spoken(1.0, 2)}
    senders = {ANN: Sender(1), BEN: Sender(2, 65_530, 1 << 31)}
    for number in range(50):
        for who, (_, packets) in voices.items():
            receive(receiver, senders[who].packet(packets[number]), number * FRAME)
    found = frames(receiver)
    for who, (voice, _) in voices.items():
        assert alike(voice, joined(found, who)) > 0.99
    assert receiver.heard == {ANN, BEN}
    assert receiver.stats().last_heard_at == pytest.approx(49 * FRAME, abs=0.001)


def test_frame_was_heard_when_its_last_sample_arrived(receiver: Receiver) -> None:
    _, packets = spoken(0.1)
    receive(receiver, Sender(1).packet(packets[0]), 3.0)
    (frame,) = frames(receiver)
    assert (frame.at, frame.end) == (pytest.approx(2.98), pytest.approx(3.0))


def test_that_a_client_stops_sending_is_told_at_its_second_packet_of_silence(
    receiver: Receiver,
) -> None:
    _, packets = spoken(0.1)
    sender = Sender(1)
    for number, packet in enumerate([*packets, SILENCE, SILENCE, SILENCE, packets[0], SILENCE]):
        receive(receiver, sender.packet(packet), number * FRAME)
    stops = [one for one in events(receiver) if isinstance(one, VoiceStopped)]
    assert stops == [VoiceStopped(str(ANN), pytest.approx((len(packets) + 1) * FRAME))]


def test_loss_and_disorder_leave_a_voice_alike(receiver: Receiver) -> None:
    voice, packets = spoken(6.0)
    sender, chance = Sender(1), random.Random(5)  # noqa: S311 - the same every time
    arrivals = []
    for number, packet in enumerate(packets):
        datagram = sender.packet(packet, padding=4 * chance.randrange(2), extended=True)
        if chance.random() >= 0.05:
            arrivals.append((number * FRAME + chance.uniform(0, 0.035), datagram))
    found: list[AudioFrame] = []
    for now, datagram in sorted(arrivals):
        while (due := receiver.get_timer()) is not None and due <= now:
            receiver.handle_timer(due)
        receive(receiver, datagram, now)
        found += frames(receiver)
    receiver.handle_timer(100.0)
    found += frames(receiver)
    assert alike(voice, joined(found)) > 0.97
    assert receiver.stats().lost == len(packets) - len(arrivals)
    gaps = [after.at - before.end for before, after in itertools.pairwise(found)]
    assert max(gaps) < 0.02
    assert min(gaps) > -0.02


def test_gap_is_passed_over_when_time_is_up(receiver: Receiver) -> None:
    _, packets = spoken(0.2)
    sender = Sender(1)
    for number in range(4):
        receive(receiver, sender.packet(packets[number]), number * FRAME)
    sender.lose()
    receive(receiver, sender.packet(packets[5]), 5 * FRAME)
    assert len(frames(receiver)) == 4
    due = receiver.get_timer()
    assert due is not None
    receiver.handle_timer(due)
    assert len(frames(receiver)) == 2  # the lost one recovered, and the one behind it
    assert receiver.get_timer() is None


def test_endless_silence_is_not_passed_on(receiver: Receiver) -> None:
    sender = Sender(1)
    for number in range(100):
        receive(receiver, sender.packet(SILENCE), number * FRAME)
    assert len(frames(receiver)) == SILENCE_KEPT
    assert receiver.watch.deaf_for(100.0) == 0.0


def test_own_packets_and_other_bots_are_not_heard(receiver: Receiver) -> None:
    _, packets = spoken(0.1)
    receiver.receive_speaking(3, ROBOT, speaks=True, now=0.0)
    receive(receiver, seal(packets[0], ssrc=OWN), 0.0)
    receive(receiver, seal(packets[0], ssrc=3), 0.0)
    assert frames(receiver) == []
    assert receiver.watch.deaf_for(100.0) == 0.0


def test_packet_that_is_no_opus_is_counted_and_skipped(receiver: Receiver) -> None:
    _, packets = spoken(0.1)
    sender = Sender(1)
    receive(receiver, sender.packet(packets[0]), 0.0)
    receive(receiver, sender.packet(b"\xff\xff\xff\xff"), 0.02)
    receive(receiver, sender.packet(packets[1]), 0.04)
    assert len(frames(receiver)) == 2
    assert receiver.stats().undecodable == 1


def test_datagrams_of_another_key_and_broken_ones_are_counted(receiver: Receiver) -> None:
    receive(receiver, seal(b"opus", key=bytes(32)), 0.0)
    broken = bytearray(seal(b"opus", extended=True))
    receive(receiver, bytes([0xBF]) + bytes(broken[1:]), 0.0)
    assert (receiver.stats().transport_failures, receiver.stats().malformed) == (1, 1)


def test_who_left_is_told_behind_what_they_said(receiver: Receiver) -> None:
    _, packets = spoken(0.2)
    sender = Sender(1)
    receive(receiver, sender.packet(packets[0]), 0.0)
    sender.lose()
    receive(receiver, sender.packet(packets[2]), 0.04)
    receiver.receive_left(ANN, 0.5)
    found = events(receiver)
    assert [type(one) for one in found] == [AudioFrame] * 3 + [ParticipantLeft]
    assert found[-1] == ParticipantLeft(str(ANN), 0.5)
    assert receiver.stats().lost == 1  # though the voice is forgotten


def test_who_was_never_heard_leaves_without_a_word(receiver: Receiver) -> None:
    receiver.receive_left(ANN, 0.5)
    assert events(receiver) == []


def test_new_session_begins_voices_anew_and_nobody_has_left(receiver: Receiver) -> None:
    _, packets = spoken(0.2)
    receive(receiver, seal(packets[0], 100), 0.0)
    receiver.receive_new_session()
    receiver.receive_speaking(7, ANN, speaks=True, now=1.0)
    receive(receiver, seal(packets[1], 90, ssrc=7), 1.0)
    assert [type(one) for one in events(receiver)] == [AudioFrame, AudioFrame]


def test_speaker_with_a_new_ssrc_is_heard_on(receiver: Receiver) -> None:
    _, packets = spoken(0.2)
    receive(receiver, seal(packets[0], 100), 0.0)
    receiver.receive_speaking(7, ANN, speaks=True, now=1.0)
    receive(receiver, seal(packets[1], 90, ssrc=7), 1.0)
    assert [one.speaker for one in frames(receiver)] == [str(ANN)] * 2


def test_speech_of_which_nothing_is_heard_is_deafness(receiver: Receiver) -> None:
    _, packets = spoken(0.2)
    receiver.receive_speaking(1, ANN, speaks=True, now=5.0)
    assert receiver.watch.deaf_for(15.0) == 10.0
    receive(receiver, seal(packets[0]), 15.0)
    assert receiver.watch.deaf_for(30.0) == 0.0
    receive(receiver, seal(packets[1], key=bytes(32)), 40.0)
    assert receiver.watch.deaf_for(50.0) == 10.0


def test_presence_is_kept_until_a_session_begins(receiver: Receiver) -> None:
    receiver.receive_present([ANN, BEN])
    receiver.receive_left(BEN, 0.0)
    receiver.receive_new_session()
    assert receiver.present == {ANN}
    receiver.receive_identified()
    assert receiver.present == set()
