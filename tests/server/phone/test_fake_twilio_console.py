"""``python -m tests.peers.twilio``."""

from __future__ import annotations

import argparse
import asyncio
import json
import wave
from pathlib import Path

import pytest

from tests.peers.twilio import FakeTwilio
from tests.peers.twilio.__main__ import ring
from tests.server.phone.sdk_app import CALLER, HOST, VOICE, Message, SdkApp


async def greet(app: SdkApp, message: Message) -> None:
    if message["event"] == "start":
        await app.speak(0.3)


def test_rings_a_program_in_and_keeps_what_it_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        async with FakeTwilio() as twilio, SdkApp(twilio, on_message=greet):
            port = twilio.webhooks.tunnels[HOST].rpartition(":")[2]
            options = argparse.Namespace(
                voice_url=VOICE,
                tunnel=[f"{HOST}={port}"],
                say=[],
                out=tmp_path / "call.wav",
                caller=CALLER,
                auth_token=twilio.signer.auth_token,
                speed=8.0,
                listen=5.0,
            )
            await ring(options)

    asyncio.run(main())
    shown = json.loads(capsys.readouterr().out)
    assert (shown["status"], shown["errors"], shown["violations"]) == ("completed", [], [])
    assert shown["heard_ms"] >= 300
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert file.getnchannels() == 2
