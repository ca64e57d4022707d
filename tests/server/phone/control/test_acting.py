"""What can be done in a call that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.peers.twilio import Person
from tests.peers.twilio.call import Call
from tests.server.phone.control.control_phone import STAYS, Controlled, controlled
from tests.server.phone.live.phone_scene import BEN


def in_a_call(folder: Path, test: Callable[[Controlled, str, Call], Awaitable[None]]) -> None:
    async def main() -> None:
        async with controlled(folder) as scene:
            scene.answers(BEN, STAYS)
            call_id = (await scene.call(BEN)).json()["call_id"]
            call = await scene.phone.twilio.next_call()
            await call.streaming()
            while not scene.phone.engine.sessions:  # noqa: ASYNC110 - the scene has a limit
                await asyncio.sleep(0.01)
            await test(scene, call_id, call)
            await scene.client.delete(f"/call/{call_id}")
            await scene.over(call_id)

    asyncio.run(main())


def test_words_and_instructions_reach_who_talks(tmp_path: Path) -> None:
    async def main(scene: Controlled, call_id: str, _: Call) -> None:
        for path, body in (
            ("say", {"text": "One moment."}),
            ("say", {"text": "Stop.", "interrupt": True}),
            ("update", {"instructions": "Be brief."}),
            ("update", {"voice": "sage"}),
        ):
            response = await scene.client.post(f"/call/{call_id}/{path}", json=body)
            assert (response.status_code, response.json()["status"]) == (200, "done")
        assert scene.phone.engine.sessions[0].told == [
            ("One moment.", False), ("Stop.", True), ("Be brief.", None), (None, "sage")
        ]  # fmt: skip

    in_a_call(tmp_path, main)


def test_keys_are_pressed_and_the_call_goes_on(tmp_path: Path) -> None:
    async def main(scene: Controlled, call_id: str, call: Call) -> None:
        response = await scene.client.post(f"/call/{call_id}/dtmf", json={"digits": "12#"})
        assert response.status_code == 200
        while len(call.streams) < 2:  # noqa: ASYNC110 - the scene has a limit
            await asyncio.sleep(0.01)
        assert call.played_digits == ["12#"]

    in_a_call(tmp_path, main)


def test_somebody_else_takes_the_call(tmp_path: Path) -> None:
    async def main(scene: Controlled, call_id: str, call: Call) -> None:
        scene.phone.twilio.add_person("+15550004444", Person(STAYS))
        response = await scene.client.post(
            f"/call/{call_id}/transfer", json={"to": "(555) 000-4444"}
        )
        assert response.status_code == 200
        while not call.dialled:  # noqa: ASYNC110 - the scene has a limit
            await asyncio.sleep(0.01)
        assert call.dialled == ["+15550004444"]

    in_a_call(tmp_path, main)


def test_what_cannot_be_done_is_told_and_the_call_goes_on(tmp_path: Path) -> None:
    async def main(scene: Controlled, call_id: str, call: Call) -> None:
        for path, body, status, told in (
            ("transfer", {"to": "+442079460000"}, 409, "another country"),
            ("transfer", {"to": "my mother"}, 409, "telephone number"),
            ("transfer", {}, 400, "to is missing"),
            ("dtmf", {"digits": "1' or"}, 400, "digits"),
            ("say", {"text": ""}, 400, "text"),
            ("say", {"text": "x" * 2001}, 400, "text"),
            ("update", {"voice": "nobody"}, 400, "There is no voice nobody"),
            ("update", {}, 400, "Nothing shall change"),
        ):
            response = await scene.client.post(f"/call/{call_id}/{path}", json=body)
            assert response.status_code == status, response.text
            assert told in response.json()["detail"]
            assert call.status == "in-progress"

    in_a_call(tmp_path, main)


def test_before_anybody_answered_and_after_the_end_there_is_nobody_to_tell(tmp_path: Path) -> None:
    async def main() -> None:
        async with controlled(tmp_path) as scene:
            scene.phone.twilio.add_person(BEN, Person(STAYS, ring=25.0))
            call_id = (await scene.call(BEN)).json()["call_id"]
            say = f"/call/{call_id}/say"
            early = await scene.client.post(say, json={"text": "Hello?"})
            assert (early.status_code, "nobody talks" in early.text.lower()) == (409, True)
            await scene.phone.twilio.next_call()
            await scene.client.delete(f"/call/{call_id}")
            await scene.over(call_id)
            late = await scene.client.post(say, json={"text": "Hello?"})
            assert (late.status_code, "does not go on" in late.text) == (409, True)
            missing = await scene.client.post("/call/nobody/say", json={"text": "Hello?"})
            assert missing.status_code == 404

    asyncio.run(main())
