"""Scenes that are hard to hear: noise, music, a telephone; and sounds that are no speech."""

from __future__ import annotations

import numpy as np

from benchmarks.scenes import sound
from benchmarks.scenes.folder import GAP, HUMAN, SceneFolder, say_in_noise
from benchmarks.scenes.recordings import Recording
from benchmarks.scenes.studio import Studio
from benchmarks.scenes.talking import one_after_another
from pipeline.audio import Samples


def kitchen_20_db(scene: SceneFolder, studio: Studio) -> None:
    """A kitchen, not loud."""
    _in_noise(scene, studio, "kitchen30", 20.0)


def kitchen_10_db(scene: SceneFolder, studio: Studio) -> None:
    """A loud kitchen."""
    _in_noise(scene, studio, "kitchen30", 10.0)


def kitchen_5_db(scene: SceneFolder, studio: Studio) -> None:
    """A kitchen in which one has to shout."""
    _in_noise(scene, studio, "kitchen30", 5.0)


def pink_15_db(scene: SceneFolder, studio: Studio) -> None:
    """A fan."""
    _in_noise(scene, studio, "pink", 15.0)


def white_15_db(scene: SceneFolder, studio: Studio) -> None:
    """Hiss."""
    _in_noise(scene, studio, "white", 15.0)


def typing_10_db(scene: SceneFolder, studio: Studio) -> None:
    """Somebody types while talking."""
    _in_noise(scene, studio, "keyboard_like_clicks", 10.0)


def music_15_db(scene: SceneFolder, studio: Studio) -> None:
    """Music in the room."""
    _in_noise(scene, studio, "synthetic_music", 15.0)


def music_8_db(scene: SceneFolder, studio: Studio) -> None:
    """Loud music in the room."""
    _in_noise(scene, studio, "synthetic_music", 8.0)


def thoughts_in_a_kitchen(scene: SceneFolder, studio: Studio) -> None:
    """Pauses for thought that are not silent."""
    found = studio.recordings.commands(8, fits=lambda one: bool(one.cuts))
    paused = [
        one.with_pause(studio.chance.choice(one.cuts), studio.thought(), studio.chance)
        for one in found
    ]
    say_in_noise(scene, "ann", paused, _noise(studio, "kitchen30"), snr=15.0)
    scene.save(**HUMAN)


def telephone(scene: SceneFolder, studio: Studio) -> None:
    """People on the phone."""
    found = studio.recordings.commands(10)
    one_after_another(scene, [one.changed(sound.telephone) for one in found])


def telephone_with_thoughts(scene: SceneFolder, studio: Studio) -> None:
    """People on the phone who stop to think."""
    found = studio.recordings.commands(8, fits=lambda one: bool(one.cuts))
    paused = [
        one.with_pause(studio.chance.choice(one.cuts), studio.thought(), studio.chance)
        for one in found
    ]
    one_after_another(scene, [one.changed(sound.telephone) for one in paused])


def telephone_in_a_kitchen(scene: SceneFolder, studio: Studio) -> None:
    """A phone call from a noisy place, on one line that is always open."""
    found = studio.recordings.commands(8, pauses=(0.0, 0.2))
    noise = _noise(studio, "kitchen30")
    level = max(sound.speech_level(one.spoken()) for one in found)
    at, parts = 0.0, [sound.silence(1.0)]
    for one in found:
        at = sum(map(sound.seconds, parts))
        scene.tell("ann", one, at)
        parts += [one.samples, sound.silence(GAP)]
    line = sound.with_noise(np.concatenate(parts), noise, snr=15.0, level=level)
    scene.hear("ann", sound.telephone(line), 0.0)
    scene.save(**HUMAN)


def noise_alone(scene: SceneFolder, studio: Studio) -> None:
    """Nobody speaks."""
    _sounds(scene, studio, "noise")


def music_alone(scene: SceneFolder, studio: Studio) -> None:
    """Nobody speaks; there is music."""
    _sounds(scene, studio, "music")


def silence(scene: SceneFolder, _: Studio) -> None:
    """An open microphone, and nobody there."""
    scene.hear("ann", sound.silence(20.0), 0.0)
    scene.save(stt="fixture")


def coughs_and_bangs(scene: SceneFolder, studio: Studio) -> None:
    """Short bursts of noise, some as long as a word."""
    for _ in range(20):
        length = studio.chance.uniform(0.03, 0.4)
        values = [studio.chance.gauss(0.0, 4000.0) for _ in range(sound.place(length))]
        decay = np.exp(-np.arange(len(values)) / (0.3 * len(values)))
        burst: Samples = np.clip(np.array(values) * decay, -32768, 32767).astype(np.int16)
        scene.hear("ann", sound.join(burst), scene.end)
        scene.end += studio.chance.uniform(0.3, 2.0)
    scene.save(stt="fixture")


def _sounds(scene: SceneFolder, studio: Studio, kind: str) -> None:
    for _, samples in studio.recordings.sounds(kind=kind):
        scene.hear("ann", samples, scene.end)
        scene.end += 1.0
    scene.save(stt="fixture")


def _in_noise(scene: SceneFolder, studio: Studio, name: str, snr: float) -> None:
    found: list[Recording] = studio.recordings.commands(8, pauses=(0.0, 0.2))
    say_in_noise(scene, "ann", found, _noise(studio, name), snr=snr)
    scene.save(**HUMAN)


def _noise(studio: Studio, name: str) -> Samples:
    """Return a noise that begins somewhere in it."""
    kind = "music" if "music" in name else "noise"
    samples = dict(studio.recordings.sounds(kind=kind))[name]
    return np.roll(samples, studio.chance.randrange(len(samples)))
