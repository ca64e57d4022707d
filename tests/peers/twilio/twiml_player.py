"""Carries out TwiML, verb by verb."""

from __future__ import annotations

import asyncio
import secrets
from typing import Protocol

from tests.peers.twilio.media_stream import MediaStream, StreamingCall
from tests.peers.twilio.person import FRAME_SECONDS, HangUp
from tests.peers.twilio.twiml import SCHEMA_WARNING, TwimlError, Verb, read_twiml

HTTP_FAILED, WRONG_CONTENT_TYPE = 11200, 12300
SECONDS_PER_WORD = 0.05
DIAL_SECONDS = 0.2
PLAY_SECONDS = 0.1


class PlayingCall(StreamingCall, Protocol):
    """What a player needs of its call."""

    twiml: list[str]
    said: list[str]
    dialled: list[str]
    played_digits: list[str]
    rejected: str | None

    @property
    def ended(self) -> bool: ...

    @property
    def fallback_url(self) -> str: ...

    def answer(self) -> None: ...

    def reject(self, reason: str) -> None: ...

    def record(self, recording: Verb) -> None: ...

    def fields(self) -> dict[str, str]: ...

    def take_redirection(self) -> tuple[str, str] | None: ...

    async def pause(self, seconds: float) -> None: ...

    def open_stream(self, stream: MediaStream) -> None: ...


class TwimlPlayer:
    """Plays documents until the call is over."""

    def __init__(self, call: PlayingCall) -> None:
        self._call = call

    async def fetch(self, url: str, method: str = "POST", **more: str) -> str | None:
        """Ask the program what to do; ``None`` when it does not say."""
        call = self._call
        delivery = await call.webhooks.send(url, call.fields() | more, method)
        if delivery.status < 400 and "xml" in delivery.content_type:
            return delivery.answer
        code = HTTP_FAILED if delivery.status >= 400 else WRONG_CONTENT_TYPE
        call.errors.append((code, f"{url} answered with {delivery.status}"))
        if call.fallback_url and url != call.fallback_url:
            return await self.fetch(call.fallback_url, ErrorCode=str(code), ErrorUrl=url)
        call.end("error")
        return None

    async def play(self, document: str | None) -> None:
        while document is not None and not self._call.ended:
            document = await self._document(document)
        self._call.end("app")

    async def _document(self, document: str) -> str | None:
        """Carry out one document; returns the next, if any."""
        self._call.twiml.append(document)
        try:
            verbs, warnings = read_twiml(document)
        except TwimlError as error:
            self._call.errors.append((error.code, error.problem))
            self._call.end("error")
            return None
        self._call.errors += [(one.code, one.problem) for one in warnings]
        for verb in verbs:
            following = await self._verb(verb)
            redirection = self._call.take_redirection()
            if redirection is not None and not self._call.ended:
                kind, value = redirection
                return value if kind == "Twiml" else await self.fetch(value)
            if following is not None or self._call.ended:
                return following
        return None

    async def _verb(self, verb: Verb) -> str | None:
        """Carry out a verb; returns the document it leads to, if any."""
        call = self._call
        if verb.name == "Reject":
            call.reject(verb.get("reason", "rejected"))
            return None
        call.answer()
        match verb.name:
            case "Say" | "Play" | "Pause":
                await self._say(verb)
            case "Hangup":
                call.end("app")
            case "Redirect":
                return await self.fetch(call.absolute(verb.text), verb.get("method", "POST"))
            case "Start":
                call.record(verb.inside[0])
            case "Dial" | "Gather" | "Connect":
                ways = {"Dial": self._dial, "Gather": self._gather, "Connect": self._connect}
                return await ways[verb.name](verb)
        return None

    async def _say(self, verb: Verb) -> None:
        if verb.name == "Say":
            self._call.said.append(verb.text)
            await self._call.pause(SECONDS_PER_WORD * len(verb.text.split()))
        elif verb.name == "Pause":
            await self._call.pause(float(verb.get("length", "1")))
        else:
            if verb.get("digits"):
                self._call.played_digits.append(verb.get("digits"))
            await self._call.pause(PLAY_SECONDS)

    async def _dial(self, verb: Verb) -> str | None:
        self._call.dialled += [one.text for one in verb.inside] or [verb.text]
        await self._call.pause(DIAL_SECONDS)
        if not verb.get("action") or self._call.interrupted:
            return None
        return await self.fetch(
            self._call.absolute(verb.get("action")),
            verb.get("method", "POST"),
            DialCallStatus="completed",
            DialCallSid="CA" + secrets.token_hex(16),
            DialCallDuration="5",
        )

    async def _gather(self, verb: Verb) -> str | None:
        for inside in verb.inside:
            await self._say(inside)
        digits = await self._digits(verb)
        if not digits or self._call.interrupted:
            return None
        url = self._call.absolute(verb.get("action"))
        return await self.fetch(url, verb.get("method", "POST"), Digits=digits)

    async def _digits(self, verb: Verb) -> str:
        """Listen for keys until there are enough, the last one came, or nothing does."""
        clock, most = self._call.clock, int(verb.get("numDigits") or 32)
        finish, timeout = verb.get("finishOnKey", "#"), float(verb.get("timeout", "5"))
        pressed, waited_since = "", clock.now()
        while clock.now() - waited_since < timeout and not self._call.interrupted:
            moment = self._call.performance.next(clock.now())
            if isinstance(moment.leaving, HangUp):
                self._call.end("caller")
            for digit in moment.digits:
                if digit == finish:
                    return pressed
                pressed, waited_since = pressed + digit, clock.now()
                if len(pressed) == most:
                    return pressed
            await clock.sleep(FRAME_SECONDS)
        return pressed

    async def _connect(self, verb: Verb) -> str | None:
        if not verb.inside:
            self._call.errors.append((SCHEMA_WARNING, "Connect without Stream"))
            return None
        stream = MediaStream(self._call, verb.inside[0])
        self._call.open_stream(stream)
        await stream.run()
        await asyncio.sleep(0)
        if not verb.get("action") or self._call.interrupted:
            return None
        return await self.fetch(self._call.absolute(verb.get("action")), verb.get("method", "POST"))
