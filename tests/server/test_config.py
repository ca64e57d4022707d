"""Every rule of the settings: sources, precedence, names, secrets, messages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.config import Config, ConfigRequest, load_config
from server.config_sources import ConfigError


class Folder:
    """A folder with settings files, alone in the world."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(
        self,
        text: str = "",
        *overrides: str,
        environment: Mapping[str, str] | None = None,
        dotenv: str | None = None,
    ) -> Config:
        file = self.path / "config.yaml"
        file.write_text(text, encoding="utf-8")
        if dotenv is not None:
            (self.path / ".env").write_text(dotenv, encoding="utf-8")
        return load_config(ConfigRequest(file, overrides, environment or {}))

    def problems(self, text: str = "", *overrides: str, **sources: object) -> list[str]:
        with pytest.raises(ConfigError) as error:
            self.load(text, *overrides, **sources)  # type: ignore[arg-type]  # as load has them
        return list(error.value.problems)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


def test_an_empty_file_gives_the_defaults(folder: Folder) -> None:
    config = folder.load()
    assert config.pipeline.stt.model_size == "base.en"
    assert list(config.agents) == ["jarvis", "sage"]
    assert (config.server.host, config.server.port) == ("127.0.0.1", 8880)


def test_each_source_overrides_those_before_it(folder: Folder) -> None:
    yaml = "tts: {speed: 1.1}\nchat: {history: 1}\nserver: {port: 1}\npipeline: {vad: {start: 0.1}}"
    dotenv = "TTS__SPEED=1.2\nCHAT__HISTORY=2\nSERVER__PORT=2\n"
    environment = {"CHAT__HISTORY": "3", "SERVER__PORT": "3"}
    config = folder.load(yaml, "server.port=4", dotenv=dotenv, environment=environment)
    assert config.pipeline.vad.start == 0.1
    assert config.tts.speed == 1.2
    assert config.chat.history == 3
    assert config.server.port == 4


def test_a_variable_reaches_any_depth(folder: Folder) -> None:
    config = folder.load(environment={"PIPELINE__STT__MODEL_SIZE": "medium"})
    assert config.pipeline.stt.model_size == "medium"


def test_lists_come_as_json_from_variables(folder: Folder) -> None:
    config = folder.load(environment={"AGENTS__BOB__NAMES": '["bobby", "rob"]'})
    assert config.agents["bob"].names == ("bobby", "rob")
    problems = folder.problems(environment={"AGENTS__BOB__NAMES": "bobby"})
    assert problems == [
        (
            'agents.bob.names: expected JSON, such as ["one", "two"]'
            " (AGENTS__BOB__NAMES in the environment)"
        )
    ]


def test_an_empty_variable_counts_as_not_set(folder: Folder) -> None:
    config = folder.load(dotenv="TTS_URL=\nSERVER_PORT=\n", environment={"SERVER__TOKEN": ""})
    assert config.tts.url is None
    assert config.server.token is None


def test_an_empty_override_means_none(folder: Folder) -> None:
    assert folder.load("tts: {url: http://one}", "tts.url=").tts.url is None


def test_an_empty_section_or_agent_is_all_defaults(folder: Folder) -> None:
    config = folder.load("server:\nagents:\n  bob:\n  ann: {}\n")
    assert config.server.port == 8880
    assert list(config.agents) == ["bob", "ann"]


def test_unknown_settings_are_errors_with_a_suggestion(folder: Folder) -> None:
    problems = folder.problems(
        "pipeline:\n  stt:\n    modle_size: small\n"
        "beam_size: 2\nagents: {bob: {vioce: x}}\nzzz: 1\n",
        "tts.sped=2",
        environment={"SERVER__PROT": "1"},
    )
    assert problems == [
        "pipeline.stt.modle_size: unknown setting, did you mean model_size? (config.yaml line 3)",
        "beam_size: unknown setting, did you mean pipeline.stt.beam_size? (config.yaml line 4)",
        "agents.bob.vioce: unknown setting, did you mean voice? (config.yaml line 5)",
        "zzz: unknown setting (config.yaml line 6)",
        "server.prot: unknown setting, did you mean port? (SERVER__PROT in the environment)",
        "tts.sped: unknown setting, did you mean speed? (--set tts.sped)",
    ]


def test_foreign_variables_are_ignored(folder: Folder) -> None:
    folder.load(
        dotenv="TWILIO_REGION=ie1\nWEBHOOK_URL=x\n",
        environment={"SERVER": "apache", "MODELS": "T", "FOO__BAR": "1", "OPENAI_ORG": "k"},
    )


