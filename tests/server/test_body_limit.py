from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from server.body_limit import BodyLimit


@pytest.mark.parametrize(("pieces", "status"), [(0, 200), (10, 200), (11, 413), (100_000, 413)])
def test_longer_bodies_are_refused_before_they_are_read(pieces: int, status: int) -> None:
    app = FastAPI()
    app.add_middleware(BodyLimit, limit=1000)
    sent = 0

    @app.post("/")
    async def length(request: Request) -> int:
        return len(await request.body())

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(pieces):
            sent += 1
            yield bytes(100)

    async def story() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.post("/", content=body())

    response = asyncio.run(story())
    assert response.status_code == status
    assert sent <= 11
    if status == httpx.codes.OK:
        assert response.json() == 100 * pieces
