"""Scenes of people talking with each other, and now and then with the bot, in human voices."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.scenes import sound, words
from benchmarks.scenes.folder import GAP, HUMAN, HUMAN_ADDRESSED, SceneFolder
from benchmarks.scenes.recordings import Recording
from benchmarks.scenes.sound import Span
from benchmarks.scenes.studio import PEOPLE, Studio

EVERY = 5
"""One turn in so many is for the bot."""

KATIE_AND_STEVE: Sequence[tuple[str, Span, str]] = (
    ("katie", (0.11, 0.96), "good morning steve"),
    ("steve", (2.01, 2.86), "good morning katie"),
    ("katie", (3.88, 11.38), "have you tried the latest real time diarization which can tell you"),
    ("steve", (12.37, 23.74), "not yet i have been using the batch transcription is the new one"),
    ("katie", (24.71, 25.51), "absolutely"),
    ("steve", (26.49, 28.56), "that sounds great let me try it right now"),
)
"""Who speaks when, and about what: where the level is within 35 dB of the loudest 10 ms, parted by
pitch (about 220 and 140 Hz)."""


def dialogue(scene: SceneFolder, studio: Studio) -> None:
    """Two people really talking with each other."""
    samples = studio.recordings.dialogue()
    for speaker, speech, text in KATIE_AND_STEVE:
        around = (speech[0] - 0.1, speech[1] + 0.1)  # the original is silent in between
        pause = sound.longest_silence(samples, speech)
        inner = (0.1, 0.1 + speech[1] - speech[0])
        said = Recording(sound.cut(samples, around), inner, text, pause)
        scene.say(speaker, said, speech[0])
    scene.save(**HUMAN)


def pair(scene: SceneFolder, studio: Studio) -> None:
    """Two people."""
    _room(scene, studio, PEOPLE[:2], turns=15)


def three(scene: SceneFolder, studio: Studio) -> None:
    """Three people."""
    _room(scene, studio, PEOPLE[:3], turns=15)


def four(scene: SceneFolder, studio: Studio) -> None:
    """Four people."""
    _room(scene, studio, PEOPLE[:4], turns=15)


def five(scene: SceneFolder, studio: Studio) -> None:
    """Five people."""
    _room(scene, studio, PEOPLE, turns=15)


def five_at_high(scene: SceneFolder, studio: Studio) -> None:
    """Five people whose bot likes to join in, and must not."""
    _room(scene, studio, PEOPLE, turns=15, sensitivity="high")


def three_at_low(scene: SceneFolder, studio: Studio) -> None:
    """Three people whose bot answers only to its name."""
    _room(scene, studio, PEOPLE[:3], turns=15, sensitivity="low")


def others_only(scene: SceneFolder, studio: Studio) -> None:
    """Nobody wants anything of the bot."""
    _room(scene, studio, PEOPLE[:3], turns=20, every=0)


def _room(
    scene: SceneFolder,
    studio: Studio,
    people: Sequence[str],
    *,
    turns: int,
    sensitivity: str = "medium",
    every: int = EVERY,
) -> None:
    """Let people talk with natural gaps and overlaps."""
    found = studio.recordings.commands(turns)
    at, free, before, asker = 1.0, dict.fromkeys(people, 0.0), "", ""
    for number, recording in enumerate(found, start=1):
        said = recording.tight()
        # Nobody has two voices, and nobody who was just answered turns to the others at once:
        # for whom that is cannot be told.
        begin = at - said.speech[0]
        able = [one for one in people if free[one] <= begin and one not in {before, asker}]
        if not able:  # with two people there is only one other
            able = [one for one in people if one != before]
        before = speaker = studio.chance.choice(able)
        asker = ""
        begin = max(begin, free[speaker])
        asks = every > 0 and number % every == 0
        text = studio.request() if asks else studio.talk.take()
        end = scene.say(speaker, said.saying(text), begin + said.speech[0], addressed=asks)
        free[speaker] = begin + sound.seconds(said.samples)
        if asks:
            asker, at = speaker, end + GAP + studio.chance.uniform(0.0, 2.0)
        else:
            at = end + _gap(studio, before_question=every > 0 and (number + 1) % every == 0)
    scene.save(**HUMAN_ADDRESSED, present=list(people), sensitivity=sensitivity)


def _gap(studio: Studio, *, before_question: bool) -> float:
    """Return the seconds from one turn to the next; negative when they overlap."""
    kind = studio.chance.random()
    if kind < 0.25 and not before_question:
        return studio.chance.uniform(-0.8, -0.1)
    return studio.chance.uniform(0.8, 2.5) if kind > 0.8 else studio.chance.uniform(0.1, 0.7)


def somebody_else_answers(scene: SceneFolder, studio: Studio) -> None:
    """A question to the room, which a person answers at once."""
    _answered(scene, studio, "{question}", sensitivity="high")


def somebody_else_answers_for_the_bot(scene: SceneFolder, studio: Studio) -> None:
    """A question to the bot by name, which a person answers at once."""
    _answered(scene, studio, "jarvis {question}", sensitivity="medium")


def _answered(scene: SceneFolder, studio: Studio, form: str, *, sensitivity: str) -> None:
    asked = studio.recordings.commands(len(words.QUESTIONS), pauses=(0.0, 0.1))
    answered = studio.recordings.commands(len(words.QUESTIONS), pauses=(0.0, 0.1))
    for (question, answer), ask, reply in zip(words.QUESTIONS, asked, answered, strict=True):
        text = form.format(question=question)
        end = scene.say("ann", ask.tight().saying(text), scene.end + 1.0, reply=False)
        at = end + studio.chance.uniform(0.05, 0.25)
        end = scene.say("ben", reply.tight().saying(answer), at, addressed=False)
        scene.end = end + 12.0  # longer than the follow-up window
    scene.save(**HUMAN_ADDRESSED, sensitivity=sensitivity)