def test_all_problems_are_listed_at_once(folder: Folder) -> None:
    problems = folder.problems(
        "pipeline: {stt: {beam_size: 99, modle: x}, vad: 3}\nserver: {host: 0.0.0.0}\n",
        "tts.speed=fast",
        "nonsense",
        dotenv="not a line\n",
        environment={"CHAT__HISTORY": "-1"},
    )
    assert len(problems) == 8
    assert any(p.startswith("pipeline.vad: must be a section") for p in problems)
    assert any(p.startswith("pipeline.stt.beam_size: should be less than") for p in problems)
    assert any(p.startswith(".env line 1: expected NAME=value") for p in problems)
    assert "--set: expected path=value, such as tts.speed=1.2" in problems


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\nb: 2\n", "config.yaml line 2: expected ',' or ']'"),
        ("tts:\n\turl: x\n", "config.yaml line 2: found character '\\t' that cannot start"),
        ("- a\n- b\n", "config.yaml line 1: expected settings in the form 'name: value'"),
        ("hello", "config.yaml line 1: expected settings in the form 'name: value'"),
        ("a: \0", "config.yaml: is not valid YAML: unacceptable character"),
        ("a: 1\n---\nb: 2\n", "config.yaml line 2: but found another document"),
        ("tts: {speed: 2024-13-45}", "config.yaml: a value looks like a number or a date"),
        ("tts: &a {tts: *a}", "config.yaml line 1: a value that begins with &"),
        ("tts: !!python/object:os.system x", "config.yaml line 1: a value that begins with &"),
        ("tts: " + 3000 * "[", "config.yaml: is nested too deeply"),
        ("tts: {url: x, url: y}", "tts.url: set twice (config.yaml line 1)"),
        ("? [a, b]\n: c\n", "?: unknown setting"),
    ],
)
def test_broken_yaml_names_line_and_expectation(folder: Folder, text: str, message: str) -> None:
    assert message in "\n".join(folder.problems(text))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such file"):
        load_config(ConfigRequest(tmp_path / "nowhere.yaml", environment={}))


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(ConfigRequest(file, environment={}))


def test_secrets_come_from_the_environment_only(folder: Folder) -> None:
    problems = folder.problems("discord: {bot_token: s3cret}", "server.token=s3cret")
    assert problems == [
        (
            "discord.bot_token: is a secret; set DISCORD_BOT_TOKEN in the environment or in .env"
            " instead (config.yaml line 1)"
        ),
        (
            "server.token: is a secret; set SERVER__TOKEN in the environment or in .env instead"
            " (--set server.token)"
        ),
    ]
    for override in ('discord={"bot_token": "s3cret"}', 'discord={"bot_token": {"a": "s3cret"}}'):
        (problem,) = folder.problems("", override)
        assert problem.startswith("discord.bot_token: is a secret; ")
    config = folder.load(dotenv="DISCORD_BOT_TOKEN=s3cret\n")
    assert config.discord.bot_token == SecretStr("s3cret")


def test_variables_are_expanded_in_yaml(folder: Folder) -> None:
    config = folder.load(
        'discord: {bot_token: "${TOKEN}"}\ntts: {url: "http://${HOST}:${PORT}/"}\n'
        'agents: {bob: {names: ["${NICK}"]}}\nserver: {port: "${PORT}"}',
        dotenv="HOST=ours\nPORT=1\nNICK=rob\n",
        environment={"PORT": "81", "TOKEN": "s3cret", "HOST": ""},
    )
    assert config.discord.bot_token == SecretStr("s3cret")
    assert config.tts.url == "http://ours:81/"
    assert config.server.port == 81
    assert config.agents["bob"].names == ("rob",)


def test_an_unset_variable_in_yaml_is_an_error(folder: Folder) -> None:
    assert folder.problems("tts: {url: 'http://${NOWHERE}'}") == [
        "tts.url: ${NOWHERE} is not set (config.yaml line 1)"
    ]


@pytest.mark.parametrize(
    ("flat", "section", "value"),
    [
        ("DISCORD_BOT_TOKEN", "DISCORD__BOT_TOKEN", "s3cret"),
        ("OPENCLAW_BASE_URL", "OPENCLAW__BASE_URL", "ws://first"),
        ("OPENCLAW_AUTH_TOKEN", "OPENCLAW__AUTH_TOKEN", "s3cret"),
        ("OPENCLAW_AGENT_ID", "OPENCLAW__AGENT_ID", "first"),
        ("TTS_URL", "TTS__URL", "http://first"),
        ("SERVER_HOST", "SERVER__HOST", "localhost"),
        ("SERVER_PORT", "SERVER__PORT", "81"),
    ],
)
def test_flat_names_equal_their_section_names(
    folder: Folder, flat: str, section: str, value: str
) -> None:
    assert folder.load(environment={flat: value}) == folder.load(environment={section: value})
    assert folder.load(environment={flat: value, section: value})
    (problem,) = folder.problems(environment={flat: value, section: f"{value}2"})
    assert f"{flat} and {section} give it different values" in problem
    assert value not in problem


