"""Scenes about whether the bot is meant: most in speech that the test fixture understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.scenes import words
from benchmarks.scenes.folder import FIXTURE, GAP, HUMAN_ADDRESSED, SceneFolder
from benchmarks.scenes.studio import PEOPLE, Studio

LATER = 20.0
"""Seconds after which no follow-up is expected at any sensitivity."""


def clips_at_low(scene: SceneFolder, studio: Studio) -> None:
    """Two people and two agents, at sensitivity low."""
    _clips(scene, studio, "low")


def clips_at_medium(scene: SceneFolder, studio: Studio) -> None:
    """Two people and two agents, at sensitivity medium."""
    _clips(scene, studio, "medium")


def clips_at_high(scene: SceneFolder, studio: Studio) -> None:
    """Two people and two agents, at sensitivity high."""
    _clips(scene, studio, "high", meant=("ben-reminder",))


def _clips(scene: SceneFolder, studio: Studio, sensitivity: str, meant: Sequence[str] = ()) -> None:
    """Two people talk with each other and, by name, with the agents."""
    # Nobody speaks twice within the follow-up window of their own reply.
    order = (
        ("ben-back", None),
        ("ann-weather", "jarvis"),
        ("ben-reminder", "jarvis" if "ben-reminder" in meant else None),
        ("ann-philosophy", "sage"),
        ("ben-time", "jarvis"),
        ("ann-game", None),
        ("ben-timer", "jarvis"),
    )
    for name, agent in order:
        speaker = name.split("-", maxsplit=1)[0]
        truth = {"addressed": agent is not None, **({"agent": agent} if agent else {})}
        end = scene.say(speaker, studio.clips[name], scene.end, **truth)
        scene.end = end + LATER
    scene.save(**FIXTURE, sensitivity=sensitivity)


def follow_up(scene: SceneFolder, studio: Studio) -> None:
    """Who was just answered needs no name; everybody else does."""
    clips = studio.clips
    end = scene.say("ben", clips["ben-timer"], 0.8, addressed=True, agent="jarvis")
    end = scene.say("ben", clips["ben-reminder"], end + GAP, addressed=True)
    # Someone else in the window, and the same person long after it.
    end = scene.say("ann", clips["ann-game"], end + GAP, addressed=False)
    scene.say("ben", clips["ben-back"], end + LATER, addressed=False)
    scene.save(**FIXTURE)


def named_at_low(scene: SceneFolder, studio: Studio) -> None:
    """Many voices call the agents by name, and nothing else is answered."""
    _mixed(scene, studio, PEOPLE[:4], "low")


def named_at_medium(scene: SceneFolder, studio: Studio) -> None:
    """The same at medium."""
    _mixed(scene, studio, PEOPLE[:4], "medium")


def named_at_high(scene: SceneFolder, studio: Studio) -> None:
    """The same at high, where people also talk with each other."""
    _mixed(scene, studio, PEOPLE[:3], "high")


def _mixed(scene: SceneFolder, studio: Studio, people: Sequence[str], sensitivity: str) -> None:
    chance = studio.chance
    for number in range(12):
        speaker = people[number % len(people)]
        agent = chance.choice(("jarvis", "jarvis", "sage")) if number % 2 else None
        truth: dict[str, Any] = {"addressed": agent is not None}
        if agent is None:
            text = words.fixture_talk(chance)
        else:
            text = words.named(words.fixture_request(chance), agent, chance)
            truth["agent"] = agent
        said = studio.voices.say(text, studio.voice(speaker))
        end = scene.say(speaker, said, scene.end, **truth)
        scene.end = end + LATER
    scene.save(**FIXTURE, sensitivity=sensitivity)


def alone(scene: SceneFolder, studio: Studio) -> None:
    """One person alone with the bot needs no name."""
    for _ in range(8):
        said = studio.voices.say(words.fixture_request(studio.chance), studio.voice("ann"))
        end = scene.say("ann", said, scene.end, addressed=True, agent="jarvis")
        scene.end = end + GAP
    scene.save(**FIXTURE)


def alone_at_low(scene: SceneFolder, studio: Studio) -> None:
    """At low even one person alone has to say the name."""
    chance = studio.chance
    for number in range(8):
        request = words.fixture_request(chance)
        text = words.named(request, "jarvis", chance) if number % 2 else request
        said = studio.voices.say(text, studio.voice("ann"))
        end = scene.say("ann", said, scene.end, addressed=bool(number % 2))
        scene.end = end + LATER
    scene.save(**FIXTURE, sensitivity="low")


def sound_alike(scene: SceneFolder, studio: Studio) -> None:
    """Words that sound like the agents' names, and names that are spoken about."""
    _scripted(scene, studio, [(text, False) for text in words.SOUND_ALIKE], "medium")


def sound_alike_at_high(scene: SceneFolder, studio: Studio) -> None:
    """The same where the bot likes to join in."""
    _scripted(scene, studio, [(text, False) for text in words.SOUND_ALIKE], "high")


def misheard_names(scene: SceneFolder, studio: Studio) -> None:
    """The name as recognisers spell it, among talk."""
    lines: list[tuple[str, bool]] = []
    for text in words.MISHEARD:
        lines += [(text, True), (studio.talk.take(), False)]
    _scripted(scene, studio, lines, "medium")


def unnamed_at_low(scene: SceneFolder, studio: Studio) -> None:
    """Plain requests, but not to the bot as far as it may know."""
    _scripted(scene, studio, [(text, False) for text in words.UNNAMED], "low")


def _scripted(
    scene: SceneFolder, studio: Studio, lines: Sequence[tuple[str, bool]], sensitivity: str
) -> None:
    """Let two people say lines in human voices, far apart."""
    found = studio.recordings.commands(len(lines), pauses=(0.0, 0.2))
    for number, ((text, meant), recording) in enumerate(zip(lines, found, strict=True)):
        said = recording.tight().saying(text)
        end = scene.say(PEOPLE[number % 2], said, scene.end + 0.5, addressed=meant)
        scene.end = end + (LATER if meant else GAP)
    scene.save(**HUMAN_ADDRESSED, sensitivity=sensitivity)
