"""Calls of the past over HTTP."""

from __future__ import annotations

import asyncio
import wave
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from server.phone.calls.record import CallRecord, Recording
from server.phone.calls.status import CallStatus
from tests.server.phone.control.control_phone import Controlled, controlled
from tests.server.phone.live.phone_scene import ANN, BEN, OPENING, TOLD, Setup

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def kept(number: int, **changes: Any) -> CallRecord:
    record = CallRecord(
        id=f"call{number}",
        direction="outbound",
        from_="+15550009999",
        to=BEN,
        status=CallStatus.COMPLETED,
        started_at=BEGAN + timedelta(hours=number),
        ended_at=BEGAN + timedelta(hours=number, minutes=1),
    )
    return replace(record, **changes)


def with_calls(folder: Path, test: Any, *records: CallRecord) -> None:
    async def main() -> None:
        async with controlled(folder) as scene:
            for record in records:
                await scene.phone.store.add(record)
            await test(scene)

    asyncio.run(main())


def test_calls_are_found_by_number_status_and_time(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        for query, found in (
            ({}, ["call3", "call2", "call1"]),
            ({"limit": 1}, ["call3"]),
            ({"before": "call3", "limit": 1}, ["call2"]),
            ({"before": "2026-01-01T02:30:00Z"}, ["call2", "call1"]),
            ({"status": "no_answer"}, ["call2"]),
            ({"status": "no-answer"}, ["call2"]),
            ({"number": "(555) 000-1111"}, ["call3"]),
            ({"number": ANN, "status": "busy"}, []),
        ):
            response = await scene.client.get("/history", params=query)
            assert response.status_code == 200, response.text
            calls = response.json()["calls"]
            assert [one["id"] for one in calls] == found, query
            assert all("transcript" not in one for one in calls)

    missed = kept(2, status=CallStatus.NO_ANSWER)
    with_calls(tmp_path, main, kept(1), missed, kept(3, to=ANN))


def test_what_is_no_query_is_told(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        for query, told in (
            ({"before": "yesterday"}, "Before is neither"),
            ({"before": "0001-01-01"}, "Before is neither"),
            ({"status": "fine"}, "in-progress"),
            ({"number": "mum"}, "telephone number"),
            ({"limit": 0}, "limit"),
            ({"limit": "many"}, "limit"),
        ):
            response = await scene.client.get("/history", params=query)
            assert response.status_code == 400, query
            assert told in response.json()["detail"]

    with_calls(tmp_path, main, kept(1))


def test_a_call_that_was_recorded_can_be_read_and_heard(tmp_path: Path) -> None:
    async def main() -> None:
        folder = tmp_path / "sound"
        folder.mkdir()
        async with controlled(tmp_path, Setup(recordings=folder)) as scene:
            scene.answers(BEN)
            call_id = (await scene.call(BEN, message=OPENING)).json()["call_id"]
            early = await scene.client.get(f"/history/{call_id}/audio")
            assert (early.status_code, "goes on" in early.text) == (404, True)
            await scene.over(call_id)
            words = (await scene.client.get(f"/history/{call_id}/transcript")).json()
            assert words["id"] == call_id
            assert [row["text"] for row in words["transcript"]] == [f"{OPENING} {TOLD}"]
            sound = await scene.client.get(f"/history/{call_id}/audio")
            assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/wav")
            with wave.open(BytesIO(sound.content)) as file:
                assert (file.getnchannels(), file.getframerate()) == (2, 8000)
                assert file.getnframes() > 1000
            part = await scene.client.get(
                f"/history/{call_id}/audio", headers={"range": "bytes=8-11"}
            )
            assert (part.status_code, part.content) == (206, b"WAVE")
            beyond = await scene.client.get(
                f"/history/{call_id}/audio", headers={"range": "bytes=99999999-"}
            )
            assert beyond.status_code == 416
            (folder / f"{call_id}.wav").unlink()
            gone = await scene.client.get(f"/history/{call_id}/audio")
            assert (gone.status_code, "not in its folder" in gone.text) == (404, True)

    asyncio.run(main())


def test_no_file_outside_the_folder_of_recordings_is_given(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"RIFF secret")
    folder = tmp_path / "recordings"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "deep.wav").write_bytes(b"RIFF deep")
    (folder / "link.wav").symlink_to(secret)
    files = ("../secret.wav", str(secret), "link.wav", "inner", "inner/deep.wav", "", "\0", "x.wav")
    records = [kept(number, recording=Recording(file, 1.0)) for number, file in enumerate(files, 1)]

    async def main(scene: Controlled) -> None:
        for record in records:
            response = await scene.client.get(f"/history/{record.id}/audio")
            assert response.status_code == 404, record.recording
            assert "RIFF" not in response.text
        for call_id in ("..%2Fsecret.wav", "%2e%2e", "call1%00"):
            for more in ("", "/audio", "/transcript"):
                response = await scene.client.get(f"/history/{call_id}{more}")
                assert response.status_code == 404, call_id

    with_calls(tmp_path, main, *records)


def test_why_there_is_no_sound_is_told(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        for call_id, told in (
            ("call1", "phone.recording.mode"),
            ("nobody", "no such call"),
        ):
            response = await scene.client.get(f"/history/{call_id}/audio")
            assert response.status_code == 404
            assert told in response.json()["detail"]

    with_calls(tmp_path, main, kept(1))


def test_a_recording_that_twilio_keeps_is_fetched_when_it_is_asked_for(tmp_path: Path) -> None:
    async def main() -> None:
        setup = Setup(more={"recording": {"mode": "twilio"}})
        async with controlled(tmp_path, setup) as scene:
            scene.answers(BEN)
            call_id = (await scene.call(BEN)).json()["call_id"]
            record = await scene.over(call_id)
            while record["providerRecording"] is None:  # Twilio tells of it afterwards
                record = await scene.over(call_id)
            sound = await scene.client.get(f"/history/{call_id}/audio")
            assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/wav")
            with wave.open(BytesIO(sound.content)) as file:
                assert file.getnchannels() == 2
            scene.phone.twilio.recordings.clear()
            gone = await scene.client.get(f"/history/{call_id}/audio")
            assert (gone.status_code, "does not give" in gone.text) == (502, True)

    asyncio.run(main())