def test_moved_names_are_accepted(folder: Folder) -> None:
    assert folder.load(environment={"PIPELINE__TTS__DEVICE": "cpu"}).speech.device == "cpu"
    assert folder.load("speech: {device: auto}", "pipeline.tts.device=cpu").speech.device == "cpu"


def test_no_problem_shows_a_value(folder: Folder) -> None:
    secret = "s3cret"
    environment = {
        "SERVER_PORT": secret,
        "PIPELINE__STT__DEVICE": secret,
        "MODELS__PATH": secret,
        "TTS__SPEED": secret,
        "IDENTITIES__ANN__DISCORD": secret,
        "CHAT__HISTRY": secret,
        "S": secret,
    }
    problems = folder.problems("tts: {connect_timeout: '${S}'}", environment=environment)
    assert len(problems) == 7
    assert secret not in "\n".join(problems)


@pytest.mark.parametrize(
    "value", ["*s3cret", "!s3cret x", "!!int s3cret", "&a *s3cret", "!a!s3cret x"]
)
def test_no_yaml_problem_shows_a_value(folder: Folder, value: str) -> None:
    (problem,) = folder.problems(f"discord: {{bot_token: {value}}}")
    assert "s3cret" not in problem
    assert "put it in quotes" in problem


def test_a_value_nested_without_end_is_a_problem(folder: Folder) -> None:
    (problem,) = folder.problems("", "models.path=" + 100_000 * "[")
    assert problem.startswith("models.path: expected JSON")


def test_the_test_fixture_needs_permission(folder: Folder) -> None:
    assert "allow_test_fixture=true" in folder.problems("", "pipeline.stt.model_size=fixture")[0]
    allowed = ("pipeline.stt.model_size=fixture", "pipeline.stt.allow_test_fixture=true")
    assert folder.load("", *allowed).pipeline.stt.model_size == "fixture"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_token(folder: Folder, host: str) -> None:
    assert folder.load("", f"server.host={host}").server.host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_any_other_host_needs_a_token(folder: Folder, host: str) -> None:
    assert "SERVER__TOKEN" in folder.problems("", f"server.host={host}")[0]
    config = folder.load("", f"server.host={host}", environment={"SERVER__TOKEN": "t"})
    assert config.server.host == host


def test_relative_paths_count_from_the_configuration_file(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", "/home/ann")
    (tmp_path / "whisper").mkdir()
    config = folder.load(
        "models: {path: [here, ~/there, /abs]}\npipeline: {stt: {model_size: ./whisper}}"
    )
    assert config.data_dir == tmp_path / "data"
    assert config.models.path == (tmp_path / "here", Path("/home/ann/there"), Path("/abs"))
    assert config.pipeline.stt.model_size == str(tmp_path / "whisper")


def test_a_model_name_is_no_path(folder: Folder) -> None:
    config = folder.load("pipeline: {stt: {model_size: Systran/faster-whisper-small}}")
    assert config.pipeline.stt.model_size == "Systran/faster-whisper-small"


def test_dotenv_lies_beside_the_file_else_here(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / ".env").write_text("SERVER_PORT=1\n", encoding="utf-8")
    assert folder.load().server.port == 1
    assert folder.load(dotenv="SERVER_PORT=2\n").server.port == 2


@pytest.mark.parametrize("agents", ["{}", "{Bob: {}}", "{'a b': {}}", "{'': {}}"])
def test_agents_need_usable_ids(folder: Folder, agents: str) -> None:
    assert folder.problems(f"agents: {agents}")[0].startswith("agents: ")


def test_identities_link_people(folder: Folder) -> None:
    config = folder.load(
        "identities: {ann: {discord: '123456789012345678', phones: ['+15551234567']}}"
    )
    assert config.identities["ann"].phones == ("+15551234567",)
    problems = folder.problems("identities: {ann: {phones: [+15551234567]}}")
    assert problems == [
        "identities.ann.phones.0: should be text; put it in quotes (config.yaml line 1)"
    ]


def test_settings_never_change(folder: Folder) -> None:
    with pytest.raises(ValueError, match="frozen"):
        folder.load().data_dir = Path("/elsewhere")  # type: ignore[misc]  # that is the point


def test_making_settings_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER", '{"port": 1}')
    monkeypatch.setenv("DATA_DIR", "/elsewhere")
    assert Config().data_dir == Path("data")
