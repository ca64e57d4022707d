"""Answers Twilio's webhooks, each once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from pipeline.clock import Clock
from server.phone.public.gate import Gate, RefusedError, read_body, webhook_request
from server.phone.security.forms import Form
from server.phone.security.refusals import Refusal
from server.phone.security.replays import Answer, Repeat
from server.phone.security.webhook_guard import Genuine, WebhookGuard

Carry: TypeAlias = Callable[[Form, str], Awaitable[Answer]]
"""Does what a webhook is about: its form, and the step in its path."""

_UNDECIDED = Answer(HTTPStatus.SERVICE_UNAVAILABLE)
"""For a request that comes again while it is being answered: Twilio asks once more."""


class Webhooks:
    """Lets webhooks through to the telephone.

    Args:
        gate: How many, how much, how slowly.
        guard: Whether they are Twilio's, and new.
        clock: The clock of the limits.

    """

    def __init__(self, gate: Gate, guard: WebhookGuard, clock: Clock) -> None:
        self._gate = gate
        self._guard = guard
        self._clock = clock

    async def receive(self, request: Request, carry: Carry) -> Response:
        """Answer a webhook.

        Args:
            request: The request, of which nothing was read yet.
            carry: Does what it is about, unless it was done before.

        """
        try:
            answer = await self._receive(request, carry)
        except RefusedError as error:
            self._gate.note(error.refusal, request)
            return Response(status_code=error.refusal.status, headers={"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return Response(answer.body, answer.status, media_type=answer.content_type or None)

    async def _receive(self, request: Request, carry: Carry) -> Answer:
        with self._gate.visit(request) as ticket:
            body = await read_body(request, self._gate, ticket)
            verdict = self._guard.receive(webhook_request(request.scope, body), self._clock.now())
            match verdict:
                case Refusal():
                    raise RefusedError(verdict)
                case Repeat(answer=answer):
                    return answer or _UNDECIDED
                case Genuine():
                    self._gate.admit(ticket, request)
            return await self._carry(request, verdict, carry)

    async def _carry(self, request: Request, genuine: Genuine, carry: Carry) -> Answer:
        try:
            answer = await carry(genuine.form, request.path_params.get("step", ""))
        except BaseException:
            self._guard.forget(genuine)  # Twilio tries again
            raise
        self._guard.keep_answer(genuine, answer)
        return answer
