"""Settings accept what people write, and nothing that would leak or mislead."""

import pytest
from pydantic import ValidationError

from openclaw_client.config import AgentTier, OpenClawConfig


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("ws://127.0.0.1:18789", "ws://127.0.0.1:18789"),
        (" wss://gateway.example/path ", "wss://gateway.example/path"),
        ("http://127.0.0.1:18789", "ws://127.0.0.1:18789"),
        ("https://gateway.example", "wss://gateway.example"),
        ("ws://[::1]:18789", "ws://[::1]:18789"),
        ("", None),
        (None, None),
    ],
)
def test_addresses(written: str | None, address: str | None):
    assert OpenClawConfig(base_url=written).base_url == address


@pytest.mark.parametrize(
    "written",
    ["127.0.0.1:18789", "ftp://x", "ws://", "ws://x:99999", "ws://x:0", "ws://[::1", "gateway"],
)
def test_what_is_no_address_is_refused(written: str):
    with pytest.raises(ValidationError, match="should be an address such as"):
        OpenClawConfig(base_url=written)


@pytest.mark.parametrize("written", ["ws://user:hush@x", "ws://x/?token=hush", "ws://x/#hush"])
def test_an_address_holds_no_secret(written: str):
    with pytest.raises(ValidationError, match="should hold no user"):
        OpenClawConfig(base_url=written)


def test_an_error_in_the_settings_shows_no_secret():
    for settings in ({"base_url": "ws://ann:hush@host"}, {"auth_token": ["hush"]}):
        with pytest.raises(ValidationError) as caught:
            OpenClawConfig(**settings)
        assert "hush" not in str(caught.value)
        assert "hush" not in repr(caught.value)


def test_the_names_of_the_first_version_are_taken_as_keywords():
    config = OpenClawConfig.model_validate(
        {
            "base_url": "ws://192.168.50.9:18789",
            "auth_token": "hush",
            "timeout": 30,
            "retry_timeout": 60,
            "agent_id": "main",
            "session_scope": "dm",
        }
    )
    assert config.secrets() == ("hush",)
    assert "hush" not in repr(config)


def test_empty_secrets_are_none():
    assert OpenClawConfig.model_validate({"auth_token": "", "password": ""}).secrets() == ()


@pytest.mark.parametrize("seconds", [0, -1, 4000, float("nan"), float("inf")])
def test_senseless_times_are_refused(seconds: float):
    with pytest.raises(ValidationError):
        OpenClawConfig(timeout=seconds)


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValidationError):
        OpenClawConfig.model_validate({"token": "x"})
    with pytest.raises(ValidationError):
        AgentTier.model_validate({"modle": "x"})


def test_agents_have_model_and_thinking():
    config = OpenClawConfig.model_validate({"agents": {"sage": {"thinking": "high"}}})
    assert config.agents["sage"] == AgentTier(thinking="high")
