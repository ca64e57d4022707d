"""Settings of whom the telephone talks with."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from server.phone.config import PhoneConfig
from server.phone.config_providers import (
    OpenAIConfig,
    PublicConfig,
    TwilioConfig,
    find_realtime_voice,
    realtime_voice,
)


def test_peers_on_this_machine_need_no_encryption() -> None:
    twilio = TwilioConfig(api_base="http://127.0.0.1:8001/")
    assert twilio.api_base == "http://127.0.0.1:8001"
    openai = OpenAIConfig(
        base_url="http://localhost:8002/v1", websocket_base_url="ws://[::1]:8002/v1"
    )
    assert openai.base_url == "http://localhost:8002/v1"
    assert openai.websocket_base_url == "ws://[::1]:8002/v1"
    assert PublicConfig(base_url="http://127.0.0.1:5000/").base_url == "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    "settings",
    [
        {"api_base": "http://api.twilio.com"},
        {"api_base": "https://user:pass@api.twilio.com"},
        {"api_base": "https://api.twilio.com?x=1"},
        {"api_base": "api.twilio.com"},
        {"account_sid": "SK1", "auth_token": "x"},
        {"from_number": "5551234567"},
        {"ring_timeout": 700},
    ],
)
def test_wrong_settings_of_twilio_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TwilioConfig(**settings)


def test_what_is_missing_before_calls_can_be_made_is_named() -> None:
    assert TwilioConfig().missing() == (
        "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER",
    )  # fmt: skip
    assert not TwilioConfig().is_configured
    whole = TwilioConfig.model_validate(
        {"account_sid": "AC1", "auth_token": "t", "from_number": "+15550001111"}
    )
    assert whole.is_configured
    assert whole.missing() == ()


def test_two_tokens_count_while_one_replaces_the_other() -> None:
    twilio = TwilioConfig.model_validate({"auth_token": "a", "other_auth_token": "b"})
    assert [one.get_secret_value() for one in twilio.auth_tokens()] == ["a", "b"]
    assert TwilioConfig().auth_tokens() == ()


def test_models_and_voices_of_the_documents_that_are_gone_have_successors() -> None:
    config = PhoneConfig.model_validate(
        {
            "engine": "realtime",
            "openai": {
                "api_key": "sk-1",
                "model": "gpt-4o-realtime-preview-2024-12-17",
                "voice": "nova",
            },
        }
    )
    assert config.openai.usable_model == "gpt-realtime-2.1"
    assert config.openai.usable_voice == "marin"
    assert config.notes() == (
        (
            "phone.openai.model: OpenAI has shut down gpt-4o-realtime-preview-2024-12-17;"
            " gpt-realtime-2.1 is used"
        ),
        "phone.openai.voice: realtime models have no voice nova; marin is used",
    )


def test_others_are_taken_as_they_are() -> None:
    openai = OpenAIConfig(model="gpt-realtime", voice="alloy")
    assert (openai.usable_model, openai.usable_voice, openai.notes()) == (
        "gpt-realtime",
        "alloy",
        (),
    )
    assert [realtime_voice(name) for name in ("Fable", "onyx", "Coral")] == [
        "verse", "ash", "coral",
    ]  # fmt: skip


def test_voices_of_realtime_models_are_found_by_their_names() -> None:
    for wanted, found in (
        ("marin", "marin"),
        ("Sage", "sage"),
        ("nova", "marin"),
        ("voice_Abc1", "voice_Abc1"),
        ("thorsten", None),
    ):
        assert find_realtime_voice(wanted) == found
