"""The configuration blocks of the user's documents mean today's settings."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.config import Config, ConfigRequest, load_config
from server.config_sources import ConfigError
from server.phone.calls.status import CallStatus
from server.phone.config import PhoneConfig
from server.phone.config_names import DOCUMENTED, VARIABLES
from server.settings_schema import MOVED, Schema

PLUGIN = {
    "enabled": True,
    "provider": "twilio",
    "accountSid": "AC1",
    "authToken": "${TWILIO_AUTH_TOKEN}",
    "phoneNumber": "+15550001111",
    "openaiApiKey": "${OPENAI_API_KEY}",
    "realtimeModel": "gpt-4o-realtime-preview-2024-12-17",
    "defaultVoice": "alloy",
    "maxCallDuration": 600,
    "recordCalls": True,
    "transcriptsDir": "~/.openclaw/phone/transcripts",
    "webhookPort": 18790,
    "webhookHost": "https://your-domain.com",
}

CALL_AGENT: dict[str, Any] = {
    "telephony": {"provider": "twilio"},
    "server": {"port": 4546, "publicBaseUrl": "https://phone.example.com"},
    "twilio": {
        "accountSid": "AC1",
        "authToken": "${TWILIO_AUTH_TOKEN}",
        "fromNumber": "+15551234567",
        "validateSignature": True,
    },
    "openai": {
        "apiKey": "${OPENAI_API_KEY}",
        "model": "gpt-4o-realtime-preview",
        "voice": "alloy",
        "inputFormat": "audio/pcmu",
        "outputFormat": "audio/pcm",
        "outputSampleRate": 24000,
    },
    "notify": {
        "hooksUrl": "http://127.0.0.1:19000/hooks",
        "hooksToken": "hook",
        "sessionKey": "main",
    },
    "defaults": {"timezone": "America/Los_Angeles", "locale": "en-US"},
    "retry": {
        "maxAttempts": 4,
        "initialDelayMs": 30000,
        "backoffFactor": 3,
        "retryStatuses": ["busy", "no_answer"],
    },
    "tunnel": {"provider": "auto"},
}

INTEGRATION = {
    "openai": {"model": "gpt-4o-realtime-preview", "voice": "alloy"},
    "call": {
        "defaultInstructions": "You are a helpful AI assistant...",
        "recordCalls": True,
        "maxCallDurationMinutes": 30,
    },
    "openclaw": {"memoryEnabled": True, "contextMaxTokens": 8000, "crossChannelEnabled": False},
    "bridge": {"monitoring": {"healthCheckInterval": 30000, "alertOnFailure": False}},
}

AGENT = {
    "agent": {
        "name": "Nia",
        "instructions": "You are Nia.",
        "voice": "nova",
        "model": "gpt-4o-realtime-preview",
    }
}


class Loaded:
    """Loads settings from files and variables as the program does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def phone(self, settings: dict[str, Any], *overrides: str, **variables: str) -> PhoneConfig:
        """Return the telephone's settings; what is secret stands in the environment."""
        file = self._folder / "config.yaml"
        file.write_text(yaml.safe_dump({"phone": settings}))
        environment = {"TWILIO_AUTH_TOKEN": "tok", "OPENAI_API_KEY": "sk-1", **variables}
        return load_config(ConfigRequest(file, overrides, environment)).phone

    def problems(self, settings: dict[str, Any]) -> str:
        """Return what is told of settings that are refused."""
        with pytest.raises(ConfigError) as error:
            self.phone(settings)
        return str(error.value)


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return Loaded(tmp_path)


def test_the_phone_plugins_block(loaded: Loaded) -> None:
    config = loaded.phone(PLUGIN)
    assert config.twilio.account_sid == "AC1"
    assert config.twilio.from_number == "+15550001111"
    assert config.openai.voice == "alloy"
    assert config.limits.longest_outbound == 600.0
    assert config.recording.mode == "local"
    assert config.transcripts.folder == Path("~/.openclaw/phone/transcripts").expanduser()
    assert (config.public.port, config.public.base_url) == (18790, "https://your-domain.com")
    assert set(config.secrets()) == {"tok", "sk-1"}


