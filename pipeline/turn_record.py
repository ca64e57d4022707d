"""The record of one finished turn: the contract with programs that read it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One finished turn, emitted once, when its reply ended or was dropped."""

    id: str
    conversation: str
    """``demo``, ``guild:<id>``, ``call:<id>``, ``console:<id>`` or ``scene:<name>``."""

    at: str
    """RFC 3339 wall time of :attr:`start`."""

    speaker: str
    """Display name."""

    speaker_id: str
    start: float
    """First speech, in seconds of conversation audio."""

    end: float
    """Last speech, likewise."""

    ended_by: str
    """``smart_turn``, ``silence``, ``closed`` or ``limit``."""

    end_of_turn_probability: float | None
    text: str
    language: str
    addressed: bool
    relevance: float | None
    """Score of the relevance gate; ``None`` where the gate is off."""

    why: str
    """The rule and the features that decided."""

    agent: str
    session_key: str | None = None
    continues: str | None = None
    """Id of the turn this one goes on with, when its reply had already begun."""

    reply: str = ""
    """What the agent said."""

    heard: str = ""
    """What of it was really played."""

    interrupted: bool = False
    error: str | None = None
    """``"<stage>: <message>"``."""

    latency_ms: dict[str, int | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object, ``"type": "turn"`` first."""
        return {"type": "turn", **asdict(self)}

    def latency_line(self) -> str:
        """Return the latencies for people: ``VAD 12 ms · Smart Turn 21 ms · … · Total 1074 ms``."""
        names = {
            "vad": "VAD",
            "smart_turn": "Smart Turn",
            "stt": "STT",
            "relevance": "Relevance",
            "gateway": "Gateway",
            "tts": "TTS",
            "total": "Total",
        }
        return " · ".join(
            f"{title} {'not reached' if (ms := self.latency_ms.get(name)) is None else f'{ms} ms'}"
            for name, title in names.items()
        )
