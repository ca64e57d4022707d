"""One scene while it is put together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scenes import sound
from benchmarks.scenes.recordings import Recording
from pipeline.audio import Samples

GAP = 4.0
"""Seconds from one turn to the next: the longest wait and a short reply lie between them."""

SHORT_REPLY = {"delay_ms": 300, "text": "All right."}

MEDIUM_REPLY = {
    "delay_ms": 300,
    "text": "There are three trains this evening. The first leaves at six, the second at half past"
    " seven, and the last one shortly before ten. I would take the second.",
}

LONG_REPLY = {
    "delay_ms": 300,
    "text": "Let me tell you a little about that. It began a long time ago in a small town by the"
    " sea. The people there built ships, and they sold them to every country around. One day a"
    " stranger came to the harbour and asked for the fastest ship of all.",
}

HUMAN = {"stt": "scripted", "scores": ["end_of_turn"]}
"""Human recordings: true timing, scripted words."""

HUMAN_ADDRESSED = {"stt": "scripted", "scores": ["end_of_turn", "addressing"]}
"""Human recordings whose scripted words say for whom they are."""

SCRIPTED = {"stt": "scripted", "scores": ["addressing"]}
"""Scripted words whose timing means nothing."""

FIXTURE = {"stt": "fixture", "scores": ["addressing", "words"]}
"""Synthesized speech that the test fixture understands."""


class SceneFolder:
    """A scene and its files.

    Args:
        folder: Where to write them; its name is the scene's.

    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.end = 0.5
        """When the last track or turn ends, in seconds of conversation time."""

        self._folder = folder
        self._files = 0
        self._content: dict[str, Any] = {"turns": [], "tracks": []}

    def say(self, speaker: str, recording: Recording, at: float, **truth: Any) -> float:
        """Let someone say a recording whose speech begins at ``at``.

        Returns:
            The true end of their turn.

        """
        track = max(0.0, at - recording.speech[0])
        self.hear(speaker, recording.samples, track)
        return self.tell(speaker, recording, track, **truth)

    def tell(self, speaker: str, recording: Recording, track: float, **truth: Any) -> float:
        """Note a turn that is heard on a track; ``track`` is where the recording begins."""
        start, end = (round(track + edge, 3) for edge in recording.speech)
        turn: dict[str, Any] = {
            "speaker": speaker,
            "start": start,
            "end": end,
            "text": recording.text,
        }
        if recording.pause is not None:
            turn["pause"] = round(recording.pause, 3)
        if recording.parts:
            turn["parts"] = [
                {"start": round(track + first, 3), "end": round(track + last, 3), "text": text}
                for first, last, text in recording.parts
            ]
        self._content["turns"].append({**turn, **truth})
        self.end = max(self.end, end)
        return end

    def hear(self, speaker: str, samples: Samples, at: float) -> None:
        """Let a sound be heard, without any truth."""
        track = {"speaker": speaker, "file": self._write(speaker, samples), "at": round(at, 4)}
        self._content["tracks"].append(track)
        self.end = max(self.end, at + sound.seconds(samples))

    def interrupt(
        self, speaker: str, recording: Recording, kind: str, after: float, **more: Any
    ) -> None:
        """Let someone speak so many seconds after a reply has begun."""
        item = {
            "speaker": speaker,
            "kind": kind,
            "file": self._write(speaker, recording.spoken()),
            "after_reply_start": after,
            "text": recording.text,
            **more,
        }
        self._content.setdefault("interruptions", []).append(item)

    def save(self, **content: Any) -> None:
        """Write ``scene.json``."""
        whole = {
            "name": self._folder.name,
            "agents": ["jarvis", "sage"],
            "agent": "jarvis",
            "sensitivity": "medium",
            "replies": SHORT_REPLY,
            **self._content,
            **content,
        }
        if not whole["tracks"]:
            raise ValueError(f"{self._folder.name}: nobody says anything")
        text = json.dumps(whole, indent=1, ensure_ascii=False)
        (self._folder / "scene.json").write_text(text + "\n", encoding="utf-8")

    def _write(self, speaker: str, samples: Samples) -> str:
        self._files += 1
        name = f"{self._files:02}-{speaker}.wav"
        sound.write_wav(self._folder / name, samples)
        return name


def say_in_noise(
    scene: SceneFolder,
    speaker: str,
    recordings: list[Recording],
    noise: Samples,
    *,
    snr: float,
    gap: float = GAP,
) -> None:
    """Let someone speak on one long track with a noise under speech and silence alike."""
    level = max(sound.speech_level(recording.spoken()) for recording in recordings)
    at, parts = 0.0, [sound.silence(1.0)]
    for recording in recordings:
        at = sum(map(sound.seconds, parts))
        # As loud as each other, so that the ratio is what it is called.
        louder = level - sound.speech_level(recording.spoken())
        alike = replace(recording, samples=sound.at_level(recording.samples, louder))
        scene.tell(speaker, alike, at)
        parts += [alike.samples, sound.silence(gap)]
    voice = np.concatenate(parts)
    scene.hear(speaker, sound.with_noise(voice, noise, snr=snr, level=level), 0.0)