def test_the_call_agents_block(loaded: Loaded, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        config = loaded.phone(CALL_AGENT)
    assert config.public.port == 4546
    assert config.defaults.timezone == "America/Los_Angeles"
    assert (config.retry.max_attempts, config.retry.initial_delay, config.retry.factor) == (
        4,
        30,
        3,
    )
    assert config.retry.statuses == (CallStatus.BUSY, CallStatus.NO_ANSWER)
    assert sorted(record.message.split(" ")[0] for record in caplog.records) == [
        "phone.notify.hooksToken", "phone.notify.hooksUrl", "phone.notify.sessionKey",
        "phone.openai.inputFormat", "phone.openai.outputFormat", "phone.openai.outputSampleRate",
        "phone.tunnel.provider",
    ]  # fmt: skip


def test_the_integration_guides_block_and_the_agents(loaded: Loaded) -> None:
    config = loaded.phone(INTEGRATION)
    assert config.limits.longest_inbound == 1800.0
    assert config.agent.instructions.startswith("You are")
    assert not config.context.cross_channel_enabled
    config = loaded.phone(AGENT)
    assert (config.agent.name, config.openai.usable_voice) == ("Nia", "marin")


def test_the_documented_variables(loaded: Loaded) -> None:
    config = loaded.phone(
        {"phoneNumber": "+15550001111"},
        TWILIO_ACCOUNT_SID="AC2",
        TWILIO_PHONE_NUMBER="+15550002222",
        PUBLIC_URL="https://phone.example.com",
        OPENCLAW_TIMEOUT="20",
    )
    assert config.twilio.account_sid == "AC2"
    assert config.twilio.from_number == "+15550002222"
    assert config.public.base_url == "https://phone.example.com"
    assert config.ask_timeout == 20.0


def test_documented_names_on_the_command_line(loaded: Loaded) -> None:
    overrides = ("phone.maxCallDuration=60", 'phone.retry.retryStatuses=["busy"]')
    config = loaded.phone({"limits": {"longest_outbound": 90}}, *overrides)
    assert config.limits.longest_outbound == 60.0
    assert config.retry.statuses == (CallStatus.BUSY,)


def test_two_names_of_one_setting_must_agree(loaded: Loaded) -> None:
    same = {"accountSid": "AC1", "twilio": {"account_sid": "AC1"}}
    assert loaded.phone(same).twilio.account_sid == "AC1"
    told = loaded.problems(same | {"accountSid": "AC2"})
    assert "phone.accountSid and phone.twilio.account_sid are one setting" in told
    loaded.phone({"call": {"maxCallDurationMinutes": 2}, "limits": {"longest_inbound": 120.0}})


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"retry": {"initialDelayMs": "soon"}}, "phone.retry.initialDelayMs: should be a number"),
        ({"twilio": 1, "accountSid": "AC1"}, "phone.twilio: must be a section"),
        ({"telephony": {"provider": "mock"}}, "phone.provider: should be 'twilio'"),
        ({"telephony": {"provider": "twilio", "colour": "red"}}, "phone.telephony: unknown"),
        ({"server": 4545}, "phone.server: unknown setting"),
        ({"authToken": "hush"}, "phone.twilio.auth_token: is a secret; set TWILIO_AUTH_TOKEN in"),
        ({"twilio": {"authToken": "hush"}}, "is a secret; set TWILIO_AUTH_TOKEN in"),
    ],
)
def test_documented_settings_that_are_wrong_are_told(
    settings: dict[str, Any], told: str, loaded: Loaded
) -> None:
    assert told in loaded.problems(settings)
    assert "hush" not in loaded.problems(settings)


def test_secrets_may_be_named_in_the_file(loaded: Loaded) -> None:
    settings = {"accountSid": "AC1", "authToken": "${MY_TOKEN}"}
    config = loaded.phone(settings, MY_TOKEN="hush", TWILIO_AUTH_TOKEN="")
    assert config.secrets() == ("hush", "sk-1")


def test_every_documented_name_means_a_setting_that_exists() -> None:
    schema = Schema(Config)
    assert {("phone", *path) for path in DOCUMENTED} <= MOVED.keys()
    targets = [moved.path for moved in MOVED.values() if moved.path is not None]
    for path in (*targets, *(("phone", *path) for path in VARIABLES.values())):
        setting = schema.find(path)
        assert setting is not None, path
        assert not setting.section, path
