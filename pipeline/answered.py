"""Whether somebody else has answered a question before the bot could.

Sans I/O.
"""

from __future__ import annotations

from pipeline.dialogue_acts import is_question, may_answer
from pipeline.names import split_words
from pipeline.relevance import Judgement, Utterance
from pipeline.remark import is_marked

ANSWERED_WITHIN = 4.0
"""Seconds after a question in which somebody's words are taken for the answer."""


def is_answer_to(
    question: Utterance, asked: Judgement, utterance: Utterance, judged: Judgement
) -> bool:
    """Return whether an utterance answers a question, so that the bot's answer is not wanted.

    Never for a question in which the agent was named: that one is the bot's.

    Args:
        question: A turn that waits for the bot's answer.
        asked: How it was judged.
        utterance: What somebody else said since.
        judged: How that was judged.

    """
    if asked.named or judged.named or question.speaker.id == utterance.speaker.id:
        return False
    if not question.start < utterance.start <= question.end + ANSWERED_WITHIN:
        return False
    words = split_words(question.text)
    if not is_question(words, marked=is_marked(question.text)):
        return False
    return may_answer(split_words(utterance.text), words, marked=is_marked(utterance.text))
