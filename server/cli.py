"""The command line.

Only declares the commands. Each imports what it needs when it runs, so that ``--help`` and the
start of every command stay quick.
"""

# ruff: noqa: PLC0415 - see above
# ruff: noqa: FBT002 - typer makes a flag of a boolean argument

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.loading import loading

if TYPE_CHECKING:
    from server.config import Config, ConfigRequest

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file, instead of config.yaml."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change one setting; repeatable."),
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Log details, transcripts too.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, nothing else.")]


class SensitivityChoice(StrEnum):
    """How readily the bot feels addressed."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
bench = typer.Typer(rich_markup_mode=None, help="Measure quality and latency.")
models = typer.Typer(rich_markup_mode=None, help="Show or fetch model files.")
app.add_typer(bench, name="bench")
app.add_typer(models, name="models")


@dataclass(frozen=True, slots=True)
class CommonOptions:
    """The options that every command takes, before its name and after it."""

    file: Path | None = None
    overrides: Sequence[str] = ()
    verbose: bool = False


def _request(
    context: typer.Context, file: Path | None, overrides: list[str] | None
) -> ConfigRequest:
    """Return what the command line says about settings, before the command and after it."""
    with loading():
        from server.config import ConfigRequest

    before: CommonOptions = context.obj or CommonOptions()
    return ConfigRequest(file or before.file, (*before.overrides, *(overrides or ())))


def _settings(
    context: typer.Context,
    file: Path | None,
    overrides: list[str] | None,
    *,
    verbose: bool,
    level: int = logging.INFO,
) -> Config:
    """Read the settings and start the log; ends the program when they cannot be used."""
    with loading():
        from server.config import load_config
        from server.config_sources import ConfigError
        from server.config_view import secret_values
        from server.logs import log_to_stderr

    before: CommonOptions = context.obj or CommonOptions()
    try:
        config = load_config(_request(context, file, overrides))
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(2) from None
    level = logging.DEBUG if verbose or before.verbose else level
    log_to_stderr(level, secret_values(config))
    return config


def _warn(config: Config) -> None:
    with loading():
        from server.config_view import config_warnings

    for warning in config_warnings(config):
        logging.getLogger(__name__).warning(warning)


@app.callback(invoke_without_command=True)
def service(
    context: typer.Context,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Talk with OpenClaw agents by voice. Without a command: run the service."""
    if context.invoked_subcommand is not None:
        context.obj = CommonOptions(file, tuple(overrides or ()), verbose)
        return
    config = _settings(context, file, overrides, verbose=verbose)
    _warn(config)
    with loading():
        from server.service import serve

    raise typer.Exit(serve(config))


@app.command()
def demo(  # noqa: PLR0913, PLR0917 - each option is an argument
    context: typer.Context,
    speakers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=FILE.wav ...]", help="Who speaks, and their audio."),
    ] = None,
    sensitivity: Annotated[
        SensitivityChoice | None, typer.Option(help="How readily the bot feels addressed.")
    ] = None,
    agent: Annotated[str | None, typer.Option(metavar="NAME", help="Who answers.")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="As fast as the machine can.")] = False,
    as_json: AsJson = False,
    out: Annotated[
        Path | None, typer.Option(metavar="REPLY.wav", help="Where the replies go.")
    ] = None,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Play audio files through the whole pipeline; without one, a short built-in scene."""
    chosen = [f"pipeline.relevance.sensitivity={sensitivity}"] if sensitivity else []
    overrides = [*(overrides or ()), *chosen]
    # The turns are printed; the log's lines about them would only say it twice.
    config = _settings(context, file, overrides, verbose=verbose, level=logging.WARNING)
    _warn(config)
    with loading():
        from server.commands.demo import DemoOptions, run_demo

    options = DemoOptions(tuple(speakers or ()), agent=agent, fast=fast, as_json=as_json, out=out)
    raise typer.Exit(run_demo(config, options))


@bench.command("scenes")
def bench_scenes(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False)],
    real_time: Annotated[
        bool, typer.Option("--real-time", help="Play at the pace of the audio.")
    ] = False,
    as_json: AsJson = False,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Play scenes through the pipeline and print quality and latency."""
    config = _settings(context, file, overrides, verbose=verbose)
    with loading():
        from server.commands import bench as command

    status = command.bench_scenes(config, folder, as_json=as_json, fast=not real_time)
    raise typer.Exit(status)


