"""Answers to come."""

from __future__ import annotations

import asyncio

from openclaw_client.errors import UnreachableError
from openclaw_client.frames import Json
from openclaw_client.protocol import Answered


class PendingAnswers:
    """The requests of one connection that are not answered yet."""

    def __init__(self) -> None:
        self._futures: dict[str, asyncio.Future[Json]] = {}

    def expect(self, request_id: str) -> asyncio.Future[Json]:
        """Return the answer to come."""
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._futures[request_id] = answer
        return answer

    def forget(self, request_id: str) -> None:
        """Nobody waits for it any more."""
        self._futures.pop(request_id, None)

    def settle(self, answered: Answered) -> bool:
        """Take an answer; return whether somebody waited for it."""
        answer = self._futures.pop(answered.request_id, None)
        if answer is None or answer.done():
            return False
        if answered.error:
            answer.set_exception(answered.error)
        else:
            answer.set_result(answered.payload)
        return True

    def lose(self) -> None:
        """The connection is gone: no answer will come."""
        futures, self._futures = self._futures, {}
        for answer in futures.values():
            if not answer.done():
                answer.set_exception(UnreachableError("the connection to the gateway was lost"))
                answer.exception()  # nobody may be waiting any more
