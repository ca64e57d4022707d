"""A caller in a Realtime session, by OpenAI's own SDK."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from openai import AsyncOpenAI

from tests.peers.openai_realtime import FakeOpenAI
from tests.peers.telephone_sound import encode_g711

MODEL = "gpt-realtime-2.1"
PHONE: dict[str, Any] = {
    "type": "realtime",
    "output_modalities": ["audio"],
    "instructions": "Be brief.",
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "gpt-transcribe", "language": "en"},
            "noise_reduction": None,
            "turn_detection": {
                "type": "server_vad",
                "silence_duration_ms": 500,
                "create_response": True,
                "interrupt_response": True,
            },
        },
        "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
    },
    "tools": [
        {
            "type": "function",
            "name": "ask_openclaw",
            "description": "Ask.",
            "parameters": {"type": "object", "properties": {"request": {"type": "string"}}},
        }
    ],
    "tool_choice": "auto",
}


class Caller:
    """A session of the SDK, with what a phone call sends."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.seen: list[str] = []

    async def until(self, *types: str) -> Any:
        while True:
            event = await asyncio.wait_for(self.connection.recv(), 10)
            self.seen.append(event.type)
            if event.type in types:
                return event

    async def speak(self, milliseconds: int) -> None:
        noise = np.random.default_rng(0).normal(0, 4000, 8 * milliseconds)
        await self._append(encode_g711(noise.clip(-32768, 32767).astype(np.int16)))

    async def be_quiet(self, milliseconds: int) -> None:
        await self._append(b"\xff" * 8 * milliseconds)

    async def _append(self, sound: bytes) -> None:
        for start in range(0, len(sound), 160):
            piece = base64.b64encode(sound[start : start + 160]).decode()
            await self.connection.input_audio_buffer.append(audio=piece)


def sdk(fake: FakeOpenAI, key: str | None = None) -> AsyncOpenAI:
    return AsyncOpenAI(
        api_key=key or fake.api_key,
        base_url=fake.base_url,
        websocket_base_url=fake.websocket_url,
        webhook_secret=fake.calls.webhook_secret,
        max_retries=0,
    )


@asynccontextmanager
async def call(fake: FakeOpenAI, session: dict[str, Any] | None = PHONE) -> AsyncIterator[Caller]:
    async with sdk(fake) as client, client.realtime.connect(model=MODEL) as connection:
        caller = Caller(connection)
        await caller.until("session.created")
        if session is not None:
            await connection.session.update(session=session)
            await caller.until("session.updated")
        caller.seen.clear()
        yield caller
