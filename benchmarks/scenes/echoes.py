"""Scenes in which the bot hears itself through somebody's open microphone."""

from __future__ import annotations

from benchmarks.scenes.folder import LONG_REPLY, MEDIUM_REPLY, SCRIPTED, SceneFolder
from benchmarks.scenes.studio import Studio

Echo = dict[str, object]


def faint(scene: SceneFolder, studio: Studio) -> None:
    """A headset worn loosely."""
    _alone(scene, studio, _echo(80.0, -24.0))


def usual(scene: SceneFolder, studio: Studio) -> None:
    """A laptop on the table."""
    _alone(scene, studio, _echo(160.0, -14.0))


def loud(scene: SceneFolder, studio: Studio) -> None:
    """Loudspeakers."""
    _alone(scene, studio, _echo(250.0, -6.0))


def late(scene: SceneFolder, studio: Studio) -> None:
    """A slow network, there and back."""
    _alone(scene, studio, _echo(600.0, -12.0))


def of_another(scene: SceneFolder, studio: Studio) -> None:
    """The open microphone is not the asker's."""
    _alone(scene, studio, _echo(180.0, -10.0, "ben"))


def of_two(scene: SceneFolder, studio: Studio) -> None:
    """Two open microphones."""
    _alone(scene, studio, _echo(120.0, -12.0), _echo(300.0, -10.0, "ben"))


def with_interruptions(scene: SceneFolder, studio: Studio) -> None:
    """The person at the open microphone interrupts."""
    _interrupted(scene, studio, _echo(160.0, -14.0))


def with_interruptions_when_loud(scene: SceneFolder, studio: Studio) -> None:
    """The same over loudspeakers."""
    _interrupted(scene, studio, _echo(250.0, -8.0))


def with_interruptions_by_another(scene: SceneFolder, studio: Studio) -> None:
    """One microphone is open, and somebody at another interrupts."""
    _interrupted(scene, studio, _echo(160.0, -10.0, "ben"))


def with_stop_words(scene: SceneFolder, studio: Studio) -> None:
    """The person at the open microphone has heard enough."""
    for question in studio.asking(3):
        end = scene.say("ann", question.tight(), scene.end + 0.5, addressed=True)
        scene.end = end + 14.0
    for reply in range(3):
        said = studio.voices.say(studio.stop_words.take(), studio.voice("ann"))
        after = round(studio.chance.uniform(0.5, 6.0), 2)
        scene.interrupt("ann", said, "barge_in", after, reply=reply, stop_word=True)
    scene.save(**SCRIPTED, replies=MEDIUM_REPLY, echo=[_echo(180.0, -12.0)])


def with_nods(scene: SceneFolder, studio: Studio) -> None:
    """The person at the open microphone goes on listening."""
    scene.say("ann", studio.asking()[0], 1.0, addressed=True)
    for number in range(4):
        nod = studio.voices.nod(studio.backchannels.take(), studio.voice("ann"))
        scene.interrupt("ann", nod, "backchannel", 1.5 + number * 2.5)
    scene.save(**SCRIPTED, replies=LONG_REPLY, echo=[_echo(160.0, -14.0)])


def _echo(delay_ms: float, gain_db: float, speaker: str = "ann") -> Echo:
    return {"speaker": speaker, "delay_ms": delay_ms, "gain_db": gain_db}


def _alone(scene: SceneFolder, studio: Studio, *echo: Echo) -> None:
    for question in studio.asking(2):
        end = scene.say("ann", question.tight(), scene.end + 0.5, addressed=True)
        scene.end = end + 20.0
    scene.save(**SCRIPTED, replies=LONG_REPLY, present=["ann", "ben"], echo=list(echo))


def _interrupted(scene: SceneFolder, studio: Studio, echo: Echo) -> None:
    first, *rest = studio.asking(4)
    scene.say("ann", first.tight(), 1.0, addressed=True)
    for reply, command in enumerate(rest):
        after = round(studio.chance.uniform(0.8, 6.0), 2)
        scene.interrupt("ann", command, "barge_in", after, reply=reply)
    scene.save(**SCRIPTED, replies=MEDIUM_REPLY, present=["ann", "ben"], echo=[echo])
