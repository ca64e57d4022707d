"""``run.py call``: a call through a service that runs, in a process of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from server.config import ServerConfig
from server.parts import PartState
from tests.peers.twilio import Hear, HearEnd, Outcome, Person, Quiet, Speak
from tests.server.commands.program import Ended, run, run_program
from tests.server.control_scene import GUARDED, OPEN, Fake, control
from tests.server.phone.live.phone_scene import BEN
from tests.server.phone.live.tone import tone
from tests.server.phone.service_scene import Agent, Setup, Telephone, telephone

REPORT = (
    'It is noon. [[report_call:{"summary": "They said noon.", "outcome": "success",'
    ' "nextSteps": ["Be there."]}]]'
)
TALKS = Person([Hear(0.1), HearEnd(0.5), Speak(tone(1.0)), Quiet(30.0)])
STAYS = Person([Quiet(60.0)])


@asynccontextmanager
async def serving(
    folder: Path, server: ServerConfig = OPEN
) -> AsyncIterator[tuple[Telephone, httpx.AsyncClient]]:
    setup = Setup(speed=2.0, agent=Agent(reply=REPORT))
    async with telephone(folder, setup) as phone, control([phone.part], server) as client:
        yield phone, client


async def call(client: httpx.AsyncClient, folder: Path, *arguments: str, **more: object) -> Ended:
    port = client.base_url.port
    (folder / "config.yaml").touch()
    return await run_program(
        *("call", *arguments, "--config", str(folder / "config.yaml")),
        *("--set", f"server.port={port}"),
        cache=folder,
        **more,  # type: ignore[arg-type]  # passed through
    )


@pytest.mark.slow
def test_it_waits_for_the_end_and_prints_what_was_said_and_came_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(tmp_path) as (phone, client):
            phone.twilio.add_person(BEN, TALKS)
            options = ("--task", "Ask when.", "--message", "Hello.", "--wait")
            ended = await call(client, tmp_path, BEN, *options)
        assert (ended.code, ended.err) == (0, "")
        begun, *rows, over, outcome, step = ended.out.splitlines()
        assert begun == f"Call initiated to {BEN}."
        assert [row.split("  ", 1)[1] for row in rows] == [
            "agent: Hello. I am an AI. What we say is written down.",
            f"{BEN}: tell me about horses",
            "agent: It is noon.",
        ]
        assert over.startswith("The call is completed (agent), ")
        assert (outcome, step) == ("Outcome: They said noon.", "Next: Be there.")

    asyncio.run(main())


@pytest.mark.slow
def test_as_json_there_is_one_object_a_line_and_nothing_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(tmp_path) as (phone, client):
            phone.twilio.add_person(BEN, TALKS)
            words = ("--task", "Ask when.", "--message", "Hello.", "--context", "At home.")
            ended = await call(client, tmp_path, BEN, *words, "--wait", "--json")
        assert (ended.code, ended.err) == (0, "")
        begun, over = ended.objects
        assert (begun["type"], begun["status"]) == ("call", "initiated")
        assert (over["type"], over["id"]) == ("call", begun["call_id"])
        assert (over["status"], over["context"]) == ("completed", "At home.")
        assert over["outcome"]["summary"] == "They said noon."
        assert over["transcript"][-1]["text"] == "It is noon."

    asyncio.run(main())


def test_who_is_not_reached_is_a_failure(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(tmp_path) as (phone, client):
            phone.twilio.add_person(BEN, Person(outcome=Outcome.BUSY))
            ended = await call(client, tmp_path, BEN, "--message", "Hello.", "--wait")
        assert ended.code == 1
        assert "The call is busy" in ended.out

    asyncio.run(main())


def test_ctrl_c_stops_the_waiting_and_leaves_the_call(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(tmp_path) as (phone, client):
            phone.twilio.add_person(BEN, STAYS)

            async def talking(_: object) -> None:
                await (await phone.twilio.next_call()).streaming()
                await asyncio.sleep(0.5)  # until the program waits

            options = (BEN, "--task", "Ask.", "--wait", "--json")
            ended = await call(client, tmp_path, *options, interrupt=talking)
            assert ended.code == 130
            assert ended.seconds_after_signal < 2
            assert "Traceback" not in ended.err
            assert [one["status"] for one in ended.objects] == ["initiated"]
            [going_on] = (await client.get("/calls")).json()["calls"]
            assert going_on["status"] == "in-progress"
            await client.delete(f"/call/{going_on['id']}")

    asyncio.run(main())


def test_a_call_that_is_refused_is_told_in_one_line(tmp_path: Path) -> None:
    async def main() -> None:
        numbers = ("hello", "+442079460000")
        async with serving(tmp_path) as (_, client):
            asked = (call(client, tmp_path, one, "--task", "Ask.", "--json") for one in numbers)
            wrong, foreign = await asyncio.gather(*asked)
        for ended, code, told in ((wrong, 2, "telephone number"), (foreign, 1, "another country")):
            assert (ended.code, ended.out) == (code, "")
            assert told in ended.err
            assert ended.err.count("\n") == 1

    asyncio.run(main())


def test_a_service_with_a_token_and_one_without_a_telephone(tmp_path: Path) -> None:
    async def main() -> None:
        bare = [Fake("discord", PartState.OK)]
        async with control(server=GUARDED) as guarded, control(bare) as other:
            asked = (call(one, tmp_path, BEN, "--task", "Ask.") for one in (guarded, other))
            refused, missing = await asyncio.gather(*asked)
        assert (refused.code, "SERVER__TOKEN" in refused.err) == (1, True)
        assert (missing.code, "no service with a telephone" in missing.err) == (1, True)

    asyncio.run(main())


def test_without_a_service_it_says_how_to_start_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "config.yaml").touch()
    options = ("--config", str(tmp_path / "config.yaml"), "--set", f"server.port={port}")
    ended = run("call", BEN, "--task", "Ask.", *options, cache=tmp_path)
    assert (ended.code, ended.out) == (1, "")
    assert "start it with uv run run.py" in ended.err
    assert ended.err.count("\n") == 1


def test_a_call_without_a_purpose_is_wrong_usage(tmp_path: Path) -> None:
    ended = run("call", BEN, cache=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "--task" in ended.err
