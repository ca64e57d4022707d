"""RTP as Discord's media servers send and take it, and what happens to it on the way."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import nacl.exceptions
import nacl.secret
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

OPUS, VIDEO, VIDEO_AGAIN = 120, 103, 104
"""Payload types: audio, a camera, and its retransmissions."""

RECEIVER_REPORT = 201
ONE_BYTE_EXTENSIONS = 0xBEDE
AUDIO_LEVEL = b"\x10\x85\x90\x01"
"""Header extension as the media server puts it on everyone's audio."""


class TransportError(ValueError):
    """A packet that does not open with the session's key."""


class EncryptionMode(StrEnum):
    """How packets between a client and the media server are encrypted."""

    AES256_GCM = "aead_aes256_gcm_rtpsize"
    XCHACHA20_POLY1305 = "aead_xchacha20_poly1305_rtpsize"


MODES = tuple(EncryptionMode)


@dataclass(frozen=True, slots=True)
class Cipher:
    """Encrypts and opens packets; the last four bytes of a packet are its nonce."""

    mode: EncryptionMode
    key: bytes

    def seal(self, header: bytes, body: bytes, nonce: int) -> bytes:
        suffix = struct.pack(">I", nonce)
        if self.mode is EncryptionMode.AES256_GCM:
            sealed = AESGCM(self.key).encrypt(suffix + bytes(8), body, header)
        else:
            box = nacl.secret.Aead(self.key)
            sealed = box.encrypt(body, header, suffix + bytes(20)).ciphertext
        return header + sealed + suffix

    def open(self, packet: bytes, header_length: int) -> bytes:
        """Return the body of a packet.

        Raises:
            TransportError: It was not encrypted with this key.

        """
        header, sealed, suffix = packet[:header_length], packet[header_length:-4], packet[-4:]
        try:
            if self.mode is EncryptionMode.AES256_GCM:
                return AESGCM(self.key).decrypt(suffix + bytes(8), sealed, header)
            return nacl.secret.Aead(self.key).decrypt(sealed, header, suffix + bytes(20))
        except (InvalidTag, ValueError, nacl.exceptions.CryptoError) as error:
            raise TransportError("not encrypted with this session's key") from error


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet of sound or picture."""

    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    payload_type: int = OPUS
    marker: bool = False
    extension: bytes | None = None
    """Content of a header extension."""

    padding: int = 0
    """Bytes of RTP padding behind the payload."""

    csrcs: tuple[int, ...] = ()
    """Contributing sources."""

    def seal(self, cipher: Cipher, nonce: int) -> bytes:
        """Encrypt; in ``rtpsize`` modes the extension's first four bytes stay in the clear."""
        has_extension = self.extension is not None
        first = 0x80 | bool(self.padding) << 5 | has_extension << 4 | len(self.csrcs)
        second = self.payload_type | self.marker << 7
        fields = (first, second, self.sequence, self.timestamp, self.ssrc)
        header = struct.pack(">BBHII", *fields)
        header += b"".join(struct.pack(">I", csrc) for csrc in self.csrcs)
        body = self.payload
        if self.extension is not None:
            extension = self.extension + bytes(-len(self.extension) % 4)
            header += struct.pack(">HH", ONE_BYTE_EXTENSIONS, len(extension) // 4)
            body = extension + body
        if self.padding:
            body += bytes(self.padding - 1) + bytes([self.padding])
        return cipher.seal(header, body, nonce)


def open_packet(data: bytes, cipher: Cipher) -> RtpPacket:
    """Decrypt and take apart a packet of a client.

    Raises:
        TransportError: It is none, or not encrypted with this key.

    """
    if len(data) < 16 or data[0] >> 6 != 2:
        raise TransportError("no RTP packet")
    second, sequence, timestamp, ssrc = struct.unpack_from(">xBHII", data)
    length, extension_length = 12 + 4 * (data[0] & 0x0F), 0
    if data[0] & 0x10:
        extension_length = 4 * int.from_bytes(data[length + 2 : length + 4], "big")
        length += 4
    body = cipher.open(data, length)
    padding = body[-1] if data[0] & 0x20 else 0
    payload = body[extension_length : len(body) - padding]
    return RtpPacket(sequence, timestamp, ssrc, payload, second & 0x7F, padding=padding)


def receiver_report(ssrc: int, about: int, cipher: Cipher, nonce: int) -> bytes:
    """Return an encrypted RTCP packet, as media servers send between the audio."""
    header = struct.pack(">BBHI", 0x81, RECEIVER_REPORT, 7, ssrc)
    return cipher.seal(header, struct.pack(">IIIIII", about, 0, 0, 0, 0, 0), nonce)


@dataclass
class Impairments:
    """What the network and the media server do to somebody's packets on the way to the bot.

    The same seed makes the same faults.
    """

    loss: float = 0.0
    """Share of packets lost."""

    reorder: float = 0.0
    """Share of packets that arrive behind the next one."""

    duplicate: float = 0.0
    """Share of packets that arrive twice."""

    padding: float = 0.1
    """Share of packets with RTP padding: Discord pads 3 to 15 %."""

    header_extension: bool = True
    """Whether packets carry a header extension, as Discord's do."""

    csrcs: tuple[int, ...] = ()
    """Contributing sources named in every packet."""

    seed: int = 7
    _random: random.Random = field(init=False, repr=False)
    _held: list[RtpPacket] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - faults are to repeat, not to be safe

    def apply(self, packet: RtpPacket) -> Iterator[RtpPacket]:
        """Return what arrives when this packet is sent."""
        if self._happens(self.loss):
            return
        if not self._held and self._happens(self.reorder):
            self._held.append(packet)
            return
        yield packet
        if self._happens(self.duplicate):
            yield packet
        yield from self.flush()

    def flush(self) -> Iterator[RtpPacket]:
        """Return what was held back."""
        while self._held:
            yield self._held.pop()

    def dress(self, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> RtpPacket:
        """Return an audio packet as the media server would wrap it."""
        padding = self._random.choice((4, 8, 12)) if self._happens(self.padding) else 0
        extension = AUDIO_LEVEL if self.header_extension else None
        return RtpPacket(
            sequence,
            timestamp,
            ssrc,
            payload,
            extension=extension,
            padding=padding,
            csrcs=self.csrcs,
        )

    def _happens(self, share: float) -> bool:
        return self._random.random() < share
