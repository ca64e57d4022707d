"""``demo``: the whole pipeline on audio files."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from models.errors import ModelError
from models.progress import progress_on
from models.registry import Registry
from pipeline.audio import decode_file
from pipeline.cast import Cast
from pipeline.clock import AudioTimeLoop, Clock, LoopClock
from pipeline.conversation import Conversation
from pipeline.engines import Engines, hold
from pipeline.errors import AudioError, StageError
from pipeline.interfaces import Participant
from pipeline.relevance import Relevance
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import VoiceChoices
from pipeline.wav import Track, WavTransport
from server.agent_voices import AgentVoices
from server.agents import open_agents
from server.config import Config
from server.engines import (
    FIXTURE,
    Ears,
    model_folder,
    open_ears,
    open_voice,
)
from server.roster import RosterError, configured_roster
from server.speech.child import SpeechServerError

logger = logging.getLogger(__name__)

SETTLE = 0.3
"""Seconds after the last file in which its last words may still be on their way."""

_SCENE = (
    ("ann", "ann-weather.flac", 0.0),
    ("ben", "ben-back.flac", 7.5),
    ("ben", "ben-time.flac", 12.5),
    ("ann", "ann-philosophy.flac", 18.5),
)
"""The built-in scene: two people, two agents, and one remark that is not for them.

Ben's question follows his remark by more than the longest pause: synthesized speech, which this
is, may sound unfinished to the end-of-turn model.
"""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asks of the demo."""

    speakers: Sequence[str] = ()
    """``NAME=FILE`` or ``FILE``; none is the built-in scene."""

    agent: str | None = None
    """Id of the agent that answers."""

    fast: bool = False
    """Run on the clock of the audio, as fast as the machine can listen."""

    as_json: bool = False
    """Print turn records, one JSON object a line."""

    out: Path | None = None
    """WAV file for the replies."""


class UsageError(Exception):
    """The command line asks for something that makes no sense; the message says what."""


def run_demo(config: Config, options: DemoOptions) -> int:
    """Play the files through the pipeline and print every turn.

    Returns:
        The exit code: 0, 1 when something failed, 2 for wrong usage.

    """
    try:
        tracks = _tracks(options.speakers)
        if config.openclaw.base_url is None:  # else the gateway's agents count
            configured_roster(config, options.agent or "")
        _check_files(tracks, options.out)
        return _play(config, options, tracks)
    except (UsageError, RosterError) as error:
        typer.echo(f"demo: {error}", err=True)
        return 2
    except BrokenPipeError:
        raise  # whoever read the turns has had enough: the command line ends quietly
    except (AudioError, ModelError, StageError, SpeechServerError, OSError) as error:
        typer.echo(f"demo: {error}", err=True)
        return 1


def _tracks(speakers: Sequence[str]) -> list[Track]:
    if not speakers:
        folder = Path(__file__).parents[2] / "models" / FIXTURE / "clips"
        return [Track(Participant(who, who), folder / file, at) for who, file, at in _SCENE]
    tracks: dict[str, Track] = {}
    for speaker in speakers:
        name, equals, file = speaker.partition("=")
        path = Path(file if equals else speaker).expanduser()
        name = name if equals else path.stem
        if not name:
            raise UsageError(f"{speaker!r}: give a speaker as NAME=FILE")
        if name in tracks:
            raise UsageError(f"{name!r} speaks twice: give every file a name of its own")
        tracks[name] = Track(Participant(name, name), path)
    return list(tracks.values())


def _check_files(tracks: Sequence[Track], out: Path | None) -> None:
    """Tell of a file that cannot be used before models are loaded."""
    for track in tracks:
        with closing(decode_file(track.file)) as pieces:
            next(pieces)
        if out is not None and out.exists() and out.samefile(track.file):
            raise UsageError(f"{out}: --out would overwrite what {track.speaker.name} says")


def _play(config: Config, options: DemoOptions, tracks: Sequence[Track]) -> int:
    registry = Registry(config.models)
    progress = progress_on(sys.stderr)
    if not options.speakers:
        config = _with_ears_for_the_scene(config, registry)
    with open_ears(config, registry, progress, live=not options.fast) as ears:
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
        if options.fast:
            loop_factory = AudioTimeLoop
        try:
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(_converse(config, options, tracks, ears))
        except ExceptionGroup as errors:
            raise (_failure(errors) or errors) from None
    return 0


def _failure(errors: ExceptionGroup) -> Exception | None:
    """Return what failed first in tasks that ran at once; ``None`` where one of them is a bug."""
    failures, bugs = errors.split((StageError, OSError))
    if bugs is not None:
        return None
    first: Exception | None = failures
    while isinstance(first, ExceptionGroup):
        first = first.exceptions[0]
    return first


def _with_ears_for_the_scene(config: Config, registry: Registry) -> Config:
    """Let the built-in scene run with the test model where the configured one cannot be had."""
    stt = config.pipeline.stt
    if model_folder(stt) is not None:
        return config
    try:
        registry.ensure(stt.model_size, progress_on(sys.stderr))
    except ModelError as error:
        typer.echo(
            f"{error}\nThe built-in scene is heard with the 91-word test model instead;"
            " it knows nothing but scenes like this one.\n",
            err=True,
        )
    else:
        return config
    fixture = stt.model_copy(update={"model_size": FIXTURE, "allow_test_fixture": True})
    pipeline = config.pipeline.model_copy(update={"stt": fixture})
    return config.model_copy(update={"pipeline": pipeline})


async def _converse(
    config: Config, options: DemoOptions, tracks: Sequence[Track], ears: Ears
) -> None:
    loop = asyncio.get_running_loop()
    async with (
        open_voice(config) as tts,
        open_agents(config, "demo", options.agent or "") as answering,
    ):
        roster = answering.roster
        voices = await AgentVoices.ask(config, tts)
        cast = Cast(
            voices.personas(roster),
            roster.default,
            Relevance(config.pipeline.relevance, roster.named()),
            answering.session_key,
            voices=VoiceChoices(voices.server),
        )
        clock: Clock = loop.clock if isinstance(loop, AudioTimeLoop) else LoopClock()
        engines = Engines(ears.vad, ears.end_of_turn, ears.stt, answering.agent, tts)
        transport = WavTransport(tracks, clock, out=options.out)
        conversation = Conversation(
            "demo",
            transport=transport,
            engines=hold(engines, clock),
            cast=cast,
            clock=clock,
            config=config.pipeline,
            began=datetime.now(UTC),
            on_turn=_print_json if options.as_json else _print_turn,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                warming = tasks.create_task(answering.warm_up(), name="warm-up")
                tasks.create_task(conversation.run(), name="conversation")
                await transport.wait_ended()
                await clock.sleep_until(clock.now() + SETTLE)
                await conversation.wait_idle()
                transport.close()
                warming.cancel()
        finally:
            transport.finish()


def _print_json(record: TurnRecord) -> None:
    typer.echo(json.dumps(record.to_json(), ensure_ascii=False))


def _print_turn(record: TurnRecord) -> None:
    typer.echo(f"{record.start:7.2f} to {record.end:.2f} s  {record.speaker}: {record.text}")
    indent = " " * 18
    if record.error:
        typer.echo(f"{indent}error: {record.error}")
    if record.addressed:
        cut = f"  (interrupted; heard: {record.heard})" if record.interrupted else ""
        typer.echo(f"{indent}{record.agent}: {record.reply}{cut}")
    elif not record.error:
        typer.echo(f"{indent}not for the bot: {record.why}")
    typer.echo(f"{indent}{record.latency_line()}\n")
