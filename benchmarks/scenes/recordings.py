"""The recordings that scenes are made from, and how they are chosen and changed."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.scenes import sound
from benchmarks.scenes.sound import Span
from pipeline.audio import Samples

CLIPS = Path(__file__).resolve().parents[2] / "models" / "fixture" / "clips"

LONGEST_NAME = 0.95
"""Seconds of a single word; what is longer has other sounds in it."""

_CUT_SEARCH = 0.05  # seconds around a labelled cut in which the quietest moment is looked for
_AROUND = (0.2, 0.3)  # seconds of background kept before and after in a tight cut


@dataclass(frozen=True, slots=True)
class Recording:
    """One utterance."""

    samples: Samples
    speech: Span
    """First and last speech, in seconds from the first sample."""

    text: str
    """What is said; for scripted recognition, about what is said."""

    pause: float | None = None
    """The longest pause inside, in seconds; ``None`` when it is not known."""

    parts: tuple[tuple[float, float, str], ...] = ()
    """From when to when which words are said; evenly when empty."""

    cuts: tuple[float, ...] = ()
    """Where a speaker might hesitate: after a word that leaves the sentence open."""

    gaps: tuple[Span, ...] = ()
    """Where its speaker did pause, however briefly."""

    def tight(self) -> Recording:
        """Return it without the silence around the speech."""
        before = max(0.0, self.speech[0] - _AROUND[0])
        samples = sound.cut(self.samples, (before, self.speech[1] + _AROUND[1]))
        speech = (self.speech[0] - before, self.speech[1] - before)
        return replace(self, samples=samples, speech=speech, cuts=(), gaps=())

    def changed(self, change: Callable[[Samples], Samples]) -> Recording:
        """Return it after something that leaves every sound at its time."""
        return replace(self, samples=change(self.samples))

    def saying(self, text: str) -> Recording:
        """Return it with other words for scripted recognition."""
        return replace(self, text=text, parts=())

    def spoken(self) -> Samples:
        """Return the speech alone."""
        return sound.cut(self.samples, self.speech)

    def split(self, at: float) -> tuple[Recording, Recording]:
        """Return it in two, cut at the quietest moment near a time."""
        at = sound.quietest_near(self.samples, at, within=_CUT_SEARCH)
        words = self.text.split()
        part = (at - self.speech[0]) / (self.speech[1] - self.speech[0])
        number = min(max(1, round(part * len(words))), len(words) - 1)
        samples, end = self.samples, sound.seconds(self.samples)
        first = Recording(
            sound.join(sound.cut(samples, (0.0, at))),
            (self.speech[0], at),
            " ".join(words[:number]),
        )
        second = Recording(
            sound.join(sound.cut(samples, (at, end))),
            (0.0, self.speech[1] - at),
            " ".join(words[number:]),
        )
        return first, second

    def with_pause(self, at: float, length: float, chance: random.Random) -> Recording:
        """Return it with a pause put in, of the recording's own background.

        Args:
            at: About where, in seconds from the first sample.
            length: Seconds.
            chance: For the background.

        """
        before = next((gap for gap in self.gaps if gap[0] <= at <= gap[1]), None)
        at = sound.quietest_near(self.samples, at, within=_CUT_SEARCH)
        tone = sound.room_tone(self.samples, length, self.speech, chance)
        samples = sound.join(
            sound.cut(self.samples, (0.0, at)), tone, self.samples[sound.place(at) :]
        )
        whole = length + (before[1] - before[0] if before else 0.0)
        return replace(
            self,
            samples=samples,
            speech=(self.speech[0], self.speech[1] + length),
            pause=max(whole, self.pause or 0.0),
            parts=tuple(self._parts_around(at, length)),
            cuts=(),
            gaps=(),
        )

    def _parts_around(self, at: float, length: float) -> Iterator[tuple[float, float, str]]:
        """Yield its words with a pause at some time."""
        for start, end, text in self.parts or ((*self.speech, self.text),):
            if end <= at:
                yield start, end, text
            elif start >= at:
                yield start + length, end + length, text
            else:
                words = text.split()
                number = round((at - start) / (end - start) * len(words))
                if number:
                    yield start, at, " ".join(words[:number])
                if number < len(words):
                    yield at + length, end + length, " ".join(words[number:])


class Recordings:
    """All human recordings of a folder, and the clips of the test fixture.

    Every choice takes what was not taken for longest, so that a set uses all it has.

    Args:
        folder: Holds ``manifest.json``.
        chance: Chooses.
        part: Which of how many parts of the recordings to use, from 1; two parts share none.

    """

    def __init__(self, folder: Path, chance: random.Random, part: tuple[int, int]) -> None:
        self.chance = chance
        self._folder = folder
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self._entries = _part_of(manifest, part)
        chance.shuffle(self._entries)
        self._sounds = [entry for entry in manifest if entry["kind"] in {"noise", "music"}]
        self._loaded: dict[str, Recording] = {}

    def commands(
        self,
        count: int,
        *,
        pauses: Span = (0.0, 9.0),
        fits: Callable[[Recording], bool] = lambda _: True,
    ) -> list[Recording]:
        """Return spoken commands, chosen by the longest pause inside each, and as ``fits`` says."""
        return self._take(
            "command",
            count,
            lambda one: pauses[0] <= (one.pause or 0.0) <= pauses[1] and fits(one),
        )

    def names(self, count: int, *, text: str | None = None) -> list[Recording]:
        """Return people saying a single name."""
        return self._take(
            "name",
            count,
            lambda one: (
                (text is None or one.text == text) and one.speech[1] - one.speech[0] <= LONGEST_NAME
            ),
        )

    def read(self, prefix: str = "") -> list[Recording]:
        """Return the sentences read aloud whose file names begin so, in order of the names."""
        found = (entry for entry in self._entries if entry["kind"] == "read")
        named = sorted((Path(entry["path"]).stem, entry["path"]) for entry in found)
        paths = [path for name, path in named if name.startswith(prefix)]
        entries = {entry["path"]: entry for entry in self._entries}
        return [self._load(entries[path]) for path in paths]

    def sounds(self, *, kind: str) -> Iterator[tuple[str, Samples]]:
        """Yield name and sound of what is no speech: ``noise`` or ``music``."""
        for entry in self._sounds:
            if entry["kind"] == kind:
                path = self._folder / entry["path"]
                yield path.stem, sound.decode(path)

    def dialogue(self) -> Samples:
        """Return the one conversation."""
        return sound.decode(self._folder / "conversation" / "katiesteve.flac")

    def _take(self, kind: str, count: int, fits: Callable[[Recording], bool]) -> list[Recording]:
        taken: list[dict[str, Any]] = []
        for entry in self._entries:
            if len(taken) == count:
                break
            if entry["kind"] == kind and fits(self._load(entry)):
                taken.append(entry)
        if not taken:
            raise LookupError(f"no recording of kind {kind} fits a scene of {count}")
        for entry in taken:
            self._entries.remove(entry)
        self._entries += taken
        # In a small part some are heard twice.
        return [self._load(entry) for entry in itertools.islice(itertools.cycle(taken), count)]

    def _load(self, entry: dict[str, Any]) -> Recording:
        path = entry["path"]
        if path not in self._loaded:
            samples = sound.decode(self._folder / path)
            match entry["kind"]:
                case "command":
                    self._loaded[path] = _command(entry, samples)
                case "name":
                    speech = sound.loud_part(samples, below=25.0)
                    self._loaded[path] = Recording(samples, speech, entry["text"], pause=0.0)
                case _:
                    speech = sound.loud_part(samples)
                    pause = sound.longest_silence(samples, speech)
                    self._loaded[path] = Recording(samples, speech, entry["text"], pause)
        return self._loaded[path]


def _part_of(manifest: Sequence[dict[str, Any]], part: tuple[int, int]) -> list[dict[str, Any]]:
    """Return the speech of a part: of what is read there is little, and every part gets it all."""
    chosen = [entry for entry in manifest if entry["kind"] == "read"]
    for kind in ("command", "name"):
        # Those with long pauses are few: each part gets its share of them.
        entries = (entry for entry in manifest if entry["kind"] == kind)
        ranked = sorted(entries, key=lambda entry: (_longest_gap(entry), entry["path"]))
        chosen += ranked[part[0] - 1 :: part[1]]
    return sorted(chosen, key=lambda entry: str(entry["path"]))


def _longest_gap(entry: dict[str, Any]) -> float:
    segments = entry.get("speech", ())
    return max((after[0] - before[1] for before, after in itertools.pairwise(segments)), default=0)


def _command(entry: dict[str, Any], samples: Samples) -> Recording:
    segments: Sequence[Span] = [(first, last) for first, last in entry["speech"]]
    wishes = " ".join(str(slot).strip() for slot in entry["slots"].values())
    gaps = tuple((before[1], after[0]) for before, after in itertools.pairwise(segments))
    return Recording(
        samples,
        (segments[0][0], segments[-1][1]),
        f"i would like {wishes}".strip(),
        pause=round(max((end - start for start, end in gaps), default=0.0), 3),
        cuts=tuple(cut["cut_s"] for cut in entry["eot"]["incomplete"]),
        gaps=gaps,
    )


def fixture_clips() -> dict[str, Recording]:
    """Return the sentences that the test fixture understands, by name."""
    clips = json.loads((CLIPS / "clips.json").read_text(encoding="utf-8"))
    return {
        Path(clip["file"]).stem: Recording(
            sound.decode(CLIPS / clip["file"]),
            (clip["speech"][0], clip["speech"][1]),
            clip["text"],
        )
        for clip in clips
    }
