"""Words around a name that calls someone, by language (ISO 639-1).

They stand together, whatever is spoken: a recogniser may be told one language
and hear another. Words that mean something else where they would do harm are
left out: French "ben" is also a person's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.names import fold, word_set


@dataclass(frozen=True, slots=True)
class CallWords:
    """What people of one language say beside a name."""

    greetings: frozenset[str]
    """Words that call someone: a name behind them is always called."""

    openers: frozenset[str]
    """Words that may stand before the name and want nothing by themselves."""

    others: frozenset[str]
    """Words that may stand before the name and say something: thanks, yes, good morning."""

    closers: frozenset[str]
    """Words that may stand behind the name at the end."""


def _words(greetings: str, openers: str, others: str, closers: str) -> CallWords:
    texts = (greetings, openers, others, closers)
    return CallWords(*(word_set(fold(text)) for text in texts))


ENGLISH = _words(
    "hey hi hello hallo yo heya hiya oi",
    "ok okay so um umm uh uhm er erm ah oh eh hm hmm mm well now please and but then listen"
    " excuse me dear",
    "right alright yeah yes yep no nope like sorry wait actually anyway great cool good morning"
    " afternoon evening night thanks thank you",
    "please thanks thank you ok okay now dear",
)
"""English."""

OTHERS: Mapping[str, CallWords] = {
    "de": _words(
        "hallo he servus moin gruss",
        "ach also ahm na nun und aber dann jetzt bitte sag mal du hor zu entschuldigung"
        " entschuldige",
        "gut genau guten morgen tag abend nacht danke vielen dank ja nein doch klar",
        "bitte danke mal schon sehr jetzt",
    ),
    "fr": _words(
        "bonjour salut bonsoir coucou allo",
        "alors bon euh bah donc et mais s'il te vous plait dis dites moi excuse excusez pardon",
        "oui non merci voila d'accord bien",
        "s'il te vous plait merci beaucoup stp",
    ),
    "es": _words(
        "hola oye oiga",
        "pues bueno vale este y pero entonces por favor perdona perdon disculpa escucha",
        "buenos buenas dias tardes noches si gracias claro",
        "por favor gracias ahora",
    ),
    "it": _words(
        "ciao ehi salve senti",
        "allora beh dunque e ma per favore piacere scusa scusami ascolta",
        "buongiorno buonasera grazie si certo va bene",
        "per favore piacere cortesia grazie adesso",
    ),
    "pt": _words(
        "ola oi ei alo",
        "entao e mas por favor desculpa desculpe escuta olha pois",
        "bom boa dia tarde noite sim nao obrigado obrigada claro",
        "por favor obrigado obrigada agora",
    ),
    "nl": _words(
        "hoi hallo hé hee",
        "zeg nou dus en maar dan even luister eens pardon alsjeblieft alstublieft",
        "goedemorgen goedemiddag goedenavond goede dag ja nee dank bedankt je u goed",
        "alsjeblieft alstublieft graag dank je u bedankt nu",
    ),
    "no": _words(
        "hei hallo halla heisann",
        "og men da altså nå så vennligst unnskyld hør lytt du",
        "god morgen dag kveld ja nei jo takk bra",
        "takk er du snill vennligst nå",
    ),
    "sv": _words(
        "hej hallå tjena tja",
        "och men då alltså nu så snälla ursäkta förlåt hör lyssna du",
        "god morgon dag kväll ja nej tack bra",
        "tack snälla nu är du",
    ),
    "da": _words(
        "hej hallo halløj dav",
        "og men altså nu så venligst undskyld hør lyt du",
        "god morgen dag aften ja nej jo tak godt",
        "tak venligst nu er du sød",
    ),
}
"""The other languages."""
