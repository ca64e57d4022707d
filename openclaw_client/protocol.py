"""One connection to a gateway, without its socket.

Text goes in by :meth:`GatewayProtocol.receive`, text comes out of
:meth:`GatewayProtocol.texts_to_send`, and the clock is an argument. After either of
``receive`` and ``request``, send what there is to send. When ``deadline`` has passed, call
``check``. After a :class:`ProtocolError`, a :class:`Refused` or when the socket closes, the object
is of no more use: make a new one for the next connection.

    CONNECTING ──challenge──> HANDSHAKING ──hello-ok──> READY
         └───────────────────────┴──refused, silent, malformed, closed──> CLOSED
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from openclaw_client.errors import (
    AgentError,
    GatewayConnectionError,
    NotAGatewayError,
    ProtocolError,
    RequestError,
    ScopeMissingError,
    UnreachableError,
)
from openclaw_client.frames import (
    Event,
    Json,
    Response,
    as_dict,
    as_text,
    parse_frame,
    quoted,
    request_text,
)
from openclaw_client.handshake import Greeting, Hello, read_challenge, read_hello
from openclaw_client.refusals import connect_refusal, request_refusal
from openclaw_client.runs import ChatEvent, read_chat

MISSED_TICKS = 2
"""Signs of life that may be missing before the connection counts as dead."""

TICK_GRACE = 5.0
"""Seconds that the last of them may be late."""


class State(Enum):
    """Where a connection stands."""

    CONNECTING = "connecting"
    """The gateway has not spoken yet."""

    HANDSHAKING = "handshaking"
    """We answered its challenge."""

    READY = "ready"
    """Requests can be made."""

    CLOSED = "closed"
    """It is over."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Requests can be made."""

    hello: Hello
    device_token: str = field(repr=False)
    """To be kept and sent when there is no other; "" when the gateway gave none."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway does not let us in, or lets us do too little."""

    error: GatewayConnectionError


@dataclass(frozen=True, slots=True)
class Answered:
    """A request was answered; ``agent`` is answered twice under one id."""

    request_id: str
    payload: Json
    error: AgentError | None


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """What happens inside a run: its beginning and end, the tools it uses."""

    run_id: str
    session_key: str
    stream: str
    data: Json
    by_itself: bool
    """Whether the gateway started the run by itself: a timer rang, a job finished."""


@dataclass(frozen=True, slots=True)
class SequenceGap:
    """Events were lost on the way; texts are whole with the next, an ending may be missing."""

    lost: int


@dataclass(frozen=True, slots=True)
class ShuttingDown:
    """The gateway is about to stop."""

    reason: str


ProtocolEvent: TypeAlias = (
    Ready | Refused | Answered | ChatEvent | AgentEvent | SequenceGap | ShuttingDown
)


