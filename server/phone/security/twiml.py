"""Sans-I/O: what a refused caller hears, as TwiML."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from server.phone.security.refusals import Reason, Refusal

CONTENT_TYPE: Final = "text/xml"

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, escaped or not (section 2.2)."""


def reject(refusal: Refusal) -> str:
    """Turn a caller away without answering, so that the call costs nothing.

    They hear the busy tone when they may try again later, else that the number is not in service.
    """
    later = refusal.reason in {Reason.FULL, Reason.TOO_MANY}
    return f'{_HEAD}<Response><Reject reason="{"busy" if later else "rejected"}"/></Response>'


def say_and_hang_up(text: str, language: str) -> str:
    """Answer, say one sentence, and hang up.

    Args:
        text: What is said; whatever it contains is text, never markup.
        language: BCP 47 tag of the voice, such as ``en-US``.

    """
    said = escape(_NOT_IN_XML.sub("", text))
    return (
        f"{_HEAD}<Response><Say language={quoteattr(_NOT_IN_XML.sub('', language))}>{said}</Say>"
        "<Hangup/></Response>"
    )
