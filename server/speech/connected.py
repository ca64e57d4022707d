"""Work for somebody who may hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

Result = TypeVar("Result")


async def while_connected(request: Request, work: Awaitable[Result]) -> Result:
    """Await ``work``, and cancel it at once when the client goes away.

    Only for the time before the response begins; the request's body must have been read.

    Raises:
        ClientDisconnect: The client is gone.

    """
    try:
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(_raise_when_gone(request))
            result = await work
            watch.cancel()
            return result
    except BaseExceptionGroup as group:
        # One of the two failed, and the other was cancelled for it.
        raise group.exceptions[0] from None


async def _raise_when_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect
