"""Which language a sentence of a reply is in: by its script, else by its small words."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile("[\u3040-\u30ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_SCRIPTS = (
    ("ja", _KANA, 3),
    ("ko", re.compile("[\uac00-\ud7af]"), 3),
    ("zh", re.compile("[\u4e00-\u9fff]"), 3),
    ("ru", re.compile("[\u0400-\u04ff]"), 1),
    ("el", re.compile("[\u0370-\u03ff]{2}"), 2),
    ("ar", re.compile("[\u0600-\u06ff]"), 1),
    ("he", re.compile("[\u0590-\u05ff]"), 1),
    ("hi", re.compile("[\u0900-\u097f]"), 1),
    ("th", re.compile("[\u0e00-\u0e7f]"), 1),
)
"""Languages by what is written in their script, and how many Latin letters it outweighs."""

_SMALL_WORDS = {
    "en": """the a an and or of to in is are was were it its you your i my we he she they this that
        these there here for on with at by from not no yes be been have has had do does did can will
        would should could if then what when where how who which as but about all one out up just
        so me him her them our their please sure done hello hi good thanks""",
    "de": """der die das den dem des ein eine einen einem einer und oder aber ist sind war waren es
        ich du er sie wir ihr nicht kein keine mit von vom zu zum zur im am auf aus bei nach für
        über um wie was wann wo wer wenn dass auch noch nur schon hier dort hat haben habe wird
        werden kann können soll bitte ja nein danke dein deine mein meine sich als bis uhr heute
        morgen gerne klar gut""",
    "no": """og eller er var det den de en et ei jeg du han hun vi dere ikke ingen med av til fra på
        for om som hva når hvor hvem hvis at også bare her der har hadde kan skal vil blir ble må
        klokka klokken ja nei takk din ditt dine min mitt mine seg opp ut nå i dag morgen gjerne
        flere alle denne dette disse""",
    "sv": """och eller är var det den de en ett jag du han hon vi ni inte ingen med av till från på
        för om som vad när hur vem att också bara här där har hade kan ska vill blir måste klockan
        ja nej tack din ditt dina min mitt mina sig upp ut nu idag""",
    "fr": """le la les un une des et ou est sont était il elle nous vous je tu ne pas avec de du à
        au aux dans sur pour par que qui quoi quand où comment si ce cette ces mais plus oui non
        merci votre vos mon ma mes""",
    "es": """el la los las un una unos y o es son era yo tú él ella nosotros no con de del a al en
        por para que qué cuando cuándo dónde cómo si este esta estos pero más sí gracias su sus mi
        tu está están hay""",
    "it": """il lo la gli le un una e o è sono era io tu lui lei noi non con di del della a al alla
        in per che chi quando dove come se questo questa ma più sì grazie suo sua mio""",
    "nl": """de het een en of is zijn was waren ik jij je hij zij wij niet geen met van te naar op
        voor over om als wat wanneer waar hoe wie dat dit deze ook nog maar hier daar heeft hebben
        kan zal ja nee dank""",
}

_LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    word: tuple(code for code, words in _SMALL_WORDS.items() if word in words.split())
    for word in {word for words in _SMALL_WORDS.values() for word in words.split()}
}


def guess_language(text: str, otherwise: str) -> str:
    """Return the ISO 639-1 code of a sentence's language.

    Args:
        text: Plain words.
        otherwise: What is likely, from the sentences before or from the question;
            the answer when the words do not clearly say another.

    """
    latin = len(_LATIN.findall(text))
    for code, script, weight in _SCRIPTS:
        if (found := len(script.findall(text))) and found * weight >= latin:
            return "ja" if code == "zh" and otherwise == "ja" else code
    counts: dict[str, float] = {otherwise: 0.5}
    for word in _WORD.findall(text.lower()):
        for code in _LANGUAGES_OF.get(word, ()):
            counts[code] = counts.get(code, 0) + 1
    best = max(counts, key=lambda code: counts[code])
    clear = counts[best] >= 2 * counts[otherwise] and counts[best] >= _CLEAR
    return best if clear else otherwise


_CLEAR = 2
"""Small words of another language that it takes to believe in a change."""
