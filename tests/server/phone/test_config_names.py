"""The configuration blocks of the user's documents mean today's settings."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from server.phone.calls.status import CallStatus
from server.phone.config import PhoneConfig
from server.phone.config_names import DOCUMENTED, VARIABLES, is_documented
from server.settings_schema import Schema

PLUGIN = {
    "enabled": True,
    "provider": "twilio",
    "accountSid": "AC1",
    "authToken": "tok",
    "phoneNumber": "+15550001111",
    "openaiApiKey": "sk-1",
    "realtimeModel": "gpt-4o-realtime-preview-2024-12-17",
    "defaultVoice": "alloy",
    "maxCallDuration": 600,
    "recordCalls": True,
    "transcriptsDir": "~/.openclaw/phone/transcripts",
    "webhookPort": 18790,
    "webhookHost": "https://your-domain.com",
}

CALL_AGENT: dict[str, Any] = {
    "telephony": {"provider": "mock"},
    "server": {"port": 4546, "publicBaseUrl": "https://phone.example.com"},
    "twilio": {
        "accountSid": "AC1",
        "authToken": "tok",
        "fromNumber": "+15551234567",
        "validateSignature": True,
    },
    "openai": {
        "apiKey": "sk-1",
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


class Whole(BaseModel):
    phone: PhoneConfig = PhoneConfig()


def test_the_phone_plugins_block() -> None:
    config = PhoneConfig.model_validate(PLUGIN)
    assert config.twilio.account_sid == "AC1"
    assert config.twilio.from_number == "+15550001111"
    assert config.openai.voice == "alloy"
    assert config.limits.longest_outbound == 600.0
    assert config.recording.mode == "local"
    assert config.transcripts.folder == Path("~/.openclaw/phone/transcripts")
    assert (config.public.port, config.public.base_url) == (18790, "https://your-domain.com")
    assert set(config.secrets()) == {"tok", "sk-1"}


def test_the_call_agents_block(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        config = PhoneConfig.model_validate(CALL_AGENT)
    assert config.provider == "mock"
    assert config.public.port == 4546
    assert config.notify.session_key == "main"
    assert config.defaults.timezone == "America/Los_Angeles"
    assert (config.retry.max_attempts, config.retry.initial_delay, config.retry.factor) == (
        4,
        30,
        3,
    )
    assert config.retry.statuses == (CallStatus.BUSY, CallStatus.NO_ANSWER)
    assert [record.message.split(" ")[0] for record in caplog.records] == [
        "phone.openai.inputFormat", "phone.openai.outputFormat", "phone.openai.outputSampleRate",
    ]  # fmt: skip


def test_the_integration_guides_block_and_the_agents() -> None:
    config = PhoneConfig.model_validate(INTEGRATION)
    assert config.limits.longest_inbound == 1800.0
    assert config.agent.instructions.startswith("You are")
    assert not config.context.cross_channel_enabled
    assert (config.monitoring.interval, config.monitoring.alert_on_failure) == (30.0, False)
    config = PhoneConfig.model_validate(AGENT)
    assert (config.agent.name, config.openai.usable_voice) == ("Nia", "marin")


def test_what_was_given_is_not_changed() -> None:
    before = repr(CALL_AGENT)
    PhoneConfig.model_validate(CALL_AGENT)
    assert repr(CALL_AGENT) == before


def test_two_names_of_one_setting_must_agree() -> None:
    same = {"accountSid": "AC1", "twilio": {"account_sid": "AC1", "auth_token": "t"}}
    assert PhoneConfig.model_validate(same).twilio.account_sid == "AC1"
    with pytest.raises(
        ValidationError, match=r"accountSid and twilio\.account_sid are one setting"
    ):
        PhoneConfig.model_validate(same | {"accountSid": "AC2"})


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"retry": {"initialDelayMs": "soon"}}, "retry.initialDelayMs: should be a number"),
        ({"twilio": 1, "accountSid": "AC1"}, "twilio: must be a section"),
        ({"telephony": {"provider": "mock", "colour": "red"}}, "telephony"),
        ({"server": 4545}, "server"),
    ],
)
def test_documented_settings_that_are_wrong_are_told(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        PhoneConfig.model_validate(settings)


def test_every_documented_name_means_a_setting_that_exists() -> None:
    schema = Schema(Whole)
    targets = [today.path for today in DOCUMENTED.values()] + list(VARIABLES.values())
    for path in targets:
        setting = path and schema.find(("phone", *path))
        assert path is None or (setting and not setting.section), path


def test_documented_names_and_their_sections_are_known() -> None:
    assert is_documented(("telephony",))
    assert is_documented(("bridge", "monitoring", "alertOnFailure"))
    assert not is_documented(("bridge", "tolls"))
