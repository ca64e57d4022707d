"""Commands are sent to Discord only when they changed."""

from typing import Any

from discord_bot.command_sync import same_commands

OURS: dict[str, Any] = {
    "name": "agent",
    "description": "Choose who answers",
    "type": 1,
    "nsfw": False,
    "dm_permission": True,
    "default_member_permissions": None,
    "contexts": [0],
    "integration_types": None,
    "options": [
        {
            "name": "name",
            "description": "Whom",
            "type": 3,
            "required": False,
            "autocomplete": True,
            "choices": [{"name": "low", "value": "low"}],
        }
    ],
}
THEIRS: dict[str, Any] = {
    "id": "17",
    "application_id": "1",
    "name": "agent",
    "description": "Choose who answers",
    "type": 1,
    "contexts": [0],
    "integration_types": None,
    "name_localizations": {},
    "options": [
        {
            "name": "name",
            "description": "Whom",
            "type": 3,
            "required": False,
            "autocomplete": True,
            "choices": [{"name": "low", "value": "low"}],
            "channel_types": [],
            "min_value": None,
            "options": [],
        }
    ],
}


def test_what_discord_adds_is_no_change():
    assert same_commands([OURS], [THEIRS])


def test_another_description_is_a_change():
    assert not same_commands([{**OURS, "description": "Something else"}], [THEIRS])


def test_another_option_is_a_change():
    option = {**OURS["options"][0], "required": True}
    assert not same_commands([{**OURS, "options": [option]}], [THEIRS])


def test_another_choice_is_a_change():
    option = {**OURS["options"][0], "choices": []}
    assert not same_commands([{**OURS, "options": [option]}], [THEIRS])


def test_a_command_more_or_less_is_a_change():
    assert not same_commands([OURS], [])
    assert not same_commands([], [THEIRS])


def test_the_order_is_none():
    other = {**OURS, "name": "help"}
    assert same_commands([OURS, other], [{**THEIRS, "name": "help"}, THEIRS])
