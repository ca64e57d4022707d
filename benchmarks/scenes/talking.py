"""Scenes of one person or two talking with the bot, in human voices: when is a turn over?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.scenes import sound
from benchmarks.scenes.folder import GAP, HUMAN, HUMAN_ADDRESSED, SceneFolder
from benchmarks.scenes.recordings import Recording
from benchmarks.scenes.studio import Studio

LONG = 0.15
"""Seconds from which a natural gap is a place to stop and think."""

_SENTENCES = (
    "LJ001-0005",
    "quilter",
    "sense_and_sensibility_01_austen_64kb-0880",
    "sense_and_sensibility_01_austen_64kb-0930",
)


def commands(scene: SceneFolder, studio: Studio) -> None:
    """People order coffee, as they come."""
    one_after_another(scene, studio.recordings.commands(12))


def commands_with_pauses(scene: SceneFolder, studio: Studio) -> None:
    """Commands in which their speakers really paused."""
    one_after_another(scene, studio.recordings.commands(10, pauses=(0.19, 9.0)))


def thoughts_at_gaps(scene: SceneFolder, studio: Studio) -> None:
    """Where the speaker paused for a moment, a longer pause is put in."""
    found = studio.recordings.commands(8, fits=lambda one: bool(_long_gaps(one)))
    paused = []
    for one in found:
        start, end = studio.chance.choice(_long_gaps(one))
        paused.append(one.with_pause((start + end) / 2, studio.thought(), studio.chance))
    one_after_another(scene, paused)


def thoughts_after_function_words(scene: SceneFolder, studio: Studio) -> None:
    """A pause after "with", "and", "the": plainly more is to come."""
    found = studio.recordings.commands(12, fits=lambda one: bool(one.cuts))
    paused = [
        one.with_pause(studio.chance.choice(one.cuts), studio.thought(), studio.chance)
        for one in found
    ]
    one_after_another(scene, paused)


def several_thoughts(scene: SceneFolder, studio: Studio) -> None:
    """Somebody who stops twice in a sentence."""
    found = studio.recordings.commands(8, fits=lambda one: len(one.cuts) > 1)
    paused = []
    for one in found:
        first, second = sorted(studio.chance.sample(one.cuts, 2))
        later = one.with_pause(second, studio.thought(), studio.chance)
        paused.append(later.with_pause(first, studio.thought(), studio.chance))
    one_after_another(scene, paused)


def read_sentences(scene: SceneFolder, studio: Studio) -> None:
    """Whole sentences, read aloud."""
    one_after_another(scene, [studio.recordings.read(name)[0] for name in _SENTENCES])


def read_passages(scene: SceneFolder, studio: Studio) -> None:
    """Sentences of several parts, with the pauses that a reader makes between them."""
    read = studio.recordings.read
    passages = [
        [*read("LJ001-0001"), *read("LJ001-0002")],
        [*read("LJ001-0003"), *read("LJ001-0004"), *read("LJ001-0005")],
        [*read("LJ001-0006"), *read("LJ001-0007"), *read("LJ001-0008")],
        [
            *read("sense_and_sensibility_01_austen_64kb-0880"),
            *read("sense_and_sensibility_01_austen_64kb-0890"),
        ],
    ]
    one_after_another(scene, [passage(parts, studio, (0.35, 0.8)) for parts in passages])


def monologue(scene: SceneFolder, studio: Studio) -> None:
    """Somebody reads for more than a minute."""
    parts = studio.recordings.read("LJ001")
    whole = passage([*parts, *parts[2:5]], studio, (0.3, 0.6))
    scene.say("ann", whole, 1.0)
    scene.save(stt="scripted", scores=[])


def two_alternating(scene: SceneFolder, studio: Studio) -> None:
    """Two people take turns with the bot."""
    found = studio.recordings.commands(8, pauses=(0.0, 0.1))
    one_after_another(scene, found, ["ann", "ben"])


def two_overlapping(scene: SceneFolder, studio: Studio) -> None:
    """The second begins in the last second of the first."""
    found = studio.recordings.commands(6, pauses=(0.0, 0.1))
    for first, second in zip(found[::2], found[1::2], strict=True):
        end = scene.say("ann", first, scene.end + first.speech[0])
        scene.say("ben", second, end - 1.0)
        scene.end += GAP
    scene.save(**HUMAN)


def two_at_once(scene: SceneFolder, studio: Studio) -> None:
    """Two people ask in the same moment; both want an answer."""
    found = studio.asking(6)
    for first, second in zip(found[::2], found[1::2], strict=True):
        at = scene.end + 1.0
        scene.say("ann", first, at, addressed=True)
        scene.say("ben", second, at + studio.chance.uniform(0.05, 0.4), addressed=True)
        scene.end += 2 * GAP
    scene.save(**HUMAN_ADDRESSED)


def name_then_request(scene: SceneFolder, studio: Studio) -> None:
    """A bare name, a pause, and then what is wanted."""
    names = studio.recordings.names(6, text="jarvis")
    for name, request in zip(names, studio.recordings.commands(6, pauses=(0.0, 0.1)), strict=True):
        called = name.tight()
        wait = round(studio.chance.uniform(0.35, 1.2), 2)
        quiet = max(0.0, wait - (sound.seconds(called.samples) - called.speech[1]))
        wanted = request.tight()
        quiet = max(0.0, quiet - wanted.speech[0])
        samples = np.concatenate([called.samples, sound.silence(quiet), wanted.samples])
        offset = sound.seconds(called.samples) + quiet
        whole = Recording(
            samples,
            (called.speech[0], offset + wanted.speech[1]),
            f"jarvis {request.text}",
            pause=offset + wanted.speech[0] - called.speech[1],
            parts=(
                (*called.speech, "jarvis"),
                (offset + wanted.speech[0], offset + wanted.speech[1], request.text),
            ),
        )
        end = scene.say("ann", whole, scene.end + 1.0, addressed=True)
        scene.end = max(scene.end, end + GAP)
    scene.save(**HUMAN_ADDRESSED, present=["ann", "ben"])


def quiet_voices(scene: SceneFolder, studio: Studio) -> None:
    """People far from their microphones."""
    found = studio.recordings.commands(8, pauses=(0.0, 0.2))
    one_after_another(
        scene, [one.changed(lambda samples: sound.at_level(samples, -18.0)) for one in found]
    )


def loud_voices(scene: SceneFolder, studio: Studio) -> None:
    """People too near to their microphones: the peaks are clipped."""
    found = studio.recordings.commands(6, pauses=(0.0, 0.2))
    one_after_another(
        scene, [one.changed(lambda samples: sound.at_level(samples, 12.0)) for one in found]
    )


def passage(parts: Sequence[Recording], studio: Studio, pauses: sound.Span) -> Recording:
    """Return recordings read on as one turn, with pauses between them."""
    whole, speech_end, longest = [parts[0].samples[: sound.place(parts[0].speech[1])]], 0.0, 0.0
    for part in parts[1:]:
        pause = round(studio.chance.uniform(*pauses), 2)
        longest = max(longest, pause)
        tone = sound.room_tone(part.samples, pause, part.speech, studio.chance)
        whole += [tone, part.spoken()]
    samples = sound.join(*whole)
    speech_end = sound.seconds(samples)
    samples = sound.join(samples, sound.silence(0.3))
    text = " ".join(part.text for part in parts)
    return Recording(samples, (parts[0].speech[0], speech_end), text, pause=longest or None)


def one_after_another(
    scene: SceneFolder, recordings: Sequence[Recording], speakers: Sequence[str] = ("ann",)
) -> None:
    """Let people speak with the bot, each once it has answered the one before."""
    for number, recording in enumerate(recordings):
        speaker = speakers[number % len(speakers)]
        # Alone with the bot, nobody calls it by its name.
        said = recording if len(speakers) == 1 else recording.saying(f"jarvis {recording.text}")
        end = scene.say(speaker, said, scene.end + recording.speech[0])
        scene.end = max(scene.end, end + GAP)
    scene.save(**HUMAN)


def _long_gaps(recording: Recording) -> list[sound.Span]:
    return [gap for gap in recording.gaps if gap[1] - gap[0] >= LONG]
