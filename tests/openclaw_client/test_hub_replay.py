"""Conversations captured from three versions of the gateway, played to the client over a socket.

What is asserted is what somebody would hear: each word once, and no word of somebody else's.
"""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from openclaw_client import (
    AgentError,
    CredentialsError,
    DeviceRefusedError,
    DeviceStore,
    GatewayClient,
    LinkState,
    NoReplyError,
    OpenClawConfig,
    PairingRequiredError,
    ProtocolMismatchError,
    ReplyTimeoutError,
    RequestError,
    RunError,
    ScopeMissingError,
    UnavailableError,
)
from tests.openclaw_client.captured import VERSIONS, WITH_AGENT_METHOD
from tests.openclaw_client.clients import (
    SESSION,
    Heard,
    asked,
    connected,
    guarded,
    heard,
)
from tests.openclaw_client.conftest import DEVICE_TOKEN
from tests.peers.gateway_hub import Ack, Chat, Close, GatewayHub, by_turn, echo, performs, until
from tests.peers.gateway_replay import play

pytestmark = pytest.mark.usefixtures("secrets_kept")

OLD, MIDDLE, NEW = VERSIONS


def counted(words: int) -> str:
    return " ".join(f"w{n}" for n in range(words))


def replayed(version: str, scenario: str, turns: int = 1, **settings: Any) -> list[Heard]:
    """Ask so many turns, one after the other, while a captured scenario is played."""
    replies: list[Heard] = []

    async def test() -> None:
        hub = GatewayHub()
        play(hub, version, scenario)
        async with hub.running(), connected(hub, **settings) as client:
            replies.extend([await asked(client, f"{SESSION}{number}") for number in range(turns)])

    guarded(test)
    return replies


@pytest.mark.parametrize(
    ("version", "scenario", "words"),
    [
        *((version, "chat_basic", counted(12)) for version in VERSIONS),
        *((version, "agent_turn", counted(8)) for version in VERSIONS),
        # The model's stream broke, and what was said was taken back and said again.
        (OLD, "chat_retry_replace", "one two three four five"),
        (MIDDLE, "chat_retry_replace", "one two three"),
        (NEW, "chat_retry_replace", "one two three four five"),
        # A tool is used in the middle; the old gateway loses most of what came before it.
        (OLD, "chat_tool", "Let tool said: Tool ls not found"),
        (NEW, "chat_tool", "Let me look.\n\ntool said: (empty directory)"),
    ],
)
def test_a_captured_turn_is_heard_word_for_word(version: str, scenario: str, words: str):
    assert replayed(version, scenario) == [Heard(words)]


@pytest.mark.parametrize("version", WITH_AGENT_METHOD)
def test_two_captured_turns_at_a_time_are_heard_apart(version: str):
    async def test() -> None:
        hub = GatewayHub()
        play(hub, version, "agent_busy")
        async with hub.running(), connected(hub) as client, asyncio.TaskGroup() as tasks:
            first = tasks.create_task(asked(client))
            await until(lambda: hub.asked("agent"))
            second = tasks.create_task(asked(client))
        assert first.result() == Heard(counted(20))
        assert second.result() == Heard("the second reply")

    guarded(test)


@pytest.mark.parametrize("version", WITH_AGENT_METHOD)
def test_a_captured_barge_in_is_heard_to_the_cut_and_then_the_next_reply(version: str):
    async def test() -> None:
        hub = GatewayHub()
        play(hub, version, "agent_barge_in")
        async with hub.running(), connected(hub) as client:
            pieces, words = client.ask(SESSION, "Ann: count"), ""
            while len(words.split()) < 7:
                words += await anext(pieces)
            assert counted(9).startswith(words)
            await pieces.aclose()
            await until(lambda: hub.asked("chat.abort"))
            after = await asked(client, heard="w0")
            assert after.words.startswith("context: [[")
            assert after.words.count("context") == 2  # one of them in what the model was asked
            assert after.error is None
            assert len(hub.asked("chat.abort")) == 1

    guarded(test)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_captured_abort_ends_a_steered_reply_without_an_error(version: str):
    async def test() -> None:
        hub = GatewayHub()
        play(hub, version, "chat_abort_run")
        async with hub.running(), connected(hub) as client, asyncio.TaskGroup() as tasks:
            pieces = client.ask(SESSION, "Ann: count")
            first = await anext(pieces)
            hub.replies |= {"agent": echo, "chat.send": echo}
            steered = tasks.create_task(heard(client.steer(SESSION, "Ann: no", heard="w0")))
            rest = await heard(pieces)
            assert rest.error is None
            assert counted(7).startswith(first + rest.words)
        assert steered.result().words.startswith("echo ")

    guarded(test)


@pytest.mark.parametrize(
    ("version", "errors"),
    [
        (OLD, [NoReplyError, RunError, NoReplyError, NoReplyError]),
        (MIDDLE, [NoReplyError] * 4),
        (NEW, [NoReplyError] * 4),
    ],
)
def test_captured_words_that_became_commands_are_silent_errors(
    version: str, errors: list[type[AgentError]]
):
    async def test() -> None:
        hub = GatewayHub()
        play(hub, version, "chat_words")
        async with hub.running(), connected(hub) as client, asyncio.TaskGroup() as tasks:
            turns = []
            for number in range(4):
                turns.append(tasks.create_task(asked(client, f"{SESSION}{number}")))
                method = "chat.send" if version == OLD else "agent"
                await until(lambda many=number + 1, sent=method: len(hub.asked(sent)) >= many)
        assert [turn.result().words for turn in turns] == [""] * 4
        assert [type(turn.result().error) for turn in turns] == errors

    guarded(test)


