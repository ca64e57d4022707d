"""The receiver under datagrams and messages that no honest server sends; it must go on hearing."""

from __future__ import annotations

import random
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator

import davey
import pytest

from discord_bot.dave import DaveKeys
from discord_bot.opus import OpusLibrary, load_opus
from discord_bot.receiver import Receiver
from discord_bot.rtp import SILENCE
from discord_bot.speakers import LONGEST_WAIT
from pipeline.audio import HEARING_RATE, AudioFrame
from tests.discord_bot.groups import BOT, Call, group_of
from tests.discord_bot.packets import KEY, Sender, seal, seal_body, spoken

ANN, BEN, ROBOT = 2001, 2002, 2003
ANNS, BENS, OWN = 1, 2, 99
FRAME = 0.02
CASES = 4000

Encrypt = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def library() -> OpusLibrary:
    return load_opus()


@pytest.fixture(scope="module")
def packets() -> list[bytes]:
    return spoken(1.0)[1]


class Attacker:
    """Makes datagrams of every kind, the same ones each time.

    Args:
        seed: Of what is made.
        packets: Opus that somebody said.
        encrypt: What members of the call have.

    """

    def __init__(self, seed: int, packets: list[bytes], *encrypt: Encrypt) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - the same every time
        self._packets = packets
        self._encrypt = encrypt
        self._sent: deque[bytes] = deque([bytes(40)], maxlen=200)
        self._sequence = 0

    def datagrams(self, count: int) -> Iterator[bytes]:
        """Make some datagrams."""
        kinds = (self._audio, self._audio, self._noise, self._rtp, self._header, self._spoilt)
        for _ in range(count):
            datagram = self._chance.choice(kinds)()
            self._sent.append(datagram)
            yield datagram

    def _audio(self) -> bytes:
        """Return a packet of the right transport key, with anything in it."""
        chance = self._chance
        self._sequence = (self._sequence + 1) % 65_536
        near = (self._sequence + chance.randrange(-500, 500)) % 65_536
        return seal(
            self._payload(),
            chance.choice([self._sequence, self._sequence, near, chance.randrange(65_536)]),
            chance.choice([self._sequence * 960, chance.randrange(1 << 32)]) % (1 << 32),
            chance.choice([ANNS, ANNS, BENS, 3, OWN, chance.randrange(1 << 32)]),
            extended=chance.random() < 0.3,
            padding=chance.choice([0, 0, 1, 3, 255]),
            sources=tuple(range(chance.choice([0, 0, 2, 15]))),
        )

    def _payload(self) -> bytes:
        chance = self._chance
        opus = chance.choice([*self._packets[:4], SILENCE, b"", self._bytes(1400)])
        marked = self._bytes(60) + bytes([chance.randrange(256)]) + b"\xfa\xfa"
        sealed = [encrypt(opus) for encrypt in self._encrypt if opus]
        return chance.choice(
            [opus, opus + b"\xfa\xfa", marked, *sealed, *map(self._damage, sealed)]
        )

    def _noise(self) -> bytes:
        return self._bytes(200)

    def _rtp(self) -> bytes:
        """Return what begins like audio, video or a report."""
        chance = self._chance
        kind = chance.choice([120, 248, 103, 200, 201, 205])
        return bytes([0x80 | chance.randrange(64), kind]) + self._bytes(120)

    def _header(self) -> bytes:
        """Return any header, with the right key behind it."""
        header = bytes([0x80 | self._chance.randrange(64), 120]) + self._chance.randbytes(10)
        return seal_body(header + self._bytes(80), self._bytes(60))

    def _spoilt(self) -> bytes:
        """Return an earlier datagram: again, cut off, or changed."""
        chance = self._chance
        former = chance.choice(self._sent)
        return chance.choice([former, former[: chance.randrange(80)], self._damage(former)])

    def _damage(self, data: bytes) -> bytes:
        damaged = bytearray(data or b"\0")
        damaged[self._chance.randrange(len(damaged))] ^= 1 << self._chance.randrange(8)
        return bytes(damaged)

    def _bytes(self, most: int) -> bytes:
        return self._chance.randbytes(self._chance.randrange(most))


class Ears:
    """A receiver, driven as :mod:`discord_bot.receive` does, on a clock of the test."""

    def __init__(self, library: OpusLibrary, call: Call) -> None:
        self.receiver = Receiver(DaveKeys(call, BOT), library, lambda user_id: user_id != ROBOT)
        self.now = 0.0
        self.frames: list[AudioFrame] = []

    def receive(self, datagram: bytes) -> None:
        self.receiver.receive_datagram(datagram, key=KEY, own_ssrc=OWN, now=self.now)
        self.collect()

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (due := self.receiver.get_timer()) is not None and due <= until:
            self.now = max(self.now, due)
            self.receiver.handle_timer(self.now)
            self.collect()
        self.now = until

    def collect(self) -> None:
        while (event := self.receiver.next_event()) is not None:
            if isinstance(event, AudioFrame):
                self.frames.append(event)

    def heard(self, user_id: int) -> float:
        """Return how many seconds were heard of somebody."""
        mine = (len(one.samples) for one in self.frames if one.speaker == str(user_id))
        return sum(mine) / HEARING_RATE


