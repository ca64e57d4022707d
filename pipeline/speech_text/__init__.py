"""What of an agent's reply is spoken, as the text streams in, and what else is to be done with it.

Each stage is fed by the one before, character by character, so nothing depends
on how the text was cut when it arrived:

====================  ==============================================================
``unspoken``          takes reasoning, tool noise and directives out
``blocks``            lines: paragraphs, lists, tables, code (``block_parser``, ``block_lines``)
``inline``            links, emphasis, inline code, formulas (``inline_parser``, ``formulas``)
``sentences``         sentences, the first clause early
``languages``         the language of each
``reading``           numbers, units, dates and names in its words (``vocabulary``), by the
                      rules of ``dates``, ``amounts``, ``numbers``, ``codes``, ``signs``, ``roman``
``gist``              the beginning of an answer too long to be spoken
====================  ==============================================================
"""

from pipeline.speech_text.directives import CallDirective, VoiceDirective
from pipeline.speech_text.gist import LONGEST_SPEECH, SpokenPiece
from pipeline.speech_text.reply_text import ReplyText
from pipeline.speech_text.sentences import LONGEST_PIECE

__all__ = [
    "LONGEST_PIECE",
    "LONGEST_SPEECH",
    "CallDirective",
    "ReplyText",
    "SpokenPiece",
    "VoiceDirective",
]
