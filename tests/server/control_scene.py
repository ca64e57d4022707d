"""The control API over real HTTP, with the parts it is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr

from server.config import ServerConfig
from server.control import create_control_app
from server.parts import Part, PartState, PartStatus

OPEN = ServerConfig()


GUARDED = ServerConfig(token=SecretStr("tökén"))


class Fake:
    """A part in a given state."""

    def __init__(self, name: str, state: PartState, router: APIRouter | None = None) -> None:
        self.name = name
        self.router = router
        self._status = PartStatus(state, f"{name} is {state}")

    def status(self) -> PartStatus:
        return self._status

    async def run(self) -> None:
        await asyncio.Event().wait()


@asynccontextmanager
async def serving(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, lifespan="off", log_config=None, ws="websockets-sansio")
    )
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def control(
    parts: Sequence[Part] = (), server: ServerConfig = OPEN
) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(create_control_app(server, parts)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield client


@asynccontextmanager
async def running(part: Part) -> AsyncIterator[None]:
    """Run a part until it is up, or says why not."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(part.run())
        while part.status().state is PartState.STARTING:  # noqa: ASYNC110 - nobody else waits
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            task.cancel()


TOKEN = "tökén".encode()
