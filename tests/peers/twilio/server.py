"""The fake Twilio: REST, webhooks and calls in one account."""

from __future__ import annotations

import asyncio
import io
import secrets
import wave
from collections.abc import Coroutine, Sequence
from typing import Any, Self

import numpy as np
from aiohttp import web

from tests.peers.telephone_sound import RATE
from tests.peers.twilio.call import API_VERSION, GUARD, Call
from tests.peers.twilio.clock import LineClock
from tests.peers.twilio.network import Network
from tests.peers.twilio.person import Person, Step
from tests.peers.twilio.rest import RestApi
from tests.peers.twilio.signing import Signer
from tests.peers.twilio.webhooks import Webhooks

OWN_NUMBER = "+15550009999"
ATTESTED = "TN-Validation-Passed-A"


class FakeTwilio:
    """Twilio on loopback; ``async with FakeTwilio() as twilio:`` runs it.

    ``speed`` is how many seconds of the telephone network pass in one.
    """

    def __init__(
        self,
        *,
        auth_token: str = "fake-auth-token",  # noqa: S107 - made up
        speed: float = 1.0,
        numbers: Sequence[str] = (OWN_NUMBER,),
        account_sid: str | None = None,
    ) -> None:
        self.account_sid = account_sid or "AC" + secrets.token_hex(16)
        self.signer = Signer(auth_token)
        self.secrets = {self.account_sid: auth_token}
        """Who may use REST; an API key is one more."""

        self.numbers: dict[str, dict[str, str]] = {number: {} for number in numbers}
        self.calls: dict[str, Call] = {}
        self.recordings: dict[str, tuple[Call, bytes]] = {}
        self.webhooks = Webhooks(self.signer)
        self.rest = RestApi(self)
        self.port = 0
        self._speed = speed
        self._clock: LineClock | None = None
        self._people: dict[str, list[Person]] = {}
        self._new_calls: asyncio.Queue[Call] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen; ``port`` 0 is any free one."""
        self._clock = LineClock(self._speed)
        self._runner = web.AppRunner(self.rest.application(), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]
        await self.webhooks.open()

    async def stop(self) -> None:
        """Break off what goes on, and stop listening.

        Raises:
            BaseExceptionGroup: The fake itself failed.

        """
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._failures:
            raise BaseExceptionGroup("the fake Twilio failed", self._failures)

    @property
    def api_base(self) -> str:
        """What stands in for ``https://api.twilio.com``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def clock(self) -> LineClock:
        assert self._clock is not None, "the fake Twilio is not running"
        return self._clock

    def tunnel(self, host: str, port: int) -> None:
        """Let a public host lead to a port of this machine."""
        self.webhooks.tunnels[host] = f"127.0.0.1:{port}"

    def add_person(self, number: str, *people: Person) -> None:
        """Say who answers a number: one, or one for each attempt, the last for all that follow."""
        self._people[number] = list(people)

    async def next_call(self) -> Call:
        """Wait for the next call the program makes."""
        async with asyncio.timeout(GUARD):
            return await self._new_calls.get()

    async def ring_in(
        self,
        from_number: str,
        voice_url: str | None = None,
        *,
        steps: Sequence[Step] = (),
        stir: str = ATTESTED,
        status_url: str | None = None,
        network: Network | None = None,
        to: str | None = None,
    ) -> Call:
        """Let somebody call the program's number, the first one if it has several."""
        to_number = to or next(iter(self.numbers))
        settings = self.numbers[to_number]
        options: dict[str, Any] = {
            "Url": voice_url or settings["VoiceUrl"],
            "StatusCallback": status_url or settings.get("StatusCallback"),
            "StirVerstat": stir,
        }
        person = Person(steps, network=network or Network())
        return self._begin(Call(self, "inbound", (from_number, to_number), options, person))

    # What the parts ask for

    def dial(self, parameters: dict[str, Any]) -> Call:
        people = self._people.get(parameters["To"], [Person()])
        person = people.pop(0) if len(people) > 1 else people[0]
        numbers = parameters["From"], parameters["To"]
        call = self._begin(Call(self, "outbound-api", numbers, parameters, person))
        self._new_calls.put_nowait(call)
        return call

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def keep_recording(self, call: Call) -> None:
        """Keep both sides of a call, when the program asked for it."""
        options = call.options
        if str(options.get("Record", "")).lower() != "true" or not call.streams:
            return
        sid = "RE" + secrets.token_hex(16)
        self.recordings[sid] = call, _wav(call)
        url = options.get("RecordingStatusCallback")
        if url:
            account = f"{self.api_base}/{API_VERSION}/Accounts/{self.account_sid}"
            fields = {
                "AccountSid": self.account_sid,
                "CallSid": call.sid,
                "RecordingSid": sid,
                "RecordingStatus": "completed",
                "RecordingUrl": f"{account}/Recordings/{sid}",
                "RecordingDuration": str(call.seconds),
                "RecordingChannels": "2",
                "RecordingSource": options.get("RecordingSource", "OutboundAPI"),
                "RecordingStartTime": self.clock.date(call.started_at),
            }
            method = options.get("RecordingStatusCallbackMethod", "POST")
            await self.webhooks.send(url, fields, method)

    def _begin(self, call: Call) -> Call:
        self.calls[call.sid] = call
        self.spawn(call.run())
        return call

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.append(error)


def _wav(call: Call) -> bytes:
    samples = np.concatenate([one.stereo for one in call.streams])
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()
