"""The documented files are what the settings classes say, in both directions."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from server.config import Config, ConfigRequest, load_config
from server.config_documents import documented_dotenv, documented_yaml
from server.config_view import masked
from server.settings_schema import ANY_NAME, FLAT_VARIABLES, Schema, variable_name

ROOT = Path(__file__).parents[2]


def test_config_yaml_is_as_the_settings_classes_say() -> None:
    assert (ROOT / "config.yaml").read_text(encoding="utf-8") == documented_yaml(), (
        "run: uv run run.py config --defaults > config.yaml"
    )


def test_dotenv_example_is_as_the_settings_classes_say() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == documented_dotenv()


def test_config_yaml_has_every_default_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(documented_yaml(), encoding="utf-8")
    loaded = load_config(ConfigRequest(file, environment={}))
    default = Config(data_dir=tmp_path / "data")
    assert loaded == default
    written = yaml.safe_load(documented_yaml())
    settings = masked(Config())
    for setting in Schema(Config).settings():
        if setting.secret and ANY_NAME not in setting.path:  # there are no names by default
            section: object = settings
            for name in setting.path[:-1]:
                assert isinstance(section, dict)
                section = section[name]
            assert isinstance(section, dict)
            del section[setting.path[-1]]
    assert written == settings


def test_every_setting_has_a_description() -> None:
    described = [s for s in Schema(Config).settings() if s.path[-1] != "*"]
    assert [s.path for s in described if not s.description] == []


def test_every_secret_and_every_flat_variable_is_in_the_example() -> None:
    names = {
        line.removesuffix("=") for line in documented_dotenv().splitlines() if line.endswith("=")
    }
    secrets = {variable_name(s.path) for s in Schema(Config).settings() if s.secret}
    assert names == secrets | set(FLAT_VARIABLES)


def test_the_example_as_it_stands_sets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(documented_dotenv(), encoding="utf-8")
    (tmp_path / "config.yaml").write_text("", encoding="utf-8")
    config = load_config(ConfigRequest(tmp_path / "config.yaml", environment={}))
    assert config == Config(data_dir=tmp_path / "data")