def encrypt_of(session: davey.DaveSession) -> Encrypt:
    return session.encrypt_opus


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("encrypted", [True, False])
def test_anything_on_the_socket_is_survived_and_people_are_heard_again(
    library: OpusLibrary, packets: list[bytes], encrypted: bool, seed: int
) -> None:
    bot, (ann, ben) = group_of(ANN, BEN)
    ears = Ears(library, Call(bot, 1) if encrypted else Call(None, 0))
    ears.receiver.receive_speaking(ANNS, ANN, speaks=True, now=0.0)
    attacker = Attacker(seed, packets, encrypt_of(ann), encrypt_of(ben))
    pauses = random.Random(seed)  # noqa: S311 - the same every time
    for number, datagram in enumerate(attacker.datagrams(CASES)):
        ears.receive(datagram)
        ears.wait(pauses.choice([0.0, 0.001, FRAME, 0.1]))
        if number % 500 == 499:
            ears.receiver.receive_speaking(BENS, ROBOT, speaks=True, now=ears.now)
            ears.receiver.receive_speaking(BENS, BEN, speaks=True, now=ears.now)
        if number % 1000 == 999:
            ears.receiver.receive_left(BEN, ears.now)
    assert all(-FRAME <= one.at <= ears.now for one in ears.frames)
    ears.wait(LONGEST_WAIT + FRAME)
    assert ears.receiver.get_timer() is None  # nothing waits for ever

    ears.frames.clear()
    ears.receiver.receive_speaking(7, ANN, speaks=True, now=ears.now)
    sender = Sender(7)
    for packet in packets:
        ears.receive(sender.packet(ann.encrypt_opus(packet) if encrypted else packet))
        ears.wait(FRAME)
    ears.wait(LONGEST_WAIT)
    assert ears.heard(ANN) == pytest.approx(len(packets) * FRAME)


def test_flood_of_made_up_senders_costs_little_and_hides_nobody(
    library: OpusLibrary, packets: list[bytes]
) -> None:
    bot, (ann,) = group_of(ANN)
    ears = Ears(library, Call(bot, 1))
    sender = Sender(ANNS)
    made_up = iter(range(1000, 1_000_000))
    for packet in packets:
        for _ in range(40):
            ears.receive(seal(b"", ssrc=next(made_up)))
        ears.receive(sender.packet(ann.encrypt_opus(packet)))
        ears.wait(FRAME)
    ears.wait(LONGEST_WAIT)
    assert ears.heard(ANN) > 0.9  # op 5 never came: the key told whose it is
    assert ears.receiver.stats().identified == 1


def test_thousands_who_come_speak_and_leave_are_forgotten(
    library: OpusLibrary, packets: list[bytes]
) -> None:
    ears = Ears(library, Call(None, 0))

    def visit(number: int) -> None:
        user_id, ssrc = 5000 + number, 100 + number
        ears.receiver.receive_present([user_id])
        ears.receiver.receive_speaking(ssrc, user_id, speaks=True, now=ears.now)
        ears.receive(seal(packets[0], ssrc=ssrc))
        ears.receiver.receive_left(user_id, ears.now)
        ears.collect()
        ears.frames.clear()
        ears.wait(FRAME)

    tracemalloc.start()
    try:
        for number in range(500):
            visit(number)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(500, 2000):
            visit(number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 20_000  # ten bytes a visit
    assert ears.receiver.present == ears.receiver.heard == frozenset()


def test_burst_of_a_hundred_speakers_is_heard_whole(
    library: OpusLibrary, packets: list[bytes]
) -> None:
    ears = Ears(library, Call(None, 0))
    people = range(3000, 3100)
    for user_id in people:
        ears.receiver.receive_speaking(user_id, user_id, speaks=True, now=0.0)
    senders = [Sender(user_id, 65_530, (1 << 32) - 1920) for user_id in people]
    for packet in packets[:10]:
        for sender in senders:
            ears.receive(sender.packet(packet))
        ears.wait(FRAME)
    assert {round(ears.heard(user_id), 3) for user_id in people} == {0.2}


def test_two_users_who_claim_one_ssrc_in_turn_are_not_mixed_up(
    library: OpusLibrary, packets: list[bytes]
) -> None:
    bot, (ann, ben) = group_of(ANN, BEN)
    ears = Ears(library, Call(bot, 1))
    sender = Sender(ANNS)
    for turn, packet in enumerate(packets):
        user_id, session = ((ANN, ann), (BEN, ben))[turn // 10 % 2]
        ears.receiver.receive_speaking(ANNS, user_id, speaks=True, now=ears.now)
        ears.receive(sender.packet(session.encrypt_opus(packet)))
        ears.wait(FRAME)
    assert ears.heard(ANN) == pytest.approx(0.6)
    assert ears.heard(BEN) == pytest.approx(0.4)
