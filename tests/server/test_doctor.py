"""The doctor: what each check finds, and that none can hide the others."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from models.config import ModelsConfig
from pipeline.audio import SPEECH_RATE
from pipeline.config import ChatConfig, PipelineConfig, SttConfig, TtsConfig, TurnsConfig
from server.checks import first_checks
from server.commands.doctor import run_doctor
from server.config import Config
from server.doctor import Check, Finding, Outcome, examine
from server.speech.config import SpeechConfig
from tests.peers.speech_server import Answer, SpeechPeer, json_answer, tone

FIXTURE = PipelineConfig(
    stt=SttConfig(model_size="fixture", allow_test_fixture=True),
    turns=TurnsConfig(end_of_turn_model="silence"),
)


def findings(config: Config, *names: str) -> dict[str, Finding]:
    checks = [check for check in first_checks(config) if check.name in names]
    assert len(checks) == len(names)
    results = asyncio.run(examine(checks))
    return {check.name: finding for check, finding in zip(checks, results, strict=True)}


def test_checks_run_side_by_side_and_keep_their_order() -> None:
    met = asyncio.Barrier(2)

    async def meet() -> Finding:
        await met.wait()
        return Finding(Outcome.OK, "met")

    async def run() -> Sequence[Finding]:
        return await examine([Check("one", meet), Check("two", meet)])

    assert [finding.message for finding in asyncio.run(run())] == ["met", "met"]


def test_a_check_that_hangs_or_breaks_does_not_hide_the_others() -> None:
    async def hang() -> Finding:
        await asyncio.Event().wait()
        raise AssertionError

    async def fail() -> Finding:
        raise KeyError("s3cret")

    async def fine() -> Finding:
        return Finding(Outcome.OK, "fine")

    checks = [Check("hangs", hang, limit=0.01), Check("breaks", fail), Check("fine", fine)]
    hanging, broken, fine_one = asyncio.run(examine(checks))
    assert hanging == Finding(Outcome.FAILED, "no answer within 0.01 s")
    assert broken == Finding(Outcome.FAILED, "the check itself broke: KeyError")
    assert fine_one.outcome is Outcome.OK


def test_a_data_folder_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    good = findings(Config(data_dir=tmp_path / "new"), "data folder")
    assert good["data folder"].outcome is Outcome.OK
    (tmp_path / "file").write_text("x")
    bad = findings(Config(data_dir=tmp_path / "file"), "data folder")
    assert bad["data folder"].outcome is Outcome.FAILED
    assert "data_dir" in bad["data folder"].fix


def test_models_that_are_here_load() -> None:
    found = findings(Config(pipeline=FIXTURE), "model fixture", "model silero-vad", "hearing")
    assert {finding.outcome for finding in found.values()} == {Outcome.OK}


def test_a_model_that_cannot_be_had_fails_with_the_command(tmp_path: Path) -> None:
    pipeline = PipelineConfig(stt=SttConfig(model_size="large-v3"))
    config = Config(pipeline=pipeline, models=ModelsConfig(download=False))
    found = findings(config, "model large-v3", "hearing")
    assert found["model large-v3"].outcome is Outcome.FAILED
    assert found["model large-v3"].fix == "uv run run.py models pull large-v3"
    assert found["hearing"].outcome is Outcome.SKIPPED


def test_a_model_nobody_knows_fails() -> None:
    config = Config(pipeline=PipelineConfig(stt=SttConfig(model_size="base.em")))
    found = findings(config, "model base.em", "hearing")
    assert found["model base.em"].outcome is Outcome.FAILED
    assert found["hearing"].outcome is Outcome.SKIPPED


def test_a_folder_that_holds_no_model_fails(tmp_path: Path) -> None:
    pipeline = PipelineConfig(stt=SttConfig(model_size=str(tmp_path)))
    assert findings(Config(pipeline=pipeline), "hearing")["hearing"].outcome is Outcome.FAILED


def test_our_own_speech_server_speaks() -> None:
    found = findings(Config(), "speech")["speech"]
    assert found.outcome is Outcome.OK
    assert found.message.startswith("our own speech server spoke for")
    assert found.message.endswith("with espeak")


def test_an_engine_that_was_chosen_and_is_missing_is_told() -> None:
    config = Config(speech=SpeechConfig(engine="kokoro"))
    found = findings(config, "speech")["speech"]
    assert found.outcome is Outcome.WARNING
    assert "with espeak; kokoro: " in found.message
    assert "models pull kokoro" in found.message


def test_a_speech_server_of_another_make_tells_no_engine() -> None:
    async def story() -> Finding:
        sound = Answer([tone(1.0, SPEECH_RATE).tobytes()])
        health = json_answer({"status": "ok"})
        async with SpeechPeer(lambda one: sound if one.method == "POST" else health) as peer:
            config = Config(tts=TtsConfig(url=peer.url))
            (check,) = [check for check in first_checks(config) if check.name == "speech"]
            return await check.run()

    assert asyncio.run(story()) == Finding(Outcome.OK, "the server of tts.url spoke for 1.0 s")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_servers_that_do_not_answer_fail() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    config = Config(tts=TtsConfig(url=url), chat=ChatConfig(base_url=url))
    found = findings(config, "speech", "chat server")
    assert {finding.outcome for finding in found.values()} == {Outcome.FAILED}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Outcome.OK), (404, Outcome.OK), (401, Outcome.FAILED), (500, Outcome.FAILED)],
)
def test_a_chat_server_is_judged_by_its_answer(status: int, outcome: Outcome) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        assert request.startswith(b"GET /v1/models ")
        assert b"bearer s3cret" in request.lower()
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def run() -> Finding:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            chat = ChatConfig(base_url=url, api_key=SecretStr("s3cret"))
            checks = [c for c in first_checks(Config(chat=chat)) if c.name == "chat server"]
            return (await examine(checks))[0]

    assert asyncio.run(run()).outcome is outcome


def test_what_is_not_configured_is_skipped() -> None:
    found = findings(Config(), "chat server", "openclaw", "discord", "phone")
    assert {finding.outcome for finding in found.values()} == {Outcome.SKIPPED}


def test_the_command_prints_one_object_a_line_and_its_status(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good = Config(pipeline=FIXTURE, data_dir=tmp_path)
    assert run_doctor(good, as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["type"] for line in lines} == {"check"}
    assert {"name", "status", "message", "fix"} <= lines[0].keys()
    (tmp_path / "file").write_text("x")
    bad = good.model_copy(update={"data_dir": tmp_path / "file"})
    assert run_doctor(bad, as_json=False) == 1
    assert "failed   data folder" in capsys.readouterr().out
