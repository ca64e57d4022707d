"""What the conversation needs from the outside, as Protocols."""

from __future__ import annotations

import enum
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.audio import AudioFrame, Samples
from pipeline.ledger import PlaybackLedger
from pipeline.word_times import WordTimes


@dataclass(frozen=True, slots=True)
class Participant:
    """A person in the conversation."""

    id: str
    """Stable: a Discord user id, a phone number, the name given on the command line."""

    name: str
    """What people call them; stands before their words when the agent is asked."""


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    """Someone left; what they were saying ends here."""

    speaker: str
    """Their :attr:`Participant.id`."""

    at: float
    """Seconds on the conversation clock."""


@dataclass(frozen=True, slots=True)
class VoiceStopped:
    """Someone's client has stopped sending: the key was let go, or its gate has closed.

    A hint only: a transport that cannot tell never gives it, and more may follow.
    """

    speaker: str
    """Their :attr:`Participant.id`."""

    at: float
    """Seconds on the conversation clock."""


HeardEvent = AudioFrame | VoiceStopped | ParticipantLeft
"""What a transport tells of the people in it, each person's events in order of time."""


@dataclass(frozen=True, slots=True)
class ReplyAudio:
    """Audio of one piece (usually a sentence) of a reply, to be played."""

    piece: int
    """Number of the piece; grows over the conversation."""

    text: str
    """The words of the whole piece, not only of this part of its audio."""

    samples: Samples
    """Mono PCM at :data:`pipeline.audio.SPEECH_RATE`."""


class Volume(enum.Enum):
    """How loud a reply is."""

    FULL = "full"
    DUCKED = "ducked"
    """Quieter by :data:`DUCK`: somebody talks over it, perhaps only to nod."""

    HELD = "held"
    """Not heard. Nothing is lost: it goes on from the same sample when the volume rises."""


DUCK = 10.0 ** (-14.0 / 20.0)
"""Factor of a ducked reply's samples: 14 dB, understood and in nobody's way."""


class AudioTransport(Protocol):
    """A place where people talk: a voice channel, a phone call, a set of WAV files."""

    @property
    def ledger(self) -> PlaybackLedger:
        """What was really played; kept true by the transport."""

    def participants(self) -> Sequence[Participant]:
        """People who are there now (bots are not people)."""

    def events(self) -> AsyncIterator[HeardEvent]:
        """Everyone's voice, until the transport closes.

        A transport may send nothing while someone is silent: silence is the
        passing of time, not audio. After :class:`ParticipantLeft` the next frame
        of the same person says that they are back.
        """

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio; returns when there is room for more.

        Raises:
            StageError: It cannot be played; the rest of the reply is given up.

        Cancelling leaves what was queued before.

        """

    async def drain(self) -> None:
        """Wait until all queued audio was heard or dropped. Cancelling is safe.

        Raises:
            StageError: It will never be heard.

        """

    def set_volume(self, volume: Volume) -> None:
        """Change how loud replies are, within one frame, until the next change."""

    def stop(self) -> None:
        """Drop queued audio now, within one frame; what comes next has full volume."""


class VoiceStream(Protocol):
    """One speaker's voice in the voice activity model."""

    async def score(self, window: Samples) -> float:
        """Return the speech probability in [0, 1] of the speaker's next window.

        Args:
            window: :data:`pipeline.audio.VAD_WINDOW` samples that follow the last ones.

        Raises:
            VoiceActivityError: The model failed.

        Cancelling drops the result; the stream goes on.

        """

    def reset(self) -> None:
        """Forget what was heard: the next window follows a long silence."""

    def close(self) -> None:
        """Give the speaker's place in the batch back."""


class VoiceActivityDetector(Protocol):
    """Finds speech; shared by all speakers of the process."""

    def open(self) -> VoiceStream:
        """Begin to hear one more speaker."""


