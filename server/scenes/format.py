"""The scene format: a folder with ``scene.json`` and its audio. See ``docs/scenes.md``.

A scene says who speaks when and what, whether the bot was addressed, what the
agent answers, and who interrupts the answer. Reading one finds every problem
at once, each with its file and field.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.config import Sensitivity

SCENE_FILE = "scene.json"

Recogniser = Literal["configured", "fixture", "scripted"]
Score = Literal["end_of_turn", "addressing", "words"]
Kind = Literal["barge_in", "backchannel"]
Seconds = Annotated[float, Field(ge=0.0)]
Text = Annotated[str, Field(min_length=1)]

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class SceneError(Exception):
    """Scenes that cannot be played.

    Attributes:
        problems: One line each, ``<file>: <field>: <what is wrong>``.

    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Track:
    """One recording of one speaker."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    speaker: Text
    file: Path
    """Audio file; relative to the scene's folder in the JSON, absolute once loaded."""

    at: Seconds = 0.0
    """When its first sample is heard, in seconds of conversation time."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some words of a turn."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    start: Seconds
    end: Seconds
    text: Text


@dataclass(frozen=True, slots=True)
class TrueTurn:
    """What someone really said, and when."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    speaker: Text
    start: Seconds
    """First speech, in seconds of conversation time."""

    end: Seconds
    """Last speech, likewise; pauses inside the turn are part of it."""

    text: str | None = None
    """The words; ``None`` when they are not scored."""

    addressed: bool | None = None
    """Whether it was meant for an agent; ``None`` when that is not scored."""

    agent: Text | None = None
    """Id of the agent it was meant for; ``None`` when any will do."""

    pause: Seconds | None = None
    """The longest pause inside, in seconds; ``None`` when it is not known."""

    reply: bool = True
    """Whether a reply to it may be heard; ``False`` when a person answers first."""

    parts: tuple[Part, ...] = ()
    """When its words are said, for scripted recognition; else evenly from start to end."""


@dataclass(frozen=True, slots=True)
class Replies:
    """What the scripted agent answers, every time it is asked."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    delay_ms: Annotated[float, Field(ge=0.0, le=60_000.0)] = 300.0
    """Milliseconds of conversation time from question to answer."""

    text: Text = "All right."


@dataclass(frozen=True, slots=True)
class Interruption:
    """Someone speaks while a reply is heard: at a given time, or when the reply has begun."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    speaker: Text
    kind: Kind
    """``barge_in`` must stop the reply, ``backchannel`` ("mm-hm") must not."""

    start: Seconds | None = None
    """First speech on the speaker's track, in seconds of conversation time."""

    end: Seconds | None = None
    """Last speech, likewise."""

    file: Path | None = None
    """Audio that begins and ends with the speech, to be said over a reply."""

    after_reply_start: Seconds | None = None
    """Seconds after the first sample of the reply at which :attr:`file` begins."""

    reply: Annotated[int, Field(ge=0)] = 0
    """Which reply of the scene :attr:`after_reply_start` refers to; 0 is the first."""

    text: str | None = None
    """The words of :attr:`file`, for scripted recognition."""

    stop_word: bool = False
    """Whether it wants nothing but silence ("stop", "Jarvis, wait"); timed by itself, too."""


