"""``setup``: asks for what is missing and writes ``.env``."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer

from server.config import Config, ConfigRequest
from server.setting_paths import SettingPath
from server.setup.discord_step import set_discord_up
from server.setup.dotenv_file import (
    DotenvError,
    find_variable,
    merged_dotenv,
    read_text,
    variable_in,
    write_privately,
)
from server.setup.gateway_step import set_gateway_up
from server.setup.local_gateway import SETTINGS_FILE, read_local_gateway
from server.setup.step import Dialogue, StepResult
from server.setup.values import Sources, values_to_write

_SPEECH_URL = ("tts", "url")


def run_setup(config: Config, request: ConfigRequest, *, yes: bool) -> int:
    """Ask for what is missing or does not work, and write it.

    Where nobody can be asked, the environment and ``--set`` are what is written.

    Args:
        config: The settings so far.
        request: Where they come from.
        yes: Ask nothing, and agree to everything.

    Returns:
        The exit status: 1 when something does not work, or is missing and nobody could be asked.

    """
    dialogue = Terminal() if sys.stdin.isatty() and not yes else Unattended(agrees=yes)
    results = [
        set_discord_up(config.discord, dialogue),
        set_gateway_up(config, dialogue, read_local_gateway(SETTINGS_FILE)),
        _set_speech_up(config, dialogue),
    ]
    to_do = [result.problem for result in results if result.problem]
    if not dialogue.attended:
        to_do += [result.missing for result in results if result.missing]
    try:
        to_do += _write(config, request, results, dialogue)
    except DotenvError as error:
        typer.echo(f"setup: {error}", err=True)
        return 1
    return _end(to_do, results, dialogue)


def _set_speech_up(config: Config, dialogue: Dialogue) -> StepResult:
    if config.tts.url is None:
        dialogue.say("Speech: works by itself. For voices of your own, set TTS_URL.")
        return StepResult()
    dialogue.say("Speech: by the server of TTS_URL.")
    return StepResult({_SPEECH_URL: config.tts.url})


def _write(
    config: Config, request: ConfigRequest, results: list[StepResult], dialogue: Dialogue
) -> list[str]:
    """Write what has changed; return what keeps it from being used."""
    values = {path: value for result in results for path, value in result.values.items()}
    file = request.dotenv_file()
    text = read_text(file)
    sources = Sources.of(config, request, text)
    changes = values_to_write(values, sources, attended=dialogue.attended)
    if changes:
        merged = merged_dotenv(text, changes)
        names = ", ".join(variable_in(merged, path) for path in changes)
        dialogue.say(f"Into {file} go: {names}")
        write_privately(file, merged)
    return _overruled(changes, request)


def _overruled(changes: Mapping[SettingPath, str], request: ConfigRequest) -> list[str]:
    environment = request.environment
    names = ((find_variable(path, environment), value) for path, value in changes.items())
    return [
        f"{name} is also set in the environment, where it wins over .env: remove it there"
        for name, value in names
        if name is not None and environment[name] != value
    ]


def _end(to_do: list[str], results: list[StepResult], dialogue: Dialogue) -> int:
    dialogue.say()
    if to_do:
        dialogue.say("Still to do:")
        for one in to_do:
            dialogue.say(f"  - {one}")
    elif not any(result.missing for result in results):
        dialogue.say("Everything is set.")
    dialogue.say("To check everything: uv run run.py doctor")
    dialogue.say("To start:            uv run run.py")
    return int(bool(to_do))


class Unattended:
    """Nobody is there: says what it would say, and answers nothing.

    Args:
        agrees: What it says to a yes or a no.

    """

    attended = False

    def __init__(self, *, agrees: bool) -> None:
        self._agrees = agrees

    def say(self, text: str = "") -> None:
        """Print it."""
        typer.echo(_safe(text))

    def ask(self, question: str) -> str:
        """Answer nothing."""
        return ""

    def ask_secret(self, question: str) -> str:
        """Answer nothing."""
        return ""

    def agrees(self, question: str) -> bool:
        """Say what was agreed to beforehand."""
        return self._agrees


class Terminal:
    """A person at a terminal."""

    attended = True

    def say(self, text: str = "") -> None:
        """Print it."""
        typer.echo(_safe(text))

    def ask(self, question: str) -> str:
        """Ask for a line."""
        with _on_a_line_of_its_own():
            return input(question)

    def ask_secret(self, question: str) -> str:
        """Ask for a line that is not shown."""
        with _on_a_line_of_its_own():
            return getpass.getpass(question)

    def agrees(self, question: str) -> bool:
        """Ask until it is a yes or a no."""
        while True:
            match self.ask(question).strip().lower():
                case "y" | "yes":
                    return True
                case "n" | "no":
                    return False


@contextmanager
def _on_a_line_of_its_own() -> Iterator[None]:
    """Let what comes after Ctrl-C begin on a new line."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo()
        raise


def _safe(text: str) -> str:
    """Return the text without what could command the terminal: names are other people's."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