@app.command()
def setup(
    context: typer.Context,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing: write what is set or can be found.")
    ] = False,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Ask for what is missing, and write it into .env."""
    # What is wrong is said where it is asked about; the log would only say it twice.
    config = _settings(context, file, overrides, verbose=verbose, level=logging.CRITICAL)
    with loading():
        from server.commands.setup import run_setup

    raise typer.Exit(run_setup(config, _request(context, file, overrides), yes=yes))


@app.command()
def doctor(
    context: typer.Context,
    as_json: AsJson = False,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Check everything that is configured; status 1 when something does not work."""
    config = _settings(context, file, overrides, verbose=verbose)
    with loading():
        from server.commands import doctor as command

    raise typer.Exit(command.run_doctor(config, as_json=as_json))


@models.command("list")
def models_list(
    context: typer.Context,
    as_json: AsJson = False,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Show every model and whether it is on this machine."""
    config = _settings(context, file, overrides, verbose=verbose)
    with loading():
        from server.commands.models import list_models

    raise typer.Exit(list_models(config.models, as_json=as_json))


@models.command("pull")
def models_pull(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME ...]")] = None,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Fetch models; without a name, what the default settings need."""
    config = _settings(context, file, overrides, verbose=verbose)
    with loading():
        from server.commands.models import pull_models

    raise typer.Exit(pull_models(config.models, names or ()))


@app.command()
def config(
    context: typer.Context,
    as_json: AsJson = False,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="config.yaml with every default and its meaning.")
    ] = False,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Show the merged settings, secrets masked."""
    with loading():
        from server.commands import config as command

    if defaults:
        raise typer.Exit(command.show_defaults())
    settings = _settings(context, file, overrides, verbose=verbose)
    raise typer.Exit(command.show_config(settings, as_json=as_json))


@app.command()
def speech(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(metavar="H", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(metavar="P", min=0, max=65535)] = None,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Run only the speech server: OpenAI-compatible /v1/audio/*."""
    everything = _settings(context, file, overrides, verbose=verbose)
    settings = everything.speech
    settings = settings.model_copy(
        update={
            "host": settings.host if host is None else host,
            "port": settings.port if port is None else port,
        }
    )
    with loading():
        from server.commands.speech import serve_speech

    raise typer.Exit(serve_speech(settings, everything.pipeline.stt, everything.models))


@app.command()
def call(  # noqa: PLR0913, PLR0917 - each option is an argument
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="As +15551234567.")],
    task: Annotated[str, typer.Option(metavar="TEXT", help="What the agent shall achieve.")] = "",
    message: Annotated[str, typer.Option(metavar="TEXT", help="The first words.")] = "",
    background: Annotated[
        str, typer.Option("--context", metavar="TEXT", help="What the agent should know.")
    ] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end; Ctrl-C leaves the call going on.")
    ] = False,
    as_json: AsJson = False,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Have the running service call somebody."""
    if not (task or message):
        raise typer.BadParameter("Say what the call is for, with --task or --message.")
    # What is wrong is said by itself; the client's log would only say it twice.
    config = _settings(context, file, overrides, verbose=verbose, level=logging.WARNING)
    with loading():
        from server.commands.call import CallOptions, run_call

    wanted = {"task": task, "message": message, "context": background}
    body = {"to": number, **{name: text for name, text in wanted.items() if text}}
    raise typer.Exit(run_call(config, CallOptions(body, wait=wait, as_json=as_json)))


@app.command()
def phone(
    context: typer.Context,
    file: ConfigFile = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:
    """Run the service without Discord; also: python -m server.phone."""
    config = _settings(context, file, overrides, verbose=verbose)
    _warn(config)
    with loading():
        from server.service import serve

    without = config.discord.model_copy(update={"bot_token": None})
    raise typer.Exit(serve(config.model_copy(update={"discord": without})))


def main() -> None:
    """Run the program and exit with its status.

    0 is success, 1 a failure, 2 wrong usage or settings, 130 the end by Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        # UTF-8 also into files and pipes, whatever the locale, and any file's name can be shown.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app(prog_name="run.py")
