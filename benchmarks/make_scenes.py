"""Make the scenes that ``bench scenes`` is run on.

``python -m benchmarks.make_scenes --audio FOLDER OUT``

What a scene counts for depends on its voices. Human recordings have the true
timing of speech, so they count for the end of turns; who says what in them is
scripted. The test fixture understands only synthesized speech, so that counts
for words and addressing, and never for the end of turns. The recordings are
not part of this project: FOLDER holds them with a ``manifest.json``.

The same folder and seed give the same scenes, byte for byte, in a fresh process.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scene_audio import Span, cut, decode, loud_part, synthesize, write_wav
from pipeline.audio import HEARING_RATE

CLIPS = Path(__file__).resolve().parent.parent / "models" / "fixture" / "clips"

GAP = 4.0
"""Seconds from one turn to the next: the longest wait and a short reply lie between them."""

BACKCHANNELS = (("mm-hm", 1.6, 2.0), ("yeah", 1.0, 5.0), ("okay", 1.0, 8.0))
"""Words, pace of the offline voice (slow at "mm-hm"), seconds after the reply began."""

SHORT_REPLY = {"delay_ms": 300, "text": "All right."}

LONG_REPLY = {
    "delay_ms": 300,
    "text": "Let me tell you a little about that. It began a long time ago in a small town by the"
    " sea. The people there built ships, and they sold them to every country around. One day a"
    " stranger came to the harbour and asked for the fastest ship of all.",
}


@dataclass(frozen=True, slots=True)
class Recording:
    """One utterance in a file."""

    file: Path
    seconds: float
    speech: Span
    """First and last speech, in seconds from the start of the file."""

    text: str
    """What is said; for scripted recognition, about what is said."""


@dataclass(slots=True)
class SceneFolder:
    """A scene while it is put together."""

    folder: Path
    content: dict[str, Any] = field(default_factory=dict)
    end: float = 0.5
    """When the last track ends, in seconds of conversation time."""

    def say(self, speaker: str, recording: Recording, at: float, **truth: Any) -> float:
        """Let someone say a recording from ``at`` on.

        Returns:
            The true end of their turn.

        """
        self.hear(speaker, recording.file, recording.seconds, at)
        start, end = (round(at + edge, 3) for edge in recording.speech)
        turn = {"speaker": speaker, "start": start, "end": end, "text": recording.text, **truth}
        self.content.setdefault("turns", []).append(turn)
        return end

    def hear(self, speaker: str, file: Path, seconds: float, at: float) -> None:
        """Let a recording be heard, without any truth."""
        shutil.copyfile(file, self.folder / file.name)
        track = {"speaker": speaker, "file": file.name, "at": round(at, 3)}
        self.content.setdefault("tracks", []).append(track)
        self.end = max(self.end, at + seconds)

    def save(self, **content: Any) -> None:
        """Write ``scene.json``."""
        whole = {
            "name": self.folder.name,
            "agents": ["jarvis", "sage"],
            "agent": "jarvis",
            "sensitivity": "medium",
            "replies": SHORT_REPLY,
            "turns": [],
            **self.content,
            **content,
        }
        text = json.dumps(whole, indent=1, ensure_ascii=False)
        (self.folder / "scene.json").write_text(text + "\n", encoding="utf-8")


class SceneMaker:
    """Makes every scene below one folder.

    Args:
        audio: Folder of the human recordings.
        out: Folder to fill.
        seed: Chooses the recordings.

    """

    def __init__(self, audio: Path, out: Path, seed: int) -> None:
        self._audio = audio
        self._out = out
        self._random = random.Random(seed)  # noqa: S311 - chooses recordings, not secrets
        manifest = json.loads((audio / "manifest.json").read_text(encoding="utf-8"))
        self._manifest = sorted(manifest, key=lambda entry: entry["path"])
        self._clips = {clip.file.stem: clip for clip in fixture_clips()}

    def make(self) -> Iterator[str]:
        """Make the scenes, and yield the name of each."""
        for number, make in enumerate(
            (
                self._commands,
                self._commands_with_pauses,
                self._read_sentences,
                self._two_alternating,
                self._two_overlapping,
                self._conversation,
                self._noise,
                self._music,
                self._silence,
                self._addressed_low,
                self._addressed_medium,
                self._addressed_high,
                self._follow_up,
                self._barge_in,
                self._backchannel,
            ),
            start=1,
        ):
            name = f"{number:02}-{make.__name__.strip('_').replace('_', '-')}"
            folder = self._out / name
            folder.mkdir(parents=True, exist_ok=True)
            make(SceneFolder(folder))
            yield name

    # Human recordings: the end of turns.

    def _commands(self, scene: SceneFolder) -> None:
        self._one_after_another(scene, self._choose(12, longest_pause=0.0), ["ann"])

    def _commands_with_pauses(self, scene: SceneFolder) -> None:
        self._one_after_another(scene, self._choose(10, shortest_pause=0.19), ["ann"])

    def _read_sentences(self, scene: SceneFolder) -> None:
        whole = (
            "LJ001-0005",
            "quilter",
            "sense_and_sensibility_01_austen_64kb-0880",
            "sense_and_sensibility_01_austen_64kb-0930",
        )
        entries = {Path(entry["path"]).stem: entry for entry in self._manifest}
        read = [self._by_level(entries[name]) for name in whole]
        self._one_after_another(scene, read, ["ann"])

    def _two_alternating(self, scene: SceneFolder) -> None:
        self._one_after_another(scene, self._choose(8, longest_pause=0.1), ["ann", "ben"])

    def _two_overlapping(self, scene: SceneFolder) -> None:
        commands = self._choose(6, longest_pause=0.1)
        for first, second in zip(commands[::2], commands[1::2], strict=True):
            at = scene.end
            end = scene.say("ann", first, at)
            scene.say("ben", second, end - 1.0 - second.speech[0])
            scene.end += GAP
        scene.save(stt="scripted", scores=["end_of_turn"])

    def _conversation(self, scene: SceneFolder) -> None:
        path = self._audio / "conversation" / "katiesteve.flac"
        samples = decode(path)
        for number, (speaker, speech, text) in enumerate(KATIE_AND_STEVE):
            file = scene.folder / f"{number}-{speaker}.wav"
            around = (speech[0] - 0.1, speech[1] + 0.1)  # the original is silent in between
            write_wav(file, cut(samples, around))
            track = {"speaker": speaker, "file": file.name, "at": round(around[0], 3)}
            scene.content.setdefault("tracks", []).append(track)
            turn = {"speaker": speaker, "start": speech[0], "end": speech[1], "text": text}
            scene.content.setdefault("turns", []).append(turn)
        scene.save(stt="scripted", scores=["end_of_turn"])

    def _one_after_another(
        self, scene: SceneFolder, recordings: Sequence[Recording], speakers: Sequence[str]
    ) -> None:
        for number, recording in enumerate(recordings):
            end = scene.say(speakers[number % len(speakers)], recording, scene.end)
            scene.end = max(scene.end, end + GAP)
        scene.save(stt="scripted", scores=["end_of_turn"])

    def _choose(
        self, count: int, *, shortest_pause: float = 0.0, longest_pause: float = 1.0
    ) -> list[Recording]:
        """Choose commands by the longest pause inside each."""
        fitting = [
            entry
            for entry in self._manifest
            if entry["kind"] == "command"
            and shortest_pause <= longest_inner_pause(entry["speech"]) <= longest_pause
        ]
        return [self._command(entry) for entry in self._random.sample(fitting, count)]

    def _command(self, entry: dict[str, Any]) -> Recording:
        speech = (entry["speech"][0][0], entry["speech"][-1][1])
        wishes = " ".join(str(slot).strip() for slot in entry["slots"].values())
        text = f"jarvis i would like {wishes}".strip()
        return Recording(self._audio / entry["path"], entry["seconds"], speech, text)

    def _by_level(self, entry: dict[str, Any]) -> Recording:
        path = self._audio / entry["path"]
        samples = decode(path)
        return Recording(path, len(samples) / HEARING_RATE, loud_part(samples), entry["text"])

    # No speech at all.

    def _noise(self, scene: SceneFolder) -> None:
        self._sounds(scene, "noise")

    def _music(self, scene: SceneFolder) -> None:
        self._sounds(scene, "music")

    def _sounds(self, scene: SceneFolder, kind: str) -> None:
        for entry in self._manifest:
            if entry["kind"] == kind:
                scene.hear("ann", self._audio / entry["path"], entry["seconds"], scene.end)
                scene.end += 1.0
        scene.save(stt="fixture")

    def _silence(self, scene: SceneFolder) -> None:
        file = scene.folder / "silence.wav"
        write_wav(file, np.zeros(20 * HEARING_RATE, np.int16))
        track = {"speaker": "ann", "file": file.name, "at": 0.0}
        scene.save(stt="fixture", tracks=[track])

    # Fixture speech: words and addressing.

    def _addressed_low(self, scene: SceneFolder) -> None:
        self._room(scene, "low")

    def _addressed_medium(self, scene: SceneFolder) -> None:
        self._room(scene, "medium")

    def _addressed_high(self, scene: SceneFolder) -> None:
        self._room(scene, "high", meant=("ben-reminder",))

    def _room(self, scene: SceneFolder, sensitivity: str, meant: Sequence[str] = ()) -> None:
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
            clip = self._clips[name]
            speaker = name.split("-", maxsplit=1)[0]
            truth = {"addressed": agent is not None, **({"agent": agent} if agent else {})}
            end = scene.say(speaker, clip, scene.end, **truth)
            scene.end = end + 20.0  # longer than the follow-up window at high
        scene.save(sensitivity=sensitivity, stt="fixture", scores=["addressing", "words"])

    def _follow_up(self, scene: SceneFolder) -> None:
        end = scene.say("ben", self._clips["ben-timer"], 0.5, addressed=True, agent="jarvis")
        end = scene.say("ben", self._clips["ben-reminder"], end + GAP, addressed=True)
        # Someone else in the window, and the same person long after it.
        end = scene.say("ann", self._clips["ann-game"], end + GAP, addressed=False)
        scene.say("ben", self._clips["ben-back"], end + 20.0, addressed=False)
        scene.save(stt="fixture", scores=["addressing", "words"])

    def _barge_in(self, scene: SceneFolder) -> None:
        scene.say("ann", self._clips["ann-weather"], 0.5, addressed=True, agent="jarvis")
        clip = self._clips["ann-stop"]
        file = scene.folder / "stop.wav"
        write_wav(file, cut(decode(clip.file), clip.speech))
        stop = {"speaker": "ann", "kind": "barge_in", "file": file.name, "text": clip.text}
        scene.save(
            stt="fixture",
            scores=["addressing", "words"],
            present=["ann", "ben"],
            replies=LONG_REPLY,
            # "stop talking" names the agent, so it is answered, and stopped again.
            interruptions=[
                {**stop, "after_reply_start": 2.0, "reply": 0},
                {**stop, "after_reply_start": 4.0, "reply": 1},
            ],
        )

    def _backchannel(self, scene: SceneFolder) -> None:
        command = self._choose(1, longest_pause=0.0)[0]
        scene.say("ann", command, 0.5)
        interruptions = []
        for number, (text, pace, after) in enumerate(BACKCHANNELS):
            file = scene.folder / f"backchannel-{number}.wav"
            samples = asyncio.run(synthesize(text, pace=pace))
            write_wav(file, cut(samples, loud_part(samples)))
            nod = {"speaker": "ann", "kind": "backchannel", "file": file.name, "text": text}
            interruptions.append({**nod, "after_reply_start": after})
        scene.save(
            stt="scripted",
            scores=["end_of_turn"],
            replies=LONG_REPLY,
            interruptions=interruptions,
        )


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


def fixture_clips() -> Iterator[Recording]:
    """Yield the sentences that the test fixture understands."""
    for clip in json.loads((CLIPS / "clips.json").read_text(encoding="utf-8")):
        start, end = clip["speech"]
        yield Recording(CLIPS / clip["file"], clip["seconds"], (start, end), clip["text"])


def longest_inner_pause(speech: Sequence[Sequence[float]]) -> float:
    """Return the longest pause between segments of speech, in seconds."""
    pauses = (after[0] - before[1] for before, after in itertools.pairwise(speech))
    return max(pauses, default=0.0)


def main() -> None:
    """Make the scenes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to fill")
    parser.add_argument("--audio", type=Path, required=True, help="folder with manifest.json")
    parser.add_argument("--seed", type=int, default=1, help="chooses the recordings")
    arguments = parser.parse_args()
    if not (arguments.audio / "manifest.json").is_file():
        sys.exit(f"{arguments.audio}: no manifest.json in this folder")
    for name in SceneMaker(arguments.audio, arguments.out, arguments.seed).make():
        print(name)


if __name__ == "__main__":
    main()
