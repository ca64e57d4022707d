"""Norwegian (bokmål)."""

from __future__ import annotations

import re
from types import MappingProxyType

from num2words import num2words

from pipeline.speech_text import marks
from pipeline.speech_text.block_events import LeftOut
from pipeline.speech_text.vocabulary import (
    Counted,
    Currency,
    LeftOutWords,
    SignWords,
    Vocabulary,
    count_alike,
)

_HALF, _CENTURY, _MILLENNIUM = 2, 100, 2000
_SEVERAL = re.compile(r"(?<!\ben )\b(million|milliard|billion)\b")


class Norwegian(Vocabulary):
    """Norwegian, bokmål."""

    language = "no"
    number = r"\d{1,3}(?:[ .\u00a0\u202f]\d{3})+(?!\d)(?:,\d+)?|\d+(?:,\d+)?"
    group, decimal = ". \u00a0\u202f", ","
    point, version_point = "komma", "punktum"
    minus, plus, to, by = "minus", "pluss", "til", "ganger"
    and_ = "og"
    times, out_of, ratio = "ganger", "av", "til"
    port, line = "port", "linje"
    number_sign, version, dot, at = "nummer", "versjon", "punktum", "krøllalfa"
    digits = ("null", "en", "to", "tre", "fire", "fem", "seks", "sju", "åtte", "ni")
    units = MappingProxyType(
        {
            **count_alike(
                "én", km="kilometer", m="meter", cm="centimeter", mm="millimeter", l="liter"
            ),
            **count_alike("én", L="liter", dl="desiliter", ml="milliliter", mil="mil"),
            **count_alike("ett", kg="kilo", g="gram", mg="milligram", W="watt", kW="kilowatt"),
            **count_alike("én", V="volt", KB="kilobyte", kB="kilobyte", MB="megabyte"),
            **count_alike(
                "én", GB="gigabyte", TB="terabyte", Hz="hertz", kHz="kilohertz", MHz="megahertz"
            ),
            **count_alike("én", GHz="gigahertz", dB="desibel", px="piksel"),
            "ss": Counted("én spiseskje", "spiseskjeer"),
            "ts": Counted("én teskje", "teskjeer"),
            "s": Counted("ett sekund", "sekunder"),
            "sek": Counted("ett sekund", "sekunder"),
            "ms": Counted("ett millisekund", "millisekunder"),
            "min": Counted("ett minutt", "minutter"),
            "t": Counted("én time", "timer"),
            "kWh": Counted("én kilowattime", "kilowattimer"),
            "km/t": Counted("én kilometer i timen", "kilometer i timen"),
            "km/h": Counted("én kilometer i timen", "kilometer i timen"),
            "m/s": Counted("én meter i sekundet", "meter i sekundet"),
            "Mbit/s": Counted("én megabit i sekundet", "megabit i sekundet"),
            "m²": Counted("én kvadratmeter", "kvadratmeter"),
            "kvm": Counted("én kvadratmeter", "kvadratmeter"),
            "km²": Counted("én kvadratkilometer", "kvadratkilometer"),
            "m³": Counted("én kubikkmeter", "kubikkmeter"),
            "°C": Counted("én grad", "grader"),
            "°": Counted("én grad", "grader"),
            "%": Counted("én prosent", "prosent"),
        }
    )
    currencies = MappingProxyType(
        {
            "kr": Currency(Counted("én krone", "kroner"), Counted("ett øre", "øre")),
            "kroner": Currency(Counted("én krone", "kroner"), Counted("ett øre", "øre")),
            "NOK": Currency(Counted("én krone", "kroner"), Counted("ett øre", "øre")),
            ",-": Currency(Counted("én krone", "kroner")),
            "€": Currency(Counted("én euro", "euro"), Counted("én cent", "cent")),
            "EUR": Currency(Counted("én euro", "euro"), Counted("én cent", "cent")),
            "$": Currency(Counted("én dollar", "dollar"), Counted("én cent", "cent")),
            "USD": Currency(Counted("én amerikansk dollar", "amerikanske dollar")),
            "£": Currency(Counted("ett pund", "pund"), Counted("én penny", "pence")),
            "¥": Currency(Counted("én yen", "yen")),
            "SEK": Currency(Counted("én svensk krone", "svenske kroner")),
        }
    )
    scales = MappingProxyType(
        {
            "mill.": "millioner",
            "mrd.": "milliarder",
            "millioner": "millioner",
            "milliarder": "milliarder",
        }
    )
    months = (
        *("januar", "februar", "mars", "april", "mai", "juni"),
        *("juli", "august", "september", "oktober", "november", "desember"),
    )
    month_pattern = (
        r"(?:januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember"
        r"|(?:jan|feb|mar|apr|jun|jul|aug|sept|sep|okt|nov|des)\b\.?)"
    )
    month_starts = (
        *("jan", "feb", "mar", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "des"),
    )
    day_month = rf"(?P<day>\d{{1,2}})\. ?(?P<month>{month_pattern})(?: (?P<year>\d{{4}}))?"
    numeric_date = r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})?(?!\d)"
    ordinal_pattern = r"(?P<ordinal>\d{1,3})\.(?= [a-zæøå])"
    year_leads = r"i|siden|fra|til|før|etter|år|året|våren|sommeren|høsten|vinteren|Q[1-4]"
    weekdays = MappingProxyType(
        {
            "man": "mandag",
            "tir": "tirsdag",
            "ons": "onsdag",
            "tor": "torsdag",
            "tors": "torsdag",
            "fre": "fredag",
            "lør": "lørdag",
            "søn": "søndag",
        }
    )
    code_leads = r"(?:[Kk]oden?|PIN|[Pp]assordet?)(?: er|:)?"
    number_leads = r"[Nn]r\.? ?(?=\d)"
    per = "per"
    per_what = MappingProxyType(
        {
            **{what: what for what in ("måned", "uke", "dag", "døgn", "time", "minutt", "sekund")},
            **{what: what for what in ("år", "natt", "person", "bruker", "stk", "kg")},
            "mnd": "måned",
            "t": "time",
        }
    )
    decade = r"(?<![\w.,])(?P<decade>\d{3}0|\d0)(?P<ending>-(?:tallet|tall|årene|åra))\b"
    spans = MappingProxyType(
        {
            "s": Counted("ett sekund", "sekunder"),
            "min": Counted("ett minutt", "minutter"),
            "h": Counted("én time", "timer"),
            "d": Counted("én dag", "dager"),
            "mo": Counted("én måned", "måneder"),
            "y": Counted("ett år", "år"),
        }
    )
    soon, ago = "om {}", "for {} siden"
    signs = SignWords(
        about="omtrent",
        is_about="er omtrent",
        plus_minus="pluss minus",
        equals="er lik",
        is_not="er ikke",
        times="ganger",
        divided_by="delt på",
        root_of="kvadratroten av",
        squared="i andre",
        cubed="i tredje",
        to_the_power_of="opphøyd i",
        section="paragraf",
        or_="eller",
        at_least="minst",
        at_most="høyst",
        less_than="mindre enn",
        more_than="mer enn",
    )
    rewritten = (
        *Vocabulary.rewritten,
        (r"\b(\d+) ?t ?(\d{1,2}) ?m(?:in)?\b", r"\1 t \2 min"),
        (r"(?<!\d)(?<!\d )\b[Mm]in\. (?=[\d-])", "minst "),
        (r"\b[Mm]aks\. (?=[\d-])", "maksimalt "),
        (r"\b[Kk]r\. ?(?=\d)", "kr "),
        (r"(?<=lokka )([01]\d|2[0-3])([0-5]\d)(?!\d)", r"\1:\2"),
        (r"(?<=lokka )(\d{1,2})\.(\d\d)(?![\d.])", r"\1:\2"),
        (
            r"(?<=lokka )(\d{1,2}(?::\d\d)?) ?[\u2013-] ?(\d{1,2})\.(\d\d)(?![\d.])",
            r"\1 til \2:\3",
        ),
        (rf"(\d{{1,2}}\.) ?[\u2013-] ?(?=\d{{1,2}}\. ?(?:{month_pattern}|\d))", r"\1 til "),
    )
    abbreviations = MappingProxyType(
        {
            "f.eks.": "for eksempel",
            "f. eks.": "for eksempel",
            "bl.a.": "blant annet",
            "dvs.": "det vil si",
            "osv.": "og så videre",
            "ca.": "cirka",
            "kl.": "klokka",
            "kl": "klokka",
            "pga.": "på grunn av",
            "hhv.": "henholdsvis",
            "ifm.": "i forbindelse med",
            "iht.": "i henhold til",
            "mht.": "med hensyn til",
            "ift.": "i forhold til",
            "vha.": "ved hjelp av",
            "jf.": "jamfør",
            "pr.": "per",
            "stk.": "stykk",
            "stk": "stykk",
            "m.m.": "med mer",
            "o.l.": "og lignende",
            "t.o.m.": "til og med",
            "f.o.m.": "fra og med",
            "inkl.": "inkludert",
            "tlf.": "telefon",
            "evt.": "eventuelt",
            "og/eller": "og eller",
            "24/7": "døgnet rundt",
            "mill.": "millioner",
        }
    )
    left_out = MappingProxyType(
        {
            LeftOut.CODE: LeftOutWords("Koden ligger i kanalen.", "Jeg har utelatt koden."),
            LeftOut.TEXT: LeftOutWords("Teksten ligger i kanalen.", "Jeg har utelatt teksten."),
            LeftOut.DIAGRAM: LeftOutWords("Diagrammet ligger i kanalen."),
            LeftOut.DATA: LeftOutWords("Dataene ligger i kanalen.", "Jeg har utelatt dataene."),
            LeftOut.TABLE: LeftOutWords("Tabellen ligger i kanalen.", "Jeg har utelatt tabellen."),
            LeftOut.FORMULA: LeftOutWords(
                "Formelen ligger i kanalen.", "Jeg har utelatt formelen."
            ),
            LeftOut.PICTURE: LeftOutWords("Bildet ligger i kanalen."),
            LeftOut.LINK: LeftOutWords("Lenken ligger i kanalen."),
            LeftOut.REST: LeftOutWords("Resten ligger i kanalen.", "Det er mer."),
        }
    )
    stand_ins = MappingProxyType(
        {
            marks.LINK: "lenken",
            marks.CODE: "koden",
            marks.FORMULA: "formelen",
            marks.CHANNEL: "kanalen",
            marks.DATA: "dataene",
            marks.SPOILER: "spoileren",
        }
    )
    heads = MappingProxyType(
        {
            marks.YES: "ja",
            marks.NO: "nei",
            marks.DONE: "Gjort",
            marks.OPEN: "Gjenstår",
            marks.NOTE: "Merknad",
        }
    )
    slash = "skråstrek"

    def cardinal(self, number: int) -> str:
        """Return a number; what num2words has of old spelling and wrong gender is put right."""
        words = super().cardinal(number).replace("syv", "sju")
        for neuter in ("hundre", "tusen"):
            words = words.replace(f"en {neuter}", f"ett {neuter}")
        return _SEVERAL.sub(r"\1er", words).removeprefix("ett ")

    def ordinal(self, number: int, before: str = "", after: str = "") -> str:
        """Return "tjueførste"."""
        return str(num2words(number, lang="no", to="ordinal")).replace("syv", "sju")

    def date(self, day: int, month: int, year: int | None) -> str:
        """Return "tredje mars nitten nittiåtte"."""
        words = f"{self.ordinal(day)} {self.months[month - 1]}"
        return f"{words} {self.year(year)}" if year else words

    def year(self, number: int) -> str:
        """Return "nitten nittiåtte"."""
        century, rest = divmod(number, _CENTURY)
        if rest >= len(self.digits):
            return f"{self.cardinal(century)} {self.cardinal(rest)}"
        if number >= _MILLENNIUM:
            return self.cardinal(number)
        head = f"{self.cardinal(century)} hundre"
        return f"{head} og {self.cardinal(rest)}" if rest else head

    def clock(self, hour: int, minute: int, suffix: str = "") -> str:
        """Return "ni null fem"."""
        words = "ett" if hour == 1 else self.cardinal(hour)
        if not minute:
            return words
        return f"{words} {'null ' if minute < len(self.digits) else ''}{self.cardinal(minute)}"

    def regnal(self, number: int) -> str:
        """Return "den femte"."""
        return f"den {self.ordinal(number)}"

    def part_of(self, upper: int, lower: int, unit: Counted) -> str:
        """Return "en halv meter", "tre fjerdedels liter"."""
        article, _, name = unit.one.partition(" ")
        if lower == _HALF:
            return f"{'et halvt' if article == 'ett' else 'en halv'} {name}"
        return f"{self.fraction(upper, lower).removesuffix('er')}s {name}"

    def fraction(self, upper: int, lower: int) -> str:
        """Return "tre fjerdedeler"."""
        if lower == _HALF:
            return "en halv"
        name = {3: "tredjedel", 4: "fjerdedel", 8: "åttedel"}[lower]
        return f"en {name}" if upper == 1 else f"{self.cardinal(upper)} {name}er"

    def with_cents(self, whole: str, cents: str) -> str:
        """Return "to kroner og femti øre"."""
        return f"{whole} og {cents}"
