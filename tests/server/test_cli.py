"""The command line as its users have it: a process, its output and its status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.server.program import ROOT, Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def test_help_lists_the_commands(program: Program) -> None:
    done = program.run("--help")
    assert done.returncode == 0
    for command in ("setup", "demo", "bench", "doctor", "models", "config", "speech", "call"):
        assert f"  {command} " in done.stdout
    for option in ("--config", "--set", "-v"):
        assert option in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["setup"],
        ["demo"],
        ["bench", "scenes"],
        ["doctor"],
        ["models", "list"],
        ["models", "pull"],
        ["config"],
        ["call"],
    ],
)
def test_every_command_explains_itself_and_takes_the_common_options(
    program: Program, command: list[str]
) -> None:
    done = program.run(*command, "--help")
    assert done.returncode == 0
    assert {"--config", "--set", "-v,"} <= set(done.stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["config", "--nonsense"], ["bench", "scenes", "nowhere"], ["bench", "scenes"]],
)
def test_wrong_usage_ends_with_2(program: Program, arguments: list[str]) -> None:
    done = program.run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_wrong_settings_end_every_command_with_2_and_all_problems(program: Program) -> None:
    for command in (["config", "--json"], ["demo"], ["doctor"], ["models", "list"], []):
        done = program.run("--set", "tts.sped=1", "--set", "models.download={}", *command)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.splitlines() == [
            "tts.sped: unknown setting, did you mean speed? (--set tts.sped)",
            "models.download: should be a valid boolean (--set models.download)",
        ]


def test_a_missing_settings_file_ends_with_2(program: Program) -> None:
    done = program.run("config", "--config", "nowhere.yaml")
    assert done.returncode == 2
    assert "nowhere.yaml: no such file" in done.stderr


def test_config_json_is_one_object_with_secrets_masked(program: Program) -> None:
    done = program.run("config", "--json", DISCORD_BOT_TOKEN="s3cret", SERVER__TOKEN="t0ken")
    assert done.returncode == 0
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    shown = json.loads(line)
    assert shown["discord"]["bot_token"] == "********"
    assert shown["server"]["token"] == "********"
    assert "s3cret" not in done.stdout


def test_config_shows_yaml_that_could_be_used(program: Program) -> None:
    done = program.run("config", "--set", "tts.speed=1.5")
    assert yaml.safe_load(done.stdout)["tts"]["speed"] == 1.5


def test_common_options_count_before_and_after_the_command(program: Program) -> None:
    done = program.run(
        "--set", "tts.speed=2", "--set", "server.port=1", "config", "--json", "--set",
        "server.port=2", "-v",
    )  # fmt: skip
    shown = json.loads(done.stdout)
    assert shown["tts"]["speed"] == 2
    assert shown["server"]["port"] == 2


def test_config_defaults_is_the_documented_file(program: Program) -> None:
    done = program.run("config", "--defaults")
    assert done.stdout == (ROOT / "config.yaml").read_text(encoding="utf-8")


def test_json_of_models_is_clean(program: Program) -> None:
    done = program.run("models", "list", "--json")
    assert done.returncode == 0
    assert {json.loads(line)["type"] for line in done.stdout.splitlines()} == {"model"}


def test_doctor_fails_when_something_configured_does_not_work(program: Program) -> None:
    done = program.run(
        "doctor",
        "--json",
        "--set",
        "models.download=false",
        "--set",
        "chat.base_url=http://[::1]:9",
    )
    assert done.returncode == 1
    statuses = {line["name"]: line["status"] for line in map(json.loads, done.stdout.splitlines())}
    assert statuses["python"] == "ok"
    assert statuses["speech"] == "ok"
    assert statuses["chat server"] == "failed"


def test_speech_listens_where_it_is_told_and_ends_with_ctrl_c(program: Program) -> None:
    speech = program.start("speech", "--port", "0")
    with speech:
        assert speech.stdout is not None
        assert speech.stderr is not None
        assert speech.stdout.readline().startswith("Speech server on http://127.0.0.1:")
        os.kill(speech.pid, signal.SIGINT)
        assert speech.wait(timeout=10) in {0, 130}
        assert "Traceback" not in speech.stderr.read()


def test_the_demo_prints_its_turns_and_logs_only_what_is_wrong(program: Program) -> None:
    turns = {
        "PIPELINE__STT__MODEL_SIZE": "fixture",
        "PIPELINE__STT__ALLOW_TEST_FIXTURE": "true",
        "PIPELINE__TURNS__END_OF_TURN_MODEL": "silence",
    }
    quiet = program.run("demo", "--fast", **turns)
    assert quiet.stdout.count("Total") == 4
    assert all(" WARNING " in line for line in quiet.stderr.splitlines())
    detailed = program.run("-v", "demo", "--fast", **turns)
    assert detailed.stderr.count(" INFO    pipeline.records: ") == 4


def test_every_output_is_utf_8_whatever_the_locale(program: Program) -> None:
    done = program.run("doctor", "--set", "models.download=false", PYTHONIOENCODING="cp1252")
    assert done.returncode == 1
    assert "→ uv run run.py models pull base.en" in done.stdout
    done = program.run("demo", os.fsdecode(b"caf\xe9.wav"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_no_output_shows_a_secret(program: Program) -> None:
    """Every secret there is, in every command that says something about the settings."""
    canary = "c4nary-s3cret"
    variables = {
        name: f"{canary}-{number}"
        for number, name in enumerate(
            ["DISCORD_BOT_TOKEN", "OPENCLAW_AUTH_TOKEN", "SERVER__TOKEN", "TTS__API_KEY"]
        )
    }
    variables |= {"CHAT__API_KEY": canary, "CHAT__BASE_URL": f"http://ann:{canary}@127.0.0.1:9/v1"}
    variables |= {"TTS_URL": f"http://ann:{canary}@127.0.0.1:9", "SERVER_HOST": "192.0.2.1"}
    for command in (["config"], ["config", "--json"], ["doctor"], ["demo", "--fast"], []):
        done = program.run("-v", *command, **variables)
        assert done.returncode in {0, 1}
        assert canary not in done.stdout + done.stderr


def test_the_command_line_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import server.cli, sys; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"numpy", "pydantic", "fastapi", "httpx", "onnxruntime", "faster_whisper", "av"}
    assert not heavy & set(done.stdout.split())
