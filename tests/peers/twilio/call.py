"""One call, from dialling to its last status callback."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from typing import Any, Protocol
from urllib.parse import urljoin

from tests.peers.twilio.clock import LineClock
from tests.peers.twilio.media_stream import MediaStream
from tests.peers.twilio.person import Outcome, Performance, Person
from tests.peers.twilio.status_reports import StatusReports
from tests.peers.twilio.stream_record import StreamRecord
from tests.peers.twilio.twiml import Verb
from tests.peers.twilio.twiml_player import TwimlPlayer
from tests.peers.twilio.webhooks import Webhooks

API_VERSION = "2010-04-01"
GUARD = 20.0
"""Seconds after which a test that hangs is given up."""

FINAL = {"completed", "busy", "failed", "no-answer", "canceled"}
Options = dict[str, Any]


class Telephony(Protocol):
    """What a call needs of the fake it is in."""

    account_sid: str
    webhooks: Webhooks

    @property
    def clock(self) -> LineClock: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...

    async def keep_recording(self, call: Call) -> None: ...


class Call:
    """A call; ``options`` are the parameters of the REST request that made it."""

    def __init__(
        self, twilio: Telephony, direction: str, numbers: tuple[str, str], options: Options,
        person: Person,
    ) -> None:  # fmt: skip
        self._twilio = twilio
        self.account_sid, self.clock = twilio.account_sid, twilio.clock
        self.webhooks, self.person = twilio.webhooks, person
        self.sid = "CA" + secrets.token_hex(16)
        self.direction = direction
        self.from_number, self.to_number = numbers
        self.options = options
        self.performance = Performance(person.steps)
        self.status = "queued" if direction == "outbound-api" else "ringing"
        self.answered_by: str | None = None
        self.created_at = self.clock.now()
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by: str | None = None
        """``caller``, ``app``, ``api``, ``time-limit`` or ``error``."""

        self.streams: list[StreamRecord] = []
        self.errors: list[tuple[int, str]] = []
        """Codes of Twilio's debugger, and what was wrong."""

        self.callbacks: list[dict[str, str]] = []
        """Status callbacks, in the order in which they happened."""

        self.twiml: list[str] = []
        self.said: list[str] = []
        self.dialled: list[str] = []
        self.played_digits: list[str] = []
        self.rejected: str | None = None
        self._redirection: tuple[str, str] | None = None
        self._interruption = asyncio.Event()
        self._stream: MediaStream | None = None
        self._stream_opened = asyncio.Event()
        self._over = asyncio.Event()
        self._reports = StatusReports(self, twilio.spawn)

    # For tests

    @property
    def stream(self) -> StreamRecord:
        """The newest media stream."""
        return self.streams[-1]

    async def over(self, within: float = GUARD) -> None:
        """Wait until the call has ended and all its callbacks have been answered."""
        async with asyncio.timeout(within):
            await self._over.wait()

    async def streaming(self) -> None:
        """Wait until the program has taken a media socket."""
        async with asyncio.timeout(GUARD):
            await self._stream_opened.wait()
            assert self._stream is not None
            await self._stream.opened.wait()

    def hang_up(self) -> None:
        """Let the person hang up, at whatever moment this is."""
        self.end("caller")

    @property
    def seconds(self) -> int:
        """How long it was connected."""
        if self.started_at is None:
            return 0
        return int((self.ended_at or self.clock.now()) - self.started_at)

    # For what carries it out

    @property
    def ended(self) -> bool:
        return self.ended_by is not None

    @property
    def interrupted(self) -> bool:
        return self._interruption.is_set()

    @property
    def fallback_url(self) -> str:
        return str(self.options.get("FallbackUrl", ""))

    def end(self, ended_by: str) -> None:
        """End the call; the first reason stays."""
        if self.ended_by is None:
            self.ended_by = ended_by
        self._interruption.set()

    def answer(self) -> None:
        """Pick up, if that has not happened yet."""
        if self.started_at is not None:
            return
        self.started_at = self.clock.now()
        self.status = "in-progress"
        if self.options.get("TimeLimit"):
            self.clock.call_later(float(self.options["TimeLimit"]), self.end, "time-limit")

    def reject(self, reason: str) -> None:
        self.rejected = reason
        self.status = "busy" if reason == "busy" else "no-answer"
        self.end("app")

    def open_stream(self, stream: MediaStream) -> None:
        self._stream = stream
        self._stream_opened.set()

    def absolute(self, url: str) -> str:
        return urljoin(self.options.get("Url") or "https://nowhere.invalid/", url)

    def take_redirection(self) -> tuple[str, str] | None:
        """Return what REST told the call to do instead, once."""
        redirection, self._redirection = self._redirection, None
        if redirection is not None and not self.ended:
            self._interruption.clear()
        return redirection

    async def pause(self, seconds: float) -> None:
        """Let time pass, unless something happens to the call."""
        try:
            async with asyncio.timeout(seconds / self.clock.speed):
                await self._interruption.wait()
        except TimeoutError:
            pass

    def update(self, parameters: Options) -> tuple[int, str] | None:
        """Carry out a REST update; returns why not."""
        status = parameters.get("Status")
        if self.status in FINAL:
            return None if status else (21220, "Call is not in-progress. Cannot redirect.")
        if status == "canceled" and self.status == "in-progress":
            return 21220, "Call is not queued or ringing."
        if status in {"completed", "canceled"}:
            if self.started_at is None:
                self.status = "canceled"
            self.end("api")
            return None
        if status:
            return 20001, "Status is invalid."
        for kind in ("Twiml", "Url"):
            if parameters.get(kind):
                self._redirection = kind, parameters[kind]
                self._interruption.set()
                return None
        return None

    def fields(self) -> dict[str, str]:
        """Return what every request about this call says."""
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Direction": self.direction,
            "From": self.from_number,
            "To": self.to_number,
            "Caller": self.from_number,
            "Called": self.to_number,
        }
        if self.direction == "inbound":
            fields |= {"FromCity": "", "FromState": "", "FromCountry": "US", "CallToken": "fake"}
            fields |= {"StirVerstat": self.options["StirVerstat"]}
        return fields | ({"AnsweredBy": self.answered_by} if self.answered_by else {})

    # Its course

    async def run(self) -> None:
        """Carry the call out."""
        player = TwimlPlayer(self)
        outbound = self.direction == "outbound-api"
        if not outbound or await self._reach():
            document = self.options.get("Twiml")
            if document is None:
                document = await player.fetch(
                    self.options["Url"], self.options.get("Method", "POST")
                )
            await player.play(document)
        await self._conclude()

    async def _reach(self) -> bool:
        """Ring until somebody answers; returns whether anybody did."""
        person, outcome = self.person, self.person.outcome
        self.status = "initiated"
        self._reports.add("initiated")
        if outcome in {Outcome.FAILED, Outcome.BUSY}:
            self.status = outcome
            return False
        self.status = "ringing"
        self._reports.add("ringing")
        longest = float(self.options.get("Timeout") or 60)
        patience = longest if outcome is Outcome.NO_ANSWER else person.ring
        await self.pause(min(patience, longest))
        if self._redirection is None and self.interrupted:
            if self.status not in FINAL:
                self.status = "no-answer"
            return False
        if outcome is not Outcome.ANSWER or patience >= longest:
            self.status = "canceled" if outcome is Outcome.CANCELED else "no-answer"
            return False
        await self._pick_up()
        return True

    async def _pick_up(self) -> None:
        self.answer()
        detection = self.options.get("MachineDetection")
        later = str(self.options.get("AsyncAmd", "")).lower() == "true"
        if detection and not later:
            await self.pause(self.person.detection)
            self.answered_by = self._found(detection)
        self._reports.add("answered")
        if detection and later:
            self._reports.follow(self._twilio.spawn(self._detect(detection)))

    def record(self, recording: Verb) -> None:
        """Begin to record, as ``Record=true`` does for a call of the program's."""
        names = ("recordingStatusCallback", "recordingStatusCallbackMethod")
        given = {name[0].upper() + name[1:]: recording.get(name) for name in names}
        self.options |= {"Record": "true", "RecordingSource": "StartCallRecordingTwiML"}
        self.options |= {name: value for name, value in given.items() if value}

    def _found(self, detection: str) -> str:
        found = self.person.answered_by
        waits = detection == "DetectMessageEnd"
        return found if waits or not found.startswith("machine_end") else "machine_start"

    async def _detect(self, detection: str) -> None:
        await self.clock.sleep(self.person.detection)
        if self.ended:
            return
        self.answered_by = self._found(detection)
        url = self.options.get("AsyncAmdStatusCallback")
        if url:
            fields = {
                "AccountSid": self.account_sid,
                "CallSid": self.sid,
                "AnsweredBy": self.answered_by,
                "MachineDetectionDuration": str(int(self.person.detection * 1000)),
            }
            method = self.options.get("AsyncAmdStatusCallbackMethod", "POST")
            await self.webhooks.send(url, fields, method)

    async def _conclude(self) -> None:
        self.ended_at = self.clock.now()
        if self.status not in FINAL:
            self.status = "completed" if self.started_at is not None else "no-answer"
        await self._twilio.keep_recording(self)
        more = {"CallDuration": str(self.seconds)}
        if self.started_at is not None:
            more["Duration"] = str(-(-self.seconds // 60))
        if self.person.sip_response is not None:
            more["SipResponseCode"] = str(self.person.sip_response)
        self._reports.add("completed", **more)
        await self._reports.sent()
        self._over.set()
