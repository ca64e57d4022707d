"""``.env`` takes new values and loses nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.config_sources import read_dotenv
from server.setup.dotenv_file import (
    DotenvError,
    find_variable,
    merged_dotenv,
    read_text,
    variable_in,
    write_privately,
)

TOKEN = ("discord", "bot_token")
ADDRESS = ("openclaw", "base_url")


def read_back(folder: Path, text: str) -> dict[str, str]:
    """Return the variables as the program reads them."""
    file = folder / ".env"
    write_privately(file, text)
    problems: list[str] = []
    variables = read_dotenv(file, problems)
    assert problems == []
    return variables


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("DISCORD_BOT_TOKEN=\n", "DISCORD_BOT_TOKEN=new\n"),
        ("DISCORD_BOT_TOKEN\n", "DISCORD_BOT_TOKEN=new\n"),
        ("DISCORD_BOT_TOKEN = old \n", "DISCORD_BOT_TOKEN=new \n"),
        ("DISCORD_BOT_TOKEN=old # why\n", "DISCORD_BOT_TOKEN=new # why\n"),
        ("DISCORD_BOT_TOKEN= # why\n", "DISCORD_BOT_TOKEN=new # why\n"),
        ("DISCORD_BOT_TOKEN=#old\n", "DISCORD_BOT_TOKEN=new\n"),
        ("DISCORD_BOT_TOKEN='a # b' # why\n", "DISCORD_BOT_TOKEN=new # why\n"),
        ('DISCORD_BOT_TOKEN="a\nb\\"" # why\n', "DISCORD_BOT_TOKEN=new # why\n"),
        ("export  DISCORD_BOT_TOKEN=old\n", "export  DISCORD_BOT_TOKEN=new\n"),
        ("'DISCORD_BOT_TOKEN'=old\n", "'DISCORD_BOT_TOKEN'=new\n"),
        ("Discord__Bot_Token=old\n", "Discord__Bot_Token=new\n"),
        ("DISCORD_BOT_TOKEN=1\nDISCORD_BOT_TOKEN=2\n", "DISCORD_BOT_TOKEN=new\n" * 2),
        ("# a\n\n  DISCORD_BOT_TOKEN=old\r\n# b", "# a\n\n  DISCORD_BOT_TOKEN=new\r\n# b"),
        ("#DISCORD_BOT_TOKEN=old\n", "#DISCORD_BOT_TOKEN=old\nDISCORD_BOT_TOKEN=new\n"),
        ("A=1", "A=1\nDISCORD_BOT_TOKEN=new\n"),
        ("A=1\r\nB=2", "A=1\r\nB=2\r\nDISCORD_BOT_TOKEN=new\r\n"),
        ("A='x\ny'\n\n\n", "A='x\ny'\n\n\nDISCORD_BOT_TOKEN=new\n"),
    ],
)
def test_a_change_touches_nothing_else(before: str, after: str) -> None:
    assert merged_dotenv(before, {TOKEN: "new"}) == after


def test_a_new_file_says_what_it_is() -> None:
    comment, line = merged_dotenv("", {TOKEN: "new"}).splitlines()
    assert comment.startswith("# ")
    assert ".env.example" in comment
    assert line == "DISCORD_BOT_TOKEN=new"


@given(
    value=st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" '\"\\#$"))
    .map(str.strip)
    .filter(bool),
    before=st.sampled_from(["", "OPENCLAW_BASE_URL=x # 'why'\nB='y'\n", "B='y'\n", "A=\\"]),
)
def test_every_value_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, value: str, before: str
) -> None:
    text = merged_dotenv(before, {ADDRESS: value, TOKEN: "t"})
    variables = read_back(tmp_path_factory.getbasetemp(), text)
    assert variables["OPENCLAW_BASE_URL"] == value
    assert variables["DISCORD_BOT_TOKEN"] == "t"
    assert variables.get("B", "y") == "y"


@pytest.mark.parametrize("value", ["two\nlines", "nul\0", "\udcff"])
def test_a_value_that_is_no_line_of_text_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(DotenvError, match="OPENCLAW_AUTH_TOKEN holds characters") as refused:
        merged_dotenv("", {("openclaw", "auth_token"): value})
    assert value not in str(refused.value)


def test_a_variable_is_found_by_any_of_its_names() -> None:
    assert find_variable(TOKEN, {"x": "1", "discord__bot_token": "2"}) == "discord__bot_token"
    assert find_variable(TOKEN, {"DISCORD_BOT_TOKEN": ""}) is None
    assert variable_in("discord__bot_token=1\n", TOKEN) == "discord__bot_token"
    assert variable_in("", TOKEN) == "DISCORD_BOT_TOKEN"


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n")
    file.chmod(0o644)
    write_privately(file, "A=2\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [".env"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    link = tmp_path / ".env"
    link.symlink_to("real")
    write_privately(link, "A=2\n")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text() == "A=2\n"


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    (tmp_path / ".env" / "file").touch()
    with pytest.raises(DotenvError, match="cannot be written"):
        write_privately(tmp_path / ".env", "A=1\n")
    assert [one.name for one in tmp_path.iterdir()] == [".env"]


def test_reading(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert read_text(file) == ""
    file.write_bytes(b"\xef\xbb\xbfA=1\r\n")
    assert read_text(file) == "A=1\r\n"
    file.write_bytes(b"\xff")
    with pytest.raises(DotenvError, match="cannot be read"):
        read_text(file)
