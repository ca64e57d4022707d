"""The control API over real HTTP: health, turns, the routes of the parts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import APIRouter

from pipeline.config import TtsConfig
from pipeline.turn_record import TurnRecord
from server.parts import PartState
from server.speech.config import SpeechConfig
from server.speech_part import SpeechPart
from server.store.part import StorePart
from tests.server.control_scene import Fake, control, running


def test_health_tells_how_every_part_is_doing() -> None:
    async def run() -> None:
        parts = [Fake("ears", PartState.OK), Fake("phone", PartState.OFF)]
        async with control(parts) as client:
            response = await client.get("/health")
        assert response.json() == {
            "status": "ok",
            "parts": {
                "ears": {"status": "ok", "message": "ears is ok"},
                "phone": {"status": "off", "message": "phone is off"},
            },
        }

    asyncio.run(run())


@pytest.mark.parametrize(
    ("states", "overall"),
    [
        ((), "ok"),
        (("starting", "ok"), "starting"),
        (("degraded", "ok"), "degraded"),
        (("failed", "starting"), "degraded"),
    ],
)
def test_the_worst_part_colours_the_whole(states: Sequence[str], overall: str) -> None:
    async def run() -> None:
        parts = [Fake(f"p{n}", PartState(state)) for n, state in enumerate(states)]
        async with control(parts) as client:
            assert (await client.get("/health")).json()["status"] == overall

    asyncio.run(run())


def test_parts_add_their_routes() -> None:
    router = APIRouter()

    @router.get("/sessions")
    async def sessions() -> list[str]:
        return ["one"]

    async def run() -> None:
        async with control([Fake("discord", PartState.OK, router)]) as client:
            assert (await client.get("/sessions")).json() == ["one"]

    asyncio.run(run())


def record(number: int, conversation: str = "demo") -> TurnRecord:
    return TurnRecord(
        id=f"t{number}",
        conversation=conversation,
        at=datetime(2026, 3, 1, 12, number, tzinfo=UTC).isoformat(),
        speaker="Ann",
        speaker_id="ann",
        start=1.0,
        end=2.0,
        ended_by="silence",
        end_of_turn_probability=None,
        text="hello",
        language="en",
        addressed=False,
        relevance=0.0,
        why="not named",
        agent="jarvis",
    )


def test_turns_come_newest_first(tmp_path: Path) -> None:
    async def run() -> None:
        store = StorePart(tmp_path)
        async with running(store), control([store]) as client:
            for number, conversation in enumerate(["demo", "call:1", "demo"]):
                await store.add(record(number, conversation))

            async def ids(query: str) -> list[str]:
                response = await client.get(f"/turns?{query}")
                assert response.status_code == 200
                return [turn["id"] for turn in response.json()["turns"]]

            assert await ids("") == ["t2", "t1", "t0"]
            assert await ids("limit=1") == ["t2"]
            assert await ids("before=t2") == ["t1", "t0"]
            assert await ids("before=2026-03-01T12:01:00Z") == ["t0"]
            assert await ids("conversation=demo&limit=5") == ["t2", "t0"]
            assert await ids("conversation=nowhere") == []
            turn = (await client.get("/turns?limit=1")).json()["turns"][0]
            assert turn == record(2).to_json()

    asyncio.run(run())


def test_wrong_queries_are_refused(tmp_path: Path) -> None:
    async def run() -> None:
        store = StorePart(tmp_path)
        async with running(store), control([store]) as client:
            for query in ("limit=0", "limit=1001", "limit=x", "before=yesterday"):
                assert (await client.get(f"/turns?{query}")).status_code == 422, query

    asyncio.run(run())


def test_without_a_store_the_service_goes_on_and_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "file").write_text("x")
        store = StorePart(tmp_path / "file")
        async with running(store), control([store]) as client:
            await store.add(record(1))
            response = await client.get("/turns")
            assert response.status_code == 503
            assert "nothing is kept" in response.json()["detail"]
            health = (await client.get("/health")).json()
            assert health["status"] == "degraded"
            assert "choose another data_dir" in health["parts"]["store"]["message"]

    asyncio.run(run())


def test_the_api_is_described_without_scripts_of_other_sites() -> None:
    async def run() -> None:
        part = SpeechPart(SpeechConfig(), TtsConfig(url="http://127.0.0.1:9"))
        async with running(part), control([part]) as client:
            assert (await client.get("/docs")).status_code == 404
            paths = (await client.get("/openapi.json")).json()["paths"]
            assert set(paths["/v1/audio/{path}"]) == {"get", "post"}

    asyncio.run(run())
