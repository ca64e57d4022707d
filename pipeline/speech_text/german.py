"""German."""

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
    count_alike,
)

_WITH_DATIVE = frozenset(("auf", "unter", "in", "von", "bei", "mit", "zu", "aus", "nach", "an"))
_HALF, _MILLENNIUM = 2, 2000

_NEUTER_UNITS = ("gramm", "watt", "volt", "byte", "hertz", "pixel", "Dezibel", "Prozent")
_NEUTERS = frozenset(("Mal", "Jahr", "Jahrhundert", "Kapitel", "Quartal", "Semester", "Spiel"))
"""Nouns that are often counted."""

_FEMININE_ENDINGS = ("e", "ung", "heit", "keit", "ion", "schaft", "t\u00e4t", "ik", "ur", "ei")
_FEMININES = frozenset(
    (
        *("Nachricht", "Mail", "E-Mail", "Antwort", "Person", "App", "Nacht", "Zahl", "Stadt"),
        *("Frau", "Hand", "T\u00fcr", "Art", "Nummer", "Regel", "Tafel", "Flasche", "Feder"),
    )
)
_NO_FEMININES = frozenset(
    (
        *("Ei", "Name", "K\u00e4se", "Buchstabe", "Junge", "Kollege", "Kunde", "Ende", "Auge"),
        *(
            "Geb\u00e4ude",
            "Interesse",
            "Gedanke",
            "Funke",
            "Brei",
            "Experte",
            "Zeuge",
            "Gem\u00fcse",
        ),
    )
)
_NUMBERED = frozenset(
    (
        *("Platz", "Gleis", "Nummer", "Kapitel", "Punkt", "Zimmer", "Raum", "Stufe", "Schritt"),
        *("Phase", "Teil", "Klasse", "Formel", "Linie", "Version", "Seite", "Tag", "Runde"),
        *("Level", "Option", "Variante", "Nr.", "Abs.", "Art."),
    )
)
"""Words that a number behind them does not count."""

_WEEKDAYS = "Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag"


def _feminine(**names: str) -> dict[str, Counted]:
    return {unit: Counted(f"eine {name}", f"{name}n") for unit, name in names.items()}


_EURO = Currency(Counted("ein Euro", "Euro"), Counted("ein Cent", "Cent"))


