"""English."""

from __future__ import annotations

from types import MappingProxyType

from num2words import num2words

from pipeline.speech_text import marks
from pipeline.speech_text.block_events import LeftOut
from pipeline.speech_text.vocabulary import (
    FIRST_YEAR,
    Counted,
    Currency,
    LeftOutWords,
    SignWords,
    Vocabulary,
)

_NOON, _HALF, _QUARTER = 12, 2, 4


def _units(**names: str) -> dict[str, Counted]:
    return {unit: Counted(f"one {name}", f"{name}s") for unit, name in names.items()}


_EURO = Currency(Counted("one euro", "euros"), Counted("one cent", "cents"))
_POUND = Currency(Counted("one pound", "pounds"), Counted("one penny", "pence"))
_US_DOLLAR = Currency(Counted("one US dollar", "US dollars"), Counted("one cent", "cents"))


class English(Vocabulary):
    """English, with the words of both sides of the Atlantic where they differ little."""

    language = "en"
    number = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
    group, decimal = ",", "."
    point, version_point = "point", "point"
    minus, plus, to, by = "minus", "plus", "to", "by"
    and_ = "and"
    times, out_of, ratio = "times", "out of", "to"
    port, line = "port", "line"
    number_sign, version, dot, at = "number", "version", "dot", "at"
    digits = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    units = MappingProxyType(
        {
            **_units(
                km="kilometre", m="metre", cm="centimetre", mm="millimetre", kg="kilogram", g="gram"
            ),
            **_units(
                mg="milligram", l="litre", L="litre", ml="millilitre", mL="millilitre", t="tonne"
            ),
            **_units(W="watt", kW="kilowatt", kWh="kilowatt hour", V="volt", mAh="milliamp hour"),
            **_units(KB="kilobyte", kB="kilobyte", MB="megabyte", GB="gigabyte", TB="terabyte"),
            **_units(
                MiB="mebibyte", GiB="gibibyte", px="pixel", dB="decibel", mi="mile", yd="yard"
            ),
            **_units(ms="millisecond", s="second", sec="second", secs="second", min="minute"),
            **_units(
                mins="minute", h="hour", hr="hour", hrs="hour", lb="pound", lbs="pound", oz="ounce"
            ),
            **_units(tsp="teaspoon", tbsp="tablespoon", ha="hectare", kcal="kilocalorie"),
            "Hz": Counted("one hertz", "hertz"),
            "kHz": Counted("one kilohertz", "kilohertz"),
            "MHz": Counted("one megahertz", "megahertz"),
            "GHz": Counted("one gigahertz", "gigahertz"),
            "ft": Counted("one foot", "feet"),
            "km/h": Counted("one kilometre per hour", "kilometres per hour"),
            "mph": Counted("one mile per hour", "miles per hour"),
            "m/s": Counted("one metre per second", "metres per second"),
            "Mbps": Counted("one megabit per second", "megabits per second"),
            "Mbit/s": Counted("one megabit per second", "megabits per second"),
            "Gbps": Counted("one gigabit per second", "gigabits per second"),
            "MB/s": Counted("one megabyte per second", "megabytes per second"),
            "fps": Counted("one frame per second", "frames per second"),
            "m²": Counted("one square metre", "square metres"),
            "km²": Counted("one square kilometre", "square kilometres"),
            "m³": Counted("one cubic metre", "cubic metres"),
            "°C": Counted("one degree", "degrees"),
            "°F": Counted("one degree Fahrenheit", "degrees Fahrenheit"),
            "°": Counted("one degree", "degrees"),
            "%": Counted("one percent", "percent"),
            "ppm": Counted("one part per million", "parts per million"),
        }
    )
    currencies = MappingProxyType(
        {
            "$": Currency(Counted("one dollar", "dollars"), Counted("one cent", "cents")),
            **dict.fromkeys(("€", "EUR"), _EURO),
            **dict.fromkeys(("£", "GBP"), _POUND),
            "¥": Currency(Counted("one yen", "yen")),
            "kr": Currency(Counted("one krone", "kroner"), Counted("one øre", "øre")),
            **dict.fromkeys(("US$", "USD"), _US_DOLLAR),
            "JPY": Currency(Counted("one yen", "yen")),
            "NOK": Currency(Counted("one Norwegian krone", "Norwegian kroner")),
            "CHF": Currency(Counted("one Swiss franc", "Swiss francs")),
            "₹": Currency(Counted("one rupee", "rupees")),
            "₩": Currency(Counted("one won", "won")),
            "BTC": Currency(Counted("one bitcoin", "bitcoin")),
        }
    )
    scales = MappingProxyType(
        {
            "thousand": "thousand",
            "million": "million",
            "billion": "billion",
            "trillion": "trillion",
            "k": "thousand",
            "K": "thousand",
            "m": "million",
            "M": "million",
            "bn": "billion",
            "B": "billion",
        }
    )
    months = (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    )
    month_pattern = (
        r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
        r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
    )
    month_starts = (
        *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    )
    day_month = (
        r"(?:[Tt]he )?(?P<day>\d{1,2})(?:st|nd|rd|th)? (?:of )?"
        rf"(?P<month>{month_pattern})(?:,? (?P<year>\d{{4}}))?"
    )
    month_day = (
        rf"(?P<month>{month_pattern}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
        r"(?: ?[\u2013-] ?(?P<until>\d{1,2})(?:st|nd|rd|th)?(?![:\d]))?(?:,? (?P<year>\d{4}))?"
    )
    numeric_date = r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})"
    time = (
        r"(?P<hour>[01]?\d|2[0-4])(?::(?P<minute>[0-5]\d))(?::(?P<second>[0-5]\d))?"
        r"(?P<suffix> ?(?:[AaPp][Mm]\b|[AaPp]\.[Mm]\.))?"
        r"|(?P<bare_hour>1[0-2]|\d)(?P<bare_suffix> ?(?:[AaPp][Mm]\b|[AaPp]\.[Mm]\.))"
    )
    ordinal_pattern = r"(?P<ordinal>\d[\d,]*)(?:st|nd|rd|th)"
    year_leads = (
        r"in|since|until|till|by|year|after|before|around|circa|from|early|late|mid|spring|summer"
        r"|autumn|fall|winter|Q[1-4]|copyright|election|through|versus|than"
    )
    weekdays = MappingProxyType(
        {
            "Mon": "Monday",
            "Tue": "Tuesday",
            "Wed": "Wednesday",
            "Thu": "Thursday",
            "Fri": "Friday",
            "Sat": "Saturday",
            "Sun": "Sunday",
        }
    )
    code_leads = r"(?:code|PIN|OTP|passcode|password)(?: is|:)?"
    number_leads = r"No\. ?(?=\d)"
    per = "per"
    per_what = MappingProxyType(
        {
            **{what: what for what in ("month", "week", "day", "hour", "min", "second", "year")},
            **{what: what for what in ("night", "person", "user", "kg")},
            "mo": "month",
            "wk": "week",
            "hr": "hour",
            "h": "hour",
            "yr": "year",
        }
    )
    decade = (
        r"(?:['\u2019]|(?<![\w.,])(?=\d{4})|(?<=[Tt]he )|(?<=[Ll]ate )|(?<=[Ee]arly )|(?<=[Mm]id-))"
        r"(?P<decade>\d{3}0|\d0)(?P<ending>s)\b"
    )
    spans = MappingProxyType(
        {
            "s": Counted("one second", "seconds"),
            "min": Counted("one minute", "minutes"),
            "h": Counted("one hour", "hours"),
            "d": Counted("one day", "days"),
            "mo": Counted("one month", "months"),
            "y": Counted("one year", "years"),
        }
    )
    soon, ago = "in {}", "{} ago"
    signs = SignWords(
        about="about",
        is_about="is about",
        plus_minus="plus or minus",
        equals="equals",
        is_not="is not",
        times="times",
        divided_by="divided by",
        root_of="the square root of",
        squared="squared",
        cubed="cubed",
        to_the_power_of="to the power of",
        section="section",
        or_="or",
        at_least="at least",
        at_most="at most",
        less_than="less than",
        more_than="more than",
    )
    rewritten = (
        *Vocabulary.rewritten,
        (r"(?<!\d)(?<!\d )\b[Mm]in\. (?=[\d-])", "minimum "),
        (r"\b[Mm]ax\. (?=[\d-])", "maximum "),
        (rf"\b(\d{{1,2}}) ?[\u2013-] ?(\d{{1,2}} {month_pattern})", r"the \1th to \2"),
    )
    abbreviations = MappingProxyType(
        {
            "e.g.": "for example",
            "i.e.": "that is",
            "etc.": "and so on",
            "vs.": "versus",
            "approx.": "approximately",
            "w/": "with",
            "w/o": "without",
            "and/or": "and or",
            "24/7": "twenty-four seven",
            "50/50": "fifty-fifty",
            "Dr.": "Doctor",
            "Mr.": "Mister",
            "Mrs.": "Missus",
            "Prof.": "Professor",
            "incl.": "including",
            "cf.": "compare",
            "FAQ": "F A Q",
        }
    )
    left_out = MappingProxyType(
        {
            LeftOut.CODE: LeftOutWords("The code is in the channel.", "I have left out the code."),
            LeftOut.TEXT: LeftOutWords("The text is in the channel.", "I have left out the text."),
            LeftOut.DIAGRAM: LeftOutWords("The diagram is in the channel."),
            LeftOut.DATA: LeftOutWords("The data is in the channel.", "I have left out the data."),
            LeftOut.TABLE: LeftOutWords(
                "The table is in the channel.", "I have left out the table."
            ),
            LeftOut.FORMULA: LeftOutWords(
                "The formula is in the channel.", "I have left out the formula."
            ),
            LeftOut.PICTURE: LeftOutWords("The picture is in the channel."),
            LeftOut.LINK: LeftOutWords("The link is in the channel."),
            LeftOut.REST: LeftOutWords("The rest is in the channel.", "There is more."),
        }
    )
    stand_ins = MappingProxyType(
        {
            marks.LINK: "the link",
            marks.CODE: "the code",
            marks.FORMULA: "the formula",
            marks.CHANNEL: "the channel",
            marks.DATA: "the data",
            marks.SPOILER: "the spoiler",
        }
    )
    heads = MappingProxyType(
        {
            marks.YES: "yes",
            marks.NO: "no",
            marks.DONE: "Done",
            marks.OPEN: "To do",
            marks.NOTE: "Note",
        }
    )
    slash = "slash"

    def cardinal(self, number: int) -> str:
        """Return a number; num2words puts commas into large ones."""
        return super().cardinal(number).replace(",", "")

    def ordinal(self, number: int, before: str = "", after: str = "") -> str:
        """Return "twenty-first"."""
        return str(num2words(number, lang="en", to="ordinal")).replace(",", "")

    def year(self, number: int) -> str:
        """Return "nineteen ninety-eight"."""
        return str(num2words(number, lang="en", to="year")).replace("oh-", "oh ")

    def date(self, day: int, month: int, year: int | None) -> str:
        """Return "March third, nineteen ninety-eight"."""
        return _with_year(f"{self.months[month - 1]} {self.ordinal(day)}", self, year)

    def day_first(self, day: int, month: int, year: int | None, before: str = "") -> str:
        """Return "the third of March, nineteen ninety-eight"."""
        return _with_year(f"the {self.ordinal(day)} of {self.months[month - 1]}", self, year)

    def clock(self, hour: int, minute: int, suffix: str = "") -> str:
        """Return "nine oh five", or "nine o'clock"."""
        words = self.cardinal(hour)
        if minute:
            words += f" {self._minutes(minute)}"
        if half := suffix.replace(".", "").strip().upper():
            return f"{words} {half}"
        if minute:
            return words
        if hour in {0, 24}:
            return "midnight"
        return f"{words} hundred" if hour > _NOON else f"{words} o'clock"

    def decade_name(self, decade: int, ending: str) -> str:
        """Return "nineteen eighties"."""
        name = self.year(decade) if decade >= FIRST_YEAR else self.cardinal(decade)
        return f"{name.removesuffix('y')}ies" if name.endswith("y") else f"{name}{ending}"

    def regnal(self, number: int) -> str:
        """Return "the fourteenth"."""
        return f"the {self.ordinal(number)}"

    def part_of(self, upper: int, lower: int, unit: Counted) -> str:
        """Return "half a metre"."""
        part = "half" if lower == _HALF else f"{self.fraction(upper, lower)} of"
        name = unit.one.removeprefix("one ")
        article = "an" if name.startswith(("hour", "ounce")) else "a"
        return f"{part} {article} {name}"

    def fraction(self, upper: int, lower: int) -> str:
        """Return "three quarters"."""
        if lower == _HALF:
            return "one half"
        name = "quarter" if lower == _QUARTER else self.ordinal(lower)
        return f"{self.cardinal(upper)} {name}{'s' if upper > 1 else ''}"

    def mixed(self, whole: int, upper: int, lower: int) -> str:
        """Return "one and a half"."""
        return super().mixed(whole, upper, lower).replace("and one ", "and a ")

    def with_cents(self, whole: str, cents: str) -> str:
        """Return "two dollars and ten cents"."""
        return f"{whole} and {cents}"

    def _minutes(self, minute: int) -> str:
        words = self.cardinal(minute)
        return f"oh {words}" if minute < len(self.digits) else words


def _with_year(date: str, words: English, year: int | None) -> str:
    return f"{date}, {words.year(year)}" if year else date
