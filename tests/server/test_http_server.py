from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse

from server.http_server import LAST_RESPONSES, HttpServer

app = FastAPI()


@app.get("/endless")
async def endless() -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        while True:
            yield bytes(100_000)
            await asyncio.sleep(0)

    return StreamingResponse(body())


@app.post("/body")
async def body(request: Request) -> int:
    return len(await request.body())


@pytest.mark.parametrize(
    "request_", [b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /endl"], ids=["reply", "head"]
)
def test_what_does_not_end_is_cut_off_in_silence(
    request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> float:
        listener = socket.create_server(("127.0.0.1", 0))
        server = HttpServer(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve([listener]))
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(request_)
            while not server.server_state.connections:  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)  # until the response fills the buffers: nobody reads it
            server.should_exit, began = True, loop.time()
            await serving
            writer.transport.abort()
            return loop.time() - began

    assert asyncio.run(story()) < LAST_RESPONSES + 5  # a hang guard
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
