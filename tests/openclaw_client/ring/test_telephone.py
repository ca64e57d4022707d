"""One person on Discord and on the telephone is in one conversation: the whole program."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from openclaw_client import GatewayClient
from tests.openclaw_client.ring.talk import settings as client_settings
from tests.openclaw_client.ring.talk import whole
from tests.peers.language_model import LanguageModel
from tests.peers.openai_realtime import FakeOpenAI, Say
from tests.peers.real_gateway import RealGateway
from tests.peers.telephone_sound import Sound, tone
from tests.peers.twilio import FakeTwilio, HangUp, HearEnd, Quiet, Speak
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.discord.scene import LOUNGE, Service, clip, guild, join, service, settings
from tests.server.phone.live.phone_scene import ANN, BASE, HOST, STATUS, TOKEN, VOICE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LONGEST = 300.0
"""Seconds after which a test that hangs is given up; a call is in real time."""

ANN_ON_DISCORD = 200100000000000001
CHANNEL = f"agent:jarvis:discord:channel:{LOUNGE}"


def variables(gateway: RealGateway, twilio: FakeTwilio) -> dict[str, str]:
    """Return what somebody sets who has a telephone."""
    return {
        "OPENCLAW_AGENT_ID": "jarvis",
        "OPENCLAW_BASE_URL": gateway.url,
        "OPENCLAW_AUTH_TOKEN": gateway.token,
        "TWILIO_ACCOUNT_SID": twilio.account_sid,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_PHONE_NUMBER": OWN_NUMBER,
        "PUBLIC_URL": BASE,
        "PHONE__PUBLIC__PORT": "0",
        "PHONE__TWILIO__API_BASE": twilio.api_base,
        "IDENTITIES__ANN": f'{{"discord": "{ANN_ON_DISCORD}", "phones": ["{ANN}"]}}',
        "PIPELINE__SOUNDS__EARCONS": "false",
        "PIPELINE__SOUNDS__THINKING": "false",
        "PIPELINE__SOUNDS__WORDS": "false",
    }


async def call_in(running: Service, twilio: FakeTwilio, *said: Sound) -> list[dict[str, str]]:
    """Have Ann call and say something; return what was said, as the call's history has it."""
    listening = await running.until_logged(r"The telephone listens on 127\.0\.0\.1:(\d+)")
    twilio.tunnel(HOST, int(listening[1]))
    steps = [step for sound in said for step in (HearEnd(1.0), Speak(sound), Quiet(0.2))]
    call = await twilio.ring_in(
        ANN, VOICE, steps=[*steps, HearEnd(1.0), HangUp()], status_url=STATUS
    )
    await call.over(LONGEST)
    async with asyncio.timeout(30):
        while True:
            history = (await running.get("/history"))["calls"]
            if history and history[0]["status"] == "completed":
                break
            await asyncio.sleep(0.1)
    found = await running.get(f"/history/{history[0]['id']}/transcript")
    rows: list[dict[str, str]] = found["transcript"]
    return rows


def test_what_is_said_on_discord_is_known_on_the_telephone_and_the_other_way_round(
    gateway: RealGateway, model: LanguageModel, tmp_path: Path
):
    # On the telephone whatever is said is the question: the test's recogniser hears badly there.
    model.meanings |= {"timer for five minutes": "remember 42", "ann: ": "[[number]]"}

    async def test() -> None:
        async with guild() as discord, FakeTwilio() as twilio:
            ann = discord.add_user(ANN_ON_DISCORD, "ann", display_name="Ann")
            everything = {**variables(gateway, twilio), **settings(discord)}
            async with service(tmp_path, everything) as running:
                await join(running, ann)
                await ann.say(clip("ben-timer"))
                (turn,) = await running.turns(1)
                assert turn["session_key"] == CHANNEL
                said = await call_in(running, twilio, clip("ben-time"))
                assert "The number is 42." in [row["text"] for row in said]
                (asked,) = [row["text"] for row in said if row["role"] == "user"]
                await ann.say(clip("ben-time"))
                on_the_phone, last = (await running.turns(3))[1:]
                assert on_the_phone["conversation"].startswith("call:")
                assert on_the_phone["session_key"] == last["session_key"] == CHANNEL
                known = model.asked_about("Ann: what time is it jarvis")[-1].said
                phone = [text for text in known[:-1] if text.startswith("ann: ")]
                assert phone[-1].endswith(asked)
                assert await running.end() == 0
                log = "".join(running.log)
                assert gateway.token not in log
                assert TOKEN not in log
                assert "Traceback" not in log

    asyncio.run(asyncio.wait_for(test(), LONGEST))


def test_a_session_knows_what_a_realtime_model_was_told_in_a_call(
    gateway: RealGateway, model: LanguageModel, tmp_path: Path
):
    session = f"agent:jarvis:discord:direct:{ANN_ON_DISCORD}"

    async def test() -> None:
        script = [Say("Hello.", 0.5), Say("I will.", 0.5)]
        async with (
            FakeTwilio() as twilio,
            FakeOpenAI(script, heard=["please remember 17"]) as openai,
        ):
            realtime = {
                "PHONE__ENGINE": "realtime",
                "OPENAI_API_KEY": openai.api_key,
                "PHONE__OPENAI__WEBSOCKET_BASE_URL": openai.websocket_url,
            }
            everything = {**variables(gateway, twilio), **realtime}
            async with service(tmp_path, everything) as running:
                said = await call_in(running, twilio, tone(1.5))
                assert [row["text"] for row in said if row["role"] == "user"] == [
                    "please remember 17"
                ]
                async with asyncio.timeout(60):
                    while not model.asked_about("[phone call transcript]"):  # noqa: ASYNC110 - any thread
                        await asyncio.sleep(0.1)
                assert await running.end() == 0
                assert openai.api_key not in "".join(running.log)
            async with GatewayClient(client_settings(gateway)) as client:
                reply = await whole(client.ask(session, "Ann: [[number]]"))
                assert reply == "The number is 17."

    asyncio.run(asyncio.wait_for(test(), LONGEST))
