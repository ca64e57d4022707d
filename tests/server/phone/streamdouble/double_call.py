"""Calls by streamdouble, a Media Streams simulator of others, which signs nothing."""

from __future__ import annotations

import secrets
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from streamdouble.protocol import StreamIdentity
from streamdouble.scenario import parse
from streamdouble.session import Session, SessionConfig, SessionResult

from tests.peers.telephone_sound import decode_g711
from tests.peers.twilio.server import OWN_NUMBER
from tests.peers.twilio.twiml import read_twiml
from tests.server.phone.engines.realtime.talking_line import silence, speech
from tests.server.phone.service_scene import Telephone

Scenario = Sequence[Mapping[str, Any] | str]
"""Steps of streamdouble: ``{"say": "question.wav"}``, ``{"expect": "clear"}``, ``"hangup"`` …"""

UNSIGNED = {"validate_signature": False}


def clip(folder: Path, seconds: float = 0.6) -> str:
    """Return a file in which somebody says something, and is silent then."""
    path = folder / f"clip-{seconds}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(decode_g711(speech(seconds) + silence(0.1)).tobytes())
    return str(path)


class DoubleCall:
    """A call that comes in, of which nothing is signed.

    Args:
        phone: Whom it reaches, straight on this machine.
        caller: Number of who calls.

    """

    def __init__(self, phone: Telephone, caller: str) -> None:
        self._phone = phone
        self._fields = {
            "AccountSid": phone.twilio.account_sid,
            "CallSid": "CA" + secrets.token_hex(16),
            "From": caller,
            "To": OWN_NUMBER,
            "Direction": "inbound",
        }

    @property
    def sid(self) -> str:
        return self._fields["CallSid"]

    async def stream(self) -> str:
        """Ask what is to be done; return the address of the media socket on this machine."""
        status, document = await self.post("/voice", CallStatus="ringing")
        assert status == 200
        verbs, warnings = read_twiml(document)
        assert not warnings
        url = next(one.get("url") for verb in verbs for one in verb.inside)
        return f"ws://127.0.0.1:{self._phone.port}{urlsplit(url).path}"

    async def talk(self, steps: Scenario, config: SessionConfig | None = None) -> SessionResult:
        """Call, do these things, and hang up."""
        identity = StreamIdentity(account_sid=self._fields["AccountSid"], call_sid=self.sid)
        scenario = parse({"name": "call", "steps": list(steps)})
        config = config or SessionConfig(quiet_period_s=0.3)
        url = await self.stream()
        result = await Session(url, scenario=scenario, config=config, identity=identity).run()
        await self.post("/status", CallStatus="completed", CallDuration="3", SequenceNumber="0")
        return result

    async def post(
        self, path: str, *, headers: Mapping[str, str] | None = None, **more: str
    ) -> tuple[int, str]:
        """Make a request straight to the program; return status and text of the answer."""
        url = f"http://127.0.0.1:{self._phone.port}{path}"
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, data=self._fields | more, headers=headers) as answer,
        ):
            return answer.status, await answer.text()
