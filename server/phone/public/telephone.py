"""What the public listener needs of the telephone behind it, as a Protocol."""

from __future__ import annotations

from typing import Protocol

from server.phone.audio.media_stream import MediaStream
from server.phone.line.media_connection import MediaSocket
from server.phone.security.forms import Form


class Telephone(Protocol):
    """Gets what Twilio sends, once it is certain that Twilio sent it, and only once."""

    async def voice(self, form: Form, step: str) -> str:
        """Return what a call shall do, as TwiML.

        Args:
            form: What Twilio says of it.
            step: "" for the beginning; else what our TwiML put into the address.

        """

    async def status(self, form: Form, step: str) -> None:
        """Take in how a call stands."""

    async def detection(self, form: Form, step: str) -> None:
        """Take in who answered, person or machine."""

    async def recording(self, form: Form, step: str) -> None:
        """Take in that the provider has recorded a call."""

    async def talk(self, socket: MediaSocket, stream: MediaStream) -> None:
        """Carry a call's sound until the stream is over. The socket is closed afterwards.

        Args:
            socket: Its media socket.
            stream: The stream, which has started, of the call that it was admitted for.

        Cancelling ends the stream.

        """
