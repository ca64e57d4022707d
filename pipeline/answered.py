"""Whether somebody else has answered a question before the bot could.

Sans I/O.
"""

from __future__ import annotations

from pipeline.dialogue_acts import is_question, may_answer
from pipeline.judgement import Judgement, Utterance
from pipeline.names import split_words
from pipeline.remark import is_marked

ANSWERED_WITHIN = 4.0
"""Seconds after a question in which somebody's words are taken for the answer."""

_CALL = 3
"""Words that may stand before a question to an agent: its name, and a greeting."""


def is_answer_to(
    question: Utterance, asked: Judgement, utterance: Utterance, judged: Judgement
) -> bool:
    """Return whether an utterance answers a question, so that the bot's answer is not wanted.

    After a question in which the agent was named only what plainly is an answer counts.

    Args:
        question: A turn that waits for the bot's answer.
        asked: How it was judged.
        utterance: What somebody else said since.
        judged: How that was judged.

    """
    if judged.addressed or question.speaker.id == utterance.speaker.id:
        return False
    if not question.start < utterance.start <= question.end + ANSWERED_WITHIN:
        return False
    words = split_words(question.text)
    before = _CALL if asked.named else 0
    beginnings = (words[at:] for at in range(before + 1))
    if not any(is_question(rest, marked=is_marked(question.text)) for rest in beginnings):
        return False
    answer, marked = split_words(utterance.text), is_marked(utterance.text)
    return may_answer(answer, words, marked=marked, plainly=asked.named)
