"""Calls are made, looked at and ended over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from server.phone.calls.people import Person as Known
from tests.peers.twilio import Person
from tests.server.phone.control.control_phone import STAYS, Controlled, controlled
from tests.server.phone.live.phone_scene import BEN, TOLD, Setup

LIMITED = Setup().limits.model_copy(update={"concurrent_outbound": 1})


def run(
    folder: Path, test: Callable[[Controlled], Awaitable[None]], setup: Setup | None = None
) -> None:
    async def main() -> None:
        async with controlled(folder, setup) as scene:
            await test(scene)

    asyncio.run(main())


def test_a_call_is_made_and_its_record_has_the_documented_form(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN)
        made = await scene.call(BEN, message="Hello from me.", task="Ask for the time.")
        assert made.status_code == 202
        answer = made.json()
        assert answer == {
            "status": "initiated",
            "call_id": answer["call_id"],
            "message": f"Call initiated to {BEN}",
        }
        going_on = (await scene.client.get("/calls")).json()["calls"]
        assert [one["id"] for one in going_on] == [answer["call_id"]]
        record = await scene.over(answer["call_id"])
        assert (record["to"], record["task"]) == (BEN, "Ask for the time.")
        assert record["status"] == "completed"
        [row] = record["transcript"]
        assert (row["role"], row["text"]) == ("assistant", f"Hello from me. {TOLD}")
        assert (await scene.client.get(f"/call/{answer['call_id']}")).json() == record
        assert (await scene.client.get("/calls")).json() == {"calls": []}

    run(tmp_path, main)


def test_everything_that_is_asked_for_reaches_the_call(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN)
        wish = {
            "prompt": "Book a table.",
            "context": {"user_profile": "likes windows", "guests": 4},
            "openclaw_session_id": "session_123",
            "engine": "local",
            "voice": "Sage",
            "timezone": "Europe/Oslo",
            "locale": "de-CH",
            "callerName": "Ann",
            "calleeName": "Ben",
            "metadata": {"order": 7},
            "max_duration": 60,
            "dtmf": "ww12#",
        }
        call_id = (await scene.call(BEN, **wish)).json()["call_id"]
        record = await scene.over(call_id)
        call = scene.phone.engine.sessions[0].call
        assert call.task == "Book a table."
        assert call.context == "user profile: likes windows\nguests: 4"
        assert call.session_key == "agent:jarvis:session_123" == record["sessionKey"]
        assert (call.voice, call.language, call.caller.name) == ("sage", "de", "Ben")
        for known in ("on behalf of Ann", "You call Ben", "Europe/Oslo", "de-CH"):
            assert known in call.instructions
        assert record["metadata"] == {"order": 7}
        assert record["context"] == wish["context"]
        [placed] = [call.options for call in scene.phone.twilio.calls.values()]
        assert (placed["TimeLimit"], placed["SendDigits"]) == ("75", "ww12#")

    run(tmp_path, main)


def test_a_notice_is_said_and_the_call_ended(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN, STAYS)
        wish = {"message": "The table is booked.", "mode": "notify"}
        record = await scene.over((await scene.call(BEN, **wish)).json()["call_id"])
        assert (record["status"], record["endReason"]) == ("completed", "agent")
        assert scene.phone.engine.last_words == [f"The table is booked. {TOLD}"]

    run(tmp_path, main)


def test_the_documented_form_of_the_bridge_is_taken(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN)
        own = scene.phone.kit.config.twilio.from_number
        body = {
            "to": BEN,
            "caller_id": own,
            "openclaw_session_id": "session_123",
            "context": {
                "agent_identity": "I am your helpful assistant",
                "user_profile": "Frequent caller, prefers brief responses",
                "recent_memory": "Last discussed appointment scheduling",
            },
        }
        made = await scene.client.post("/openclaw/call", json=body)
        assert made.status_code == 202
        record = await scene.over(made.json()["call_id"])
        assert (record["from"], record["context"]) == (own, body["context"])

    run(tmp_path, main)


def test_somebody_in_identities_goes_on_with_their_session_unless_one_is_named(
    tmp_path: Path,
) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN)
        keys = []
        for more in ({}, {"sessionKey": "agent:jarvis:main"}):
            call_id = (await scene.call(BEN, **more)).json()["call_id"]
            keys.append((await scene.over(call_id))["sessionKey"])
        assert keys == ["agent:jarvis:discord:direct:123456789012345678", "agent:jarvis:main"]

    ben = Known("ben", (BEN,), discord="123456789012345678")
    run(tmp_path, main, Setup(people=(ben,)))


WRONG: list[tuple[Any, int, str]] = [
    ({"to": "hello"}, 400, "telephone number"),
    ({"to": ""}, 400, "telephone number"),
    ({}, 400, "to is missing"),
    ({"to": 5}, 400, "to cannot be used"),
    ([], 400, "one JSON object"),
    ({"to": BEN, "tast": "x"}, 400, "tast is not known here"),
    ({"to": BEN, "task": "x", "prompt": "y"}, 400, "two names"),
    ({"to": BEN, "mode": "notify"}, 400, "send message"),
    ({"to": BEN, "mode": "notify", "message": "Hi.", "task": "x"}, 400, "without task"),
    ({"to": BEN, "mode": "shout"}, 400, "mode cannot be used"),
    ({"to": BEN, "caller_id": "+15557654321"}, 400, "not a number of ours"),
    ({"to": BEN, "engine": "realtime"}, 400, "engine local"),
    ({"to": BEN, "timezone": "Mars/Base"}, 400, "Europe/Oslo"),
    ({"to": BEN, "timezone": "../../etc/passwd"}, 400, "Europe/Oslo"),
    ({"to": BEN, "session_key": "agent:other:main"}, 400, "another agent"),
    ({"to": BEN, "session_key": "ä b"}, 400, "session_key"),
    ({"to": BEN, "max_duration": 5000}, 400, "longest_outbound"),
    ({"to": BEN, "dtmf": "12x"}, 400, "dtmf"),
    ({"to": BEN, "voice": "../x"}, 400, "voice cannot be used"),
    ({"to": BEN, "voice": "nobody"}, 400, "There is no voice nobody"),
    ({"to": BEN, "metadata": [1]}, 400, "metadata"),
    ({"to": "+442079460000"}, 403, "another country"),
    ({"to": "+19002222222"}, 403, "costs more"),
]


def test_what_cannot_be_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        for body, status, told in WRONG:
            response = await scene.client.post("/call", json=body)
            assert response.status_code == status, response.text
            detail = response.json()["detail"]
            assert told in detail, body
            assert detail.endswith(".")
        assert not scene.phone.twilio.calls

    run(tmp_path, main)


def test_a_second_call_at_a_time_is_too_many_and_the_same_wish_is_the_same_call(
    tmp_path: Path,
) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN, STAYS)
        wishes = [scene.call(BEN, idempotency_key="k") for _ in range(3)]
        made = [response.json() for response in await asyncio.gather(*wishes)]
        assert len({one["call_id"] for one in made}) == 1
        second = await scene.call(BEN)
        assert second.status_code == 409
        assert "concurrent_outbound" in second.json()["detail"]
        other = await scene.call("+15550003333", idempotency_key="k")
        assert (other.status_code, "another number" in other.text) == (400, True)
        ended = await scene.client.delete(f"/call/{made[0]['call_id']}")
        assert ended.status_code == 200
        await scene.over(made[0]["call_id"])
        assert len(scene.phone.twilio.calls) == 1
        again = await scene.call(BEN, idempotency_key="k")
        assert again.json() == made[0]  # also after it is over

    run(tmp_path, main, Setup(limits=LIMITED))


def test_a_call_is_canceled_while_it_rings_and_completed_when_somebody_talks(
    tmp_path: Path,
) -> None:
    async def main(scene: Controlled) -> None:
        scene.phone.twilio.add_person(BEN, Person(STAYS, ring=25.0))
        ringing = (await scene.call(BEN)).json()["call_id"]
        await scene.phone.twilio.next_call()
        ended = await scene.client.delete(f"/call/{ringing}")
        assert ended.json() == {
            "status": "canceled", "call_id": ringing, "message": "The call is canceled now."
        }  # fmt: skip
        scene.answers(BEN, STAYS)
        live = (await scene.call(BEN)).json()["call_id"]
        call = await scene.phone.twilio.next_call()
        await call.streaming()
        ended = await scene.client.delete(f"/call/{live}")
        assert (ended.status_code, ended.json()["status"]) == (200, "completed")
        record = await scene.over(live)
        assert record["endReason"] == "canceled"
        assert (await scene.client.delete(f"/call/{live}")).status_code == 409
        assert (await scene.client.delete("/call/none")).status_code == 404

    run(tmp_path, main)


def test_a_call_is_also_known_by_the_providers_id(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN, STAYS)
        call_id = (await scene.call(BEN)).json()["call_id"]
        call = await scene.phone.twilio.next_call()
        await call.streaming()
        ended = await scene.client.delete(f"/call/{call.sid}")
        assert ended.json()["call_id"] == call_id

    run(tmp_path, main)


def test_while_the_telephone_is_off_calls_are_refused_and_the_history_is_there(
    tmp_path: Path,
) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN)
        call_id = (await scene.call(BEN)).json()["call_id"]
        await scene.over(call_id)
        scene.running.switchboard = None
        refused = await scene.call(BEN)
        assert refused.status_code == 503
        assert refused.json()["detail"] == "The telephone is off: PUBLIC_URL is not set."
        assert (await scene.client.delete(f"/call/{call_id}")).status_code == 503
        assert (await scene.client.get(f"/history/{call_id}")).status_code == 200

    run(tmp_path, main)


def test_the_terms_of_a_call_outlast_a_restart(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN)
        wish = {"voice": "sage", "dtmf": "1", "max_duration": 30, "message": "It is me."}
        call_id = (await scene.call(BEN, **wish)).json()["call_id"]
        await scene.over(call_id)
        record = await scene.phone.store.get(call_id)
        assert record is not None
        plan = scene.phone.switchboard._planning.again(record).plan
        call = plan.engine_call
        assert (call.voice, call.opening) == ("sage", f"It is me. {TOLD}")
        assert (plan.digits, plan.longest) == ("1", 30)

    run(tmp_path, main)


def test_the_end_of_a_call_can_be_waited_for(tmp_path: Path) -> None:
    async def main(scene: Controlled) -> None:
        scene.answers(BEN)
        call_id = (await scene.call(BEN)).json()["call_id"]
        early = await scene.client.get(f"/call/{call_id}", params={"wait": 0.01})
        assert early.json()["endedAt"] is None
        whole = await scene.client.get(f"/call/{call_id}", params={"wait": 60})
        assert whole.json()["status"] == "completed"
        assert whole.json()["cost"] is not None
        assert whole.json()["transcript"]
        again = await scene.client.get(f"/call/{call_id}", params={"wait": 60})
        assert again.json() == whole.json()
        for wrong in (-1, 61, "long", "nan", "inf"):
            refused = await scene.client.get(f"/call/{call_id}", params={"wait": wrong})
            assert refused.status_code == 400, wrong

    run(tmp_path, main)
