"""Only what would be missing is written."""

from __future__ import annotations

from pathlib import Path

from server.config import ConfigRequest, load_config
from server.setup.values import Sources, values_to_write

ADDRESS = ("openclaw", "base_url")
TOKEN = ("openclaw", "auth_token")
NAMES = {ADDRESS: "ws://here:1", TOKEN: "t"}


def written(
    folder: Path,
    *overrides: str,
    dotenv: str = "",
    environment: dict[str, str] | None = None,
    attended: bool = True,
) -> set[tuple[str, ...]]:
    file = folder / "config.yaml"
    file.touch()
    (folder / ".env").write_text(dotenv)
    request = ConfigRequest(file, overrides, environment or {})
    sources = Sources.of(load_config(request), request, dotenv)
    return set(values_to_write(NAMES, sources, attended=attended))


def test_what_is_new_is_written(tmp_path: Path) -> None:
    assert written(tmp_path) == {ADDRESS, TOKEN}
    assert written(tmp_path, dotenv="OPENCLAW_AUTH_TOKEN=old\n") == {ADDRESS, TOKEN}


def test_what_is_set_is_not_written_again(tmp_path: Path) -> None:
    dotenv = "OPENCLAW_BASE_URL=ws://here:1\nOPENCLAW__AUTH_TOKEN=t\n"
    assert written(tmp_path, dotenv=dotenv, attended=True) == set()
    assert written(tmp_path, dotenv=dotenv, attended=False) == set()


def test_an_option_is_written_for_the_calls_without_it(tmp_path: Path) -> None:
    option = " openclaw.base_url =ws://here:1"
    assert ADDRESS in written(tmp_path, option)
    assert ADDRESS not in written(tmp_path, option, dotenv="OPENCLAW_BASE_URL=ws://here:1\n")


def test_the_environment_is_written_only_where_nobody_is_there(tmp_path: Path) -> None:
    environment = {"OPENCLAW_AUTH_TOKEN": "t"}
    assert TOKEN not in written(tmp_path, environment=environment, attended=True)
    assert TOKEN in written(tmp_path, environment=environment, attended=False)
    stale = "OPENCLAW_AUTH_TOKEN=old\n"
    assert TOKEN in written(tmp_path, dotenv=stale, environment=environment, attended=False)


def test_sources_do_not_show_what_they_hold(tmp_path: Path) -> None:
    request = ConfigRequest(tmp_path / "config.yaml", (), {"OPENCLAW_AUTH_TOKEN": "s3cret"})
    (tmp_path / "config.yaml").touch()
    sources = Sources.of(load_config(request), request, "A=s3cret\n")
    assert "s3cret" not in repr(sources)