@dataclass(frozen=True, slots=True)
class Echo:
    """The replies come back through someone's open microphone."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    speaker: Text
    delay_ms: Annotated[float, Field(ge=0.0, le=2_000.0)] = 150.0
    """Milliseconds from playing to hearing."""

    gain_db: Annotated[float, Field(ge=-90.0, le=6.0)] = -12.0
    """Level of what comes back against what was played."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation with its truth."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: Text
    """Stands in its turn records as ``scene:<name>``."""

    agents: tuple[Text, ...]
    """Ids of the agents, which are also the names people say."""

    tracks: tuple[Track, ...]
    turns: tuple[TrueTurn, ...]
    agent: Text | None = None
    """The agent of the room, asked when none is named; ``None`` is the first of :attr:`agents`."""

    sensitivity: Sensitivity = "medium"
    replies: Replies = Replies()
    interruptions: tuple[Interruption, ...] = ()
    echo: tuple[Echo, ...] = ()
    """Whose microphones pick up the replies; these send sound all the time."""

    present: tuple[Text, ...] | None = None
    """Who is in the room all the time; ``None`` is everyone who speaks."""

    language: Text = "en"
    """ISO 639-1 code of scripted words."""

    stt: Recogniser = "configured"
    """Who turns speech into words: the configured model, the 91-word test fixture, or nobody
    (``scripted``: the true words that lie inside what was cut out)."""

    scores: tuple[Score, ...] = ("end_of_turn", "addressing", "words")
    """What this scene counts for; synthesized speech says nothing about the end of turns."""

    @property
    def room_agent(self) -> str:
        """Id of the agent that is asked when none is named."""
        return self.agent or self.agents[0]

    @property
    def people(self) -> tuple[str, ...]:
        """Everyone in the room, in the order of the scene."""
        return self.present if self.present is not None else tuple(dict.fromkeys(self._speakers()))

    def files(self) -> Iterator[Path]:
        """Yield every audio file of the scene."""
        yield from (track.file for track in self.tracks)
        yield from (item.file for item in self.interruptions if item.file is not None)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield field and trouble of whatever is missing or contradicts itself."""
        empty = [name for name in ("agents", "tracks") if not getattr(self, name)]
        if empty:
            yield from ((name, "at least one is needed") for name in empty)
            return
        yield from self._unknown_people()
        yield from self._unknown_agents()
        yield from self._bad_times()
        for index, interruption in enumerate(self.interruptions):
            if trouble := _interruption_problem(interruption):
                yield f"interruptions[{index}]", trouble

    def _speakers(self) -> Iterator[str]:
        yield from (track.speaker for track in self.tracks)
        yield from (interruption.speaker for interruption in self.interruptions)
        yield from (echo.speaker for echo in self.echo)

    def _unknown_people(self) -> Iterator[tuple[str, str]]:
        for index, track in enumerate(self.tracks):
            if track.speaker not in self.people:
                yield f"tracks[{index}].speaker", f"{track.speaker!r} is not in present"
        for index, turn in enumerate(self.turns):
            if turn.speaker not in {track.speaker for track in self.tracks}:
                yield f"turns[{index}].speaker", f"{turn.speaker!r} has no track"
        for field in ("interruptions", "echo"):
            for index, item in enumerate(getattr(self, field)):
                if item.speaker not in self.people:
                    yield f"{field}[{index}].speaker", f"{item.speaker!r} is not in present"

    def _unknown_agents(self) -> Iterator[tuple[str, str]]:
        if self.room_agent not in self.agents:
            yield "agent", f"{self.agent!r} is not one of agents"
        for index, turn in enumerate(self.turns):
            if turn.agent is not None and turn.agent not in self.agents:
                yield f"turns[{index}].agent", f"{turn.agent!r} is not one of agents"

    def _bad_times(self) -> Iterator[tuple[str, str]]:
        last: dict[str, float] = {}
        for index, turn in sorted(enumerate(self.turns), key=lambda item: item[1].start):
            if turn.end <= turn.start:
                yield f"turns[{index}].end", "must be after start"
            elif turn.start < last.get(turn.speaker, 0.0):
                yield f"turns[{index}].start", f"{turn.speaker!r} is still in the turn before"
            elif turn.pause is not None and turn.pause >= turn.end - turn.start:
                yield f"turns[{index}].pause", "must be shorter than the turn"
            last[turn.speaker] = max(turn.end, last.get(turn.speaker, 0.0))


def _interruption_problem(interruption: Interruption) -> str | None:
    times = (interruption.start, interruption.end)
    clip = (interruption.file, interruption.after_reply_start)
    match None not in times, None not in clip:
        case True, False if clip == (None, None):
            ordered = times[0] is not None and times[1] is not None and times[0] < times[1]
            return None if ordered else "end must be after start"
        case False, True if times == (None, None):
            return None
        case _:
            return "give either start and end, or file and after_reply_start"


_SCENE = TypeAdapter(Scene)


def load_scene(path: Path) -> Scene:
    """Read one ``scene.json``.

    Raises:
        SceneError: It is missing, not JSON, or does not describe a scene, with every problem.

    """
    try:
        scene = _SCENE.validate_json(path.read_bytes())
    except OSError as error:
        raise SceneError([f"{path}: cannot be read ({error.strerror})"]) from error
    except ValidationError as error:
        raise SceneError([f"{path}: {line}" for line in _lines(error)]) from error
    scene = _with_absolute_files(scene, path.parent.resolve())
    problems = [*scene.problems(), *_missing_files(scene)]
    if problems:
        raise SceneError([f"{path}: {field}: {trouble}" for field, trouble in problems])
    return scene


def load_scenes(folder: Path) -> tuple[Scene, ...]:
    """Read every scene below a folder, in the order of their paths.

    Raises:
        SceneError: There is none, two have one name, or some cannot be read, with every
            problem of every scene.

    """
    scenes: list[Scene] = []
    problems: list[str] = []
    for path in sorted(folder.rglob(SCENE_FILE)):
        try:
            scenes.append(load_scene(path))
        except SceneError as error:
            problems.extend(error.problems)
    names = Counter(scene.name for scene in scenes)
    problems += [
        f"{folder}: name: {n} scenes are called {name!r}" for name, n in names.items() if n > 1
    ]
    if problems:
        raise SceneError(problems)
    if not scenes:
        raise SceneError([f"{folder}: no {SCENE_FILE} in this folder or below it"])
    return tuple(scenes)


def _with_absolute_files(scene: Scene, folder: Path) -> Scene:
    return dataclasses.replace(
        scene,
        tracks=tuple(
            dataclasses.replace(track, file=folder / track.file) for track in scene.tracks
        ),
        interruptions=tuple(
            dataclasses.replace(item, file=folder / item.file) if item.file else item
            for item in scene.interruptions
        ),
    )


def _missing_files(scene: Scene) -> Iterator[tuple[str, str]]:
    audio: dict[str, Sequence[Track | Interruption]] = {
        "tracks": scene.tracks,
        "interruptions": scene.interruptions,
    }
    for field, items in audio.items():
        for index, item in enumerate(items):
            if item.file is not None and not item.file.is_file():
                yield f"{field}[{index}].file", f"no such file: {item.file}"


def _lines(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_input=False):
        field = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]
        ).removeprefix(".")
        match problem["type"]:
            case "unexpected_keyword_argument":
                message = f"unknown field{_suggestion(str(problem['loc'][-1]))}"
            case "tuple_type":
                message = "Input should be a list"
            case _:
                message = problem["msg"]
        yield f"{field}: {message}" if field else message


def _suggestion(name: str) -> str:
    known = {
        field.name
        for kind in (Scene, Track, TrueTurn, Part, Replies, Interruption, Echo)
        for field in dataclasses.fields(kind)
    }
    close = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {close[0]!r}?" if close else ""
