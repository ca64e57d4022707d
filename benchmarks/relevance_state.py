"""Whether the bot knows from the course of a conversation that it was meant.

Plays scripted conversations (``relevance_timelines.txt``, its head tells the
form) at every sensitivity and compares each decision. Every one has to be right.

    python benchmarks/relevance_state.py [FILE] [--json]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.answered import is_answer_to
from pipeline.config import RelevanceConfig, Sensitivity
from pipeline.interfaces import Participant
from pipeline.judgement import Judgement, NamedAgent, Utterance
from pipeline.relevance import Relevance

TIMELINES = Path(__file__).with_name("relevance_timelines.txt")
LEVELS: tuple[Sensitivity, ...] = ("low", "medium", "high")
EXPECTED = (*LEVELS, "never")
AGENTS = ("jarvis", "sage")

_SAID = re.compile(
    r"(?P<start>[\d.]+)-(?P<end>[\d.]+) (?P<who>[^:(]+?)(?P<goes_on> \(goes on\))?: (?P<text>.+?)"
    r"(?: => (?P<expected>.+))?"
)
_CHANGE = re.compile(r"(?P<at>[\d.]+) (?P<what>\+|-|leaning) (?P<value>.+)")


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a person, or a reply of an agent to a person."""

    start: float
    end: float
    who: str
    text: str
    goes_on: bool
    expected: tuple[str, ...]
    """What is true of it; nothing for a reply."""

    to: str
    """The person whom a reply answers; "" for a person's words."""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody came or went, or the guild's leaning changed."""

    at: float
    what: str
    value: str


@dataclass(slots=True)
class Timeline:
    """One conversation."""

    name: str
    people: list[str] = field(default_factory=list)
    events: list[Said | Change] = field(default_factory=list)


class TimelineError(Exception):
    """A line of the file is not understood; the message quotes it."""


def read_event(line: str) -> Said | Change:
    """Return the event of a line.

    Raises:
        TimelineError: It is none.

    """
    if change := _CHANGE.fullmatch(line):
        return Change(float(change["at"]), change["what"], change["value"])
    said = _SAID.fullmatch(line)
    if said is None:
        raise TimelineError(line)
    who, _, to = said["who"].partition(" to ")
    expected = tuple(part.strip() for part in (said["expected"] or "").split(",") if part)
    if bool(to) == bool(expected) or (expected and expected[0] not in EXPECTED):
        raise TimelineError(line)
    start, end = float(said["start"]), float(said["end"])
    return Said(start, end, who, said["text"], bool(said["goes_on"]), expected, to)


def read_timelines(lines: Iterable[str]) -> Iterator[Timeline]:
    """Return the conversations of a file.

    Raises:
        TimelineError: A line is not understood.

    """
    timeline: Timeline | None = None
    for line in map(str.strip, lines):
        if line.startswith("["):
            if timeline:
                yield timeline
            timeline = Timeline(line.strip("[]"))
        elif line.startswith("people: ") and timeline:
            timeline.people = line.removeprefix("people: ").split(", ")
        elif line and not line.startswith("#"):
            if timeline is None:
                raise TimelineError(line)
            timeline.events.append(read_event(line))
    if timeline:
        yield timeline


class Play:
    """One conversation at one sensitivity.

    Args:
        timeline: The conversation.
        sensitivity: When the bot answers.

    """

    def __init__(self, timeline: Timeline, sensitivity: Sensitivity) -> None:
        self._timeline = timeline
        agents = [NamedAgent(name, (name.capitalize(),)) for name in AGENTS]
        self._relevance = Relevance(RelevanceConfig(sensitivity=sensitivity), agents)
        self._level = LEVELS.index(sensitivity)
        self._people = {name: Participant(name.casefold(), name) for name in timeline.people}
        self._last: dict[str, tuple[Utterance, Judgement]] = {}
        self._replied: set[str] = set()
        self.judged = 0
        """Utterances so far."""

        self.wrong: list[str] = []
        """What was not as expected."""

    def run(self) -> None:
        """Play it."""
        for at, _, event in sorted(self._steps(), key=lambda step: step[:2]):
            match event:
                case Change():
                    self._change(event)
                case Said(to=""):
                    self._hear(event)
                case Said():
                    self._reply(event, at)

    def _steps(self) -> Iterator[tuple[float, int, Said | Change]]:
        """Return what happens with its time, and what comes first of things at one time."""
        for event in self._timeline.events:
            match event:
                case Change():
                    yield event.at, 0, event
                case Said(to=""):
                    yield event.end, 2, event
                case Said():
                    yield event.start, 1, event
                    yield event.end, 1, event

    def _change(self, event: Change) -> None:
        match event.what:
            case "+":
                name = event.value
                self._people[name] = Participant(name.casefold(), name)
            case "-":
                del self._people[event.value]
            case _:
                self._relevance.leaning = float(event.value)

    def _reply(self, event: Said, at: float) -> None:
        last = self._last.get(event.to)
        if last is None or not last[1].addressed:
            return
        to = event.to.casefold()
        if at == event.start:
            self._relevance.receive_reply_start(speaker=to, agent=event.who)
            self._replied.add(event.to)
        else:
            self._relevance.receive_reply(speaker=to, agent=event.who, text=event.text, at=at)

    def _hear(self, event: Said) -> None:
        speaker = self._people.get(event.who, Participant(event.who.casefold(), event.who))
        before = self._last.get(event.who)
        continues = before[1] if before and event.goes_on else None
        utterance = Utterance(speaker, event.text, event.start, event.end, continues)
        people = list(self._people.values())
        judgement = self._relevance.judge(utterance, people=people, agent=AGENTS[0])
        self._check(event, judgement, self._answers(utterance, judgement))
        self._relevance.receive_turn(utterance, judgement)
        if judgement.bare_name:
            agent = judgement.agent
            self._relevance.receive_call(speaker=speaker.id, agent=agent, at=event.end)
        self._last[event.who] = utterance, judgement
        self._replied.discard(event.who)

    def _answers(self, utterance: Utterance, judgement: Judgement) -> set[str]:
        """Return whose question, if the bot has it, somebody's words answer."""
        return {
            f"answers {name}"
            for name, (question, its) in self._last.items()
            if its.addressed
            and name not in self._replied
            and is_answer_to(question, its, utterance, judgement)
        }

    def _check(self, event: Said, judgement: Judgement, answers: set[str]) -> None:
        self.judged += 1
        first, *more = event.expected
        wanted = {"addressed"} if EXPECTED.index(first) <= self._level else set()
        agents = {part for part in more if part.startswith("agent ")}
        if wanted:
            wanted |= agents | {part for part in more if part == "bare"}
        got = {"addressed"} if judgement.addressed else set()
        if judgement.addressed and agents:
            got.add(f"agent {judgement.agent}")
        if judgement.bare_name:
            got.add("bare")
        asked = {part for part in more if part.startswith("answers ")}
        # Nobody answers in the bot's place what the bot did not take for its own.
        wanted |= {part for part in asked if self._has(part.removeprefix("answers "))}
        if wanted != got | answers:
            level = LEVELS[self._level]
            found = ", ".join(sorted(got | answers)) or "nothing"
            self.wrong.append(
                f"[{self._timeline.name}] at {level}, {event.who}: {event.text}\n"
                f"    {found} instead of {', '.join(sorted(wanted)) or 'nothing'}"
                f" ({judgement.why})"
            )

    def _has(self, name: str) -> bool:
        last = self._last.get(name)
        return last is not None and last[1].addressed


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was decided wrongly, and the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", default=TIMELINES)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)
    timelines = list(read_timelines(options.file.read_text(encoding="utf-8").splitlines()))
    plays = [Play(timeline, level) for timeline in timelines for level in LEVELS]
    for play in plays:
        play.run()
    wrong = [line for play in plays for line in play.wrong]
    figures = {
        "timelines": len(timelines),
        "decisions": sum(play.judged for play in plays),
        "wrong": len(wrong),
    }
    if options.json:
        print(json.dumps(figures))
    else:
        print(*wrong, sep="\n", end="\n" * bool(wrong))
        print(" · ".join(f"{name} {value}" for name, value in figures.items()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
