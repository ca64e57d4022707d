"""Settings that are written in a certain form: what is told where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import Config, ConfigRequest, load_config
from server.config_sources import ConfigError

NUMBER = 'should be a number in international form without spaces, such as "+15551234567"'
COUNTRY = 'should be the two capital letters of a country, such as "US"'
ACCOUNT = "should begin with AC, as the Twilio Console has it"


def load(folder: Path, text: str) -> Config:
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(ConfigRequest(file, (), {}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'phone: {twilio: {from_number: "(555) 000-9999"}}',
            f"phone.twilio.from_number: {NUMBER} (config.yaml line 1)",
        ),
        (
            'identities: {ann: {phones: ["+1 555 765 4321"]}}',
            f"identities.ann.phones.0: {NUMBER} (config.yaml line 1)",
        ),
        (
            'phone: {numbers: {"15550009999": {greeting: Hi}}}',
            f"phone.numbers.15550009999: {NUMBER}",
        ),
        (
            "identities: {ann: {phones: [+15557654321]}}",
            "identities.ann.phones.0: should be text; put it in quotes (config.yaml line 1)",
        ),
        (
            'phone: {inbound: {allow: "+15550001111"}}',
            'phone.inbound.allow: should be a list, such as ["one", "two"] (config.yaml line 1)',
        ),
        (
            "phone: {outbound: {countries: [norway]}}",
            f"phone.outbound.countries.0: {COUNTRY} (config.yaml line 1)",
        ),
        (
            "phone: {twilio: {account_sid: SECRETSECRET}}",
            f"phone.twilio.account_sid: {ACCOUNT} (config.yaml line 1)",
        ),
    ],
)
def test_it_is_told_in_words_how_a_setting_is_written(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text)
    assert error.value.problems == (told,)


def test_what_is_wrong_between_sections_is_told_as_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, "phone: {inbound: {unknown_callers: pin}}")
    (told,) = error.value.problems
    assert told.startswith("phone.inbound.unknown_callers is pin, and there is none: set ")


def test_off_needs_no_quotes(tmp_path: Path) -> None:
    text = "phone: {inbound: {policy: off}, voicemail: {detection: off}, recording: {mode: off}}"
    phone = load(tmp_path, text).phone
    assert (phone.inbound.policy, phone.voicemail.detection, phone.recording.mode) == ("off",) * 3
