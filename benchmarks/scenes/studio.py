"""Everything that scenes are made of, in one place."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from benchmarks.scenes import words
from benchmarks.scenes.recordings import Recording, Recordings, fixture_clips
from benchmarks.scenes.voices import VOICES, Voices
from benchmarks.scenes.words import Deck

PEOPLE = ("ann", "ben", "cara", "dan", "eve")

SHORTEST_THOUGHT, LONGEST_THOUGHT = 0.3, 2.0
_USUAL_THOUGHT, _SPREAD = 0.6, 0.7  # median in seconds, and sigma of its logarithm


@dataclass(slots=True)
class Studio:
    """Recordings, voices and words; every scene of a set draws from the same."""

    recordings: Recordings
    voices: Voices
    chance: random.Random
    clips: dict[str, Recording] = field(default_factory=fixture_clips)
    talk: Deck[str] = field(init=False)
    requests: Deck[str] = field(init=False)
    backchannels: Deck[str] = field(init=False)
    stop_words: Deck[str] = field(init=False)

    def __post_init__(self) -> None:
        """Shuffle the words."""
        self.talk = Deck(words.TALK, self.chance)
        self.requests = Deck(words.REQUESTS, self.chance)
        self.backchannels = Deck(words.BACKCHANNELS, self.chance)
        self.stop_words = Deck(words.STOP_WORDS, self.chance)

    def request(self, agent: str = "jarvis") -> str:
        """Return something that is said to an agent by name."""
        return self.requests.take().format(name=agent)

    def asking(self, count: int = 1) -> list[Recording]:
        """Return people asking an agent, by name, without stopping to think."""
        commands = self.recordings.commands(count, pauses=(0.0, 0.2))
        return [command.saying(self.request()) for command in commands]

    def voice(self, person: str) -> str:
        """Return the synthesized voice of somebody."""
        return VOICES[PEOPLE.index(person)]

    def thought(self) -> float:
        """Return how long somebody thinks in the middle of a sentence, in seconds."""
        while True:
            seconds = self.chance.lognormvariate(math.log(_USUAL_THOUGHT), _SPREAD)
            if SHORTEST_THOUGHT <= seconds <= LONGEST_THOUGHT:
                return round(seconds, 2)
