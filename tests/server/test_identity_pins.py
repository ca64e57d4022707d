"""PINs of people in the settings: where they may stand, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import Config, ConfigRequest, load_config
from server.config_sources import ConfigError
from server.config_view import masked, secret_values
from server.phone_support import people

ANN = "identities: {ann: {phones: ['+15550001111']}}\n"
ASKED = "phone: {inbound: {unknown_callers: pin}}\n"


def load(folder: Path, text: str, **environment: str) -> Config:
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(ConfigRequest(file, (), environment))


def problem(folder: Path, text: str, **environment: str) -> str:
    with pytest.raises(ConfigError) as error:
        load(folder, text, **environment)
    return "\n".join(error.value.problems)


def test_the_environment_gives_a_person_a_pin_that_is_never_shown(tmp_path: Path) -> None:
    config = load(tmp_path, ANN + ASKED, IDENTITIES__ANN__PIN="0471")
    [(name, pin)] = people(config).pins.items()
    assert (name, pin.get_secret_value()) == ("ann", "0471")
    assert "0471" in secret_values(config)
    assert "0471" not in str(masked(config))
    assert "0471" not in repr(config)


def test_a_file_may_only_name_the_variable(tmp_path: Path) -> None:
    text = "identities: {ann: {pin: '${ANNS_PIN}'}}\n"
    assert people(load(tmp_path, text, ANNS_PIN="4711")).pins
    told = problem(tmp_path, "identities: {ann: {pin: '4711'}}\n")
    assert "is a secret" in told
    assert "4711" not in told


def test_a_pin_that_is_asked_for_has_to_be_there(tmp_path: Path) -> None:
    told = problem(tmp_path, ANN + ASKED)
    assert "set PHONE__INBOUND__PIN to 4 to 16 digits" in told
    load(tmp_path, ANN + ASKED, PHONE__INBOUND__PIN="4711")


@pytest.mark.parametrize(
    ("pins", "told"),
    [
        ({"IDENTITIES__ANN__PIN": "471"}, "a PIN has 4 to 16 digits"),
        (
            {"IDENTITIES__ANN__PIN": "4711", "IDENTITIES__BEN__PIN": "4711"},
            "identities.ann.pin and identities.ben.pin are the same",
        ),
        (
            {"IDENTITIES__ANN__PIN": "4711", "PHONE__INBOUND__PIN": "4711"},
            "phone.inbound.pin and identities.ann.pin are the same",
        ),
    ],
)
def test_what_is_wrong_is_told_without_the_pin(
    tmp_path: Path, pins: dict[str, str], told: str
) -> None:
    found = problem(tmp_path, ANN, **pins)
    assert told in found
    assert "471" not in found
