"""Made-up conversations for :mod:`benchmarks.echo`: replies, rooms, and people in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.echo_rooms import Floats, Room, active_level, come_back, pick_up, resample
from benchmarks.offline_voice import OfflineVoice
from benchmarks.scene_audio import Span, decode
from discord_bot.opus import OpusLibrary
from pipeline.audio import HEARING_RATE, SPEECH_RATE, Samples

Kind = Literal["echo", "person", "both"]

REPLIES = 3
"""In each case, one after another, with pauses between."""

REPLY_LEVEL = -21.0  # dB below full scale
DUCKED = 10.0 ** (-14.0 / 20.0)
SHORTEST = 2.0  # seconds of a reply

TEXTS = (
    "It is ten past four, and the next train leaves in twenty minutes.",
    "The weather will be mild, with some rain in the evening and wind from the west.",
    "I have set a timer for fifteen minutes. Anything else?",
    "Let me tell you a little about that. It began a long time ago in a small town by the sea.",
    "There are three messages. The first is from Anna, who asks whether you will come to dinner.",
    "I'm sorry, I could not find that file. Shall I look in the other folder?",
    "All right, I will remind you tomorrow morning at nine.",
    "The meeting was moved to Thursday, because two are ill. Shall I tell the others about it?",
    "Quantum computers use qubits, which can be in more than one state at once, and that helps.",
    "Your order has been shipped and should arrive on Monday.",
    "The capital of Australia is Canberra, not Sydney, although many people think so.",
    "Yes. No. Perhaps. It depends on whom you ask, and on when you ask them.",
)
VOICES = ("en-us", "en-gb", "en-us+f3", "en-us+m3", "en-gb+f2", "en-us+m7", "de", "fr", "en-us+f5")


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation with one person."""

    kind: Kind
    room: Room
    played: Samples
    """The bot's side at :data:`~pipeline.audio.SPEECH_RATE`, silence between the replies."""
    replies: tuple[Span, ...]
    heard: Samples
    """The person's side."""
    speech: tuple[Span, ...]
    """The person's speech, at most one utterance in each reply; its segments lie together."""
    above: float
    """dB by which the person is louder than the echo."""


