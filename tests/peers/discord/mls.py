"""The MLS 1.0 wire structures that Discord's voice server reads and writes.

Only what DAVE uses: cipher suite 2 (DHKEMP256_AES128GCM_SHA256_P256), basic credentials that hold
a user id, and ``PublicMessage``. Structures: RFC 9420; payloads: the DAVE protocol paper.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MLS_1_0 = 1
CIPHER_SUITE = 2
WIRE_PUBLIC_MESSAGE = 1
WIRE_KEY_PACKAGE = 5
CREDENTIAL_BASIC = 1
SENDER_MEMBER = 1
CONTENT_COMMIT = 3
PROPOSAL_BY_REFERENCE = 2
LEAF_OF_KEY_PACKAGE = 1
LEAF_OF_COMMIT = 3


class MlsError(ValueError):
    """A message that is not what MLS or DAVE allows."""


def variable_length(length: int) -> bytes:
    """Encode the length of a vector (RFC 9420 §2.1.2)."""
    if length < 1 << 6:
        return bytes([length])
    if length < 1 << 14:
        return struct.pack(">H", length | 0x4000)
    if length < 1 << 30:
        return struct.pack(">I", length | 0x80000000)
    raise MlsError(f"a vector of {length} bytes is too long")


def vector(content: bytes) -> bytes:
    """Encode a vector: its length, then its content."""
    return variable_length(len(content)) + content


class Reader:
    """Reads fields of the TLS presentation language one after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    @property
    def done(self) -> bool:
        return self.position == len(self._data)

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self._data):
            raise MlsError("the message is cut off")
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def number(self, size: int) -> int:
        """Read an unsigned number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def vector(self) -> bytes:
        first = self.number(1)
        more = (1 << (first >> 6)) - 1
        if more > 3:
            raise MlsError("a length is not a number")
        length = first & 0x3F
        for byte in self.take(more):
            length = (length << 8) | byte
        return self.take(length)

    def expect(self, size: int, value: int, what: str) -> None:
        if (found := self.number(size)) != value:
            raise MlsError(f"{what}: found {found}, expected {value}")


def _credential_of_leaf_node(reader: Reader) -> bytes:
    """Read a LeafNode to its end and return the identity of its basic credential."""
    reader.vector()  # encryption key
    reader.vector()  # signature key
    reader.expect(2, CREDENTIAL_BASIC, "credential")
    identity = reader.vector()
    for _ in range(5):  # capabilities: versions, suites, extensions, proposals, credentials
        reader.vector()
    match reader.number(1):
        case source if source == LEAF_OF_KEY_PACKAGE:
            reader.take(16)  # lifetime
        case source if source == LEAF_OF_COMMIT:
            reader.vector()  # parent hash
    reader.vector()  # extensions
    reader.vector()  # signature
    return identity


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """What a client sends so that it can be added (op 26)."""

    raw: bytes
    user_id: int


def parse_key_package(raw: bytes) -> KeyPackage:
    """Read a key package.

    libdave and davey send it bare; the paper says it comes inside an MLSMessage. Both are taken.
    """
    if raw.startswith(struct.pack(">HH", MLS_1_0, WIRE_KEY_PACKAGE)):
        raw = raw[4:]
    reader = Reader(raw)
    reader.expect(2, MLS_1_0, "version of the key package")
    reader.expect(2, CIPHER_SUITE, "cipher suite of the key package")
    reader.vector()  # init key
    return KeyPackage(raw, int.from_bytes(_credential_of_leaf_node(reader), "big"))


@dataclass(frozen=True, slots=True)
class Commit:
    """What a client sends when it has carried out proposals (op 28)."""

    message: bytes
    """The MLSMessage, as it is passed on."""

    welcome: bytes | None
    """For those who were added."""

    epoch: int
    """The epoch it ends."""

    leaf: int
    """Who says so."""

    references: tuple[bytes, ...]
    """Of the proposals carried out."""


def parse_commit(payload: bytes) -> Commit:
    """Read an MLSMessage with a commit, and the bare Welcome that may follow it."""
    reader = Reader(payload)
    reader.expect(2, MLS_1_0, "version of the commit")
    reader.expect(2, WIRE_PUBLIC_MESSAGE, "wire format of the commit")
    reader.vector()  # group id
    epoch = reader.number(8)
    reader.expect(1, SENDER_MEMBER, "sender of the commit")
    leaf = reader.number(4)
    reader.vector()  # authenticated data
    reader.expect(1, CONTENT_COMMIT, "content of the commit")
    references = []
    proposals = Reader(reader.vector())
    while not proposals.done:
        proposals.expect(1, PROPOSAL_BY_REFERENCE, "proposal in the commit")
        references.append(proposals.vector())
    if reader.number(1):  # an update path follows
        _credential_of_leaf_node(reader)
        reader.vector()
    reader.vector()  # signature
    reader.vector()  # confirmation tag
    reader.vector()  # membership tag
    end = reader.position
    return Commit(payload[:end], payload[end:] or None, epoch, leaf, tuple(references))
