"""The telephone as a part of the service, against the fake Twilio."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.cast import Persona
from pipeline.clock import Clock
from pipeline.config import PipelineConfig, SoundsConfig
from pipeline.engines import Engines
from pipeline.interfaces import Question, Segment, Transcript
from pipeline.word_times import WordTimes
from server.parts import PartState
from server.phone.calls.config import InboundConfig
from server.phone.calls.people import People
from server.phone.calls.request import CallRequest
from server.phone.calls.status import CallStatus, EndReason
from server.phone.calls.store import CallStore
from server.phone.config import PhoneConfig
from server.phone.config_providers import PublicConfig, TwilioConfig
from server.phone.engines.engine import Engine
from server.phone.engines.local import LocalEngine
from server.phone.engines.local_session import Surroundings
from server.phone.live.own_numbers import PhoneAgent
from server.phone.part import PhonePart, PhoneParts, dialling_rules, pin_guard
from server.store.database import open_database
from tests.peers.twilio import FakeTwilio, Hear, HearEnd, Person, Quiet, Speak
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.phone.live.phone_scene import ANN, BASE, BEN, HOST, TOKEN
from tests.server.phone.live.tone import tone


class Voice:
    async def score(self, window: Samples) -> float:
        return 1.0 if np.abs(window).max() > 500 else 0.0

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


class Ears:
    def open(self) -> Voice:
        return Voice()


class Words:
    def commit(self) -> None:
        pass

    def cancel(self) -> None:
        pass

    async def transcript(self) -> Transcript:
        return Transcript("what time is it")


class Recogniser:
    def start(self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()) -> Words:
        return Words()


class Agent:
    asks_ahead = False

    def __init__(self) -> None:
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        self.asked.append(question)
        yield "It is noon. [[end_call]]"


class Speaker:
    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        at = np.arange(SPEECH_RATE // 2) / SPEECH_RATE
        yield (8000 * np.sin(2 * np.pi * 300 * at)).astype(np.int16)

    async def warm(self) -> None:
        pass


def settings(twilio: FakeTwilio | None, **more: Any) -> PhoneConfig:
    account = {} if twilio is None else {
        "account_sid": twilio.account_sid,
        "auth_token": SecretStr(TOKEN),
        "from_number": OWN_NUMBER,
        "api_base": twilio.api_base,
    }  # fmt: skip
    public = more.pop("public", PublicConfig(base_url=BASE, port=0))
    inbound = more.pop("inbound", InboundConfig(policy="open"))
    return PhoneConfig(twilio=TwilioConfig(**account), public=public, inbound=inbound, **more)


@asynccontextmanager
async def part_of(
    folder: Path, config: PhoneConfig, agent: Agent
) -> AsyncIterator[tuple[PhonePart, CallStore]]:
    quiet = SoundsConfig(earcons=False, thinking=False, words=False)

    def engine(clock: Clock, began: datetime) -> Engine:
        engines = Engines(Ears(), None, Recogniser(), agent, Speaker())
        around = Surroundings(
            engines, PipelineConfig(sounds=quiet), config.limits, clock, began, lambda _: None
        )
        return LocalEngine(around, lambda one: Persona(one, one.title(), "default"))

    async with open_database(folder) as database:
        store = CallStore(database)
        parts = PhoneParts(
            PhoneAgent("jarvis", "Jarvis"), People([]), store, engine, folder / "recordings"
        )
        part = PhonePart(config, parts)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(part.run())
            for _ in range(200):
                if part.status().state is not PartState.STARTING or running.done():
                    break
                await asyncio.sleep(0.01)
            async with asyncio.timeout(40):
                yield part, store
            running.cancel()


@pytest.mark.slow
@pytest.mark.parametrize("inbound", [True, False])
def test_a_whole_call_with_our_own_pipeline(tmp_path: Path, *, inbound: bool) -> None:
    async def main() -> None:
        agent = Agent()
        async with FakeTwilio() as twilio:
            config = settings(twilio, recording={"mode": "local"})
            async with part_of(tmp_path, config, agent) as (part, store):
                assert part.status().state is PartState.OK
                assert part.port is not None
                assert part.switchboard is not None
                twilio.tunnel(HOST, part.port)
                steps = [Hear(0.1), HearEnd(0.5), Speak(tone(1.0)), Quiet(30.0)]
                if inbound:
                    call = await twilio.ring_in(ANN, f"{BASE}/voice", steps=steps,
                                                status_url=f"{BASE}/status")  # fmt: skip
                else:
                    twilio.add_person(BEN, Person(steps))
                    await part.switchboard.place(CallRequest(BEN, "Ask for the time."))
                    call = await twilio.next_call()
                await call.over()
                while part.switchboard.calls:  # noqa: ASYNC110 - whatever ends it
                    await asyncio.sleep(0.01)
                record = await store.get(call.sid)
        assert record is not None
        assert not call.errors
        assert not call.stream.violations
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT)
        said = [(row.role, row.text) for row in record.transcript]
        assert said[0][0] == "assistant"
        assert "AI" in said[0][1]  # callers are told
        assert said[1:] == [("user", "what time is it"), ("assistant", "It is noon.")]
        assert ("Ask for the time." in agent.asked[0].message) is not inbound
        assert record.recording is not None
        assert record.metrics.ttfa_ms is not None

    asyncio.run(main())


@pytest.mark.slow
def test_a_service_that_stops_in_a_call_closes_it_when_it_comes_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with FakeTwilio() as twilio:
            config = settings(twilio)
            async with part_of(tmp_path, config, Agent()) as (part, store):
                assert part.port is not None
                twilio.tunnel(HOST, part.port)
                call = await twilio.ring_in(
                    ANN, f"{BASE}/voice", steps=[Quiet(60.0)], status_url=f"{BASE}/status"
                )
                await call.streaming()
            async with part_of(tmp_path, config, Agent()) as (_, store):
                await call.over()
                for _ in range(500):
                    if not await store.active():
                        break
                    await asyncio.sleep(0.01)
                record = await store.get(call.sid)
                assert record is not None
                assert record.status.is_final
                assert record.end_reason is EndReason.RESTART

    asyncio.run(main())


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"enabled": False}, "phone.enabled"),
        ({}, "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_PHONE_NUMBER are not set"),
    ],
)
def test_without_its_settings_it_is_off_and_says_why(
    tmp_path: Path, more: dict[str, Any], told: str
) -> None:
    async def main() -> None:
        async with part_of(tmp_path, settings(None, **more), Agent()) as (part, _):
            assert part.status().state is PartState.OFF
            assert told in part.status().message

    asyncio.run(main())


def test_a_port_that_is_taken_is_a_status_and_no_crash(tmp_path: Path) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            public = PublicConfig(base_url=BASE, port=other.getsockname()[1])
            async with FakeTwilio() as twilio:
                config = settings(twilio, public=public)
                async with part_of(tmp_path, config, Agent()) as (part, _):
                    assert part.status().state is PartState.FAILED
                    assert f"listen on 127.0.0.1 port {public.port}," in part.status().message
                    assert "set another phone.public.port" in part.status().message
                    assert part.switchboard is None

    asyncio.run(main())


def test_numbers_of_our_own_country_may_be_called_and_the_pin_is_that_of_the_settings() -> None:
    config = PhoneConfig(twilio=TwilioConfig(from_number="+442079460000"))
    assert dialling_rules(config).countries == {"GB"}
    assert pin_guard(config, People([])) is None
    pin = InboundConfig(pin=SecretStr("1234"))
    assert pin_guard(PhoneConfig(inbound=pin), People([])) is not None