class EndOfTurnDetector(Protocol):
    """Judges at a pause whether the speaker has finished."""

    async def score(self, samples: Samples) -> float:
        """Return the probability in [0, 1] that the turn is complete.

        Args:
            samples: The whole turn so far at 16 kHz, with the pause at its end.

        Raises:
            EndOfTurnError: The model failed.

        Cancelling drops the result.

        """


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said."""

    text: str
    """The words; "" when nothing was said (noise, or an invention of the model)."""

    language: str = "en"
    """ISO 639-1 code."""

    dropped: str = ""
    """Why the model's words were not believed, for the log; "" when they were."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Where an utterance was cut out of the conversation."""

    speaker: str
    """The :attr:`Participant.id` of who was talking."""

    start: float
    """When its first sample was heard, in seconds on the conversation clock."""

    end: float
    """When its last sample was heard, same clock."""

    voiced: float
    """Seconds of speech in it, as the voice activity model found."""


class Recognition(Protocol):
    """One utterance on its way to words."""

    def commit(self) -> None:
        """The turn is over and waits for this: go before speculative work."""

    def cancel(self) -> None:
        """Nobody needs it any more. Harmless late or twice."""

    async def transcript(self) -> Transcript:
        """Wait for the words.

        Raises:
            SpeechToTextError: The model failed, or is overloaded.

        Cancelling drops the result; a decode that runs is finished by its thread.

        """


class SpeechToText(Protocol):
    """Speech recognition; shared by all conversations of the process."""

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        """Begin to transcribe one utterance, speculatively until it is committed.

        Never fails by itself: what goes wrong is raised by
        :meth:`Recognition.transcript`.

        Args:
            samples: The utterance at 16 kHz, a little silence around it.
            segment: Who said it, when, and how much of it is speech.
            hotwords: Names likely to be said: of agents and people.

        """


def _stands() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Question:
    """A turn as it reaches the agent."""

    text: str
    """What was said, without the speaker's name."""

    speaker: Participant
    agent: str
    """Id of the agent that was addressed."""

    conversation: str
    """``guild:<id>``, ``call:<id>``, ``demo`` …"""

    session_key: str | None = None
    """OpenClaw session; ``None`` for agents that keep none."""

    interrupted: str | None = None
    """When the last reply was cut off: the words of it that were really heard."""

    taken_back: Callable[[], bool] = field(default=_stands, compare=False, repr=False)
    """Tells whether a question that was asked ahead did not stand: its speaker went on. An agent
    whose :attr:`Agent.asks_ahead` is true then keeps no trace of it."""

    on_tool: Callable[[str], None] | None = field(default=None, compare=False, repr=False)
    """Gets the name of every tool as the agent begins to use it, where that is known."""

    notes: str = ""
    """What the agent is told with it that nobody said, in lines of their own."""

    @property
    def message(self) -> str:
        """``<display name>: <notes><text>``, the form in which agents get every turn."""
        return f"{self.speaker.name}: {self.notes}{self.text}"


class Agent(Protocol):
    """Something that answers."""

    @property
    def asks_ahead(self) -> bool:
        """Whether a question may be asked before it is certain, and taken back without trace."""

    def ask(self, question: Question) -> AsyncGenerator[str]:
        """Stream the reply as text in whatever pieces it arrives.

        Raises:
            AgentError: No reply, or it broke off; what was yielded stands.

        Closing the generator, or cancelling, aborts the agent's run.

        """


class TextToSpeech(Protocol):
    """Speech synthesis."""

    def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        """Stream the sound of ``text`` at :data:`pipeline.audio.SPEECH_RATE`.

        Args:
            text: A sentence or clause, already speakable.
            voice: As the speech server names it.
            speed: 1 is the voice's usual pace; the settings' when not given.
            times: Filled in with when its words are said, as far as that is known.

        Raises:
            TextToSpeechError: The server failed, gave no audio, or was too slow.

        Closing the generator, or cancelling, stops the synthesis.

        """

    async def warm(self) -> None:
        """Make ready to speak, for something may have to be said soon.

        Never fails. Cancelling is safe.
        """
