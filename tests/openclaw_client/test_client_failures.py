"""Turns that fail or are refused; a scripted gateway on loopback."""

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
from tests.peers.gateway_hub import GatewayHub, Visit, until


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
