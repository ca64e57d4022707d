"""Numbers that count nothing: of list items, telephones, versions, servers, and codes to type."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.speech_text.marks import NUMBER
from pipeline.speech_text.rules import END, START, Rule, rule
from pipeline.speech_text.vocabulary import Vocabulary

_Match = re.Match[str]

_PHONE = (
    r"\+\d[\d ()./-]{6,}\d|\(\d{3}\) ?\d{3}[ -]\d{4}|(?:1-)?\d{3}-\d{3}-\d{4}"
    r"|(?:(?<=at )|(?<=all )|(?<=is ))\d{3}-\d{4}|\d{2} \d{2} \d{2} \d{2}|\d{3} \d{2} \d{3}"
    r"|0\d{2,4}[ /-]\d[\d ]{3,}\d|0\d{1,3}-\d{1,4}-\d{3,4}"
)
_VERSIONED = (
    r"\b(?:[Vv]ersion|[Vv]ersjon|[Rr]elease|Python|Node|js|Java|TypeScript|Go|Rust|Ruby|PHP|Swift"
    r"|iOS|iPadOS|macOS|Android|Windows|Ubuntu|Debian|Fedora|Linux|[Kk]ernel|Docker|Kubernetes"
    r"|PostgreSQL|Postgres|MySQL|Redis|Chrome|Firefox|Safari|CUDA|GPT|Claude|Gemini|Llama)"
)
"""What has versions; after other words, a number with a point is a decimal."""

_SUFFIX = r"(?:[-.]?(?P<stage>alpha|beta|dev|preview|pre|post|rc)[-.]?(?P<step>\d*))?"
_VERSION = rf"(?P<v>[vV]?)(?P<parts>\d+(?:\.\d+){{2,}}|(?<=[vV])\d+(?:\.\d+)*){_SUFFIX}"
_ADDRESS_DOTS = 3
"""In the address of a machine."""

_FIRST_CIRCLED = 0x2460
_CIRCLED = "[\u2460-\u2473]"
"""One to twenty in a circle."""


class CodeRules:
    """Makes the rules of one language."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words

    def rules(self) -> Iterable[Rule]:
        """Make the rules; they come before those for amounts."""
        words = self._words
        yield rule(rf"^{NUMBER}(\d+)[.)] (?=\S)", lambda m: words.say(m[1]) + words.colon)
        yield rule(rf"^({_CIRCLED}) ?(?=\S)", self._circled_head, needs_digit=False)
        yield rule(_CIRCLED, lambda m: words.say(_circled(m[0])), needs_digit=False)
        if words.number_leads:
            yield rule(rf"\b(?:{words.number_leads})", f"{words.number_sign} ")
        yield rule(r"(?<!\w)#(?=\d)", f"{words.number_sign} ")
        yield rule(rf"({words.code_leads}) ?(\d{{4,8}}){END}", self._code)
        yield rule(rf"{START}(?:{_PHONE}){END}", lambda m: words.spell(m[0]))
        yield rule(
            rf"(localhost|\d+(?:\.\d+){{3}}|\w\.\w+):(\d{{2,5}}){END}",
            lambda m: m[1] + words.between(words.port) + m[2],
        )
        grouped = rf"(?!{words.number}{END}(?!\.\d))" if "." in words.group else ""
        yield rule(rf"{START}{grouped}{_VERSION}{END}", self._version)
        yield rule(rf"({_VERSIONED} )(\d+\.\d{{1,2}}){END}", lambda m: m[1] + self._parts(m[2]))

    def _circled_head(self, match: _Match) -> str:
        return self._words.say(_circled(match[1])) + self._words.colon

    def _code(self, match: _Match) -> str:
        return self._words.joint.join((match[1], self._words.spell(match[2])))

    def _version(self, match: _Match) -> str:
        said = [self._parts(match["parts"])]
        if match["v"]:
            said.insert(0, self._words.version)
        if match["stage"]:
            said.append(match["stage"])
        if match["step"]:
            said.append(self._words.say(match["step"]))
        return " ".join(said)

    def _parts(self, version: str) -> str:
        words = self._words
        is_address = version.count(".") == _ADDRESS_DOTS
        point = words.dot if is_address else words.version_point
        return words.between(point).join(words.say(part) for part in version.split("."))


def _circled(sign: str) -> str:
    return str(ord(sign) - _FIRST_CIRCLED + 1)
