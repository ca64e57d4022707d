"""The DAVE side of a fake user's client: a real MLS session that answers the voice server."""

from __future__ import annotations

import asyncio
import struct

import davey

from tests.peers.discord.opcodes import VoiceOp
from tests.peers.discord.room import Participant, Room

PASSTHROUGH_SECONDS = 24
"""How long frames that are not encrypted are still taken after a change of version."""


class DaveClient:
    """One user's membership in one room."""

    def __init__(self, user: Participant, room: Room, commit_delay: float | None) -> None:
        self._user = user
        self._room = room
        self._commit_delay = commit_delay
        self._versions: dict[int, int] = {}
        self._commits: set[asyncio.TimerHandle] = set()
        self.version = 0
        """DAVE protocol version in use; 0: not encrypted from end to end."""

        self.session: davey.DaveSession | None = None

    @property
    def ready(self) -> bool:
        """Whether what is sent is encrypted from end to end."""
        return bool(self.version and self.session and self.session.ready)

    def start(self) -> None:
        """Ask to be taken into the group, where there is one."""
        self._renew(self._room.version)

    def close(self) -> None:
        """Commit nothing any more."""
        for commit in self._commits:
            commit.cancel()

    def encrypt(self, opus: bytes) -> bytes:
        session = self.session
        return session.encrypt_opus(opus) if self.ready and session else opus

    def decrypt(self, sender_id: int, frame: bytes) -> bytes:
        """Open a frame.

        Raises:
            ValueError: It is not encrypted, or not for this group.

        """
        if not self.version or self.session is None:
            return frame
        return self.session.decrypt(sender_id, davey.MediaType.audio, frame)

    def receive_json(self, op: int, data: dict[str, int]) -> None:
        match op:
            case VoiceOp.DAVE_PREPARE_TRANSITION:
                self._prepare(data["transition_id"], data["protocol_version"])
            case VoiceOp.DAVE_EXECUTE_TRANSITION:
                self._execute(data["transition_id"])
            case VoiceOp.DAVE_PREPARE_EPOCH if data["epoch"] == 1:
                self._renew(data["protocol_version"])

    def receive_binary(self, op: int, body: bytes) -> None:
        if self.session is None:
            return
        match op:
            case VoiceOp.MLS_EXTERNAL_SENDER:
                self.session.set_external_sender(body)
            case VoiceOp.MLS_PROPOSALS:
                self._propose(self.session, body)
            case VoiceOp.MLS_ANNOUNCE_COMMIT:
                self.session.process_commit(body[2:])
                self._entered(body)
            case VoiceOp.MLS_WELCOME:
                self.session.process_welcome(body[2:])
                self._entered(body)

    def _renew(self, version: int) -> None:
        self.version = version
        if not version:
            return
        identity = (version, self._user.user_id, self._room.channel_id)
        if self.session is None:
            self.session = davey.DaveSession(*identity)
        else:
            self.session.reinit(*identity)
        package = self.session.get_serialized_key_package()
        self._room.introduce(self._user)
        self._room.on_key_package(self._user, package)

    def _propose(self, session: davey.DaveSession, body: bytes) -> None:
        kinds = davey.ProposalsOperationType
        kind = kinds.revoke if body[0] else kinds.append
        made = session.process_proposals(kind, body[1:])
        if made is None or self._commit_delay is None:
            return
        payload = made.commit + (made.welcome or b"")
        loop = asyncio.get_running_loop()
        commit = loop.call_later(self._commit_delay, self._room.on_commit, self._user, payload)
        self._commits.add(commit)

    def _entered(self, body: bytes) -> None:
        (transition,) = struct.unpack_from(">H", body)
        if transition:
            self._versions[transition] = self.version
            self._room.on_ready(self._user, transition)

    def _prepare(self, transition: int, version: int) -> None:
        self._versions[transition] = version
        if transition == 0:
            self._execute(0)
            return
        if not version and self.session is not None:
            self.session.set_passthrough_mode(True, PASSTHROUGH_SECONDS)
        self._room.on_ready(self._user, transition)

    def _execute(self, transition: int) -> None:
        self.version = self._versions.pop(transition, self.version)
