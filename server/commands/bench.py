"""``bench scenes``: plays scenes through the pipeline and prints quality and latency."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from models.errors import ModelError
from models.progress import progress_on
from models.registry import Registry
from pipeline.audio import decode_file
from pipeline.cast import Cast
from pipeline.clock import AudioTimeLoop, LoopClock
from pipeline.config import AgentConfig
from pipeline.errors import AudioError, StageError
from pipeline.judgement import NamedAgent
from pipeline.relevance import Relevance
from pipeline.tts import HttpTextToSpeech
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import VoiceChoices
from server.agent_voices import AgentVoices
from server.config import Config
from server.engines import FIXTURE, Ears, open_ears, open_voice
from server.roster import Roster
from server.scenes.format import Recogniser, Scene, SceneError, load_scenes
from server.scenes.observed import PlayedScene
from server.scenes.play import play_scene
from server.scenes.score import Summary, summarize
from server.speech.child import SpeechServerError


def bench_scenes(config: Config, folder: Path, *, as_json: bool = False, fast: bool = True) -> int:
    """Play every scene below a folder; print every turn, then the summary.

    Args:
        config: Settings; a scene overrides agents, sensitivity and, if it says so, recognition.
        folder: Holds folders with ``scene.json``.
        as_json: Print turn records and the summary, one JSON object a line.
        fast: Run on the clock of the audio instead of in real time.

    Returns:
        The exit code: 0, 1 when something failed, 2 when the scenes are wrong.

    """
    try:
        scenes = load_scenes(folder)
        _check_audio(scenes)
        summary = _play(config, scenes, _print_json if as_json else _print_turn, fast=fast)
    except SceneError as error:
        for problem in error.problems:
            typer.echo(f"bench: {problem}", err=True)
        return 2
    except (ModelError, StageError, SpeechServerError, OSError) as error:
        typer.echo(f"bench: {error}", err=True)
        return 1
    if as_json:
        typer.echo(json.dumps(summary.to_json()))
    else:
        _print_summary(summary)
    return 0


def _check_audio(scenes: Sequence[Scene]) -> None:
    """Read the beginning of every file, so that a bad one is told before the first scene."""
    problems = []
    for file in dict.fromkeys(file for scene in scenes for file in scene.files()):
        try:
            next(decode_file(file))
        except AudioError as error:
            problems.append(str(error))
    if problems:
        raise SceneError(problems)


def _play(
    config: Config, scenes: Sequence[Scene], on_turn: Callable[[TurnRecord], None], *, fast: bool
) -> Summary:
    with ExitStack() as stack:
        ears = dict(_open_ears(config, scenes, stack, live=not fast))
        loop_factory = AudioTimeLoop if fast else None
        runner = stack.enter_context(asyncio.Runner(loop_factory=loop_factory))
        began = time.process_time()
        played = runner.run(_play_all(config, scenes, ears, on_turn))
        cpu_seconds = time.process_time() - began
    return summarize(played, mode="fast" if fast else "realtime", cpu_seconds=cpu_seconds)


def _open_ears(
    config: Config, scenes: Sequence[Scene], stack: ExitStack, *, live: bool
) -> Iterator[tuple[Recogniser, Ears]]:
    """Load the recognisers that the scenes ask for, and no other."""
    registry = Registry(config.models)
    progress = progress_on(sys.stderr)
    wanted = {scene.stt for scene in scenes}
    if "configured" in wanted:
        yield "configured", stack.enter_context(open_ears(config, registry, progress, live=live))
    if wanted & {"fixture", "scripted"}:
        # A scripted scene hears with the same models and asks the recogniser nothing.
        fixture = open_ears(_with_fixture(config), registry, progress, live=live)
        ears = stack.enter_context(fixture)
        yield "fixture", ears
        yield "scripted", ears


def _with_fixture(config: Config) -> Config:
    stt = config.pipeline.stt.model_copy(update={"model_size": FIXTURE, "allow_test_fixture": True})
    pipeline = config.pipeline.model_copy(update={"stt": stt})
    return config.model_copy(update={"pipeline": pipeline})


async def _play_all(
    config: Config,
    scenes: Sequence[Scene],
    ears: Mapping[Recogniser, Ears],
    on_turn: Callable[[TurnRecord], None],
) -> list[PlayedScene]:
    loop = asyncio.get_running_loop()
    clock = loop.clock if isinstance(loop, AudioTimeLoop) else LoopClock()
    async with open_voice(config) as tts:
        return [
            await play_scene(
                scene,
                ears=ears[scene.stt],
                tts=tts,
                cast=await _cast(config, scene, tts),
                config=config.pipeline,
                clock=clock,
                on_turn=on_turn,
            )
            for scene in scenes
        ]


async def _cast(config: Config, scene: Scene, tts: HttpTextToSpeech) -> Cast:
    """Return the scene's agents: called by their ids, and by the names in the settings."""
    agents = {id_: config.agents.get(id_) or AgentConfig() for id_ in scene.agents}
    voices = await AgentVoices.ask(config, tts)
    named = [NamedAgent(id_, (id_, *agent.names)) for id_, agent in agents.items()]
    relevance = config.pipeline.relevance.model_copy(update={"sensitivity": scene.sensitivity})
    return Cast(
        voices.personas(Roster(agents, scene.room_agent)),
        scene.room_agent,
        Relevance(relevance, named),
        voices=VoiceChoices(voices.server),
    )


def _print_json(record: TurnRecord) -> None:
    typer.echo(json.dumps(record.to_json(), ensure_ascii=False))


def _print_turn(record: TurnRecord) -> None:
    answer = f"-> {record.agent}" if record.addressed else "not for the bot"
    typer.echo(
        f"{record.conversation}  {record.start:.2f} - {record.end:.2f} s"
        f"  {record.speaker}: {record.text} ({answer})"
    )
    if record.error:
        typer.echo(f"    error: {record.error}")


def _print_summary(summary: Summary) -> None:
    table = Table("Figure", "Value", box=None, pad_edge=False)
    for name, value in summary.to_json().items():
        if name != "type":
            table.add_row(name, _shown(value))
    console = Console()
    console.print()
    console.print(table)


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case dict():
            return ", ".join(f"{name} {_shown(part)}" for name, part in value.items())
        case _:
            return str(value)
