"""Settings of the telephone: defaults, and errors that say what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from server.phone.calls.status import CallStatus
from server.phone.config import PhoneConfig
from server.settings_schema import Schema

PIN = "4711"


class Whole(BaseModel):
    phone: PhoneConfig = PhoneConfig()
    """The telephone."""


def problem(settings: dict[str, Any]) -> str:
    """Return what is told of wrong settings: place and message."""
    with pytest.raises(ValidationError) as error:
        PhoneConfig.model_validate(settings)
    (first, *more) = error.value.errors()
    assert not more
    return ".".join(str(name) for name in first["loc"]) + ": " + first["msg"]


def test_the_defaults_keep_calls_at_home() -> None:
    config = PhoneConfig()
    assert (config.engine, config.inbound.policy) == ("local", "allowlist")
    assert config.inbound.unknown_callers == "refuse"
    assert config.recording.mode == "off"
    assert (config.limits.longest_outbound, config.limits.longest_inbound) == (600.0, 1800.0)
    assert config.public.host == "127.0.0.1"
    assert config.twilio.validate_signature
    assert config.notes() == ()


def test_every_setting_says_what_it_means() -> None:
    settings = list(Schema(Whole).settings())
    assert len(settings) > 100
    assert [one.path for one in settings if not one.description and one.path[-1] != "*"] == []


def test_secrets_are_known_as_such() -> None:
    secret = {".".join(one.path[1:]) for one in Schema(Whole).settings() if one.secret}
    assert secret == {
        "twilio.auth_token", "twilio.other_auth_token", "twilio.shared_keys",
        "twilio.api_key_secret", "openai.api_key", "openai.webhook_secret", "inbound.pin",
    }  # fmt: skip


def test_secrets_are_not_shown() -> None:
    config = PhoneConfig.model_validate(
        {
            "inbound": {"unknown_callers": "pin", "pin": PIN},
            "twilio": {"account_sid": "AC1", "auth_token": "tok", "shared_keys": ["key"]},
            "openai": {"api_key": "sk-1"},
        }
    )
    assert set(config.secrets()) == {PIN, "tok", "key", "sk-1"}
    for secret in config.secrets():
        assert f"'{secret}'" not in repr(config)


def test_an_error_never_shows_a_secret() -> None:
    with pytest.raises(ValidationError) as error:
        PhoneConfig.model_validate({"twilio": {"account_sid": "AC1", "auth_tokne": "hush"}})
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"engine": "realtime"}, "set OPENAI_API_KEY in the environment or in .env, or engine to"),
        ({"twilio": {"account_sid": "AC1"}}, "set TWILIO_AUTH_TOKEN in the environment"),
        ({"twilio": {"api_key_sid": "SK1"}}, "PHONE__TWILIO__API_KEY_SECRET: set both or neither"),
        ({"inbound": {"pin": "12"}}, "inbound.pin: Value error, a PIN has 4 to 16 digits"),
        ({"inbound": {"hours": {"mon": "9"}}}, 'write "09:00-18:00"'),
        ({"outbound": {"calling_hours": {"x": "09:00-18:00"}}}, '"mon-fri", "daily"'),
        ({"defaults": {"timezone": "Oslo"}}, 'such as "Europe/Oslo" or "UTC"'),
        ({"defaults": {"timezone": "../x"}}, 'such as "Europe/Oslo" or "UTC"'),
        ({"public": {"base_url": "http://phone.example.com"}}, "should begin with https://"),
        ({"public": {"base_url": "phone"}}, "looks like https://phone.example.com"),
        ({"public": {"trusted_proxies": ["here"]}}, "'here' does not appear to be"),
        ({"retry": {"statuses": ["gone"]}}, "use one of queued, dialing"),
        ({"numbers": {"555": {}}}, "should be a number in international form"),
        ({"retries": {}}, "retries: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(settings: dict[str, Any], told: str) -> None:
    assert told in problem(settings)


def test_the_engine_realtime_is_the_users_choice() -> None:
    config = PhoneConfig.model_validate({"engine": "realtime", "openai": {"api_key": "sk-1"}})
    assert config.engine == "realtime"


def test_statuses_are_read_with_either_spelling() -> None:
    config = PhoneConfig.model_validate({"retry": {"statuses": ["no_answer", "busy"]}})
    assert config.retry.statuses == (CallStatus.NO_ANSWER, CallStatus.BUSY)


def test_hours_are_meant_by_the_clocks_of_the_time_zone() -> None:
    config = PhoneConfig.model_validate({"defaults": {"timezone": "Europe/Oslo"}})
    assert datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(config.zone).hour == 14


def test_what_is_taken_but_dangerous_is_noted() -> None:
    config = PhoneConfig.model_validate(
        {"twilio": {"validate_signature": False}, "greeting": {"disclosure": ""}}
    )
    assert [note.split(" ")[0] for note in config.notes()] == [
        "phone.twilio.validate_signature",
        "phone.greeting.disclosure",
    ]
