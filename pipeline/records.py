"""The steps by which a turn's record is filled in."""

from __future__ import annotations

import logging
from dataclasses import replace

from pipeline.cast import Cast
from pipeline.interfaces import Participant
from pipeline.reply import Spoken
from pipeline.turn_record import TurnRecord
from pipeline.understanding import Understood
from pipeline.waiting_line import TURNS_WAITING

logger = logging.getLogger(__name__)


def understood_record(
    draft: TurnRecord, understood: Understood, cast: Cast, speaker: Participant
) -> TurnRecord | None:
    """Return a turn's record with its words and for whom they are; ``None`` without words."""
    if understood.error is not None:
        return replace(draft, agent=cast.agent, error=str(understood.error))
    judgement = understood.judgement
    if judgement is None:
        return None
    return replace(
        draft,
        text=understood.utterance.text,
        language=understood.language,
        addressed=judgement.addressed,
        relevance=None if cast.relevance is None else round(judgement.score, 4),
        why=judgement.why,
        agent=judgement.agent,
        session_key=cast.session_key(speaker, judgement.agent),
    )


def answered_record(record: TurnRecord, spoken: Spoken, heard: str) -> TurnRecord:
    """Return a turn's record with what the agent said, and what of it was heard."""
    error = None if spoken.failure is None else str(spoken.failure)
    return replace(record, reply=spoken.text, heard=heard, error=error)


def given_up_record(record: TurnRecord) -> TurnRecord:
    """Return the record of a turn that waited for its answer too long."""
    error = f"gateway: {TURNS_WAITING} later turns were waiting, this one was given up"
    return replace(record, error=error)


def log_record(record: TurnRecord) -> None:
    """Write one line about a finished turn, and its words only for who looks for them."""
    logger.info(
        "%s: turn %s%s: %s",
        record.conversation,
        record.id,
        "" if record.addressed else " (not for the bot)",
        record.latency_line(),
    )
    logger.debug("%s: %s said: %s", record.conversation, record.speaker, record.text)
