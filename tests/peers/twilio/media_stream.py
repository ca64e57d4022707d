"""One media stream: the socket to the program, and 20 ms after 20 ms of both sides' sound."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from tests.peers.telephone_sound import FRAME_MS
from tests.peers.twilio.clock import LineClock
from tests.peers.twilio.earpiece import Earpiece
from tests.peers.twilio.network import Frame, NetworkPath
from tests.peers.twilio.person import FRAME_SECONDS, DropSocket, HangUp, Performance, Person
from tests.peers.twilio.stream_messages import (
    Clear,
    Json,
    Mark,
    Media,
    StreamMessages,
    ViolationError,
    read_message,
)
from tests.peers.twilio.stream_record import StreamRecord
from tests.peers.twilio.twiml import Verb
from tests.peers.twilio.webhooks import Webhooks

CONNECT_FAILED, HANDSHAKE_FAILED, WRONG_SCHEME = 31901, 31920, 31922
LONGEST_PARAMETER = 500
Socket = aiohttp.ClientWebSocketResponse


class StreamingCall(Protocol):
    """What a stream needs of its call."""

    sid: str
    account_sid: str
    person: Person
    performance: Performance
    clock: LineClock
    webhooks: Webhooks
    streams: list[StreamRecord]
    errors: list[tuple[int, str]]

    @property
    def interrupted(self) -> bool:
        """Whether the call is over, or sent elsewhere."""
        ...

    def end(self, ended_by: str) -> None: ...

    def absolute(self, url: str) -> str: ...


class MediaStream:
    """Carries out ``<Connect><Stream>``."""

    def __init__(self, call: StreamingCall, verb: Verb) -> None:
        self._call = call
        self._verb = verb
        parameters = {one.get("name"): one.get("value") for one in verb.inside}
        self.record = StreamRecord("MZ" + secrets.token_hex(16), verb.get("url"), parameters)
        call.streams.append(self.record)
        self._messages = StreamMessages(call.account_sid, call.sid, self.record.sid)
        self._earpiece = Earpiece()
        self._path = NetworkPath(call.person.network)
        self._dropped = False
        self.opened = asyncio.Event()

    async def run(self) -> None:
        """Stream until either side ends it."""
        url = self._checked_url()
        if url is None:
            return
        dialled, headers = url, self._call.webhooks.outgoing(url, {})
        headers["User-Agent"] = "Twilio.TmeWs/1.0"
        try:
            dialled, headers = self._call.webhooks.tunnelled(url, headers)
            async with self._call.webhooks.session.ws_connect(
                dialled, headers=headers, timeout=aiohttp.ClientWSTimeout(ws_close=2)
            ) as socket:
                self.record.handshake_status = 101
                await self._report("stream-started")
                await self._talk(socket)
                self.record.close_code = socket.close_code
        except aiohttp.WSServerHandshakeError as error:
            self.record.handshake_status = error.status
            await self._fail(HANDSHAKE_FAILED, f"handshake answered with {error.status}")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            await self._fail(CONNECT_FAILED, repr(error))
        else:
            await self._report("stream-stopped")

    def _checked_url(self) -> str | None:
        call, url = self._call, self.record.url
        parts = urlsplit(url)
        # Real Twilio refuses ws://; on this machine there is no certificate to have.
        if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname == "127.0.0.1"):
            call.errors.append((WRONG_SCHEME, f"scheme {parts.scheme!r}"))
            return None
        for name, value in self.record.parameters.items():
            if len(name) + len(value) > LONGEST_PARAMETER:
                call.errors.append((12200, f"parameter {name} is too long"))
        if parts.query:
            call.errors.append((HANDSHAKE_FAILED, "the query of the stream's address is dropped"))
            return urlunsplit(parts._replace(query=""))
        return url

    async def _fail(self, code: int, problem: str) -> None:
        self._call.errors.append((code, problem))
        await self._report("stream-error", StreamErrorCode=str(code), StreamError=problem)

    async def _report(self, event: str, **more: str) -> None:
        url = self._verb.get("statusCallback")
        if not url:
            return
        fields = {
            "AccountSid": self._call.account_sid,
            "CallSid": self._call.sid,
            "StreamSid": self.record.sid,
            "StreamName": self._verb.get("name", self.record.sid),
            "StreamEvent": event,
            "Timestamp": self._call.clock.date(),
            **more,
        }
        method = self._verb.get("statusCallbackMethod", "POST")
        await self._call.webhooks.send(self._call.absolute(url), fields, method)

    async def _talk(self, socket: Socket) -> None:
        await self._send(socket, self._messages.connected())
        await self._send(socket, self._messages.start(dict(self.record.parameters)))
        self.opened.set()
        reader = asyncio.create_task(self._read(socket))
        try:
            await self._line(socket, reader)
            if not self._dropped:
                await self._send(socket, self._messages.stop())
        except ConnectionError:
            pass  # the program hung up at this very moment
        finally:
            await socket.close()
            reader.cancel()
            await asyncio.wait({reader})
            if not reader.cancelled():
                reader.result()

    async def _line(self, socket: Socket, reader: asyncio.Task[None]) -> None:
        clock, started = self._call.clock, self._call.clock.now()
        tick = 0
        while not reader.done() and not self._call.interrupted:
            moment = self._call.performance.next(clock.now())
            match moment.leaving:
                case HangUp():
                    self._call.end("caller")
                    return
                case DropSocket():
                    self._drop(socket)
                    return
                case None:
                    pass
            await self._press(socket, moment.digits)
            await self._exchange(socket, moment.sound, tick * FRAME_MS)
            tick += 1
            await clock.sleep_until(started + tick * FRAME_SECONDS)

    async def _press(self, socket: Socket, digits: str) -> None:
        for digit in digits:
            await self._send(socket, self._messages.dtmf(digit))

    async def _exchange(self, socket: Socket, spoken: bytes, at_ms: int) -> None:
        """Send what the caller says, and play what the program said."""
        self.record.caller_sound += spoken
        for frame in self._path.carry(Frame(at_ms, spoken)):
            await self._send(socket, self._messages.media(frame.sound, frame.at_ms))
        self.record.frames_lost = self._path.lost
        heard, marks = self._earpiece.play()
        self.record.heard_sound += heard
        self._call.performance.hear(heard)
        await self._return(socket, marks, at_ms)

    async def _return(self, socket: Socket, marks: list[str], at_ms: int) -> None:
        for name in marks:
            self.record.marks.append((name, at_ms))
            await self._send(socket, self._messages.mark(name))

    async def _read(self, socket: Socket) -> None:
        async for message in socket:
            try:
                received = read_message(message.data, self.record.sid)
            except ViolationError as error:
                self.record.violations.append(str(error))
                continue
            match received:
                case Media(sound):
                    self._earpiece.add(sound)
                    waiting = self._earpiece.waiting_ms
                    self.record.most_waiting_ms = max(self.record.most_waiting_ms, waiting)
                    self.record.received.append("media")
                case Mark(name):
                    self._earpiece.mark(name)
                    self.record.received.append(f"mark {name}")
                case Clear():
                    await self._clear(socket)

    async def _clear(self, socket: Socket) -> None:
        self.record.received.append("clear")
        self.record.cleared_ms.append(self._earpiece.waiting_ms)
        at_ms = len(self.record.heard_sound) // 8
        with contextlib.suppress(ConnectionError):
            await self._return(socket, self._earpiece.clear(), at_ms)

    async def _send(self, socket: Socket, message: Json) -> None:
        if message["event"] != "media":
            self.record.sent.append(message)
        await socket.send_str(json.dumps(message))

    def _drop(self, socket: Socket) -> None:
        self._dropped = True
        transport = socket._writer.transport
        assert transport is not None
        transport.abort()
