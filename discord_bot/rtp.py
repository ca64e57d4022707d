"""Sans-I/O: the datagrams of Discord's media servers.

Audio is RTP (RFC 3550) under the transport encryption
``aead_xchacha20_poly1305_rtpsize``: the header, with contributing sources and
the first four bytes of a header extension, is authenticated and stays in the
clear; the rest of the extension, the payload and the padding are encrypted; the
last four bytes of the datagram begin the nonce.
https://docs.discord.com/developers/topics/voice-connections
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt
from nacl.exceptions import CryptoError

ENCRYPTION_MODE = "aead_xchacha20_poly1305_rtpsize"
"""The one mode that every media server offers."""

RTP_RATE = 48_000
"""Ticks of an audio timestamp in a second."""

SILENCE = b"\xf8\xff\xfe"
"""The Opus packet that stands for 20 ms of silence; never encrypted from end to end."""

_VERSION = 2
_OPUS = 120
_HEADER_LENGTH = 12
_TAG_LENGTH = 16
_NONCE_LENGTH, _NONCE_SENT = 24, 4
_PADDING, _EXTENSION, _SOURCES = 0x20, 0x10, 0x0F

_DISCOVERY = struct.Struct(">HHI64sH")
_DISCOVERY_REQUEST, _DISCOVERY_ANSWER = 1, 2
_DISCOVERY_BODY = 70


class PacketError(ValueError):
    """An audio packet that cannot be used; the message says why."""


class TransportDecryptionError(PacketError):
    """A packet that was not encrypted with the session's key."""


@dataclass(frozen=True, slots=True)
class AudioPacket:
    """An audio packet, opened as far as the media server's encryption goes."""

    sequence: int
    """Modulo 2**16."""

    timestamp: int
    """When its first sample was recorded, at :data:`RTP_RATE` and modulo 2**32."""

    ssrc: int
    """The sender's number in this media session."""

    payload: bytes
    """Opus, as a rule still encrypted from end to end."""


def open_audio(datagram: bytes, key: bytes) -> AudioPacket | None:
    """Decrypt a datagram and take it apart.

    Args:
        datagram: As it came from the socket.
        key: The media session's, 32 bytes.

    Returns:
        The packet; ``None`` for anything but audio: RTCP, video, keepalives, IP discovery.

    Raises:
        TransportDecryptionError: The key does not open it.
        PacketError: It is malformed.

    """
    if len(datagram) < _HEADER_LENGTH + _TAG_LENGTH + _NONCE_SENT:
        return None
    flags, kind, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", datagram)
    if flags >> 6 != _VERSION or kind & 0x7F != _OPUS:
        return None
    length, extension = _header(datagram, flags)
    nonce = datagram[-_NONCE_SENT:].ljust(_NONCE_LENGTH, b"\0")
    sealed = datagram[length:-_NONCE_SENT]
    if len(sealed) < _TAG_LENGTH:
        raise PacketError("ends within its header")
    try:
        body = crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, datagram[:length], nonce, key)
    except CryptoError as error:
        raise TransportDecryptionError("not encrypted with this session's key") from error
    end = len(body) - _padding(body, extension, flags)
    return AudioPacket(sequence, timestamp, ssrc, body[extension:end])


def _header(datagram: bytes, flags: int) -> tuple[int, int]:
    """Return the length of what is in the clear, and of the extension's encrypted rest."""
    length = _HEADER_LENGTH + 4 * (flags & _SOURCES)
    if not flags & _EXTENSION:
        return length, 0
    if len(datagram) < length + 4:
        raise PacketError("ends within its header")
    (words,) = struct.unpack_from(">H", datagram, length + 2)
    return length + 4, 4 * words


def _padding(body: bytes, extension: int, flags: int) -> int:
    """Return how much padding ends the body.

    It has to go before DAVE looks for its marker at the end of the payload:
    Discord pads 3 to 15 % of the packets.
    """
    if extension > len(body):
        raise PacketError("ends within its header extension")
    if not flags & _PADDING:
        return 0
    padding = body[-1] if body else 0
    if not 0 < padding <= len(body) - extension:
        raise PacketError("has more padding than payload")
    return padding


def keepalive(count: int) -> bytes:
    """Return a datagram that the media server echoes.

    Without one every few seconds a NAT on the way forgets a client that only
    listens, and the client hears nothing any more.
    """
    return struct.pack("<Q", count)


def discovery_request(ssrc: int) -> bytes:
    """Return the datagram that asks the media server for our own address and port."""
    return _DISCOVERY.pack(_DISCOVERY_REQUEST, _DISCOVERY_BODY, ssrc, b"", 0)


def discovered_address(datagram: bytes) -> tuple[str, int] | None:
    """Return our own address and port, if that is what the datagram tells."""
    if len(datagram) != _DISCOVERY.size:
        return None
    kind, _, _, address, port = _DISCOVERY.unpack(datagram)
    if kind != _DISCOVERY_ANSWER:
        return None
    return address.partition(b"\0")[0].decode("ascii", "replace"), port
