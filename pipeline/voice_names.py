"""What the names of voices tell: which language a voice speaks, and as whom.

A speech server tells names and little else. Those of the engines that are common follow a pattern:

================  ==========================  =======================================
``de``            espeak-ng                   a language tag; ``+f3`` makes it another speaker
``de_DE-thorsten``  Piper                     language and region, then the speaker
``de-DE-Katja``   the speech services' names  likewise
``af_heart``      Kokoro                      a letter for the language, one for man or woman
``alloy``         everyone else's             a mere name
================  ==========================  =======================================

Sans I/O.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from pipeline.spoken_units import split_units

ASSUMED = "en"
"""Language of a voice whose name does not tell it, where the server has others for other
languages: those that are known by a mere name are English nearly everywhere."""

DEFAULT = "default"
"""What servers call the voice of whoever names none."""

VARIANTS = ("f2", "m3", "f5", "m7", "f4", "m8", "m2", "f3", "m4", "f1", "m1", "m5", "m6")
"""Speakers that espeak-ng can be for every language, the most different ones first: by pitch, 83 to
202 Hz, and by where the energy of their sound lies."""

_OF_ESPEAK = "en-029"
"""A tag that no other engine has for a voice: the English of the Caribbean."""

# All of three letters that espeak-ng has; others of that length are names, such as "nia".
_THREE_LETTERS = (
    "ast|bpy|chr|cmn|grc|hak|haw|hbs|hyw|jbo|kaa|kok|lfn|ltg|mto|nci|nog|pap|piqd|qdb|quc|qya|shn"
    "|sjn|smj|tlh|xex|yue"
)
_TAG = re.compile(
    rf"(?P<tag>(?P<language>[a-z]{{2}}|{_THREE_LETTERS})(?:-[a-z0-9]+)*)(?:\+(?P<variant>[\w ]+))?",
    re.ASCII,
)
_REGIONAL = re.compile(
    r"(?P<tag>(?P<language>[a-z]{2,3})[_-](?:[A-Z]{2}|\d{3}))-(?P<speaker>.+)", re.ASCII
)
_KOKORO = re.compile(r"(?P<letter>[abefhijpz])(?P<sex>[fm])_(?P<speaker>\w+)", re.ASCII)
_KOKORO_TAGS = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "zh",
}
_SAME = {"nb": "no", "nn": "no", "cmn": "zh"}
_QUALITIES = ("x_low", "low", "medium", "high")
_NEAR = 60
_NEAR_SHOWN = 5


class Kind(enum.Enum):
    """How a voice came to its name."""

    TAG = "tag"
    """espeak-ng's: any language, any of :data:`VARIANTS`."""

    SPEAKER = "speaker"
    """One person in one language."""

    NAME = "name"
    """A mere name."""


@dataclass(frozen=True, slots=True)
class VoiceName:
    """The name of a voice, read."""

    name: str
    kind: Kind
    tag: str = ""
    """Language and perhaps region, in lower case with hyphens; "" when it does not tell."""

    variant: str = ""
    """Of a tag: who speaks."""

    sex: str = ""
    """``f`` or ``m``; "" when it does not tell."""

    speaker: str = ""
    """What the person is called."""

    @property
    def language(self) -> str:
        """ISO 639-1 code, the same for all kinds of Norwegian; "" when the name does not tell."""
        return primary(self.tag)


def primary(tag: str) -> str:
    """Return the language of a tag such as ``de-AT``, without region."""
    code = re.split("[-_]", tag.lower())[0]
    return _SAME.get(code, code)


