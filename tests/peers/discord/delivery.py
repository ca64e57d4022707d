"""Discord's part in a DAVE group: the delivery service and external sender of MLS.

The voice server frames and signs the proposals that add and remove members, passes commits and
welcomes on, and knows which leaf is whose, so that a removal names the right one. It never holds
a key of the group: the clients do all of the key exchange.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.peers.discord.mls import (
    CREDENTIAL_BASIC,
    MLS_1_0,
    WIRE_PUBLIC_MESSAGE,
    Commit,
    KeyPackage,
    MlsError,
    vector,
)

SENDER_EXTERNAL = 2
CONTENT_PROPOSAL = 2
APPEND, REVOKE = 0, 1
SERVER_IDENTITY = bytes(8)


class ProposalKind(IntEnum):
    """What a proposal does, as MLS numbers it."""

    ADD = 1
    REMOVE = 3


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of the group that waits for a member's commit."""

    kind: ProposalKind
    user_id: int
    message: bytes
    reference: bytes
    leaf: int | None = None
    """Of the member to remove."""


def append_body(proposals: Iterable[Proposal]) -> bytes:
    """Return the body of an op 27 that hands proposals out."""
    return bytes([APPEND]) + vector(b"".join(one.message for one in proposals))


def revoke_body(proposals: Iterable[Proposal]) -> bytes:
    """Return the body of an op 27 that takes proposals back."""
    return bytes([REVOKE]) + vector(b"".join(vector(one.reference) for one in proposals))


class DaveGroup:
    """What the voice server knows of the MLS group of one voice channel."""

    def __init__(self, group_id: int) -> None:
        self.group_id = group_id
        self.epoch = 0
        """0 until the first commit."""

        self.leaves: list[int | None] = []
        """User id by leaf; empty until the first commit."""

        self.pending: list[Proposal] = []
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def established(self) -> bool:
        return self.epoch > 0

    @property
    def members(self) -> list[int]:
        """User ids of those in the group."""
        return [user_id for user_id in self.leaves if user_id is not None]

    def reset(self) -> None:
        """Forget the group: the clients are to make a new one."""
        self.epoch, self.leaves, self.pending = 0, [], []

    def external_sender(self) -> bytes:
        """Return the body of op 25: whose proposals the clients are to believe."""
        encoding = serialization.Encoding.X962
        form = serialization.PublicFormat.UncompressedPoint
        public_key = self._key.public_key().public_bytes(encoding, form)
        return vector(public_key) + struct.pack(">H", CREDENTIAL_BASIC) + vector(SERVER_IDENTITY)

    def propose_add(self, package: KeyPackage) -> Proposal:
        message, reference = self._framed(struct.pack(">H", ProposalKind.ADD) + package.raw)
        proposal = Proposal(ProposalKind.ADD, package.user_id, message, reference)
        self.pending.append(proposal)
        return proposal

    def stray_proposal(self, package: KeyPackage) -> Proposal:
        """Return a signed proposal that fits no epoch of this group."""
        epoch, self.epoch = self.epoch, self.epoch + 99
        proposal = self.propose_add(package)
        self.epoch = epoch
        self.pending.remove(proposal)
        return proposal

    def propose_remove(self, user_id: int) -> Proposal:
        leaf = self.leaves.index(user_id)
        message, reference = self._framed(struct.pack(">HI", ProposalKind.REMOVE, leaf))
        proposal = Proposal(ProposalKind.REMOVE, user_id, message, reference, leaf)
        self.pending.append(proposal)
        return proposal

    def withdraw(self, user_id: int) -> list[Proposal]:
        """Take back the additions of a user; returns them."""
        stale = [
            one for one in self.pending if one.kind is ProposalKind.ADD and one.user_id == user_id
        ]
        self.pending = [one for one in self.pending if one not in stale]
        return stale

    def apply(self, committer: int, commit: Commit) -> tuple[list[int], list[int]]:
        """Accept the commit that won the race.

        Returns:
            User ids of those added, and of those removed.

        Raises:
            MlsError: The commit does not follow from the group's state.

        """
        if commit.epoch != self.epoch:
            raise MlsError(f"commit for epoch {commit.epoch}, the group is at {self.epoch}")
        leaves = list(self.leaves) or [committer]
        if leaves[commit.leaf : commit.leaf + 1] != [committer]:
            raise MlsError("commit from a leaf that is not the sender's")
        # Who makes a new group is in it already, and cannot add itself.
        wanted = {
            one.reference: one
            for one in self.pending
            if one.kind is ProposalKind.REMOVE or one.user_id != committer
        }
        if set(commit.references) != set(wanted):
            raise MlsError("commit does not hold every outstanding proposal")
        proposals = [wanted[reference] for reference in commit.references]
        removed = _remove(leaves, proposals)
        added = _add(leaves, proposals)
        self.leaves = leaves
        self.epoch += 1
        self.pending.clear()
        return added, removed

    def _framed(self, proposal: bytes) -> tuple[bytes, bytes]:
        """Return a proposal as a signed MLSMessage, and its reference."""
        content = (
            vector(self.group_id.to_bytes(8, "big"))
            + struct.pack(">Q", self.epoch)
            + bytes([SENDER_EXTERNAL])
            + struct.pack(">I", 0)  # place among the group's external senders
            + vector(b"")
            + bytes([CONTENT_PROPOSAL])
            + proposal
        )
        wire_format = struct.pack(">H", WIRE_PUBLIC_MESSAGE)
        head = struct.pack(">H", MLS_1_0) + wire_format
        signed = vector(b"MLS 1.0 FramedContentTBS") + vector(head + content)
        signature = vector(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
        # RFC 9420 §5.2: the reference is taken of the AuthenticatedContent.
        authenticated = wire_format + content + signature
        labelled = vector(b"MLS 1.0 Proposal Reference") + vector(authenticated)
        return head + content + signature, hashlib.sha256(labelled).digest()


def _remove(leaves: list[int | None], proposals: Iterable[Proposal]) -> list[int]:
    removed = []
    for one in proposals:
        if one.leaf is not None:
            leaves[one.leaf] = None
            removed.append(one.user_id)
    while leaves and leaves[-1] is None:
        leaves.pop()
    return removed


def _add(leaves: list[int | None], proposals: Iterable[Proposal]) -> list[int]:
    added = []
    for one in proposals:
        if one.kind is not ProposalKind.ADD:
            continue
        if None in leaves:
            leaves[leaves.index(None)] = one.user_id  # RFC 9420 §7.7: the leftmost empty leaf
        else:
            leaves.append(one.user_id)
        added.append(one.user_id)
    return added
