"""Turns that fail, break off, and are found again; against a scripted gateway on loopback."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from openclaw_client import (
    CredentialsError,
    LinkState,
    NoReplyError,
    OpenClawConfig,
    PairingRequiredError,
    ProtocolMismatchError,
    ReplyTimeoutError,
    RequestError,
    RunError,
    UnreachableError,
)
from tests.openclaw_client.captured import hello
from tests.openclaw_client.clients import SESSION, connected, guarded, turn_that, whole
from tests.peers.gateway_hub import GatewayHub, Visit, echo, until


def test_closing_a_turn_aborts_its_run():
    async def test() -> None:
        gateway = GatewayHub()

        async def long(visit: Visit, request: dict[str, Any]) -> None:
            key = request["params"]["idempotencyKey"]
            await visit.answer(request["id"], {"runId": key, "status": "accepted"})
            await visit.chat(key, "delta", "One")

        gateway.replies["agent"] = long
        async with gateway.running(), connected(gateway) as client:
            pieces = client.ask(SESSION, "Ann: hi", idempotency_key="turn-1")
            assert await anext(pieces) == "One"
            await pieces.aclose()
            await until(lambda: gateway.asked("chat.abort"))
            assert gateway.asked("chat.abort") == [{"sessionKey": SESSION, "runId": "turn-1"}]

    guarded(test)


def test_a_run_that_is_not_known_yet_is_aborted_as_soon_as_it_is():
    async def test() -> None:
        gateway, aborted = GatewayHub(), asyncio.Event()

        async def late(visit: Visit, request: dict[str, Any]) -> None:
            await asyncio.sleep(0.15)
            await visit.answer(request["id"], {"runId": "other", "status": "accepted"})

        async def abort(visit: Visit, request: dict[str, Any]) -> None:
            known = request["params"]["runId"] == "other"
            await visit.answer(request["id"], {"ok": True, "aborted": known})
            if known:
                aborted.set()

        gateway.replies |= {"agent": late, "chat.abort": abort}
        async with gateway.running(), connected(gateway) as client:
            asking = asyncio.create_task(whole(client.ask(SESSION, "Ann: hi")))
            await until(lambda: gateway.asked("agent"))
            asking.cancel()
            await asyncio.wait([asking])
            await aborted.wait()

    guarded(test)


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (turn_that(("error", None), errorMessage="no model"), RunError, "no model"),
        (turn_that(("aborted", None)), RunError, "stopped by somebody else"),
        (turn_that(("final", None)), NoReplyError, "answered nothing"),
        (turn_that(), ReplyTimeoutError, "did not answer within"),
        (turn_that(("delta", "One")), ReplyTimeoutError, "stopped in mid-reply"),
    ],
)
def test_a_turn_without_success_is_an_error(reply: Any, error: type[Exception], words: str):
    async def test() -> None:
        gateway = GatewayHub()
        gateway.replies["agent"] = reply
        async with gateway.running(), connected(gateway, timeout=0.2, stall_timeout=0.2) as client:
            with pytest.raises(error, match=words):
                await whole(client.ask(SESSION, "Ann: hi"))
            assert client.stats().failed_turns == 1

    guarded(test)


def test_words_that_the_gateway_takes_as_a_command_get_no_reply():
    async def test() -> None:
        gateway = GatewayHub()

        async def command(visit: Visit, request: dict[str, Any]) -> None:
            await visit.answer(request["id"], {"ok": True, "aborted": False, "runIds": []})

        gateway.replies["agent"] = command
        async with gateway.running(), connected(gateway) as client:
            with pytest.raises(NoReplyError, match="as a command"):
                await whole(client.ask(SESSION, "Ann: hi"))

    guarded(test)


def test_a_turn_that_is_refused_is_an_error_without_a_secret():
    async def test() -> None:
        gateway = GatewayHub()

        async def refuse(visit: Visit, request: dict[str, Any]) -> None:
            await visit.refuse(request["id"], "INVALID_REQUEST", "no such thing")

        gateway.replies["agent"] = refuse
        async with gateway.running(), connected(gateway) as client:
            with pytest.raises(RequestError, match="no such thing"):
                await whole(client.ask(SESSION, "Ann: hi"))

    guarded(test)


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


def test_a_wrong_token_is_not_tried_again_until_the_settings_change():
    async def test() -> None:
        gateway = GatewayHub()

        async def check(visit: Visit, request: dict[str, Any]) -> None:
            if request["params"]["auth"]["token"] == "right":
                await visit.answer(request["id"], hello())
                return
            details = {"code": "AUTH_TOKEN_MISMATCH"}
            await visit.refuse(request["id"], "INVALID_REQUEST", "no", details=details)

        gateway.greet = check
        async with gateway.running(), connected(gateway) as client:
            for _ in range(5):
                with pytest.raises(CredentialsError, match="OPENCLAW_AUTH_TOKEN"):
                    await whole(client.ask(SESSION, "Ann: hi"))
            assert len(gateway.asked("connect")) == 1
            assert client.stats().state is LinkState.REFUSED
            config = OpenClawConfig(base_url=gateway.url, auth_token=SecretStr("right"))
            client.update(config)
            assert await whole(client.ask(SESSION, "Ann: hi"))

    guarded(test)


def test_a_device_that_waits_for_approval_goes_on_by_itself(caplog: pytest.LogCaptureFixture):
    async def test() -> None:
        gateway = GatewayHub()

        async def pair(visit: Visit, request: dict[str, Any]) -> None:
            details = {"code": "PAIRING_REQUIRED", "requestId": "r-1"}
            await visit.refuse(request["id"], "NOT_PAIRED", "pairing required", details=details)

        gateway.greet = pair
        async with gateway.running(), connected(gateway) as client:
            for _ in range(2):
                with pytest.raises(PairingRequiredError, match="openclaw devices approve r-1"):
                    await client.connected()
            del gateway.greet
            gateway.greet = gateway._greet
            await until(lambda: client.stats().state is LinkState.READY)
            assert await whole(client.ask(SESSION, "Ann: hi"))

    guarded(test)
    assert caplog.text.count("devices approve r-1") == 1


def test_a_closed_client_says_so():
    async def test() -> None:
        async with GatewayHub().running() as gateway:
            async with connected(gateway) as client:
                await client.connected()
            with pytest.raises(UnreachableError, match="closed"):
                await whole(client.ask(SESSION, "Ann: hi"))
            await until(lambda: not gateway.visits)

    guarded(test)


def test_an_error_inside_the_block_comes_out_as_itself():
    async def test() -> None:
        async def fail(gateway: GatewayHub) -> None:
            async with connected(gateway) as client:
                await client.connected()
                raise ZeroDivisionError

        async with GatewayHub().running() as gateway:
            with pytest.raises(ZeroDivisionError):
                await fail(gateway)

    guarded(test)


def test_a_refusal_that_only_other_settings_can_mend_is_not_tried_again():
    async def test() -> None:
        gateway = GatewayHub()

        async def refuse(visit: Visit, request: dict[str, Any]) -> None:
            details = {"code": "PROTOCOL_MISMATCH", "expectedProtocol": 6}
            await visit.refuse(request["id"], "INVALID_REQUEST", "mismatch", details=details)

        gateway.greet = refuse
        async with gateway.running(), connected(gateway) as client:
            with pytest.raises(ProtocolMismatchError, match="too new"):
                await client.connected()
            with pytest.raises(ProtocolMismatchError, match="too new"):
                await client.connected(within=1)
            assert client.stats().state is LinkState.REFUSED
            assert len(gateway.asked("connect")) == 1

    guarded(test)