class CaseMaker:
    """Makes cases by chance.

    Args:
        audio: Folder of recordings of people, with ``manifest.json``.
        library: libopus.
        seed: Of the chance.

    """

    def __init__(self, audio: Path, library: OpusLibrary, seed: int) -> None:
        manifest = json.loads((audio / "manifest.json").read_text(encoding="utf-8"))
        self._audio = audio
        self._library = library
        self._random = np.random.default_rng(seed)
        self._commands = [entry for entry in manifest if entry["kind"] == "command"]
        self._voices: list[Samples] = [
            resample(decode(audio / entry["path"]), HEARING_RATE, SPEECH_RATE)
            for entry in manifest
            if entry["kind"] == "read" and entry["seconds"] > SHORTEST
        ]
        self._voices += asyncio.run(self._synthesize(2 * len(TEXTS)))

    def make(self, kind: Kind, cases: int) -> Iterator[Case]:
        """Make cases; replies are recordings of readers or the offline voice's."""
        for _ in range(cases):
            yield self._make(kind)

    def _make(self, kind: Kind) -> Case:
        random = self._random
        played, replies = self._reply()
        room = self._room(kind)
        utterances = [] if kind == "echo" else self._utterances(replies, room)
        played = self._duck(played, replies, utterances)
        echo = come_back(played, room, random)
        level = 32768.0 * 10.0 ** (random.uniform(-34.0, -18.0) / 20.0)
        voice, speech = self._speak(utterances, len(echo), level)
        above = float(random.uniform(6.0, 20.0))
        if kind == "both":
            echo *= level * 10.0 ** (-above / 20.0) / active_level(echo)
        heard = pick_up(echo, voice, room, self._library, random)
        return Case(kind, room, played, replies, heard, speech, above)

    def _reply(self) -> tuple[Samples, tuple[Span, ...]]:
        parts = [np.zeros(SPEECH_RATE, np.int16)]
        replies: list[Span] = []
        for _ in range(REPLIES):
            voice = self._voices[self._random.integers(len(self._voices))].astype(np.float64)
            voice *= 32768.0 * 10.0 ** (REPLY_LEVEL / 20.0) / active_level(voice)
            start = sum(map(len, parts)) / SPEECH_RATE
            replies.append((start, start + len(voice) / SPEECH_RATE))
            pause = round(self._random.uniform(1.5, 4.0) * SPEECH_RATE)
            parts += [
                np.clip(voice, -32768, 32767).astype(np.int16),
                np.zeros(pause, np.int16),
            ]
        return np.concatenate(parts), tuple(replies)

    def _room(self, kind: Kind) -> Room:
        random = self._random
        telephone = bool(random.random() < 0.3)
        room = Room(
            gain=-np.inf if kind == "person" else float(random.uniform(-40.0, -6.0)),
            delay=float(random.uniform(0.08, 0.6) if telephone else random.uniform(0.1, 0.8)),
            jitter=float(random.uniform(0.0, 0.04)),
            reverberation=float(random.uniform(0.2, 0.5)),
            snr=float(random.uniform(10.0, 30.0)),
            band=(float(random.uniform(80.0, 400.0)), float(random.uniform(3500.0, 7500.0))),
            drive=float(random.choice([1.0, 1.0, 2.0, 3.0, 5.0])),
            codec="telephone" if telephone else "opus",
        )
        return replace(room, canceller=kind == "echo" and bool(random.random() < 0.15))

    def _utterances(
        self, replies: tuple[Span, ...], room: Room
    ) -> list[tuple[float, dict[str, Any]]]:
        """Choose a command for each reply, and when its speech begins."""
        utterances = []
        for start, end in replies:
            at = start + room.delay + self._random.uniform(0.3, max(0.4, end - start - 1.0))
            command = self._commands[self._random.integers(len(self._commands))]
            utterances.append((float(at), command))
        return utterances

    def _speak(
        self, utterances: list[tuple[float, dict[str, Any]]], length: int, level: float
    ) -> tuple[Floats, tuple[Span, ...]]:
        voice, speech = np.zeros(length), []
        for at, command in utterances:
            sound = decode(self._audio / command["path"]).astype(np.float64)
            segments = [(float(start), float(end)) for start, end in command["speech"]]
            begin = at - segments[0][0]
            first = round(max(0.0, -begin) * HEARING_RATE)
            where = round(max(0.0, begin) * HEARING_RATE)
            sound = sound[first:][: length - where] * level / active_level(sound)
            voice[where : where + len(sound)] += sound
            speech += [(begin + start, begin + end) for start, end in segments]
        return voice, tuple(speech)

    def _duck(
        self,
        played: Samples,
        replies: tuple[Span, ...],
        utterances: list[tuple[float, dict[str, Any]]],
    ) -> Samples:
        """Make some replies quiet for a while: from an interruption on, or on a false alarm."""
        played = played.copy()
        random = self._random
        onsets = [at for at, _ in utterances] or [start + 0.5 for start, _ in replies]
        for onset, (_, end) in zip(onsets, replies, strict=True):
            if random.random() < (0.5 if utterances else 0.2):
                first = round((onset + 0.15) * SPEECH_RATE)
                last = round(min(end, onset + random.uniform(0.4, 2.0)) * SPEECH_RATE)
                played[first:last] = (played[first:last] * DUCKED).astype(np.int16)
        return played

    async def _synthesize(self, count: int) -> list[Samples]:
        espeak = OfflineVoice()
        try:
            return [await self._say(espeak, TEXTS[index % len(TEXTS)]) for index in range(count)]
        finally:
            espeak.close()

    async def _say(self, espeak: OfflineVoice, text: str) -> Samples:
        voice = VOICES[self._random.integers(len(VOICES))]
        pace = float(self._random.uniform(0.85, 1.2))
        return await espeak.say(text, voice=voice, pace=pace, rate=SPEECH_RATE)
