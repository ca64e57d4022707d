"""Turns whose connection breaks, and how they are found again; a scripted gateway on loopback."""

from typing import Any

import pytest

from openclaw_client import OpenClawConfig, UnreachableError
from tests.openclaw_client.clients import SESSION, connected, guarded, turn_that, whole
from tests.peers.gateway_hub import GatewayHub, Visit, echo


def test_the_second_answer_ends_a_run_whose_final_was_lost():
    async def test() -> None:
        gateway = GatewayHub()

        async def lossy(visit: Visit, request: dict[str, Any]) -> None:
            key = request["params"]["idempotencyKey"]
            await visit.answer(request["id"], {"runId": key, "status": "accepted"})
            await visit.chat(key, "delta", "It is")
            result = {"payloads": [{"text": "It is ten."}]}
            await visit.answer(request["id"], {"runId": key, "status": "ok", "result": result})

        gateway.replies["agent"] = lossy
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, "Ann: hi")) == "It is ten."

    guarded(test)


def test_a_turn_that_is_cut_off_is_found_again_and_not_repeated():
    async def test() -> None:
        gateway = GatewayHub()

        async def cut(visit: Visit, request: dict[str, Any]) -> None:
            key = request["params"]["idempotencyKey"]
            if len(gateway.asked("agent")) == 1:
                await visit.answer(request["id"], {"runId": key, "status": "accepted"})
                await visit.chat(key, "delta", "w0 w1", seq=8)
                gateway.drop()
                return
            await visit.answer(request["id"], {"runId": key, "status": "in_flight"})
            await visit.chat(key, "delta", "w0 w1 w2", seq=9)
            await visit.chat(key, "final", "w0 w1 w2 w3", seq=10)

        gateway.replies["agent"] = cut
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, "Ann: hi")) == "w0 w1 w2 w3"
            first, second = gateway.asked("agent")
            assert first == second
            assert client.stats().reconnects == 1

    guarded(test)


def test_a_turn_that_ended_while_we_were_away_is_read_from_the_history():
    async def test() -> None:
        gateway = GatewayHub()

        async def cut(visit: Visit, request: dict[str, Any]) -> None:
            await visit.chat(request["params"]["idempotencyKey"], "delta", "w0")
            gateway.drop()

        async def history(visit: Visit, request: dict[str, Any]) -> None:
            key = gateway.asked("agent")[0]["idempotencyKey"]
            rows = [
                {"role": "user", "content": "Ann: hi", "idempotencyKey": f"{key}:user"},
                {"role": "assistant", "content": "w0 w1", "stopReason": "stop"},
            ]
            await visit.answer(request["id"], {"messages": rows})

        gateway.replies |= {"agent": cut, "chat.history": history}
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, "Ann: hi")) == "w0 w1"
            assert len(gateway.asked("agent")) == 1

    guarded(test)


def test_a_gateway_that_cannot_tell_its_history_yet_is_asked_again():
    async def test() -> None:
        gateway = GatewayHub()

        async def cut(visit: Visit, request: dict[str, Any]) -> None:
            await visit.chat(request["params"]["idempotencyKey"], "delta", "w0")
            gateway.drop()

        async def history(visit: Visit, request: dict[str, Any]) -> None:
            if len(gateway.asked("chat.history")) < 3:
                await visit.refuse(request["id"], "UNAVAILABLE", "starting", retryAfterMs=10)
                return
            key = gateway.asked("agent")[0]["idempotencyKey"]
            rows = [
                {"role": "user", "content": "Ann: hi", "idempotencyKey": f"{key}:user"},
                {"role": "assistant", "content": "w0 w1", "stopReason": "stop"},
            ]
            await visit.answer(request["id"], {"messages": rows})

        gateway.replies |= {"agent": cut, "chat.history": history}
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, "Ann: hi")) == "w0 w1"
            assert len(gateway.asked("agent")) == 1

    guarded(test)


def test_a_turn_that_a_restarted_gateway_took_up_itself_is_followed():
    async def test() -> None:
        gateway = GatewayHub()

        async def cut(visit: Visit, request: dict[str, Any]) -> None:
            await visit.chat(request["params"]["idempotencyKey"], "delta", "w0 w1")
            gateway.drop()

        async def history(visit: Visit, request: dict[str, Any]) -> None:
            key = gateway.asked("agent")[0]["idempotencyKey"]
            resumed = "[System] Your previous turn was interrupted by a gateway restart while …"
            rows = [
                {"role": "user", "content": "Ann: hi", "idempotencyKey": f"{key}:user"},
                {"role": "user", "content": resumed, "idempotencyKey": "new:user"},
            ]
            await visit.answer(request["id"], {"messages": rows})
            await visit.chat("new", "delta", "w0", seq=1)
            await visit.chat("new", "final", "w0 w1 w2", seq=2)

        gateway.replies |= {"agent": cut, "chat.history": history}
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, "Ann: hi")) == "w0 w1 w2"
            assert len(gateway.asked("agent")) == 1

    guarded(test)


