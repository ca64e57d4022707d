"""Audio datagrams as the media server sends them, and Opus packets to put in."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

from pipeline.audio import Samples
from tests.peers.discord import opus as peers_opus
from tests.peers.discord import speech_like

KEY = bytes(range(32))
AUDIO_LEVEL = b"\xbe\xde\x00\x01", b"\x10\x85\x90\x01"


@dataclass
class Sender:
    """Somebody's packets, in the order they are made."""

    ssrc: int
    sequence: int = 0
    timestamp: int = 0

    def packet(self, payload: bytes, **fields: object) -> bytes:
        """Return the next packet."""
        datagram = seal(payload, self.sequence, self.timestamp, self.ssrc, **fields)  # type: ignore[arg-type] # checked there
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
        return datagram

    def lose(self, packets: int = 1) -> None:
        """Let the next packets be lost."""
        self.sequence = (self.sequence + packets) & 0xFFFF
        self.timestamp = (self.timestamp + 960 * packets) & 0xFFFFFFFF


def seal(
    payload: bytes,
    sequence: int = 0,
    timestamp: int = 0,
    ssrc: int = 1,
    *,
    kind: int = 120,
    sources: tuple[int, ...] = (),
    extended: bool = False,
    padding: int = 0,
    key: bytes = KEY,
) -> bytes:
    """Return a datagram with an Opus packet (or whatever the payload is)."""
    first = 0x80 | bool(padding) << 5 | extended << 4 | len(sources)
    header = struct.pack(">BBHII", first, kind, sequence, timestamp, ssrc)
    header += b"".join(struct.pack(">I", one) for one in sources)
    body = payload
    if extended:
        header += AUDIO_LEVEL[0]
        body = AUDIO_LEVEL[1] + body
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    return seal_body(header, body, key)


def seal_body(header: bytes, body: bytes, key: bytes = KEY) -> bytes:
    """Encrypt any body behind any header."""
    suffix = b"\0\0\0\7"
    nonce = suffix + bytes(20)
    return header + crypto_aead_xchacha20poly1305_ietf_encrypt(body, header, nonce, key) + suffix


def spoken(seconds: float, seed: int = 1) -> tuple[Samples, list[bytes]]:
    """Return a voice at 48 kHz mono, and its Opus packets."""
    voice = speech_like(seconds, seed)
    return voice, peers_opus.encode(np.stack([voice, voice], axis=1))
