"""A live call beside an attack, which must not notice it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import aiohttp

from server.phone.calls.config import InboundConfig
from server.phone.calls.status import CallStatus, EndReason
from tests.peers.telephone_sound import FRAME_BYTES, decode_g711, loudness
from tests.peers.twilio import Call, HangUp, Hear, HearEnd
from tests.peers.twilio.person import AUDIBLE
from tests.server.phone.live.phone_scene import HOST
from tests.server.phone.service_scene import Setup, Telephone, telephone

STORY = " ".join(f"word{index}" for index in range(30))
LONGEST_GAP = 30
"""Frames of 20 ms that may be missing one after another: what a busy machine may cost. How late
sound is without one is measured by ``benchmarks/phone_attack.py``."""

STRANGER = "203.0.113.7"
THROUGH_TUNNEL = {"Host": HOST, "X-Forwarded-For": STRANGER, "X-Forwarded-Proto": "https"}


@asynccontextmanager
async def beside_a_call(folder: Path, **more: Any) -> AsyncIterator[tuple[Telephone, Call]]:
    """Run a telephone at true speed on which somebody is told a story of 3 s.

    At the end of the block the story is heard to its end, and must have had no gap.
    """
    story = {"inbound": STORY, "disclosure": "", "written_down": ""}
    inbound = InboundConfig(policy="open")
    setup = Setup(**{"speed": 1.0, "inbound": inbound, "more": {"greeting": story}, **more})
    async with telephone(folder, setup) as phone:
        call = await phone.ring_in(Hear(0.1), HearEnd(0.4), HangUp())
        await call.streaming()
        yield phone, call
        record = await phone.record(call.sid)
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)
        assert not call.errors
        assert not call.stream.violations
        assert record.transcript[0].text == STORY
        assert not record.transcript[0].interrupted
        gap = longest_gap(bytes(call.stream.heard_sound))
        assert gap <= LONGEST_GAP
        await phone.idle()


def longest_gap(sound: bytes) -> int:
    """Return how many silent frames there are in a row between two that can be heard."""
    frames = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
    heard = [loudness(decode_g711(frame)) > AUDIBLE for frame in frames]
    runs = [(audible, len(list(run))) for audible, run in groupby(heard)]
    return max((length for audible, length in runs[1:-1] if not audible), default=0)


async def post(
    phone: Telephone, path: str, fields: dict[str, str], headers: dict[str, str] | None = None
) -> int:
    """Make a request as from the internet; return the status of the answer."""
    url = f"http://127.0.0.1:{phone.port}{path}"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=fields, headers=THROUGH_TUNNEL | (headers or {})) as answer,
    ):
        return answer.status