class GatewayProtocol:
    """The state of one connection.

    Args:
        greeting: Who we are.
        now: When the socket was opened, in seconds of any clock.
        patience: Seconds until the gateway must have greeted us.

    """

    def __init__(self, greeting: Greeting, now: float, *, patience: float) -> None:
        self.state = State.CONNECTING
        self.hello: Hello | None = None
        self._greeting = greeting
        self._patience = patience
        self._heard = now
        self._seq: int | None = None
        self._connect_id = ""
        self._ids = itertools.count(1)
        self._to_send: list[str] = []

    def request(self, method: str, params: Json) -> str:
        """Make a request; return its id, by which it will be answered.

        Raises:
            UnreachableError: The connection is not ready, or no more.
            RequestError: It is larger than the gateway takes; sent, it would end the connection.

        """
        if self.state is not State.READY or self.hello is None:
            raise UnreachableError("the connection to the gateway is not ready")
        request_id = str(next(self._ids))
        text = request_text(request_id, method, params)
        size, most = len(text.encode()), self.hello.max_payload
        if size > most:
            raise RequestError(
                "TOO_LARGE", f"the request is too long for the gateway: {size} bytes of {most}"
            )
        self._to_send.append(text)
        return request_id

    def texts_to_send(self) -> list[str]:
        """Return the messages that are to be sent now, in this order."""
        texts, self._to_send = self._to_send, []
        return texts

    def deadline(self) -> float | None:
        """Return when :meth:`check` has to be called if nothing comes; ``None`` once closed."""
        match self.state:
            case State.CONNECTING | State.HANDSHAKING:
                return self._heard + self._patience
            case State.READY:
                tick = self.hello.tick_interval if self.hello else 0.0
                return self._heard + MISSED_TICKS * tick + TICK_GRACE
            case State.CLOSED:
                return None

    def check(self, now: float) -> None:
        """Give the connection up when the gateway was silent for too long.

        Raises:
            NotAGatewayError: It took the connection and never spoke.
            UnreachableError: It gave no sign of life.

        """
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return
        state, self.state = self.state, State.CLOSED
        if state is State.CONNECTING:
            raise _no_gateway()
        raise UnreachableError("the gateway gave no sign of life")

    def receive(self, data: str | bytes, now: float) -> list[ProtocolEvent]:
        """Take one message; return what it means.

        Raises:
            ProtocolError: It is malformed; close the socket.
            NotAGatewayError: So was the very first one; close the socket.

        """
        if self.state is State.CLOSED:
            return []
        try:
            frame = parse_frame(data)
            if self.state is State.READY:
                self._heard = now
            match frame:
                case None:
                    return []
                case Response():
                    return list(self._response(frame, now))
                case Event():
                    return list(self._event(frame))
        except ProtocolError:
            state, self.state = self.state, State.CLOSED
            if state is State.CONNECTING:
                raise _no_gateway() from None
            raise

    def close(self) -> None:
        """The socket is closed."""
        self.state = State.CLOSED

    def _response(self, frame: Response, now: float) -> Iterator[ProtocolEvent]:
        if self.state is State.READY:
            error = request_refusal(frame.error) if frame.error else None
            yield Answered(frame.id, frame.payload, error)
        elif self.state is State.HANDSHAKING and frame.id == self._connect_id:
            yield self._greeted(frame, now)

    def _greeted(self, frame: Response, now: float) -> Ready | Refused:
        if frame.error:
            self.state = State.CLOSED
            return Refused(connect_refusal(frame.error))
        hello, device_token = read_hello(frame.payload)
        if hello.missing_scopes:
            self.state = State.CLOSED
            return Refused(ScopeMissingError(hello.missing_scopes))
        self.state, self.hello, self._heard = State.READY, hello, now
        return Ready(hello, device_token)

    def _event(self, frame: Event) -> Iterator[ProtocolEvent]:
        if frame.name == "connect.challenge":
            self._answer_challenge(frame.payload)
        elif self.state is State.READY:
            yield from self._count(frame.seq)
            if event := _read_event(frame):
                yield event

    def _answer_challenge(self, payload: Json) -> None:
        if self.state is not State.CONNECTING:
            return  # we have answered one
        challenge = read_challenge(payload)
        if challenge is None:
            raise ProtocolError("the gateway's challenge has no nonce")
        self._connect_id = str(next(self._ids))
        params = self._greeting.params(*challenge)
        self._to_send.append(request_text(self._connect_id, "connect", params))
        self.state = State.HANDSHAKING

    def _count(self, seq: int | None) -> Iterator[SequenceGap]:
        if seq is None:
            return
        before, self._seq = self._seq, max(seq, self._seq or 0)
        if before is not None and seq > before + 1:
            yield SequenceGap(seq - before - 1)


def _no_gateway() -> NotAGatewayError:
    return NotAGatewayError(
        "what listens there accepts WebSockets but does not speak the Gateway protocol",
        fix="Check the port of openclaw.base_url; a Gateway usually listens on 18789",
    )


def _read_event(frame: Event) -> ChatEvent | AgentEvent | ShuttingDown | None:
    """Return what an event means; ``None`` when nothing to us."""
    payload = frame.payload
    match frame.name:
        case "chat":
            return read_chat(payload)
        case "agent":
            return AgentEvent(
                run_id=as_text(payload.get("runId")),
                session_key=as_text(payload.get("sessionKey")),
                stream=as_text(payload.get("stream")),
                data=as_dict(payload.get("data")),
                by_itself=payload.get("isHeartbeat") is True,
            )
        case "shutdown":
            return ShuttingDown(quoted(as_text(payload.get("reason"))))
        case _:
            return None
