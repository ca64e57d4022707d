"""Clients that do everything wrong: each gets a sentence, and no call is disturbed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

from server.phone.control.bodies import CallBody
from tests.server.phone.control.control_phone import STAYS, Controlled, controlled
from tests.server.phone.live.phone_scene import BEN, Setup

LIMITED = Setup().limits.model_copy(update={"concurrent_outbound": 1})
"""So that none of what is sent here makes a call beside the one that goes on."""

DEEP = json.loads("[" * 500 + "]" * 500)

NASTY: list[Any] = [
    None, True, -1, 0, 10**400, 1e308, float("nan"), float("inf"), "", " ", "\0", "\ud800", "\x7f",
    "x" * 100_000, "'; DROP TABLE calls; --", "<Say>x</Say>", "a\r\nX-Injected: 1",
    "../../etc/passwd", "%00", "${x}", "{task}", "+" * 30, "\u202e+1555", "٣" * 10, [], [[]], {},
    {"": ""}, {"a": float("nan")}, {"a": "\ud800"}, {"\ud800": 1}, {"a": 10**400}, DEEP,
    {"a": DEEP}, {"a": "x" * 100_000},
]  # fmt: skip

STATUSES = {400, 403, 404, 409, 413, 422}


def sent(response: httpx.Response, body: object) -> None:
    assert response.status_code in STATUSES, (response.status_code, response.text, str(body)[:200])
    detail = response.json()["detail"]
    assert isinstance(detail, str)
    assert len(detail) < 1000
    assert detail.isprintable()


async def post(scene: Controlled, path: str, body: object) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    return await scene.client.post(path, content=content, headers=headers)


async def wrong_fields(scene: Controlled) -> None:
    for name in (*CallBody.model_fields, "unknown", "", "prompt"):
        for value in NASTY:
            body = {"to": BEN, name: value}
            sent(await post(scene, "/call", body), body)


async def wrong_actions(scene: Controlled, call_id: str) -> None:
    fields = {"say": ("text", "interrupt"), "dtmf": ("digits",), "transfer": ("to",)}
    for path, names in fields.items():
        for name in names:
            for value in NASTY:
                response = await post(scene, f"/call/{call_id}/{path}", {name: value})
                # A text may be nearly anything, and is said.
                if not (path == "say" and response.status_code == 200):
                    sent(response, {path: {name: value}})


async def wrong_bodies(scene: Controlled) -> None:
    for body in (
        b"", b"{", b"\xff\xfe", b"null", b"7", b'"to"', b"[]", b"{}" * 2,
        b'{"to":' + b"[" * 100_000,
        b'{"to": "+15550002222", "to": 7}', b"to=%2B15550002222", b'{"to":1e99999}',
    ):  # fmt: skip
        for path in ("/call", "/openclaw/call"):
            sent(await post(scene, path, body), body)
    form = await scene.client.post("/call", data={"to": BEN})
    sent(form, "a form")
    text = await scene.client.post(
        "/call", content=json.dumps({"to": BEN}), headers={"content-type": "text/plain"}
    )
    sent(text, "what a page of another site may send")


async def wrong_ids(scene: Controlled) -> None:
    for call_id in (
        "%00", "..%2f..%2fetc%2fpasswd", "'; DROP TABLE calls; --", "%ff", "x" * 5000, "*", "%",
        "\u202e",
    ):  # fmt: skip
        for method, path in (
            ("GET", f"/call/{call_id}"), ("DELETE", f"/call/{call_id}"),
            ("GET", f"/history/{call_id}"),
            ("GET", f"/history/{call_id}/audio"), ("GET", f"/history/{call_id}/transcript"),
            ("GET", f"/history?before={call_id}"), ("GET", f"/history?number={call_id}"),
            ("GET", f"/history?status={call_id}"),
        ):  # fmt: skip
            sent(await scene.client.request(method, path), path)


def test_nothing_that_is_sent_wrongly_disturbs_a_call(tmp_path: Path) -> None:
    async def main() -> None:
        async with controlled(tmp_path, Setup(limits=LIMITED, speed=1.0)) as scene:
            scene.answers(BEN, STAYS)
            call_id = (await scene.call(BEN)).json()["call_id"]
            call = await scene.phone.twilio.next_call()
            await call.streaming()
            for attack in (wrong_fields, wrong_bodies, wrong_ids):
                await attack(scene)
            await wrong_actions(scene, call_id)
            assert call.status == "in-progress"
            assert list(scene.phone.twilio.calls) == [call.sid]
            assert not call.errors
            ended = await scene.client.delete(f"/call/{call_id}")
            assert ended.json()["status"] == "completed"
            history = (await scene.client.get("/history")).json()["calls"]
            assert [one["id"] for one in history] == [call_id]

    asyncio.run(main())
