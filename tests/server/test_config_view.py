from __future__ import annotations

from pydantic import SecretStr

from discord_bot.config import DiscordConfig
from pipeline.config import AgentConfig, TtsConfig
from server.config import Config, IdentityConfig
from server.config_view import config_warnings, masked, secret_values
from server.phone.calls.config import InboundConfig
from server.phone.config import PhoneConfig
from server.phone.config_providers import TwilioConfig

CONFIG = Config(
    discord=DiscordConfig(bot_token=SecretStr("s3cret")),
    tts=TtsConfig(url="http://ann:pass@host:1/v1"),
)


def test_secrets_and_logins_are_masked() -> None:
    shown = masked(CONFIG)
    assert shown["discord"]["bot_token"] == "********"
    assert shown["tts"]["url"] == "http://********@host:1/v1"
    assert shown["server"]["token"] is None
    assert "s3cret" not in str(shown)


def test_secret_values_are_all_that_a_log_must_not_show() -> None:
    assert secret_values(CONFIG) == {"s3cret", "ann:pass"}


def test_short_names_are_warned_about() -> None:
    assert config_warnings(Config()) == []
    agents = {"jarvis": AgentConfig(name="Jay", names=("J",)), "nia": AgentConfig()}
    warnings = config_warnings(Config(agents=agents))
    assert [warning.split(" is ")[0] for warning in warnings] == [
        "agents.jarvis: the name 'Jay'",
        "agents.jarvis: the name 'J'",
        "agents.nia: the name 'nia'",
    ]


def test_a_telephone_that_nobody_may_call_is_warned_about() -> None:
    account = TwilioConfig(account_sid="AC1", auth_token=SecretStr("t"), from_number="+15550009999")
    (told,) = config_warnings(Config(phone=PhoneConfig(twilio=account)))
    assert told.startswith("nobody's calls reach the agent: put your number into identities.")
    ann = IdentityConfig(phones=("+15557654321",))
    assert config_warnings(Config(phone=PhoneConfig(twilio=account), identities={"ann": ann})) == []
    for inbound in (InboundConfig(policy="off"), InboundConfig(unknown_callers="message")):
        phone = PhoneConfig(twilio=account, inbound=inbound)
        assert config_warnings(Config(phone=phone)) == []
