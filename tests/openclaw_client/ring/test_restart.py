"""A real gateway that is killed, or stopped, and started again."""

import asyncio
from dataclasses import dataclass, field

import pytest

from openclaw_client import GatewayClient, SpontaneousRun
from tests.openclaw_client.ring.talk import GUARD, Reply, guarded, settings, until, wake, whole
from tests.peers.language_model import LanguageModel
from tests.peers.real_gateway import RealGateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

WAITING = "Ann: waiting for the first word [[words:6]] [[hold:0]]"
SPEAKING = "Ben: in the middle of it [[words:6]] [[pace:200]] [[hold:3]]"
MEANWHILE = "Cid: asked while it is down [[words:6]]"
SIX_WORDS = "w1 w2 w3 w4 w5 w6"
AFTERWARDS = "Ann: and then?"


@dataclass
class Killed:
    """What became of everything that was going on when the gateway was killed."""

    replies: dict[str, str] = field(default_factory=dict)
    """By what was asked."""

    heard_before: str = ""
    """Of the reply that was in the middle."""

    told: dict[str, list[str]] = field(default_factory=dict)
    """By what was asked: what the model was told, a turn later, that the user had said."""

    reconnects: list[int] = field(default_factory=list)
    by_itself: list[SpontaneousRun] = field(default_factory=list)
    """What the agent said by itself afterwards, and a client that was there before passed on."""


@pytest.fixture(scope="module")
def killed(started_gateway: RealGateway, language_model: LanguageModel) -> Killed:
    """Kill the gateway once, at a moment at which everything is going on."""
    found = Killed()
    if not started_gateway.running:
        started_gateway.start()
    try:
        asyncio.run(asyncio.wait_for(_kill(started_gateway, language_model, found), 2 * GUARD))
    finally:
        language_model.release()
    return found


async def _kill(gateway: RealGateway, model: LanguageModel, found: Killed) -> None:
    keys = {asked: f"agent:main:killed:{at}" for at, asked in enumerate((WAITING, SPEAKING))}
    keys[MEANWHILE] = "agent:main:killed:meanwhile"
    said_by: dict[str, Reply] = {}
    config = settings(gateway, spontaneous=True)
    async with (
        GatewayClient(config, on_spontaneous=found.by_itself.append) as client,
        GatewayClient(settings(gateway)) as idle,
    ):
        client.follow("agent:sage:killed:woken")
        await idle.connected()
        model.hold()
        async with asyncio.TaskGroup() as turns:

            def ask(words: str) -> None:
                said_by[words] = Reply(client.ask(keys[words], words))
                turns.create_task(said_by[words].whole())

            ask(WAITING)
            ask(SPEAKING)
            await until(lambda: model.asked_about(WAITING))
            await until(lambda: said_by[SPEAKING].text == "w1 w2 w3")
            await asyncio.to_thread(gateway.kill)
            found.heard_before = said_by[SPEAKING].text
            model.release()
            ask(MEANWHILE)
            await asyncio.to_thread(gateway.start)
        found.replies = {words: reply.text for words, reply in said_by.items()}
        found.replies["idle"] = await whole(idle.ask("agent:main:killed:idle", "Dan: back?"))
        found.reconnects = [one.stats().reconnects for one in (client, idle)]
        await _hear_it_say_something(gateway, client, "agent:sage:killed:woken")
        for words, key in keys.items():
            await whole(client.ask(key, AFTERWARDS))
            found.told[words] = model.asked[-1].said


async def _hear_it_say_something(gateway: RealGateway, client: GatewayClient, session: str) -> None:
    """Have an agent say something by itself, that also reached this client."""
    heard: list[SpontaneousRun] = []
    config = settings(gateway, spontaneous=True)
    async with GatewayClient(config, on_spontaneous=heard.append) as listening:
        listening.follow(session)
        await wake(listening, session)
        await until(lambda: heard)
        await client.agents()  # what was sent before this answer has arrived


def test_an_idle_client_comes_back_after_a_kill(killed: Killed):
    assert killed.replies["idle"] == "You said: Dan: back?"
    assert killed.reconnects == [1, 1]


def test_a_turn_killed_before_its_first_word_is_answered_once(killed: Killed):
    assert killed.replies[WAITING] == SIX_WORDS
    assert killed.told[WAITING] == [WAITING, AFTERWARDS]


def test_a_turn_killed_in_mid_reply_goes_on_and_repeats_no_word(killed: Killed):
    assert killed.heard_before == "w1 w2 w3"
    assert killed.replies[SPEAKING] == SIX_WORDS
    assert killed.told[SPEAKING] == [SPEAKING, AFTERWARDS]


def test_a_turn_asked_while_the_gateway_is_down_is_answered_when_it_is_back(killed: Killed):
    assert killed.replies[MEANWHILE] == SIX_WORDS
    assert killed.told[MEANWHILE] == [MEANWHILE, AFTERWARDS]


def test_what_an_agent_says_by_itself_right_after_a_restart_is_not_passed_on(killed: Killed):
    assert killed.by_itself == []


def test_a_gateway_that_is_stopped_ends_its_turn_and_is_found_again(
    gateway: RealGateway, model: LanguageModel, session: str
):
    async def test() -> None:
        model.hold()
        async with (
            GatewayClient(settings(gateway)) as talking,
            GatewayClient(settings(gateway)) as idle,
        ):
            await idle.connected()
            reply = Reply(talking.ask(session, "Ann: [[words:6]] [[pace:200]] [[hold:3]]"))
            await reply.words(3)
            async with asyncio.TaskGroup() as tasks:
                stopping = tasks.create_task(asyncio.to_thread(gateway.stop))
                await until(lambda: "received SIGTERM" in gateway.log())
                model.release()
                assert await reply.whole() == SIX_WORDS
            assert stopping.result() == 0
            await asyncio.to_thread(gateway.start)
            assert await whole(idle.ask(f"{session}0", "Ben: back?")) == "You said: Ben: back?"
            assert await whole(talking.ask(session, "Ann: back?")) == "You said: Ann: back?"
            assert idle.stats().reconnects == 1

    guarded(test)
