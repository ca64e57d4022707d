"""Sans-I/O: what Twilio is told to do with a call, as TwiML."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from server.phone.security.twiml import HEAD, say

HANG_UP: Final = f"{HEAD}<Response><Hangup/></Response>"


def connect(stream_url: str, again_url: str, record_url: str | None = None) -> str:
    """Connect a call's sound to a media socket.

    Args:
        stream_url: The socket's address.
        again_url: Where Twilio asks what to do when the socket breaks.
        record_url: Where it tells of the recording that it begins first; ``None`` for none.

    """
    stream = f"<Connect><Stream url={quoteattr(stream_url)}/></Connect>"
    return f"{HEAD}<Response>{_record(record_url)}{stream}{_redirect(again_url)}</Response>"


def ask_keys(prompt: str, language: str, action_url: str) -> str:
    """Say something and wait for keys, of which ``#`` is the last; without any, hang up."""
    return (
        f'{HEAD}<Response><Gather input="dtmf" finishOnKey="#" timeout="10"'
        f' method="POST" action={quoteattr(action_url)}>'
        f"{say(prompt, language)}</Gather><Hangup/></Response>"
    )


def decline(*, busy: bool) -> str:
    """Do not answer, which costs nothing."""
    reason = "busy" if busy else "rejected"
    return f'{HEAD}<Response><Reject reason="{reason}"/></Response>'


def transfer(number: str, longest: int) -> str:
    """Have somebody else take the call, for so many seconds at most."""
    dial = f'<Dial timeLimit="{longest}">{escape(number)}</Dial>'
    return f"{HEAD}<Response>{dial}</Response>"


def press_keys(digits: str, again_url: str) -> str:
    """Press keys, and come back."""
    played = f"<Play digits={quoteattr(digits)}/>"
    return f"{HEAD}<Response>{played}{_redirect(again_url)}</Response>"


def _record(url: str | None) -> str:
    if url is None:
        return ""
    return (
        f'<Start><Recording channels="dual" recordingStatusCallback={quoteattr(url)}'
        ' recordingStatusCallbackMethod="POST"/></Start>'
    )


def _redirect(url: str) -> str:
    return f'<Redirect method="POST">{escape(url)}</Redirect>'