def test_a_turn_that_failed_beside_the_one_that_was_taken_up_is_followed():
    async def test() -> None:
        gateway = GatewayHub()

        async def race(visit: Visit, request: dict[str, Any]) -> None:
            if len(gateway.asked("agent")) == 1:
                gateway.drop()
                return
            key = request["params"]["idempotencyKey"]
            await visit.answer(request["id"], {"runId": key, "status": "accepted"})
            await visit.refuse(request["id"], "UNAVAILABLE", "changed while starting work. Retry.")

        async def history(visit: Visit, request: dict[str, Any]) -> None:
            key = gateway.asked("agent")[0]["idempotencyKey"]
            resumed = "[System] Your previous turn was interrupted by a gateway restart while …"
            rows = [
                {"role": "user", "content": "Ann: hi", "idempotencyKey": f"{key}:user"},
                {"role": "user", "content": resumed, "idempotencyKey": "new:user"},
                {"role": "assistant", "content": "the answer", "stopReason": "stop"},
            ]
            first = len(gateway.asked("chat.history")) == 1
            await visit.answer(request["id"], {"messages": rows[:1] if first else rows})

        gateway.replies |= {"agent": race, "chat.history": history}
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, "Ann: hi")) == "the answer"

    guarded(test)


def test_what_a_failed_run_tells_last_does_not_end_the_one_that_was_taken_up():
    async def test() -> None:
        gateway = GatewayHub()
        refused: list[str] = []

        async def race(visit: Visit, request: dict[str, Any]) -> None:
            if len(gateway.asked("agent")) == 1:
                gateway.drop()
                return
            key = request["params"]["idempotencyKey"]
            refused.append(request["id"])
            await visit.answer(request["id"], {"runId": key, "status": "accepted"})
            await visit.chat(key, "error", errorMessage="outside the current turn")

        async def history(visit: Visit, request: dict[str, Any]) -> None:
            key = gateway.asked("agent")[0]["idempotencyKey"]
            resumed = "[System] Your previous turn was interrupted by a gateway restart while …"
            rows = [
                {"role": "user", "content": "Ann: hi", "idempotencyKey": f"{key}:user"},
                {"role": "user", "content": resumed, "idempotencyKey": "new:user"},
            ]
            first = len(gateway.asked("chat.history")) == 1
            await visit.answer(request["id"], {"messages": rows[:1] if first else rows})
            if not first:
                await visit.refuse(refused[0], "UNAVAILABLE", "outside the current turn")
                await visit.chat("new", "final", "the answer", seq=1)

        gateway.replies |= {"agent": race, "chat.history": history}
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, "Ann: hi")) == "the answer"

    guarded(test)


def test_a_turn_that_never_reached_its_session_is_asked_under_another_key():
    async def test() -> None:
        gateway = GatewayHub()

        async def burnt(visit: Visit, request: dict[str, Any]) -> None:
            match len(gateway.asked("agent")):
                case 1:
                    gateway.drop()
                case 2:
                    await visit.refuse(request["id"], "UNAVAILABLE", "submit a new turn")
                case _:
                    await echo(visit, request)

        gateway.replies["agent"] = burnt
        async with gateway.running(), connected(gateway) as client:
            assert await whole(client.ask(SESSION, "Ann: hi")) == "echo Ann: hi"
            first, second, third = (one["idempotencyKey"] for one in gateway.asked("agent"))
            assert first == second != third

    guarded(test)


def test_a_turn_is_given_up_when_the_gateway_stays_away():
    async def test() -> None:
        gateway = GatewayHub()
        async with connected(gateway, retry_timeout=0.3) as client:
            async with gateway.running():
                client.update(OpenClawConfig(base_url=gateway.url, retry_timeout=0.3))
                gateway.replies["agent"] = turn_that(("delta", "w0"))
                pieces = client.ask(SESSION, "Ann: hi")
                assert await anext(pieces) == "w0"
            with pytest.raises(UnreachableError):
                await anext(pieces)

    guarded(test)
