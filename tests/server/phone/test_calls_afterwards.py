"""What is left of calls: files, and sessions that know what was said."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pipeline.errors import AgentError
from tests.peers.openai_realtime import FakeOpenAI, Say
from tests.peers.twilio import FakeTwilio, HangUp, Hear, Quiet
from tests.server.phone.live.phone_scene import ANN
from tests.server.phone.service_scene import Setup, Telephone, running, telephone


class Session:
    """What an OpenClaw session was told; away for the first attempts."""

    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.told: dict[str, tuple[str, str]] = {}

    async def __call__(self, session_key: str, text: str, *, idempotency_key: str) -> None:
        if self.away:
            self.away -= 1
            raise AgentError("the gateway is away")
        assert idempotency_key not in self.told
        self.told[idempotency_key] = (session_key, text)


async def settled(phone: Telephone, folder: Path, note: str) -> dict:
    """Wait until a call's file says what became of its note; return it."""
    async with asyncio.timeout(30):
        while True:
            for path in (folder / "transcripts").glob("*.json"):
                whole = json.loads(path.read_text())
                if whole["sessionNote"] == note:
                    return whole
            await asyncio.sleep(0.01)


@pytest.mark.slow
def test_what_was_said_with_a_realtime_model_enters_the_session(tmp_path: Path) -> None:
    session = Session(away=2)
    setup = Setup(
        engine="realtime",
        script=[Say("Hello, I am Jarvis.", 0.5)],
        parts={"tell_session": session},
    )

    async def main() -> None:
        async with telephone(tmp_path, setup) as phone:
            call = await phone.ring_in(Hear(0.3), Quiet(1.0), HangUp())
            await call.over()
            whole = await settled(phone, tmp_path, "told")
        [(key, text)] = session.told.values()
        assert key == whole["sessionKey"] == f"agent:jarvis:voice:{ANN[1:]}"
        assert text.startswith(f"[phone call transcript] {ANN} called")
        assert "You: Hello, I am Jarvis." in text
        assert [row["role"] for row in whole["transcript"]] == ["assistant"]
        assert {"realtime_input", "realtime_output"} <= set(whole["cost"]["parts"])

    asyncio.run(main())


@pytest.mark.slow
def test_of_a_call_in_which_the_service_stopped_the_session_is_told_after_the_start(
    tmp_path: Path,
) -> None:
    session = Session()
    setup = Setup(
        engine="realtime",
        script=[Say("Hello, I am Jarvis.", 0.5)] * 2,
        parts={"tell_session": session},
    )

    async def main() -> None:
        async with (
            FakeTwilio(speed=setup.speed) as twilio,
            FakeOpenAI(setup.script, speed=setup.speed) as openai,
        ):
            async with running(tmp_path, twilio, openai, setup) as phone:
                call = await phone.ring_in(Hear(0.3), Quiet(100.0))
                while not getattr(await phone.store.get(call.sid), "transcript", ()):  # noqa: ASYNC110 - as it is kept
                    await asyncio.sleep(0.01)
            assert not session.told
            async with running(tmp_path, twilio, openai, setup) as phone:
                whole = await settled(phone, tmp_path, "told")
                assert whole["endReason"] == "restart"
        [(_, text)] = session.told.values()
        assert "You: Hello, I am Jarvis." in text

    asyncio.run(main())


@pytest.mark.slow
def test_a_session_that_heard_the_call_itself_is_told_nothing(tmp_path: Path) -> None:
    session = Session()

    async def main() -> None:
        async with telephone(tmp_path, Setup(parts={"tell_session": session})) as phone:
            call = await phone.ring_in(Hear(0.3), Quiet(1.0), HangUp())
            await call.over()
            await settled(phone, tmp_path, "none")
        assert not session.told

    asyncio.run(main())
