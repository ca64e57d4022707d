"""Media sockets: of the call they were made for, once, in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from server.phone.public.app import STREAM
from server.phone.security.admission import AdmissionLimits
from server.phone.security.refusals import CLOSE_CODE
from tests.peers.twilio.stream_messages import StreamMessages
from tests.server.phone.public.public_scene import Scene, listening

Test = Callable[[Scene], Coroutine[Any, Any, None]]


def run(test: Test) -> None:
    async def main() -> None:
        async with listening() as scene:
            await test(scene)

    asyncio.run(main())


def path_of(scene: Scene, call_sid: str = "CA1") -> str:
    return f"{STREAM}/{scene.telephone.token(call_sid).value}"


async def begin(socket: aiohttp.ClientWebSocketResponse, call_sid: str = "CA1") -> StreamMessages:
    messages = StreamMessages("AC1", call_sid, "MZ1")
    await socket.send_json(messages.connected())
    await socket.send_json(messages.start({}))
    return messages


async def status_of(scene: Scene, path: str, headers: dict[str, str]) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await scene.session.ws_connect(scene.address(path, "ws"), headers=headers)
    return refused.value.status


def test_a_socket_with_its_token_reaches_the_telephone() -> None:
    async def main(scene: Scene) -> None:
        path = path_of(scene)
        address = scene.address(path, "ws")
        async with scene.session.ws_connect(address, headers=scene.stream_headers(path)) as socket:
            messages = await begin(socket)
            await socket.send_str(json.dumps(messages.media(b"\xff" * 160, 0)))
            await scene.telephone.heard.wait()
        [stream] = scene.telephone.streams
        assert stream.started is not None
        assert stream.started.call_sid == "CA1"

    run(main)


def test_without_a_signature_or_a_token_there_is_no_upgrade() -> None:
    async def main(scene: Scene) -> None:
        path = path_of(scene)
        assert await status_of(scene, path, {}) == 403
        wrong = scene.stream_headers("/voice/stream/another")
        assert await status_of(scene, path, wrong) == 403
        unknown = f"{STREAM}/unknown"
        assert await status_of(scene, unknown, scene.stream_headers(unknown)) == 403
        assert not scene.telephone.streams

    run(main)


def test_a_token_is_good_once() -> None:
    async def main(scene: Scene) -> None:
        path = path_of(scene)
        address, headers = scene.address(path, "ws"), scene.stream_headers(path)
        async with scene.session.ws_connect(address, headers=headers) as socket:
            await begin(socket)
            assert await status_of(scene, path, headers) == 403

    run(main)


@pytest.mark.parametrize(
    "sent",
    ["no json", "x" * 70_000, '{"event":"media"}'],
)
def test_what_is_no_beginning_is_hung_up_on(sent: str) -> None:
    async def main(scene: Scene) -> None:
        path = path_of(scene)
        address = scene.address(path, "ws")
        async with scene.session.ws_connect(address, headers=scene.stream_headers(path)) as socket:
            await socket.send_str(sent)
            async with asyncio.timeout(5):
                await socket.receive()
            assert socket.close_code in {CLOSE_CODE, 1009}
        assert not scene.telephone.streams

    run(main)


def test_a_token_of_another_call_is_hung_up_on() -> None:
    async def main(scene: Scene) -> None:
        path = path_of(scene, "CA1")
        address = scene.address(path, "ws")
        async with scene.session.ws_connect(address, headers=scene.stream_headers(path)) as socket:
            await begin(socket, "CA2")
            async with asyncio.timeout(5):
                await socket.receive()
            assert socket.close_code == CLOSE_CODE
        assert not scene.telephone.streams

    run(main)


def test_sockets_that_say_nothing_are_hung_up_on_and_many_calls_may_begin_at_once() -> None:
    impatient = AdmissionLimits(32, 4, 32, 0.3, 80_000)

    async def main() -> None:
        async with listening(media=impatient) as scene:
            paths = [path_of(scene, f"CB{number}") for number in range(20)]
            sockets = [
                await scene.session.ws_connect(
                    scene.address(path, "ws"), headers=scene.stream_headers(path)
                )
                for path in paths
            ]
            talking, *silent = sockets
            await begin(talking, "CB0")
            for socket in silent:
                async with asyncio.timeout(5):
                    await socket.receive()
                assert socket.close_code == CLOSE_CODE
            assert not talking.closed
            await talking.close()

    asyncio.run(main())


def test_beyond_what_is_let_in_there_is_no_upgrade() -> None:
    async def main() -> None:
        async with listening(media=AdmissionLimits(32, 4, 1, 5.0, 80_000)) as scene:
            first, second = path_of(scene, "CA1"), path_of(scene, "CA2")
            address = scene.address(first, "ws")
            headers = scene.stream_headers(first)
            async with scene.session.ws_connect(address, headers=headers) as socket:
                await begin(socket, "CA1")
                assert await status_of(scene, second, scene.stream_headers(second)) == 503

    asyncio.run(main())