@pytest.mark.parametrize("version", WITH_AGENT_METHOD)
def test_captured_words_are_words_to_the_method_agent(version: str):
    replies = replayed(version, "agent_words", turns=4)
    assert replies[:3] == [Heard(f"echo: {said}") for said in ("stop", "please stop", "/status")]
    assert isinstance(replies[3].error, RequestError)
    assert "operator.admin" in str(replies[3].error)


def test_a_captured_run_that_fails_says_why():
    assert "sessions directory" in str(replayed(OLD, "chat_error_400")[0].error)
    (failed,) = replayed(NEW, "chat_error_400")
    assert isinstance(failed.error, RunError)
    assert "provider rejected" in str(failed.error)
    (late,) = replayed(NEW, "chat_timeout")
    assert isinstance(late.error, RunError)
    assert "timed out" in str(late.error)


def test_a_captured_run_that_never_ends_is_given_up():
    # 2026.5.28 tells nobody on the chat stream that the model refused.
    (silent,) = replayed(MIDDLE, "chat_error_400", timeout=0.2)
    assert isinstance(silent.error, ReplyTimeoutError)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_captured_handshake_gives_a_connection(version: str):
    async def test() -> None:
        hub = GatewayHub()
        play(hub, version, "handshake_backend")
        async with hub.running(), connected(hub) as client:
            hello = await client.connected(5)
            assert hello.protocol == (3 if version == OLD else 4)
            assert hello.max_payload == (8388608 if version == OLD else 26214400)
            assert (await asked(client)).words.startswith("echo ")

    guarded(test)


async def wake(client: GatewayClient) -> None:
    """Have a client try again that waits for somebody to mend something."""
    with contextlib.suppress(AgentError):
        await client.connected()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("handshake_bad_token", CredentialsError),
        ("handshake_bad_signature", DeviceRefusedError),
        ("handshake_protocol_mismatch", ProtocolMismatchError),
    ],
)
def test_a_captured_refusal_is_told_and_not_tried_again(
    version: str, scenario: str, error: type[AgentError]
):
    async def test() -> None:
        hub = GatewayHub()
        play(hub, version, scenario)
        async with hub.running(), connected(hub) as client:
            for _ in range(3):
                assert type((await asked(client)).error) is error
            assert client.stats().state is LinkState.REFUSED
            assert len(hub.asked("connect")) == 1

    guarded(test)


def test_captured_missing_scopes_are_told_on_every_version():
    old = replayed(OLD, "missing_scope")[0].error
    assert isinstance(old, ScopeMissingError)
    assert old.missing == ("operator.write",)
    for version in WITH_AGENT_METHOD:
        error = replayed(version, "missing_scope")[0].error
        assert isinstance(error, ScopeMissingError)
        assert error.missing == ("operator.read", "operator.write")


def test_a_captured_pairing_is_asked_for_and_the_device_token_kept(tmp_path: Path):
    async def test() -> None:
        hub, store = GatewayHub(), DeviceStore(tmp_path / "device.json")
        play(hub, NEW, "pairing_remote", secrets={"<redacted>": DEVICE_TOKEN})
        async with hub.running():
            config = OpenClawConfig(base_url=hub.url)
            async with GatewayClient(config, device=store) as client:
                with pytest.raises(PairingRequiredError) as caught:
                    await client.connected()
                assert "openclaw devices approve a5e65d90-1e2d" in str(caught.value)
                await wake(client)
                await until(lambda: client.stats().state is LinkState.READY)
            assert store.token(hub.url) == DEVICE_TOKEN
            async with GatewayClient(config, device=store) as client:
                await client.connected(5)
            shown = [params.get("auth") for params in hub.asked("connect")]
            assert shown[:2] == [None, None]
            assert DEVICE_TOKEN in shown[2].values()

    guarded(test)


def test_a_captured_gateway_that_is_starting_is_asked_again():
    async def test() -> None:
        hub = GatewayHub()
        play(hub, NEW, "handshake_starting")
        async with hub.running(), connected(hub) as client:
            with pytest.raises(UnavailableError, match="gateway starting"):
                await client.connected()
            play(hub, NEW, "handshake_backend")
            assert (await asked(client)).error is None

    guarded(test)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_captured_reconnection_in_mid_run_repeats_nothing(version: str):
    async def test() -> None:
        hub = GatewayHub()
        replay = play(hub, version, "reconnect_midrun")

        async def cut(visit: Any, request: Any) -> None:
            replay.bind(request)
            steps = (Ack(), Chat("delta", counted(4), 4), Chat("delta", counted(6), 6), Close(1006))
            await performs(*steps)(visit, request)

        turns = by_turn(cut, replay.receive)
        hub.replies |= {"agent": turns, "chat.send": turns}
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == Heard(counted(40))
            sent = hub.asked("chat.send" if version == OLD else "agent")
            assert len(sent) == 2
            assert sent[0] == sent[1]

    guarded(test)


def test_a_captured_shutdown_lets_the_reply_end_and_the_next_turn_wait():
    async def test() -> None:
        hub = GatewayHub()
        play(hub, NEW, "shutdown")
        async with hub.running(), connected(hub) as client:
            assert await asked(client) == Heard(counted(80))
            hub.replies["agent"] = echo
            await hub.visits[0].close(1012, "service restart")
            assert (await asked(client)).words.startswith("echo ")
            assert client.stats().reconnects == 1

    guarded(test)
