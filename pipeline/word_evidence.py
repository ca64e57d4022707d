"""What the words alone tell of whom they were said to.

Weak evidence: two people ask each other what one of them could ask the bot.

Sans I/O.
"""

from __future__ import annotations

from pipeline.dialogue_acts import (
    is_of_people,
    is_proposal,
    is_to_people,
    is_to_whoever_is_there,
    is_topical,
)
from pipeline.evidence import Evidence
from pipeline.remark import Remark
from pipeline.wording import wording_model

_TO_PEOPLE = Evidence("speaks to people", -1.0)
_PROPOSES = Evidence("proposes something", -2.0)
_OF_PEOPLE = Evidence("speaks of people", -1.0)
_TO_WHOEVER_IS_THERE = Evidence("said to whoever is there", -4.0)
_REQUEST = Evidence("request", 1.1)
_QUESTION = Evidence("question", 0.7)
_TOPIC = Evidence("assistant's topic", 0.7)
# Trained on other people's talk, the model is surer than it may be of ours.
_WORDING = 0.6
_WORDING_BOUND = 4.0


def words_for_assistants(remark: Remark) -> list[Evidence]:
    """Weigh what tells whether words could only be said to an assistant."""
    asks = remark.is_question and not remark.is_request
    found = (
        (_REQUEST, remark.is_request),
        (_QUESTION, asks),
        (_TOPIC, is_topical(remark.words)),
        (_TO_PEOPLE, is_to_people(remark.words)),
        (_PROPOSES, is_proposal(remark.words)),
        (_OF_PEOPLE, is_of_people(remark.words)),
        (_TO_WHOEVER_IS_THERE, is_to_whoever_is_there(remark.words)),
    )
    return [*(item for item, holds in found if holds), _wording(remark)]


def _wording(remark: Remark) -> Evidence:
    """Weigh what the text model says."""
    log_odds = _WORDING * wording_model().log_odds(remark.words)
    return Evidence("wording", round(min(max(log_odds, -_WORDING_BOUND), _WORDING_BOUND), 1))
