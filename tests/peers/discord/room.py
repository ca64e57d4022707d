"""One voice channel's media session: who is in it, and how its DAVE group changes."""

from __future__ import annotations

import asyncio
import struct
from typing import Protocol

import davey

from tests.peers.discord.delivery import (
    DaveGroup,
    Proposal,
    append_body,
    revoke_body,
)
from tests.peers.discord.mls import Commit, KeyPackage, MlsError, parse_commit, parse_key_package
from tests.peers.discord.opcodes import VoiceOp

STRANGER = 9
"""User id of nobody."""


class Participant(Protocol):
    """Somebody in a room: a connection of the bot, or a fake user."""

    user_id: int

    def send_json(self, op: int, data: object) -> None:
        """Tell them something."""

    def send_binary(self, op: int, body: bytes) -> None:
        """Tell them something of MLS."""


class Room:
    """A voice channel with people in it.

    Tests may change ``version`` before anybody joins, call :meth:`downgrade` and
    :meth:`reset_group`, and read :attr:`log`.
    """

    def __init__(self, channel_id: int, *, dave: bool) -> None:
        self.channel_id = channel_id
        self.dave = dave
        """Whether who cannot do DAVE is refused."""

        self.version = int(dave)
        """DAVE protocol version in use; 0: not encrypted from end to end."""

        self.group = DaveGroup(channel_id)
        self.members: dict[int, Participant] = {}
        self.log: list[tuple[object, ...]] = []
        """What happened, in order: ``("join", user)``, ``("commit", user, epoch, added, removed)``,
        ``("execute", transition)``, ``("invalid", user, transition)`` …"""

        self.transition_timeout = 2.0
        """Seconds after which a transition is executed though somebody is not ready."""

        self._key_packages: dict[int, KeyPackage] = {}
        self._transition = 0
        self._unready: dict[int, set[int]] = {}
        self._timers: list[asyncio.TimerHandle] = []

    def close(self) -> None:
        """Cancel what is due later."""
        for timer in self._timers:
            timer.cancel()

    def join(self, newcomer: Participant) -> None:
        """Take somebody in; everybody hears who is there (op 11)."""
        others = [one for one in self.members.values() if one.user_id != newcomer.user_id]
        self.members[newcomer.user_id] = newcomer
        if others:
            present = [str(one.user_id) for one in others]
            newcomer.send_json(VoiceOp.CLIENTS_CONNECT, {"user_ids": present})
        for one in others:
            one.send_json(VoiceOp.CLIENTS_CONNECT, {"user_ids": [str(newcomer.user_id)]})
        self.log.append(("join", newcomer.user_id))

    def introduce(self, newcomer: Participant) -> None:
        """Say whose proposals are to be believed; follows the session description."""
        if self.version:
            newcomer.send_binary(VoiceOp.MLS_EXTERNAL_SENDER, self.group.external_sender())

    def leave(self, leaver: Participant) -> None:
        """Let somebody go; the group goes on without them."""
        if self.members.get(leaver.user_id) is not leaver:
            return
        user_id = leaver.user_id
        del self.members[user_id]
        self._key_packages.pop(user_id, None)
        self.log.append(("leave", user_id))
        for one in self.members.values():
            one.send_json(VoiceOp.CLIENT_DISCONNECT, {"user_id": str(user_id)})
        for transition in list(self._unready):
            self._ready(user_id, transition)
        if not self.version:
            return
        withdrawn = self.group.withdraw(user_id)
        if withdrawn:
            self._send(revoke_body(withdrawn), list(self.members))
        elif user_id in self.group.members:
            self._remove_from_group(user_id)

    def reset_group(self, version: int | None = None) -> None:
        """Begin a new group: somebody is alone, or the protocol version changes."""
        if version is not None:
            self.version = version
        self.group.reset()
        self._key_packages.clear()
        epoch = {"epoch": 1, "protocol_version": self.version, "transition_id": 0}
        for one in list(self.members.values()):
            one.send_json(VoiceOp.DAVE_PREPARE_EPOCH, epoch)
        for one in list(self.members.values()):
            now = {"transition_id": 0, "protocol_version": self.version}
            one.send_json(VoiceOp.DAVE_PREPARE_TRANSITION, now)
            self.introduce(one)

    def downgrade(self) -> None:
        """Go on without encryption from end to end, once everybody is ready."""
        self.version = 0
        transition = self._begin_transition(set(self.members))
        prepare = {"transition_id": transition, "protocol_version": 0}
        for one in list(self.members.values()):
            one.send_json(VoiceOp.DAVE_PREPARE_TRANSITION, prepare)

    def mislead(self, member: Participant) -> None:
        """Send somebody a proposal that fits no epoch, as happens in a race."""
        stranger = davey.DaveSession(1, STRANGER, self.channel_id)
        package = parse_key_package(stranger.get_serialized_key_package())
        body = append_body([self.group.stray_proposal(package)])
        member.send_binary(VoiceOp.MLS_PROPOSALS, body)

    def on_key_package(self, sender: Participant, raw: bytes) -> None:
        """Propose to add whoever sent a key package, in place of what they were before."""
        package = parse_key_package(raw)
        user_id = sender.user_id
        if package.user_id != user_id:
            raise MlsError(f"key package of user {package.user_id} from user {user_id}")
        self.log.append(("key_package", user_id))
        waiting = [one for one in self._key_packages if one != user_id]
        withdrawn = self.group.withdraw(user_id)
        self._key_packages[user_id] = package
        others = [one for one in {*waiting, *self.group.members} if one != user_id]
        if withdrawn:
            self._send(revoke_body(withdrawn), others)
        earlier = list(self.group.pending)
        proposals: list[Proposal] = []
        if user_id in self.group.members:
            proposals.append(self.group.propose_remove(user_id))
        proposals.append(self.group.propose_add(package))
        if self.group.established:
            self._send(append_body(proposals), [one for one in others if one in self.group.members])
            return
        self._send(append_body(proposals), waiting)
        if earlier:
            self._send(append_body(earlier), [user_id])

    def on_commit(self, sender: Participant, payload: bytes) -> None:
        """Take the first commit that fits, tell everybody; the losers of the race are dropped."""
        commit = parse_commit(payload)
        user_id = sender.user_id
        if commit.epoch != self.group.epoch or user_id not in self.members:
            self.log.append(("commit_dropped", user_id, commit.epoch))
            return
        first = not self.group.established
        before = self.group.members or [user_id]
        try:
            added, removed = self.group.apply(user_id, commit)
        except MlsError as error:
            self.log.append(("commit_invalid", user_id, str(error)))
            return
        self.log.append(("commit", user_id, self.group.epoch, tuple(added), tuple(removed)))
        stayed = [one for one in before if one not in removed]
        concerned = {one for one in (*stayed, *added) if one in self.members}
        # Nobody could speak before the first epoch, so that there is nothing to change over from.
        transition = 0 if first else self._begin_transition(concerned)
        self._announce(commit, transition, stayed, added)

    def on_ready(self, sender: Participant, transition: int) -> None:
        """Note that somebody can change over (op 23)."""
        self._ready(sender.user_id, transition)

    def on_invalid(self, sender: Participant, transition: int) -> None:
        """Note that somebody had no use for a commit or welcome (op 31); a key package follows."""
        self.log.append(("invalid", sender.user_id, transition))

    def _announce(
        self, commit: Commit, transition: int, stayed: list[int], added: list[int]
    ) -> None:
        head = struct.pack(">H", transition)
        for user_id in stayed:
            if user_id in self.members:
                body = head + commit.message
                self.members[user_id].send_binary(VoiceOp.MLS_ANNOUNCE_COMMIT, body)
        for user_id in added:
            if user_id in self.members and commit.welcome is not None:
                self.members[user_id].send_binary(VoiceOp.MLS_WELCOME, head + commit.welcome)

    def _remove_from_group(self, user_id: int) -> None:
        rest = [one for one in self.group.members if one in self.members]
        if len(rest) > 1:
            self._send(append_body([self.group.propose_remove(user_id)]), rest)
        else:
            self.reset_group()

    def _send(self, proposals: bytes, user_ids: list[int]) -> None:
        for user_id in user_ids:
            if user_id in self.members:
                self.members[user_id].send_binary(VoiceOp.MLS_PROPOSALS, proposals)

    def _begin_transition(self, concerned: set[int]) -> int:
        self._transition += 1
        transition = self._transition
        self._unready[transition] = concerned
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(self.transition_timeout, self._execute, transition))
        return transition

    def _ready(self, user_id: int, transition: int) -> None:
        unready = self._unready.get(transition)
        if unready is None:
            return
        unready.discard(user_id)
        if not unready:
            self._execute(transition)

    def _execute(self, transition: int) -> None:
        if self._unready.pop(transition, None) is None:
            return
        self.log.append(("execute", transition))
        for one in list(self.members.values()):
            one.send_json(VoiceOp.DAVE_EXECUTE_TRANSITION, {"transition_id": transition})
