"""What can go wrong in a turn, one class per stage.

Raised at the edge, where a foreign exception is translated, and caught in one
place: the turn, which tells the people in the room and goes on. Anything else
that is raised is a bug, and ends only the conversation it happened in.

    StageError
    ├── AudioError              a file or packet that holds no usable audio
    ├── VoiceActivityError      the VAD model
    ├── EndOfTurnError          the end-of-turn model
    ├── SpeechToTextError       recognition
    ├── AgentError              the agent, however it is reached
    └── TextToSpeechError       the speech server
"""

from __future__ import annotations

from typing import ClassVar


class StageError(Exception):
    """A stage of one turn failed; the conversation goes on.

    The message says what happened and what to do, and never holds a secret.
    """

    stage: ClassVar[str] = "turn"
    """The stage as it stands in the turn record's ``error`` and ``latency_ms``."""

    spoken: str = "Sorry, something went wrong."
    """What the people in the room are told, as one short honest sentence."""

    def __str__(self) -> str:
        """``"<stage>: <message>"``, as the turn record has it."""
        return f"{self.stage}: {super().__str__()}"


class AudioError(StageError):
    """A file or packet that holds no usable audio."""

    stage = "audio"


class VoiceActivityError(StageError):
    """The voice activity model could not be run."""

    stage = "vad"


class EndOfTurnError(StageError):
    """The end-of-turn model could not be run; silence alone ends the turn."""

    stage = "smart_turn"


class SpeechToTextError(StageError):
    """Speech could not be transcribed."""

    stage = "stt"
    spoken = "Sorry, I could not make out what you said."


class AgentError(StageError):
    """The agent gave no reply, or broke off.

    Args:
        message: What happened and what to do.
        spoken: What the people in the room are told; "" for that the agent was out of reach.

    """

    stage = "gateway"
    spoken = "Sorry, I could not reach the agent."

    def __init__(self, message: str, *, spoken: str = "") -> None:
        super().__init__(message)
        if spoken:
            self.spoken = spoken


class TextToSpeechError(StageError):
    """The reply could not be spoken."""

    stage = "tts"
