"""Sans-I/O: what a caller hears from Twilio's own voice, as TwiML."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

CONTENT_TYPE: Final = "text/xml"

HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, escaped or not (section 2.2)."""


def say(text: str, language: str) -> str:
    """Return the element that says one sentence.

    Args:
        text: What is said; whatever it contains is text, never markup.
        language: BCP 47 tag of the voice, such as ``en-US``.

    """
    said, tag = _NOT_IN_XML.sub("", text), _NOT_IN_XML.sub("", language)
    return f"<Say language={quoteattr(tag)}>{escape(said)}</Say>"


def say_and_hang_up(text: str, language: str) -> str:
    """Answer, say one sentence, and hang up; see :func:`say`."""
    return f"{HEAD}<Response>{say(text, language)}<Hangup/></Response>"
