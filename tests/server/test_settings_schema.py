from __future__ import annotations

from pydantic import BaseModel, SecretStr

from server.settings_schema import Schema, variable_name


class Inner(BaseModel):
    """Inside."""

    token: SecretStr | None = None
    count: int = 1
    """How many."""


class Outer(BaseModel):
    inner: Inner = Inner()
    maybe: Inner | None = None
    named: dict[str, Inner] = {}
    words: dict[str, str] = {}
    names: tuple[str, ...] = ()


SCHEMA = Schema(Outer)


def test_the_tree_is_told_as_paths() -> None:
    assert [".".join(setting.path) for setting in SCHEMA.settings()] == [
        "inner", "inner.token", "inner.count",
        "maybe", "maybe.token", "maybe.count",
        "named", "named.*", "named.*.token", "named.*.count",
        "words", "words.*",
        "names",
    ]  # fmt: skip


def test_sections_and_secrets_are_known() -> None:
    settings = {".".join(setting.path): setting for setting in SCHEMA.settings()}
    sections = {path for path, setting in settings.items() if setting.section}
    assert sections == {"inner", "maybe", "named", "named.*", "words"}
    secrets = {path for path, setting in settings.items() if setting.secret}
    assert secrets == {"inner.token", "maybe.token", "named.*.token"}


def test_names_of_the_users_own_are_found() -> None:
    found = SCHEMA.find(("named", "ann", "token"))
    assert found is not None
    assert found.path == ("named", "*", "token")
    assert SCHEMA.find(("named", "ann", "nothing")) is None
    assert SCHEMA.find(("names", "x")) is None
    assert SCHEMA.find(()) is None


def test_suggestions_are_siblings_or_the_one_setting_of_that_name() -> None:
    assert SCHEMA.suggestion(("inner", "cuont")) == "count"
    assert SCHEMA.suggestion(("wrods",)) == "words"
    assert SCHEMA.suggestion(("somewhere", "names")) == "names"
    assert SCHEMA.suggestion(("zzz",)) is None


def test_variables_are_flat_where_documented() -> None:
    assert variable_name(("discord", "bot_token")) == "DISCORD_BOT_TOKEN"
    assert variable_name(("pipeline", "stt", "model_size")) == "PIPELINE__STT__MODEL_SIZE"