class German(Vocabulary):
    """German as it is spoken in Germany."""

    language = "de"
    number = r"\d{1,3}(?:[. \u00a0\u202f]\d{3})+(?!\d)(?:,\d+)?|\d+(?:,\d+)?"
    group, decimal = ". \u00a0\u202f", ","
    point, version_point = "Komma", "Punkt"
    minus, plus, to, by = "minus", "plus", "bis", "mal"
    and_ = "und"
    times, out_of, ratio = "mal", "von", "zu"
    port, line = "Port", "Zeile"
    number_sign, version, dot, at = "Nummer", "Version", "Punkt", "ät"
    digits = ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
    units = MappingProxyType(
        {
            **count_alike(
                "ein", km="Kilometer", m="Meter", cm="Zentimeter", mm="Millimeter", kg="Kilogramm"
            ),
            **count_alike("ein", g="Gramm", mg="Milligramm", l="Liter", L="Liter", ml="Milliliter"),
            **count_alike("ein", W="Watt", kW="Kilowatt", V="Volt", KB="Kilobyte"),
            **count_alike(
                "ein", kB="Kilobyte", MB="Megabyte", GB="Gigabyte", TB="Terabyte", dB="Dezibel"
            ),
            **count_alike(
                "ein", Hz="Hertz", kHz="Kilohertz", MHz="Megahertz", GHz="Gigahertz", px="Pixel"
            ),
            **count_alike("ein", EL="Esslöffel", TL="Teelöffel", ha="Hektar"),
            **_feminine(ms="Millisekunde", s="Sekunde", min="Minute", h="Stunde", t="Tonne"),
            "Min.": Counted("eine Minute", "Minuten"),
            "Std.": Counted("eine Stunde", "Stunden"),
            "kWh": Counted("eine Kilowattstunde", "Kilowattstunden"),
            "km/h": Counted("ein Kilometer pro Stunde", "Kilometer pro Stunde"),
            "m/s": Counted("ein Meter pro Sekunde", "Meter pro Sekunde"),
            "Mbit/s": Counted("ein Megabit pro Sekunde", "Megabit pro Sekunde"),
            "MB/s": Counted("ein Megabyte pro Sekunde", "Megabyte pro Sekunde"),
            "m²": Counted("ein Quadratmeter", "Quadratmeter"),
            "km²": Counted("ein Quadratkilometer", "Quadratkilometer"),
            "m³": Counted("ein Kubikmeter", "Kubikmeter"),
            "°C": Counted("ein Grad", "Grad"),
            "°": Counted("ein Grad", "Grad"),
            "%": Counted("ein Prozent", "Prozent"),
            "Uhr": Counted("ein Uhr", "Uhr"),
        }
    )
    currencies = MappingProxyType(
        {
            **dict.fromkeys(("€", "EUR", "Euro"), _EURO),
            "$": Currency(Counted("ein Dollar", "Dollar"), Counted("ein Cent", "Cent")),
            "USD": Currency(Counted("ein US-Dollar", "US-Dollar"), Counted("ein Cent", "Cent")),
            "£": Currency(Counted("ein Pfund", "Pfund"), Counted("ein Penny", "Pence")),
            "¥": Currency(Counted("ein Yen", "Yen")),
            "CHF": Currency(Counted("ein Franken", "Franken"), Counted("ein Rappen", "Rappen")),
            "kr": Currency(Counted("eine Krone", "Kronen")),
            "NOK": Currency(Counted("eine norwegische Krone", "norwegische Kronen")),
        }
    )
    scales = MappingProxyType({"Millionen": "Millionen", "Milliarden": "Milliarden"})
    months = (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    )
    month_pattern = (
        r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
        r"|Jänner|(?:Jan|Feb|Mär|Apr|Jun|Jul|Aug|Sept|Sep|Okt|Nov|Dez)\b\.?)"
    )
    month_starts = (
        *("jan", "feb", "mar", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
    )
    day_month = (
        r"(?:(?P<before>[Aa]m|[Vv]om|[Zz]um|[Dd]em|[Dd]en|[Dd]er|[Dd]es|[Dd]ie|[Dd]as|[Bb]is|[Aa]b"
        r"|[Ss]eit|[Nn]ach|[Vv]or),? )?"
        rf"(?P<day>\d{{1,2}})\. ?(?P<month>{month_pattern})(?: (?P<year>\d{{4}}))?"
    )
    numeric_date = (
        r"(?:(?P<before>[Aa]m|[Vv]om|[Zz]um|[Dd]em|[Dd]en|[Dd]er|[Bb]is|[Aa]b|[Ss]eit),? )?"
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})?(?!\d)"
    )
    time = (
        r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?P<suffix> Uhr)?"
        r"|(?P<dotted_hour>[01]?\d|2[0-4])\.(?P<dotted_minute>[0-5]\d)(?P<dotted_suffix> Uhr)"
    )
    ordinal_pattern = (
        r"(?:(?P<before>[Aa]m|[Vv]om|[Zz]um|[Dd]em|[Dd]en|[Dd]er|[Dd]es|[Dd]ie|[Dd]as|[Ii]m|[Bb]eim"
        r"|[Ee]in|[Ee]ine|[Kk]ein|[Jj]eden) )(?P<ordinal>\d{1,3})\.(?= (?P<after>\w+)|$)"
        r"|(?P<bare_ordinal>\d{1,3})\.(?:(?= [a-zäöü])|(?<=\(\d\.)(?= [A-ZÄÖÜ]))"
    )
    year_leads = r"[Jj]ahr|[Jj]ahre|[Ss]eit|[Ss]ommer|[Ww]inter|[Hh]erbst|Frühjahr|Q[1-4]"
    weekdays = MappingProxyType(
        {
            "Mo": "Montag",
            "Di": "Dienstag",
            "Mi": "Mittwoch",
            "Do": "Donnerstag",
            "Fr": "Freitag",
            "Sa": "Samstag",
            "So": "Sonntag",
        }
    )
    code_leads = r"(?:[Cc]ode|PIN|TAN|Passwort|Kennwort)(?: ist| lautet|:)?"
    number_leads = r"Nr\. ?(?=\d)"
    per = "pro"
    per_what = MappingProxyType(
        {
            **{what: what for what in ("Monat", "Woche", "Tag", "Stunde", "Minute", "Sekunde")},
            **{what: what for what in ("Jahr", "Nacht", "Person", "Nutzer", "kg", "Kilo")},
            "Mon.": "Monat",
            "Std.": "Stunde",
            "h": "Stunde",
            "Min.": "Minute",
        }
    )
    decade = r"(?<![\w.,])(?P<decade>\d{3}0|\d0)(?P<ending>er)\b"
    inflects_one = True
    spans = MappingProxyType(
        {
            "s": Counted("einer Sekunde", "Sekunden"),
            "min": Counted("einer Minute", "Minuten"),
            "h": Counted("einer Stunde", "Stunden"),
            "d": Counted("einem Tag", "Tagen"),
            "mo": Counted("einem Monat", "Monaten"),
            "y": Counted("einem Jahr", "Jahren"),
        }
    )
    soon, ago = "in {}", "vor {}"
    signs = SignWords(
        about="etwa",
        is_about="ist etwa",
        plus_minus="plus minus",
        equals="gleich",
        is_not="ist nicht",
        times="mal",
        divided_by="geteilt durch",
        root_of="Wurzel aus",
        squared="Quadrat",
        cubed="hoch drei",
        to_the_power_of="hoch",
        section="Paragraf",
        or_="oder",
        pi="Pi",
        at_least="mindestens",
        at_most="höchstens",
        less_than="weniger als",
        more_than="mehr als",
    )
    rewritten = (
        *Vocabulary.rewritten,
        (r"(?<!\d)(?<!\d )\bmin\. (?=[\d-])", "minimal "),
        (r"\bS\. ?(?=\d)", "Seite "),
        (r"\bAbs\. ?(?=\d)", "Absatz "),
        (r"\bArt\. ?(?=\d)", "Artikel "),
        (r"\bKap\. ?(?=\d)", "Kapitel "),
        (r"\bAbb\. ?(?=\d)", "Abbildung "),
        (rf"(\d{{1,2}}\.) ?[\u2013-] ?(?=\d{{1,2}}\. ?(?:{month_pattern}|\d))", r"\1 bis "),
        (rf"\b([Aa]m|[Vv]om|[Zz]um) ({_WEEKDAYS}), (?=\d{{1,2}}\.)", r"\1 \2, dem "),
        (r"(?<!\d)1 Mio\.|(?<!\d)1 Million(?:en)?\b", "eine Million"),
        (r"(?<!\d)1 Mrd\.|(?<!\d)1 Milliarden?\b", "eine Milliarde"),
    )
    abbreviations = MappingProxyType(
        {
            "z. B.": "zum Beispiel",
            "z.B.": "zum Beispiel",
            "d. h.": "das heißt",
            "d.h.": "das heißt",
            "u. a.": "unter anderem",
            "u.a.": "unter anderem",
            "usw.": "und so weiter",
            "etc.": "et cetera",
            "bzw.": "beziehungsweise",
            "ca.": "circa",
            "ggf.": "gegebenenfalls",
            "evtl.": "eventuell",
            "inkl.": "inklusive",
            "zzgl.": "zuzüglich",
            "vgl.": "vergleiche",
            "Dr.": "Doktor",
            "Prof.": "Professor",
            "Tel.": "Telefon",
            "und/oder": "und oder",
            "24/7": "rund um die Uhr",
            "Tsd.": "Tausend",
            "Mio.": "Millionen",
            "Mrd.": "Milliarden",
            "mind.": "mindestens",
            "max.": "maximal",
        }
    )
    left_out = MappingProxyType(
        {
            LeftOut.CODE: LeftOutWords(
                "Der Code steht im Kanal.", "Den Code habe ich ausgelassen."
            ),
            LeftOut.TEXT: LeftOutWords(
                "Der Text steht im Kanal.", "Den Text habe ich ausgelassen."
            ),
            LeftOut.DIAGRAM: LeftOutWords("Das Diagramm steht im Kanal."),
            LeftOut.DATA: LeftOutWords(
                "Die Daten stehen im Kanal.", "Die Daten habe ich ausgelassen."
            ),
            LeftOut.TABLE: LeftOutWords(
                "Die Tabelle steht im Kanal.", "Die Tabelle habe ich ausgelassen."
            ),
            LeftOut.FORMULA: LeftOutWords(
                "Die Formel steht im Kanal.", "Die Formel habe ich ausgelassen."
            ),
            LeftOut.PICTURE: LeftOutWords("Das Bild ist im Kanal."),
            LeftOut.LINK: LeftOutWords("Der Link steht im Kanal."),
            LeftOut.REST: LeftOutWords("Der Rest steht im Kanal.", "Es gibt noch mehr."),
        }
    )
    stand_ins = MappingProxyType(
        {
            marks.LINK: "der Link",
            marks.CODE: "der Code",
            marks.FORMULA: "die Formel",
            marks.CHANNEL: "der Kanal",
            marks.DATA: "die Daten",
            marks.SPOILER: "der Spoiler",
        }
    )
    heads = MappingProxyType(
        {
            marks.YES: "ja",
            marks.NO: "nein",
            marks.DONE: "Erledigt",
            marks.OPEN: "Offen",
            marks.NOTE: "Anmerkung",
        }
    )
    slash = "Slash"

    def bare(self, text: str) -> str:
        """Return a number; from 1100 to 1999 as years are said, which is right for both."""
        if text.isdigit() and FIRST_YEAR <= int(text) < _MILLENNIUM:
            return self.year(int(text))  # right for a number as well
        return super().bare(text)

    def ordinal(self, number: int, before: str = "", after: str = "") -> str:
        """Return an ordinal with the ending that the words around it demand."""
        words = str(num2words(number, lang="de", to="ordinal"))
        word = before.lower()
        if word in {"der", "die", "das", "eine"}:
            return words
        if word in {"ein", "kein"} and after in _NEUTERS:
            return f"{words}s"
        return f"{words}r" if word in {"", "ein", "kein"} else f"{words}n"

    def one(self, noun: str, before: str) -> str:
        """Return "ein" or "eine", as far as the noun shows its gender."""
        if before in _NUMBERED or not noun[0].isupper():
            return "eins"
        ends = noun.endswith(_FEMININE_ENDINGS) and noun not in _NO_FEMININES
        return "eine" if ends or noun in _FEMININES else "ein"

    def regnal(self, number: int) -> str:
        """Return "der vierzehnte"."""
        return f"der {self.ordinal(number, 'der')}"

    def date(self, day: int, month: int, year: int | None) -> str:
        """Return "dritter März neunzehnhundertachtundneunzig"."""
        return self.day_first(day, month, year)

    def day_first(self, day: int, month: int, year: int | None, before: str = "") -> str:
        """Return the day with the ending that the word before it demands."""
        words = f"{self.ordinal(day, before)} {self.months[month - 1]}"
        return f"{words} {self.year(year)}" if year else words

    def year(self, number: int) -> str:
        """Return "neunzehnhundertachtundneunzig"."""
        return str(num2words(number, lang="de", to="year"))

    def clock(self, hour: int, minute: int, suffix: str = "") -> str:
        """Return "neun Uhr fünf"."""
        words = f"{'ein' if hour == 1 else self.cardinal(hour)} Uhr"
        return f"{words} {self.cardinal(minute)}" if minute else words

    def fraction(self, upper: int, lower: int) -> str:
        """Return "drei Viertel"."""
        if lower == _HALF:
            return "ein halb"
        name = {3: "Drittel", 4: "Viertel", 8: "Achtel"}[lower]
        return f"{'ein' if upper == 1 else self.cardinal(upper)} {name}"

    def part_of(self, upper: int, lower: int, unit: Counted) -> str:
        """Return "ein halber Meter", "drei viertel Liter"."""
        article, _, name = unit.one.partition(" ")
        if lower == _HALF:
            masculine = "halbes" if name.endswith(_NEUTER_UNITS) else "halber"
            return f"{article} {'halbe' if article == 'eine' else masculine} {name}"
        return f"{self.fraction(upper, lower).lower()} {unit.many}"

    def mixed(self, whole: int, upper: int, lower: int) -> str:
        """Return "zweieinhalb"."""
        if lower == _HALF:
            return f"{'ein' if whole == 1 else self.cardinal(whole)}einhalb"
        return super().mixed(whole, upper, lower)

    def stand_in(self, mark: str, before: str) -> str:
        """Return a noun in the case that the word before it demands, as far as one word tells."""
        article, _, noun = self.stand_ins[mark].partition(" ")
        if not before:
            return f"{article} {noun}"
        if before.lower() in _WITH_DATIVE:
            return f"{'der' if article == 'die' else 'dem'} {noun}"
        return f"{'den' if article == 'der' else article} {noun}"

    def with_cents(self, whole: str, cents: str) -> str:
        """Return "zwei Euro zehn"."""
        return f"{whole} {'eins' if cents == 'ein Cent' else cents.removesuffix(' Cent')}"
