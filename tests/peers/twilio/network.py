"""Sans-I/O: what happens to a caller's sound before it reaches Twilio's socket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.peers.telephone_sound import FRAME_MS


@dataclass(frozen=True, slots=True)
class Network:
    """A caller's network. Media Streams run over TCP: order is kept, what is lost is a gap in
    the timestamps, and what is late comes in a burst with what is behind it.
    """

    loss: float = 0.0
    """Probability that a frame never comes."""

    jitter: float = 0.0
    """Seconds by which frames are late, at most."""

    seed: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    at_ms: int
    """When it was spoken, from the beginning of the stream."""

    sound: bytes


class NetworkPath:
    """Carries the frames of one stream."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._chance = np.random.default_rng(network.seed)
        self._underway: list[tuple[float, Frame]] = []
        self._last_due = 0.0
        self.lost = 0

    def carry(self, frame: Frame) -> list[Frame]:
        """Send a frame off; returns those that arrive meanwhile, in order."""
        if self._chance.random() < self._network.loss:
            self.lost += 1
        else:
            late = self._chance.uniform(0, self._network.jitter) * 1000
            self._last_due = max(self._last_due, frame.at_ms + late)
            self._underway.append((self._last_due, frame))
        now = frame.at_ms
        arrived = [one for due, one in self._underway if due < now + FRAME_MS]
        self._underway = self._underway[len(arrived) :]
        return arrived
