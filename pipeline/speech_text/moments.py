"""Times that Discord shows to every reader in their own zone: ``<t:1773500000:R>``."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.speech_text.marks import AGO, SOON

SPANS = (
    ("s", timedelta(seconds=1), timedelta(minutes=1)),
    ("min", timedelta(minutes=1), timedelta(hours=1)),
    ("h", timedelta(hours=1), timedelta(days=1)),
    ("d", timedelta(days=1), timedelta(days=30)),
    ("mo", timedelta(days=30.4), timedelta(days=365)),
    ("y", timedelta(days=365.25), timedelta.max),
)
"""Units of time by their names in ``Vocabulary.spans``, and up to where each is used."""

_FORMATS = {"t": "%H:%M", "T": "%H:%M", "d": "%Y-%m-%d", "D": "%Y-%m-%d"}
_DATE_AND_TIME = "%Y-%m-%d %H:%M"


def write_moment(content: str, now: datetime) -> str:
    """Return a time as it can be read out, or nothing when there is no such time.

    Args:
        content: Seconds since 1970, and perhaps a colon and the style.
        now: With the listener's zone.

    """
    seconds, _, style = content.partition(":")
    try:
        moment = datetime.fromtimestamp(int(seconds), tz=now.tzinfo)
    except (ValueError, OverflowError, OSError):
        return ""
    if style == "R":
        return _write_span(moment - now)
    return moment.strftime(_FORMATS.get(style, _DATE_AND_TIME))


def _write_span(distance: timedelta) -> str:
    mark, length = (AGO, -distance) if distance < timedelta() else (SOON, distance)
    name, unit = next((name, unit) for name, unit, end in SPANS if length < end)
    return f"{mark}{max(1, round(length / unit))} {name}"
