"""Everyone's voices: each is listened to by itself, and speech is told when it is found."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.audio import HEARING_RATE, VAD_WINDOW, AudioFrame, Samples
from pipeline.config import PipelineConfig
from pipeline.errors import VoiceActivityError
from pipeline.hearing import History, Windows
from pipeline.interfaces import (
    AudioTransport,
    HeardEvent,
    Participant,
    ParticipantLeft,
    VoiceActivityDetector,
    VoiceStopped,
    VoiceStream,
)
from pipeline.speech_gate import SpeechGate, Voiced

logger = logging.getLogger(__name__)

FRAMES_WAITING = 250
"""Frames of one speaker that may wait for the VAD; beyond it (a stalled machine) the oldest go."""

AROUND_TURN = 1.0
"""Seconds of sound before and after a turn that are remembered, more than any model is given."""

BEHIND = 0.15
"""Seconds after which a frame that is still not heard counts: the usual way of a frame, gathering
with those of other speakers included, is far shorter."""

LATE = 0.1
"""Seconds of a continuous sound that may be missing on the usual way."""

LATEST = 1.0
"""Seconds of it that are waited for: after that nobody knows whether more comes."""


class Listener(Protocol):
    """Who is told what is heard."""

    def hear_speech(self, speaker: str, speech: Sequence[Voiced]) -> None:
        """Take in windows in which someone spoke, in order."""

    def hear_stir(self, speaker: str, at: float) -> None:
        """Take in a sound up to a time that may yet turn out to be speech."""

    def hear_stop(self, speaker: str, at: float) -> None:
        """Take in that someone's client stopped sending, after everything it had sent."""

    def hear_leave(self, speaker: str) -> None:
        """Take in that someone left, after everything they said."""


@dataclass(slots=True)
class _Ear:
    """What is kept per speaker while they are in the room."""

    speaker: Participant
    voice: VoiceStream
    gate: SpeechGate
    history: History
    windows: Windows = field(default_factory=Windows)
    events: asyncio.Queue[HeardEvent] = field(default_factory=lambda: asyncio.Queue(FRAMES_WAITING))
    hearing: AudioFrame | None = None
    """The frame that is with the VAD."""

    expected: float | None = None
    """Until when a continuous sound has arrived."""

    deaf: bool = False
    """Whether the VAD failed on the newest window."""

    task: asyncio.Task[None] | None = None


class Ears:
    """Listens to everyone in the conversation, each in a task of their own.

    Args:
        name: The conversation's, for the log.
        listener: Is told what is heard.
        transport: Knows who is who.
        vad: Finds speech.
        config: Settings of the pipeline.
        tasks: Owns the listening. When it ends early, :meth:`close` the voices.
        is_echo: Tells of every window, by speaker, samples and time, whether it is only the bot's
            own voice.

    """

    def __init__(
        self,
        name: str,
        listener: Listener,
        transport: AudioTransport,
        vad: VoiceActivityDetector,
        config: PipelineConfig,
        tasks: asyncio.TaskGroup,
        is_echo: Callable[[str, Samples, float], bool],
    ) -> None:
        self._is_echo = is_echo
        self._name = name
        self._listener = listener
        self._transport = transport
        self._vad = vad
        self._config = config
        self._tasks = tasks
        self._ears: dict[str, _Ear] = {}

    def receive(self, event: HeardEvent) -> None:
        """Take in what the transport gave."""
        ear = self._ears.get(event.speaker)
        if ear is None:
            if not isinstance(event, AudioFrame):
                return  # who never made a sound
            ear = self._open(event.speaker)
        if ear.events.full():
            ear.events.get_nowait()
            logger.warning("%s: hearing falls behind, a frame was dropped", self._name)
        ear.events.put_nowait(event)
        ear.expected = _expected(event)

    def participant(self, speaker: str) -> Participant:
        """Return who is heard under an id."""
        return self._ears[speaker].speaker

    def recall(self, speaker: str, start: float, end: float) -> Samples:
        """Return a copy of what someone in the room said between two times."""
        return self._ears[speaker].history.cut(start, end)

    def stirs(self, now: float) -> bool:
        """Return whether anybody makes a sound that may yet turn out to be speech."""
        return bool(self._stirring(now))

    def heard_until(self, now: float) -> float:
        """Return until when everything was heard: ``now``, or less while the VAD is behind.

        Silence is the passing of time, but not while there is sound that nobody
        has listened to yet, nor while a sound may turn out to be speech, nor
        while sound is late that will surely come.
        """
        ears = self._ears.values()
        hearing = [ear.hearing.at for ear in ears if ear.hearing is not None]
        unheard = [at for at in hearing if now - at > BEHIND]
        arrived = [ear.expected for ear in ears if ear.expected is not None]
        late = [at for at in arrived if LATE < now - at <= LATEST]
        return min([now, *unheard, *late, *self._stirring(now)])

    def _stirring(self, now: float) -> list[float]:
        since = (ear.gate.stirs_since(now) for ear in self._ears.values())
        return [at for at in since if at is not None]

    async def finish(self, now: float) -> None:
        """Let everyone leave, and hear to the end what they said.

        Cancelling is safe; :meth:`close` then.
        """
        for speaker in self._ears:
            self.receive(ParticipantLeft(speaker, now))
        while tasks := [ear.task for ear in self._ears.values() if ear.task is not None]:
            await asyncio.wait(tasks)

    def close(self) -> None:
        """Give everyone's place in the VAD back."""
        for ear in self._ears.values():
            ear.voice.close()

    def _open(self, speaker: str) -> _Ear:
        people = {person.id: person for person in self._transport.participants()}
        turns = self._config.turns
        longest = turns.max_turn + max(turns.max_pause, turns.unscored_pause)
        ear = _Ear(
            people.get(speaker) or Participant(speaker, speaker),
            self._vad.open(),
            SpeechGate(self._config.vad),
            History(longest + 2 * AROUND_TURN),
        )
        self._ears[speaker] = ear
        ear.task = self._tasks.create_task(self._listen(ear), name=f"listen:{speaker}")
        return ear

    async def _listen(self, ear: _Ear) -> None:
        """Find speech in one person's voice, until they leave."""
        while not isinstance(event := await ear.events.get(), ParticipantLeft):
            if isinstance(event, VoiceStopped):
                self._listener.hear_stop(event.speaker, event.at)
                continue
            ear.hearing = event
            ear.history.push(event)
            for start, window in ear.windows.push(event):
                await self._find_speech(ear, start, window)
            ear.hearing = None
        self._listener.hear_leave(ear.speaker.id)
        ear.voice.close()
        del self._ears[ear.speaker.id]
        while not ear.events.empty():  # they are back already
            self.receive(ear.events.get_nowait())

    async def _find_speech(self, ear: _Ear, start: float, window: Samples) -> None:
        try:
            probability = await ear.voice.score(window)
        except VoiceActivityError as error:
            if not ear.deaf:  # once, not 31 times a second
                logger.error("%s: %s", self._name, error)  # noqa: TRY400 - not a bug
            ear.deaf = True
            return
        ear.deaf = False
        if self._is_echo(ear.speaker.id, window, start):
            probability = 0.0
        end = start + VAD_WINDOW / HEARING_RATE
        if voiced := ear.gate.receive(probability, start=start, end=end):
            self._listener.hear_speech(ear.speaker.id, voiced)
        elif ear.gate.stirs:
            self._listener.hear_stir(ear.speaker.id, end)


def _expected(event: HeardEvent) -> float | None:
    """Return until when a continuous sound has arrived; ``None`` for any other."""
    return event.end if isinstance(event, AudioFrame) and event.continuous else None
