"""Sans-I/O: when the caller speaks, as the service's turn detection finds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.peers.telephone_sound import Mono, loudness

HOP_MS = 20
LOUD = 500.0
"""Loudness from which a hop is speech."""

HOPS_TO_START = 3
_SILENCE_MS = {"low": 800, "medium": 400, "auto": 400, "high": 200}


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    at_ms: int


class VoiceActivity:
    """Finds speech by its loudness."""

    def __init__(self) -> None:
        self.speaking = False
        self._rest = np.zeros(0, np.int16)
        self._loud = self._quiet = 0
        self._at_ms = 0.0

    def reset(self) -> None:
        self.speaking = False
        self._loud = 0

    def feed(
        self, samples: Mono, rate: int, silence_ms: int, prefix_ms: int
    ) -> list[SpeechStarted | SpeechStopped]:
        hop = rate * HOP_MS // 1000
        waiting = np.concatenate([self._rest, samples])
        count = len(waiting) // hop
        self._rest = waiting[count * hop :]
        found: list[SpeechStarted | SpeechStopped] = []
        for index in range(count):
            self._at_ms += HOP_MS
            loud = loudness(waiting[index * hop : (index + 1) * hop]) > LOUD
            self._loud = self._loud + 1 if loud else 0
            self._quiet = 0 if loud else self._quiet + 1
            if not self.speaking and self._loud >= HOPS_TO_START:
                self.speaking = True
                began = self._at_ms - HOPS_TO_START * HOP_MS - prefix_ms
                found.append(SpeechStarted(max(0, int(began))))
            elif self.speaking and self._quiet * HOP_MS >= silence_ms:
                self.speaking = False
                found.append(SpeechStopped(int(self._at_ms)))
        return found


def waits(turn_detection: dict[str, object]) -> tuple[int, int]:
    """Return milliseconds of silence that end a turn, and of sound kept before one."""
    if turn_detection["type"] == "semantic_vad":
        return _SILENCE_MS[str(turn_detection.get("eagerness") or "auto")], 300
    prefix = turn_detection.get("prefix_padding_ms")
    silence = turn_detection.get("silence_duration_ms") or 500
    return int(str(silence)), 300 if prefix is None else int(str(prefix))
