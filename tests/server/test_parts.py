from __future__ import annotations

import asyncio

import pytest

from server.parts import IsolatedPart, PartState, PartStatus


class Broken:
    name = "broken"
    router = None

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def status(self) -> PartStatus:
        return PartStatus(PartState.OK)

    async def run(self) -> None:
        raise self._error


def test_a_bug_ends_only_its_part_and_shows() -> None:
    part = IsolatedPart(Broken(KeyError("s3cret")))
    assert part.status().state is PartState.OK
    asyncio.run(part.run())
    assert part.status().state is PartState.FAILED
    assert "KeyError" in part.status().message
    assert "s3cret" not in part.status().message


def test_cancelling_passes_through() -> None:
    part = IsolatedPart(Broken(asyncio.CancelledError()))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(part.run())
    assert part.status().state is PartState.OK
