from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discord_bot.rtp import (
    AudioPacket,
    PacketError,
    TransportDecryptionError,
    discovered_address,
    discovery_request,
    keepalive,
    open_audio,
)
from tests.discord_bot.packets import KEY, seal, seal_body


@given(
    payload=st.binary(min_size=1, max_size=200),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    sources=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    extended=st.booleans(),
    padding=st.integers(0, 255),
)
def test_packet_is_opened_whatever_surrounds_it(
    payload: bytes,
    sequence: int,
    timestamp: int,
    sources: tuple[int, ...],
    extended: bool,
    padding: int,
) -> None:
    datagram = seal(
        payload, sequence, timestamp, 7, sources=sources, extended=extended, padding=padding
    )
    assert open_audio(datagram, KEY) == AudioPacket(sequence, timestamp, 7, payload)


@given(st.binary(max_size=200))
def test_any_datagram_is_a_packet_or_none_or_an_error_of_ours(datagram: bytes) -> None:
    try:
        packet = open_audio(datagram, KEY)
    except PacketError:
        return
    assert packet is None


@given(
    first=st.integers(0x80, 0xBF),
    rest=st.binary(min_size=34, max_size=120),
)
def test_anything_that_calls_itself_audio_is_an_error_of_ours(first: int, rest: bytes) -> None:
    with pytest.raises(PacketError):
        open_audio(bytes([first, 120]) + rest, KEY)


@pytest.mark.parametrize("sources", range(1, 16))
def test_header_that_leaves_no_room_for_the_rest_is_an_error(sources: int) -> None:
    with pytest.raises(PacketError, match="header"):
        open_audio(bytes([0x80 | sources, 120]) + bytes(30), KEY)


@pytest.mark.parametrize("kind", [103, 104, 72, 73, 200 & 0x7F])
def test_video_and_reports_are_no_audio(kind: int) -> None:
    assert open_audio(seal(b"x" * 40, kind=kind), KEY) is None


def test_marker_does_not_change_the_payload_type() -> None:
    assert open_audio(seal(b"opus", kind=120 | 0x80), KEY) is not None


@pytest.mark.parametrize("junk", [b"", b"\x80", keepalive(3), discovery_request(9), b"\x00" * 90])
def test_what_is_no_rtp_is_no_audio(junk: bytes) -> None:
    assert open_audio(junk, KEY) is None


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(TransportDecryptionError):
        open_audio(seal(b"opus", key=bytes(32)), KEY)


def test_changed_header_is_noticed() -> None:
    datagram = bytearray(seal(b"opus"))
    datagram[11] ^= 1
    with pytest.raises(TransportDecryptionError):
        open_audio(bytes(datagram), KEY)


@pytest.mark.parametrize("body", [b"", b"opus\0", b"opus\xff"])
def test_impossible_padding_is_an_error(body: bytes) -> None:
    header = struct.pack(">BBHII", 0xA0, 120, 0, 0, 1)
    with pytest.raises(PacketError):
        open_audio(seal_body(header, body), KEY)


def test_extension_beyond_the_end_is_an_error() -> None:
    header = struct.pack(">BBHIIHH", 0x90, 120, 0, 0, 1, 0xBEDE, 500)
    with pytest.raises(PacketError):
        open_audio(seal_body(header, b"opus"), KEY)


def test_own_address_is_read_from_the_answer_only() -> None:
    answer = struct.pack(">HHI64sH", 2, 70, 9, b"203.0.113.9", 50123)
    assert discovered_address(answer) == ("203.0.113.9", 50123)
    assert discovered_address(struct.pack(">HHI64sH", 2, 70, 9, b"10.0.0.1\0junk", 1)) == (
        "10.0.0.1",
        1,
    )
    assert discovered_address(discovery_request(9)) is None
    assert discovered_address(answer[:-1]) is None


def test_keepalives_are_eight_bytes_and_differ() -> None:
    assert len({keepalive(number) for number in range(3)}) == 3
    assert {len(keepalive(number)) for number in range(3)} == {8}
