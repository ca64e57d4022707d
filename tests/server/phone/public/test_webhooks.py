"""Webhooks: Twilio's are carried out once, everything else is turned away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from server.phone.security.admission import LONGEST_BODY, AdmissionLimits
from tests.peers.twilio import Signer
from tests.server.phone.public.public_scene import BASE, Scene, listening

CALL = {"CallSid": "CA1", "CallStatus": "ringing", "From": "+15550001111"}


def run(test: Callable[[Scene], Coroutine[Any, Any, None]], **more: Any) -> None:
    async def main() -> None:
        async with listening(**more) as scene:
            await test(scene)

    asyncio.run(main())


def test_a_call_that_comes_in_gets_its_twiml_and_a_repeat_the_same() -> None:
    async def main(scene: Scene) -> None:
        for path in ("/voice", "/voice/twiml", "/voice/step/again-1"):
            first = await scene.post(path, CALL)
            second = await scene.post(path, CALL)
            assert (first.status, second.status) == (200, 200)
            assert first.content_type == "text/xml"
            assert await first.text() == await second.text()
        assert scene.telephone.voices == [("CA1", ""), ("CA1", ""), ("CA1", "again-1")]

    run(main)


def test_what_is_told_of_a_call_arrives_once() -> None:
    async def main(scene: Scene) -> None:
        for _ in range(2):
            assert (await scene.post("/status", CALL)).status == 204
            assert (await scene.post("/amd", CALL | {"AnsweredBy": "human"})).status == 204
            for path in ("/recording", "/recording/call-1-1"):
                assert (await scene.post(path, CALL | {"RecordingSid": "RE1"})).status == 204
        assert scene.telephone.statuses == ["ringing"]
        assert scene.telephone.detections == ["human"]
        assert scene.telephone.recordings == ["RE1", "RE1"]

    run(main)


def test_signatures_over_the_query_as_it_was_written_are_right() -> None:
    async def main(scene: Scene) -> None:
        path = "/status?a=%7E&b=x%20y"
        headers = scene.signer.headers(f"{BASE}{path}", CALL.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
        body = "&".join(f"{name}={value}" for name, value in CALL.items()).replace("+", "%2B")
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: x",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        assert b" 204 " in await reader.readline()
        writer.close()
        await writer.wait_closed()

    run(main)


def test_strangers_learn_nothing_and_change_nothing() -> None:
    async def main(scene: Scene) -> None:
        forged = Signer("not-the-token").headers(f"{BASE}/voice", CALL.items())
        host = {"X-Forwarded-Host": "phone.example.test", "X-Forwarded-For": "127.0.0.1"}
        for headers in ({}, forged, forged | host, {"X-Twilio-Signature": "x" * 5000}):
            response = await scene.post("/voice", CALL, headers)
            assert response.status == 403
            assert await response.text() == ""
        signed = scene.signer.headers(f"{BASE}/voice", CALL.items())
        assert (await scene.post("/voice", CALL | {"From": "+1666"}, signed)).status == 403
        assert (await scene.post("/calls", CALL)).status == 404
        assert not scene.telephone.voices

    run(main)


def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    async def main(scene: Scene) -> None:
        large = CALL | {"Padding": "x" * (LONGEST_BODY + 1)}
        assert (await scene.post("/voice", large)).status == 413
        assert not scene.telephone.voices

    run(main)


def test_what_failed_here_may_come_again() -> None:
    async def main(scene: Scene) -> None:
        scene.telephone.fails = True
        signed = scene.signer.headers(f"{BASE}/voice", CALL.items())
        failed = await scene.post("/voice", CALL, signed | {"Connection": "close"})
        assert failed.status == 500
        scene.telephone.fails = False
        assert (await scene.post("/voice", CALL)).status == 200
        assert len(scene.telephone.voices) == 1

    run(main)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /voice HTT",
        b"POST /voice HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nCallSid=",
    ],
)
def test_who_says_nothing_or_drips_is_hung_up_on_and_others_are_served(sent: bytes) -> None:
    impatient = AdmissionLimits(128, 8, 128, 0.3, 80_000)

    async def main(scene: Scene) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
        writer.write(sent)
        assert (await scene.post("/voice", CALL)).status == 200
        async with asyncio.timeout(5):
            while await reader.read(1000):
                pass
        writer.close()

    run(main, limits=impatient)


def test_many_connections_of_one_address_are_few() -> None:
    few = AdmissionLimits(128, 8, 128, 5.0, 80_000)

    async def main(scene: Scene) -> None:
        assert (await scene.post("/voice", CALL)).status == 200  # this connection is admitted
        opened = [await asyncio.open_connection("127.0.0.1", scene.port) for _ in range(200)]
        await asyncio.sleep(0)
        ended = 0
        for reader, _ in opened:
            try:
                async with asyncio.timeout(0.02):
                    ended += not await reader.read(1)
            except TimeoutError:
                pass
            except ConnectionResetError:
                ended += 1
        assert ended == 192
        assert scene.door.strangers == 8
        assert (await scene.post("/status", CALL)).status == 204  # nobody else is disturbed
        for _, writer in opened:
            writer.close()

    run(main, limits=few)


def test_health_tells_nothing_but_that_it_is_there() -> None:
    async def main(scene: Scene) -> None:
        async with scene.session.get(scene.address("/health")) as response:
            assert await response.json() == {"ok": True}
            assert "server" not in response.headers

    run(main)
