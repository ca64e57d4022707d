"""DAVE, Discord's end-to-end encryption, as it stands when a packet arrives.

discord.py owns the davey session for sending, replaces it, and changes the
protocol version while a call goes on. So nothing of it is kept here: each packet
is opened with what is there at that moment.
https://daveprotocol.com/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

import davey

from discord_bot.rtp import SILENCE
from discord_bot.speakers import Sealed

FAILURES_ALLOWED = 36
"""Packets in a row that may fail before the group is left and entered anew, as the library for bots
that most use has it (discord.js)."""

FAILURES_EXCUSED = 500
"""Packets in a row (10 s of one speaker) that may fail besides while the group changes. Discord may
forget to tell that a change is carried out, and that must not excuse failures for ever."""


class DaveState(Protocol):
    """What discord.py knows about the encryption of a call."""

    @property
    def dave_session(self) -> davey.DaveSession | None:
        """The group and its keys; ``None`` before there is one."""

    @property
    def dave_protocol_version(self) -> int:
        """0 where nothing is encrypted from end to end, as on stages."""

    @property
    def dave_pending_transitions(self) -> Mapping[int, int]:
        """Changes that are announced and not carried out; then some failures are to be expected."""


_REASONS = {
    "NoDecryptorForUser": Sealed.NO_KEY_OF_SENDER,
    "UnencryptedWhenPassthroughDisabled": Sealed.NOT_ENCRYPTED,
    "NoValidCryptorFound": Sealed.NO_VALID_KEY,
}
"""What davey says; it has one exception for all."""


class DaveKeys:
    """Opens packets; a :class:`discord_bot.speakers.Keys`.

    Args:
        state: Of the call; read anew for every packet.
        own_id: The bot's user id.

    """

    def __init__(self, state: DaveState, own_id: int) -> None:
        self._state = state
        self._own_id = own_id
        self._in_a_row = self._excused = 0
        self.opened = 0
        """Packets that were encrypted and opened."""

        self.passed_through = 0
        """Packets that came in the clear where that is allowed."""

        self.failures: Counter[Sealed] = Counter()
        """Packets given up, by reason."""

    def open(self, user_id: int, payload: bytes) -> bytes | Sealed:
        """Return the Opus packet in what someone sent. Once open, a payload does not open again."""
        if payload == SILENCE:
            return payload
        session = self._state.dave_session
        if self._state.dave_protocol_version == 0:
            return self._open_downgraded(session, user_id, payload)
        if session is None:
            return Sealed.NO_GROUP
        return self._decrypt(session, user_id, payload)

    def give_up(self, reason: Sealed) -> None:
        """Take in that a packet was not opened and will not be tried again."""
        if reason is Sealed.NO_SENDER:
            return  # no fault of the keys
        self.failures[reason] += 1
        if reason is Sealed.NO_KEY_OF_SENDER:
            return  # to be expected of those who are not in the group
        if self._state.dave_pending_transitions and self._excused < FAILURES_EXCUSED:
            self._excused += 1
        else:
            self._in_a_row += 1

    def try_open(self, user_id: int, payload: bytes) -> bytes | None:
        """Return the Opus packet, if it is this user's; not counted as a failure otherwise."""
        session = self._state.dave_session
        if session is None or session.can_passthrough(user_id):
            return None  # in the clear, anybody's key would do
        try:
            return session.decrypt(user_id, davey.MediaType.audio, payload)
        except ValueError:
            return None

    def holders(self) -> Iterable[int]:
        """Return whose keys are known."""
        session = self._state.dave_session
        if session is None or not session.ready or self._state.dave_protocol_version == 0:
            return ()
        return [one for one in map(int, session.get_user_ids()) if one != self._own_id]

    def take_failed(self) -> bool:
        """Return whether too many packets in a row did not open, and count anew."""
        failed = self._in_a_row > FAILURES_ALLOWED
        if failed:
            self._forgive()
        return failed

    def receive_new_session(self) -> None:
        """Take in that the media session is a new one."""
        self._forgive()

    def _forgive(self) -> None:
        self._in_a_row = self._excused = 0

    def _open_downgraded(
        self, session: davey.DaveSession | None, user_id: int, payload: bytes
    ) -> bytes | Sealed:
        """Open a packet of a call without encryption from end to end.

        While a call changes over, packets encrypted before are still on their way.
        """
        if session is not None and session.ready and payload.endswith(_MARKER):
            return self._decrypt(session, user_id, payload)
        self.passed_through += 1
        return payload

    def _decrypt(self, session: davey.DaveSession, user_id: int, payload: bytes) -> bytes | Sealed:
        try:
            opus = session.decrypt(user_id, davey.MediaType.audio, payload)
        except ValueError as error:
            text = str(error)
            return next((one for name, one in _REASONS.items() if name in text), Sealed.OTHER)
        self._forgive()
        self.opened += 1
        return opus


_MARKER = b"\xfa\xfa"
"""Ends every frame that is encrypted from end to end."""