@functools.lru_cache(maxsize=4096)
def read_voice(name: str) -> VoiceName:
    """Read the name of a voice."""
    if tagged := _TAG.fullmatch(name):
        variant = tagged["variant"] or ""
        sex = variant[0] if re.fullmatch(r"[fm]\d", variant) else "" if variant else "m"
        return VoiceName(name, Kind.TAG, tagged["tag"], variant, sex)
    if regional := _REGIONAL.fullmatch(name):
        speaker = regional["speaker"].removesuffix("Neural")
        for quality in _QUALITIES:
            speaker = speaker.removesuffix(f"-{quality}")
        tag = regional["tag"].lower().replace("_", "-")
        return VoiceName(name, Kind.SPEAKER, tag, speaker=speaker)
    if kokoro := _KOKORO.fullmatch(name):
        tag = _KOKORO_TAGS[kokoro["letter"]]
        return VoiceName(name, Kind.SPEAKER, tag, "", kokoro["sex"], kokoro["speaker"])
    return VoiceName(name, Kind.NAME, speaker=name)


class ServerVoices:
    """The voices of a speech server.

    Args:
        names: As the server lists them; none when it does not tell, or cannot be asked.
        behind: The engine's own name of the voice that stands behind a mere name, as far as the
            server tells.

    """

    def __init__(self, names: Sequence[str] = (), behind: Mapping[str, str] | None = None) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._behind = {name.lower(): voice for name, voice in (behind or {}).items()}
        self._spelling = {name.lower(): name for name in reversed(self.names)}
        self._speakers: dict[str, list[VoiceName]] = {}
        self._tags: dict[str, list[str]] = {}
        for voice in map(read_voice, self.names):
            if voice.kind is Kind.SPEAKER:
                self._speakers.setdefault(voice.language, []).append(voice)
            elif voice.kind is Kind.TAG and not voice.variant and self.is_espeak:
                self._tags.setdefault(voice.language, []).append(voice.tag)

    @property
    def is_espeak(self) -> bool:
        """Whether the server speaks every language, and each with :data:`VARIANTS`."""
        return _OF_ESPEAK in self._spelling

    def find(self, wanted: str) -> str | None:
        """Return a voice as the server spells it; ``None`` when it has no such voice.

        A server that does not tell what it has is believed to have any.
        """
        if not self.names:
            return wanted
        tag, plus, variant = wanted.lower().partition("+")
        if plus and self.is_espeak and variant in VARIANTS and tag in self._spelling:
            return f"{self._spelling[tag]}+{variant}"
        return self._spelling.get(wanted.lower())

    def near(self, wanted: str) -> list[str]:
        """Return the names most like one that is not there, the nearest first."""
        known = {name: name.lower() for name in self.names}
        found = process.extract(
            wanted.lower(), known, scorer=fuzz.WRatio, score_cutoff=_NEAR, limit=_NEAR_SHOWN
        )
        return [name for _, _, name in found]

    def spoken(self, words: str) -> str | None:
        """Return the voice that somebody names aloud; ``None`` when none is called so.

        Args:
            words: A voice's name, or what its speaker is called: "Thorsten".

        """
        said = "".join(split_units(words))
        names = [name for name in self.names if name.lower() != DEFAULT]
        for called in (lambda name: name, lambda name: read_voice(name).speaker):
            found = [name for name in names if said and "".join(split_units(called(name))) == said]
            if found:
                return found[0]
        return None

    def read(self, name: str) -> VoiceName:
        """Read the name of a voice, or of the one that stands behind it."""
        return read_voice(self._behind.get(name.lower(), name))

    def speaks(self, name: str, language: str) -> bool:
        """Whether a voice speaks a language, or nothing better is known of it."""
        return (self.read(name).language or ASSUMED) == primary(language)

    def speakers(self, language: str) -> Sequence[VoiceName]:
        """Return the voices that are one person who speaks a language."""
        return self._speakers.get(primary(language), ())

    def tag(self, language: str) -> str | None:
        """Return espeak's tag that is nearest to a language; ``None`` where it is not spoken."""
        tags = self._tags.get(primary(language), [])
        wanted = (language.lower().replace("_", "-"), primary(language))
        return next((tag for tag in wanted if tag in tags), tags[0] if tags else None)
