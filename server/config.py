"""The settings of the whole program, from all their sources.

``config.yaml`` < ``.env`` < environment < ``--set``: each overrides those before it. This module
is the only one that reads the environment; every part receives only its own settings.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from discord_bot.config import DiscordConfig
from models.config import ModelsConfig
from openclaw_client.config import OpenClawConfig
from pipeline.config import AgentConfig, ChatConfig, PipelineConfig, Settings, TtsConfig
from server.config_sources import (
    ConfigError,
    Entries,
    TextSource,
    read_dotenv,
    read_yaml,
)
from server.phone.calls.config import E164, Pin
from server.phone.config import PhoneConfig
from server.phone.config_discord import DiscordId
from server.setting_paths import dotted
from server.settings_schema import Schema, variable_name
from server.speech.config import SpeechConfig

SettingsT = TypeVar("SettingsT", bound=BaseModel)

_KEY = "[key]"
"""What pydantic adds to the place of a wrong name."""

_IN_WORDS = {
    "string_type": "should be text; put it in quotes",
    "tuple_type": 'should be a list, such as ["one", "two"]',
}
"""What is told of wrong values instead of pydantic's own words, by the type of error."""

_PROJECT = Path(__file__).resolve().parent.parent


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ServerConfig(Settings):
    """The control API: health, turns, and whatever the running parts add."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address to listen on; also SERVER_HOST. Any but this machine's own needs server.token."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8880
    """Port to listen on; also SERVER_PORT. 0 is any free one."""

    token: SecretStr | None = None
    """Bearer token that clients must send. Secret, environment only."""

    @model_validator(mode="after")
    def _only_guarded_in_the_open(self) -> Self:
        if not is_loopback(self.host) and self.token is None:
            token = variable_name(("server", "token"))
            raise ValueError(
                f"other machines can reach server.host, so server.token is needed: set {token} in"
                " the environment or in .env"
            )
        return self


class IdentityConfig(Settings):
    """One person, however they come in."""

    discord: DiscordId | None = None
    """Their Discord user id, in quotes."""

    phones: tuple[E164, ...] = ()
    """Their telephone numbers in international form, in quotes: "+15551234567"."""

    session_key: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    """OpenClaw session that their calls join when they were in no channel yet."""

    pin: Pin | None = None
    """4 to 16 digits by which they prove who they are, whatever number they call from, when they
    are asked for a PIN; secret, from the environment only. * is their name: IDENTITIES__ANN__PIN
    for identities.ann."""


class PrivacyConfig(Settings):
    """What is kept of conversations, and for how long."""


def _fixture_is_allowed(pipeline: PipelineConfig) -> PipelineConfig:
    stt = pipeline.stt
    if stt.model_size == "fixture" and not stt.allow_test_fixture:
        raise ValueError(
            "stt.model_size=fixture knows 91 words and invents sentences on other speech; it needs"
            " pipeline.stt.allow_test_fixture=true, and is for tests only"
        )
    return pipeline


def _agents_have_ids(agents: dict[str, AgentConfig]) -> dict[str, AgentConfig]:
    if not agents:
        raise ValueError("at least one agent is needed")
    for agent_id in agents:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", agent_id):
            raise ValueError(
                f"{agent_id!r} is no agent id: use lower-case letters, digits, - and _"
            )
    return agents


class Config(BaseSettings):
    """Every setting of the program."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    pipeline: Annotated[PipelineConfig, AfterValidator(_fixture_is_allowed)] = PipelineConfig()
    """Hearing and understanding."""

    tts: TtsConfig = TtsConfig()
    """The text-to-speech client. Without a URL our own speech server is started."""

    speech: SpeechConfig = SpeechConfig()
    """Our own speech server."""

    agents: Annotated[dict[str, AgentConfig], AfterValidator(_agents_have_ids)] = Field(
        default_factory=lambda: {"jarvis": AgentConfig(), "sage": AgentConfig()}
    )
    """Agents people can talk with, by their OpenClaw id. Naming any replaces these two."""

    chat: ChatConfig = ChatConfig()
    """Any OpenAI-compatible chat server as the agent, instead of an OpenClaw Gateway."""

    openclaw: OpenClawConfig = OpenClawConfig()
    """The OpenClaw Gateway."""

    discord: DiscordConfig = DiscordConfig()
    """The Discord bot."""

    phone: PhoneConfig = PhoneConfig()
    """The telephone."""

    identities: dict[str, IdentityConfig] = Field(default_factory=dict)
    """People who are one and the same on Discord and on the telephone."""

    models: ModelsConfig = ModelsConfig()
    """Model files."""

    server: ServerConfig = ServerConfig()
    """The control API."""

    privacy: PrivacyConfig = PrivacyConfig()
    """What is kept of conversations, and for how long."""

    data_dir: Path = Path("data")
    """Folder of what the program keeps. Relative paths count from the configuration file."""

    @model_validator(mode="after")
    def _pins_tell_who_calls(self) -> Self:
        pins = {name: one.pin for name, one in self.identities.items() if one.pin is not None}
        self.phone.inbound.check_pins(pins)
        return self

    @property
    def uses_gateway(self) -> bool:
        """Whether agents of an OpenClaw Gateway answer."""
        return self.chat.base_url is None and self.openclaw.base_url is not None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what :func:`load_config` merged, and nothing behind its back."""
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class ConfigRequest:
    """What the command line says about settings."""

    file: Path | None = None
    """The YAML file; ``config.yaml`` beside ``run.py``, else here, when ``None``."""

    overrides: tuple[str, ...] = ()
    """``path=value``, as often as wished."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """The environment variables."""

    def yaml_file(self) -> Path | None:
        """Return the file to read, ``None`` when none was asked for and none is there."""
        if self.file is not None:
            return self.file.expanduser()
        places = (_PROJECT / "config.yaml", Path("config.yaml"))
        return next((place for place in places if place.is_file()), None)

    def folder(self) -> Path:
        """Return the folder from which relative paths count."""
        file = self.yaml_file()
        return (file.parent if file else Path()).resolve()

    def dotenv_file(self) -> Path:
        """Return the ``.env`` to read: beside the YAML file, else here.

        Where there is none, it is the one that would be read if it were there.
        """
        beside = self.folder() / ".env"
        return next((place for place in (beside, Path(".env")) if place.exists()), beside)


def load_config(request: ConfigRequest) -> Config:
    """Read the settings from all sources.

    Raises:
        ConfigError: With every problem found.

    """
    schema = Schema(Config)
    entries = Entries(schema)
    file = request.yaml_file()
    dotenv = request.dotenv_file()
    dotenv_variables = read_dotenv(dotenv, entries.problems) if dotenv.exists() else {}
    environment = request.environment
    if file:
        set_ones = {name: text for name, text in environment.items() if text}
        read_yaml(file, entries, schema, {**dotenv_variables, **set_ones})
    text = TextSource(Config, schema)
    text.variables(dotenv_variables, entries, ".env")
    text.variables(environment, entries, "the environment")
    text.overrides(request.overrides, entries)
    try:
        config = Config(**entries.tree())
    except ValidationError as error:
        raise ConfigError([*entries.problems, *_invalid(error, entries)]) from None
    if entries.problems:
        raise ConfigError(entries.problems)
    return _with_whole_paths(config, request.folder())


def _invalid(error: ValidationError, entries: Entries) -> Iterator[str]:
    """Describe wrong values by place and rule, never by the value: it may be a secret."""
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        path = tuple(str(name) for name in detail["loc"] if name != _KEY)
        message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
        message = _IN_WORDS.get(detail["type"], message.split(", unable to ")[0])
        origin = entries.origin(path)
        place = f"{dotted(path)}: " if path else ""  # what is wrong between sections has none
        yield f"{place}{message}" + (f" ({origin})" if origin else "")


def _with_whole_paths(config: Config, folder: Path) -> Config:
    """Return the settings with every path absolute, ``~`` replaced."""
    config = _resolved(config, folder)
    stt = config.pipeline.stt
    model = folder / _at_home(Path(stt.model_size))
    # A model may also be a folder; a bare name never is one.
    is_folder = stt.model_size.startswith(("~", ".", "/")) or model.is_dir()
    if "/" not in stt.model_size or not is_folder:
        return config
    stt = stt.model_copy(update={"model_size": str(model)})
    pipeline = config.pipeline.model_copy(update={"stt": stt})
    return config.model_copy(update={"pipeline": pipeline})


def _resolved(settings: SettingsT, folder: Path) -> SettingsT:
    return settings.model_copy(
        update={name: _with_paths_resolved(value, folder) for name, value in settings}
    )


def _with_paths_resolved(value: Any, folder: Path) -> Any:
    match value:
        case Path():
            return folder / _at_home(value)
        case BaseModel():
            return _resolved(value, folder)
        case tuple():
            return tuple(_with_paths_resolved(item, folder) for item in value)
        case dict():
            return {name: _with_paths_resolved(item, folder) for name, item in value.items()}
        case _:
            return value


def _at_home(path: Path) -> Path:
    # Path.expanduser raises for the home of somebody unknown; such a name is left as it is.
    return Path(os.path.expanduser(path))  # noqa: PTH111 - see above
