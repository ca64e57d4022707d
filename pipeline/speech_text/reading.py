"""Reads a sentence of plain text out: numbers, units, dates, signs and names become words.

One rule after another takes what it knows; what it leaves are words without
digits, so no rule reads what another has said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pipeline.speech_text.marks import NAME, NAME_END, NUMBER, without_marks
from pipeline.speech_text.names import say_code, say_written_names
from pipeline.speech_text.vocabulary import FIRST_YEAR, LAST_YEAR, Vocabulary

_Match = re.Match[str]
_Rule = tuple[re.Pattern[str], Callable[[_Match], str]]

_START = r"(?<![A-Za-z\d_.,])"
_END = r"(?![A-Za-z\d_])"
_ISO = (
    r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d(?:\.\d+)?)?"
    r"(?:Z| ?UTC|[+-]\d\d:?\d\d)?)?"
)
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

_DASH = r" ?[\u2013\u2014\u301c\uff5e] ?|-"
_TIDY = (
    (re.compile(r"\s*\|"), ","),
    (re.compile(r"(?<=[A-Z])/(?=[A-Z])"), " "),
    (re.compile(r"\(\s*\)|\[\s*\]|[*`\\^{}\[\]<>#~\u00b7]"), " "),
    (re.compile(r"[\u2022\u2023\u25aa\u25cb\u25cf\u25e6]|^[\u30fb\u2013\u2014]"), " "),
    (re.compile(r"(?<!\w)_+|_+(?!\w)"), " "),
    (re.compile(r"_"), " "),
    (re.compile(r"\s+(?=[,.;:!?\u2026)](?:\W|$))"), ""),
    (re.compile(r"(?<=[^\W\d]):(?=[^\W\d])"), ": "),
    (re.compile(r"\(\s+"), "("),
    (re.compile(r"([,;:])(?=\s*[,;:.!?])"), ""),
    (re.compile(r"(?<=[.!?]) \.(?!\.)"), ""),
    (re.compile(r"\s+"), " "),
)
_ARROW = re.compile(r"\s*(?:\u2192|\u21d2|\u27a1|->|=>|\u00bb(?= )|(?<=\w) > (?=[^\W\d]))\s*")
_CITATION = re.compile(r"\u3010[^\u3011]*(?:\u2020|\d)[^\u3011]*\u3011")
_WIDE_SCRIPT = re.compile("([\u2e80-\u9fff\uff00-\uffef]+)")
_FACE = re.compile(r"(?:(?<=\s)|^)(?:[:;]-?[)(DPp]|<3|:'\(|xD|\^\^)(?=[\s.!?]|$)")
_SHORTCODE = re.compile(r"(?<!\w):[a-z][a-z0-9_+-]+:(?!\w)")
_VULGAR = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8)}
_ADDRESS_DOTS = 3
"""In the address of a machine."""

_SHORT_YEAR, _CENTURY = 2, 2000
_MONTHS, _DAYS = 12, 31
_COMMON = frozenset((2, 3, 4, 8))
"""Denominators that make a fraction; others are scores: 7/10."""


class Reader:
    """Reads sentences of one language.

    Args:
        words: Of the language.
        with_numbers: Whether numbers are put into words; else they stay digits.

    """

    def __init__(self, words: Vocabulary, *, with_numbers: bool = True) -> None:
        self.words = words
        self._words = words
        self._rules = tuple(self._make_rules()) if with_numbers else ()

    def read(self, text: str) -> str:
        """Return the words that are spoken for a sentence with marks."""
        words = self.read_part(text)
        return words if text[:1].isalpha() else words[:1].upper() + words[1:]

    def read_part(self, text: str) -> str:
        """Return the words for a part of a sentence."""
        text = _SHORTCODE.sub("", _FACE.sub("", _CITATION.sub(" ", text)))
        text = _say_names(text, self._words)
        for pattern, say in self._rules:
            text = pattern.sub(say, text)
        for pattern, sign in _TIDY:
            text = pattern.sub(sign, text)
        return without_marks(text).strip()

    def _make_rules(self) -> Iterable[_Rule]:
        words = self._words
        number, time = f"(?:{words.number})", f"(?:{_anonymous(words.time)})"
        yield _rule(rf"\b{_ISO}{_END}", self._iso)
        yield _rule(
            rf"({_START}{time})(?:{_DASH})(?={time})", lambda m: m[1] + words.between(words.to)
        )
        yield _rule(rf"{_START}(?:{words.time})(?![\d:])", self._time)
        for pattern, say in (
            (words.day_month, self._day_first),
            (words.month_day, self._month_first),
            (words.numeric_date, self._numeric_date),
        ):
            if pattern:
                yield _rule(rf"{_START}(?:{pattern})(?!\d)", say)
        yield _rule(rf"^{NUMBER}(\d+)[.)] (?=\S)", lambda m: words.say(m[1]) + words.colon)
        yield from self._phrase_rules()
        yield _rule(rf"({words.code_leads}) ?(\d{{4,8}}){_END}", self._code)
        yield _rule(rf"{_START}(?:{_PHONE}){_END}", lambda m: words.spell(m[0]))
        yield _rule(
            rf"{_START}([vV]?)(\d+(?:\.\d+){{2,}}|(?<=[vV])\d+(?:\.\d+)*){_END}", self._version
        )
        yield _rule(rf"({_VERSIONED} )(\d+\.\d{{1,2}}){_END}", self._named_version)
        for pattern, said in words.leading_signs:
            yield _rule(pattern, _saying(said))
        yield _rule(r"(?<=[A-Za-z%\u00b0])\u2013(?=\d)", lambda _: words.between(words.to))
        yield from self._measure_rules(number)
        yield from self._number_rules(number)

    def _phrase_rules(self) -> Iterable[_Rule]:
        """Rules for what is written short and said long."""
        words = self._words
        if days := "|".join(words.weekdays):
            yield _rule(
                rf"\b({days})\.?(?={_DASH}[A-Za-z]|, \d)|(?<=[\u2013-])({days})\b",
                lambda m: words.weekdays[m[1] or m[2]],
            )
            yield _rule(
                r"(?<=day)-(?=[A-Z])|(?<=[^\W\d])\u2013(?=[^\W\d])",
                lambda _: words.between(words.to),
            )
        if words.number_leads:
            yield _rule(rf"\b(?:{words.number_leads})", lambda _: f"{words.number_sign} ")
        yield _rule(r"(?<!\w)#(?=\d)", lambda _: f"{words.number_sign} ")

    def _measure_rules(self, number: str) -> Iterable[_Rule]:
        words = self._words
        units = "|".join(map(re.escape, sorted(words.units, key=len, reverse=True)))
        coins = "|".join(map(re.escape, sorted(words.currencies, key=len, reverse=True)))
        scales = "|".join(map(re.escape, sorted(words.scales, key=len, reverse=True)))
        amount = rf"(?P<amount>{number})"
        sign = r"(?P<sign>(?<![A-Za-z\d)])[-\u2212+])?"
        scale = rf"(?: ?(?P<scale>{scales})(?![\w]))?"
        upto = rf"(?:(?P<low>{number})(?:{_DASH}))?"
        yield _rule(rf"{_START}(\d{{3}}0)(s|er|-tallet)\b", self._decade)
        yield _rule(rf"(?<=\d)(?:{_DASH})(?=(?:{coins}) ?\d)", lambda _: words.between(words.to))
        money = rf"{upto}{amount}{scale}"
        yield _rule(rf"{sign}(?P<coin>{coins}) ?{money}(?:,-)?{_END}", self._money)
        yield _rule(rf"{_START}{sign}{money}[ \u00a0]?(?P<coin>{coins})(?!\w|-)", self._money)
        yield _rule(
            rf"{_START}{sign}{upto}{amount}[ \u00a0\u202f]?(?P<unit>{units})(?![A-Za-z\d/])",
            self._measure,
        )

    def _number_rules(self, number: str) -> Iterable[_Rule]:
        words = self._words
        if words.ordinal_pattern:
            yield _rule(rf"{_START}(?:{words.ordinal_pattern}){_END}", self._ordinal)
        yield _rule(rf"(\d+)?([{''.join(_VULGAR)}])", self._vulgar)
        yield _rule(rf"{_START}(\d+)/(\d+)(?![/\d])", self._fraction)
        yield _rule(
            rf"{_START}({number}) ?[x\u00d7] ?(?={number})",
            lambda m: m[1] + words.between(words.by),
        )
        yield _rule(
            rf"{_START}({number})[x\u00d7](?!\w)",
            lambda m: words.joint.join((words.say(m[1]), words.times)),
        )
        yield _rule(rf"{_START}(\d{{4}})(?:{_DASH})(\d{{4}}){_END}", self._years)
        yield _rule(
            rf"{_START}({number})(?:{_DASH})(?={number}{_END})",
            lambda m: m[1] + words.between(words.to),
        )
        yield _rule(rf"{_START}(\d+)k{_END}", lambda m: words.cardinal(int(m[1]) * 1000))
        yield _rule(rf"{_START}(\d+):(?=\d)", lambda m: m[1] + words.between(words.to))
        if words.year_leads:
            yield _rule(
                rf"(\b(?i:{words.year_leads}) |\()(\d{{4}})(?![.,]\d|[\w%])", self._bare_year
            )
        if words.per_what:
            yield _rule(rf"(?<=\w)/(?=(?:{words.per_what})\b)", _saying(f" {words.per} "))
        for pattern, said in words.signs:
            yield _rule(pattern, _saying(said))
        yield _rule(
            rf"(?<![A-Za-z\d)])[-\u2212](?={number})", lambda _: f"{words.minus}{words.joint}"
        )
        yield _rule(rf"(?<![A-Za-z\d_]){number}(?![A-Za-z\d_])", lambda m: words.bare(m[0]))

    # What the rules say. Each returns the words for its match.

    def _iso(self, match: _Match) -> str:
        words, found = self._words, match.groupdict()
        date = words.date(int(found["day"]), int(found["month"]), int(found["year"]))
        if found["hour"] is None:
            return date
        return f"{date}, {words.clock(int(found['hour']), int(found['minute']))}"

    def _day_first(self, match: _Match) -> str:
        found = match.groupdict()
        before = found.get("before") or ""
        month = self._words.month_number(found["month"])
        date = self._words.day_first(int(found["day"]), month, _year(found), before)
        return f"{before} {date}".strip()

    def _month_first(self, match: _Match) -> str:
        found = match.groupdict()
        month = self._words.month_number(found["month"])
        return self._words.date(int(found["day"]), month, _year(found))

    def _numeric_date(self, match: _Match) -> str:
        found = match.groupdict()
        day, month = int(found["day"]), int(found["month"])
        if month > _MONTHS:
            day, month = month, day
        if not (0 < month <= _MONTHS and 0 < day <= _DAYS):
            return match[0]
        ends = "." if match[0].endswith(".") and match.end() == len(match.string) else ""
        if before := found.get("before"):
            return f"{before} {self._words.day_first(day, month, _year(found), before)}{ends}"
        return self._words.date(day, month, _year(found)) + ends

    def _time(self, match: _Match) -> str:
        found = match.groupdict()
        hour = next(value for name, value in found.items() if name.endswith("hour") and value)
        minutes = [value for name, value in found.items() if name.endswith("minute") and value]
        suffix = next((v for name, v in found.items() if name.endswith("suffix") and v), "")
        time = self._words.clock(int(hour), int(minutes[0]) if minutes else 0, suffix)
        if suffix.endswith(".") and match.end() == len(match.string):
            return f"{time}."
        unit = self._words.units["s"]
        second = found.get("second")
        return f"{time}, {self._words.count(str(int(second)), unit)}" if second else time

    def _code(self, match: _Match) -> str:
        return self._words.joint.join((match[1], self._words.spell(match[2])))

    def _version(self, match: _Match) -> str:
        said = self._parts(match[2])
        return f"{self._words.version} {said}" if match[1] else said

    def _named_version(self, match: _Match) -> str:
        return match[1] + self._parts(match[2])

    def _parts(self, version: str) -> str:
        words = self._words
        is_address = version.count(".") == _ADDRESS_DOTS
        point = words.dot if is_address else words.version_point
        return words.between(point).join(words.say(part) for part in version.split("."))

    def _money(self, match: _Match) -> str:
        words = self._words
        currency = words.currencies[match["coin"]]
        low = words.say(match["low"]) + words.between(words.to) if match["low"] else ""
        if match["scale"]:
            scale = words.scales[match["scale"]]
            said = words.joint.join((words.say(match["amount"]), scale, currency.whole.many))
        else:
            said = words.amount(match["amount"], currency)
        return self._signed(match, low + said)

    def _measure(self, match: _Match) -> str:
        words = self._words
        low = words.say(match["low"]) + words.between(words.to) if match["low"] else ""
        return self._signed(match, low + words.count(match["amount"], words.units[match["unit"]]))

    def _signed(self, match: _Match, said: str) -> str:
        if not match["sign"]:
            return said
        sign = self._words.plus if match["sign"] == "+" else self._words.minus
        return self._words.joint.join((sign, said))

    def _ordinal(self, match: _Match) -> str:
        found = match.groupdict()
        digits = found["ordinal"] or found.get("bare_ordinal") or ""
        before = found.get("before") or ""
        said = self._words.ordinal(int(digits.replace(",", "")), before)
        return f"{before} {said}".strip()

    def _decade(self, match: _Match) -> str:
        year = self._words.year(int(match[1]))
        if match[2] == "s":
            return f"{year.removesuffix('y')}ies" if year.endswith("y") else f"{year}s"
        return year + match[2]

    def _vulgar(self, match: _Match) -> str:
        upper, lower = _VULGAR[match[2]]
        if match[1]:
            return self._words.mixed(int(match[1]), upper, lower)
        return self._words.fraction(upper, lower)

    def _fraction(self, match: _Match) -> str:
        upper, lower = int(match[1]), int(match[2])
        if lower in _COMMON and upper < lower:
            return self._words.fraction(upper, lower)
        return match[1] + self._words.between(self._words.out_of) + match[2]

    def _years(self, match: _Match) -> str:
        first, last = int(match[1]), int(match[2])
        between = self._words.between(self._words.to)
        if not FIRST_YEAR <= first <= last <= LAST_YEAR:
            return match[1] + between + match[2]
        return self._words.year(first) + between + self._words.year(last)

    def _bare_year(self, match: _Match) -> str:
        year = int(match[2])
        if not FIRST_YEAR <= year <= LAST_YEAR:
            return match[0]
        return match[1] + self._words.year(year)


def _rule(pattern: str, say: Callable[[_Match], str]) -> _Rule:
    return re.compile(pattern), say


def _saying(words: str) -> Callable[[_Match], str]:
    return lambda _: words


def _year(found: dict[str, str | None]) -> int | None:
    year = found.get("year")
    if not year:
        return None
    return int(year) if len(year) > _SHORT_YEAR else _CENTURY + int(year)


def _anonymous(pattern: str) -> str:
    """Return a pattern without the names of its groups, to be used a second time."""
    return re.sub(r"\?P<\w+>", "?:", pattern)


def _say_names(text: str, words: Vocabulary) -> str:
    """Replace the marks, the names and what is written short by what is said for them."""
    parts = re.split(f"{NAME}(.*?){NAME_END}", text)
    parts[::2] = [_say_marks(_say_plain_names(part, words), words) for part in parts[::2]]
    parts[1::2] = [say_code(part, words) for part in parts[1::2]]
    return "".join(parts)


def _say_plain_names(text: str, words: Vocabulary) -> str:
    """Replace names in scripts that separate words; in others they stand without spaces."""
    parts = _WIDE_SCRIPT.split(_say_abbreviations(text, words.abbreviations))
    parts[::2] = [say_written_names(part, words) for part in parts[::2]]
    return "".join(parts)


def _say_abbreviations(text: str, abbreviations: Mapping[str, str]) -> str:
    if not abbreviations:
        return text
    long = {short.lower(): said for short, said in abbreviations.items()}
    pattern = "|".join(map(re.escape, sorted(long, key=len, reverse=True)))

    def say(match: _Match) -> str:
        said = long[match[0].lower()]
        said = said[0].upper() + said[1:] if match[0][0].isupper() else said
        ends = match[0].endswith(".") and match.end() == len(text)
        return f"{said}." if ends else said

    return re.sub(rf"(?<![\w.])(?:{pattern})(?![\w/])", say, text, flags=re.IGNORECASE)


def _say_marks(text: str, words: Vocabulary) -> str:
    marks = "".join(words.stand_ins)
    text = re.sub(
        rf"(?P<before>\w+)?(?P<space>[^\w{marks}]*)(?P<mark>[{marks}])",
        lambda m: f"{m['before'] or ''}{m['space']}{words.stand_in(m['mark'], m['before'] or '')}",
        text,
    )
    for mark, said in words.heads.items():
        head = rf"^((?:{NUMBER}\d+[.)] )?){mark}\s*(?=\S)"
        text = re.sub(head, rf"\g<1>{said}{words.colon}", text)
        text = re.sub(rf"^\s*{mark}\s*$", said, text)
    return _ARROW.sub(words.comma, text)
