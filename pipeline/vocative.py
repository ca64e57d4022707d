"""Whether a name in an utterance calls its bearer, or speaks about them.

A name calls where vocatives stand: first in a sentence ("hey Jarvis, …"), last
in it ("…, Jarvis"), or between commas. "Jarvis said …" and "I told Jarvis" have
the name in those places too and are talk about him; the words next to the name
tell, in English. In other languages a name first or last in a sentence calls;
greetings and the like around it are known in ten (:mod:`pipeline.call_words`).

Sans I/O.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from pipeline.call_words import ENGLISH, OTHERS
from pipeline.names import Mention, Word, word_set

GREETINGS = ENGLISH.greetings.union(*(words.greetings for words in OTHERS.values()))
"""Words that call someone: a name behind them is always called."""

_OPENERS = ENGLISH.openers.union(*(words.openers for words in OTHERS.values()))

FILLERS = ENGLISH.greetings | ENGLISH.openers | ENGLISH.others
"""English words that may stand before a name, or any sentence, without changing it."""

_BEFORE = FILLERS.union(
    *(words.greetings | words.openers | words.others for words in OTHERS.values())
)

WH_WORDS = word_set(
    "what what's whats who who's whos where where's wheres when when's whens why why's how how's"
    " hows which whose"
)
"""Words that open questions about something."""

SUBJECTS = word_set(
    "i you it he she we they there this that these those the my your our his her their any anyone"
    " anybody anything everyone everybody everything someone somebody something some"
)
"""Words with which the subject of a sentence begins."""

_MODALS = word_set("can can't could couldn't will won't should shouldn't might must may")
_COPULAS = frozenset({"is", "isn't", "was", "wasn't"})
_THIRD_PERSON_AUXILIARIES = word_set("has hasn't had hadn't does doesn't did didn't")
_REPORTS = word_set(
    "said says told tells thinks thought knows knew wants wanted went goes got gets gave gives made"
    " makes came comes works worked seems seemed looks looked sounds sounded keeps kept needs"
    " needed likes liked hates loves asked asks answered answers heard hears understands understood"
    " took takes tried tries used uses became stopped broke crashed never and or s"
)
_LINKS = frozenset({"and", "or"})
_LINKED_WISHES = WH_WORDS | word_set(
    "in on at for from to of with by then also now tomorrow today tonight yesterday please"
)
_ADVERBS = word_set("just also already really always actually only even probably still")
_PREDICATES = word_set(
    "not a an so very really too just still always never good great bad wrong right broken down"
    " back nice cool funny annoying stupid slow fast here like supposed able gone dead better ready"
    " one called named been no already nothing"
)
_DETERMINERS = word_set("the a an my your our another every and or mr mrs named than")
_TELLING = word_set(
    "told tell tells telling ask asks asked asking call called calls calling met meet invite"
)
_PREPOSITIONS = word_set("to with about of for from by at like")
_FEELINGS = word_set("love hate used using tried saw heard like use")
_PRONOUN_SUBJECTS = word_set("i i'm i've we we've he she they you")
_ABOUT_SOMEONE = frozenset(
    {("what", "about"), ("how", "about"), ("think", "about"), ("think", "of"), ("heard", "of")}
    | {(wh, be) for wh in ("who", "where", "how") for be in ("is", "was")}
)
_CLOSERS = ENGLISH.closers.union(*(words.closers for words in OTHERS.values()))
_ANSWERED = word_set(
    "hello hi hiya hallo hola bonjour bonsoir salut coucou ciao salve ola hoi hei hej moin servus"
)
_BARE = (GREETINGS | _OPENERS) - _ANSWERED  # who is greeted greets back, at once
_MOST_FILLERS = 5


class Position(enum.Enum):
    """Where a name that calls stands in its sentence."""

    FIRST = "first"
    LAST = "last"
    ASIDE = "between pauses"


def call_position(words: Sequence[Word], mention: Mention) -> Position | None:
    """Return where a name that calls its bearer stands; ``None`` when it does not call."""
    if opening(words, mention.start) == mention.start:
        return None if _is_subject(words, mention) else Position.FIRST
    if _ends_sentence(words, mention.end):
        return None if _is_object(words, mention) else Position.LAST
    if words[mention.start].opens and words[mention.end - 1].closes:
        return None if _is_listed(words, mention) else Position.ASIDE
    return None


def sentence_start(words: Sequence[Word], at: int) -> int:
    """Return the index of the first word of the sentence that holds word ``at``."""
    while at and not words[at].first:
        at -= 1
    return at


def opening(words: Sequence[Word], at: int) -> int:
    """Return the index of the first word with meaning in the sentence of word ``at``.

    Greetings and fillers before ``at`` have none.
    """
    start = sentence_start(words, at)
    stop = min(at, start + _MOST_FILLERS)
    while start < stop and words[start].text in _BEFORE:
        start += 1
    return start


def _rest(words: Sequence[Word], end: int) -> list[str]:
    """Return the words behind index ``end`` in the same sentence."""
    rest: list[str] = []
    for index in range(end, len(words)):
        if index and words[index].first:
            break
        rest.append(words[index].text)
    return rest


def _is_subject(words: Sequence[Word], mention: Mention) -> bool:
    """Whether an opening name is the subject of its sentence: "jarvis said that …"."""
    greeted = mention.start and words[mention.start - 1].text in GREETINGS
    if greeted or words[mention.end - 1].closes:
        return False
    rest = _rest(words, mention.end)
    if rest[0] in _ADVERBS and len(rest) > 1:
        rest = rest[1:]
    if rest[0] in _LINKS and not _LINKED_WISHES.isdisjoint(rest[1:2]):
        return False  # "jarvis, and in paris?"
    return rest[0] in _REPORTS or (
        rest[0] in _MODALS | _COPULAS | _THIRD_PERSON_AUXILIARIES and not _is_inverted(rest)
    )


def _is_inverted(rest: Sequence[str]) -> bool:
    """Whether words that open with an auxiliary ask: "is it raining", not "is a fool"."""
    auxiliary, *others = rest
    if len(others) <= 1:  # "it works": a question has a subject and says something of it
        return False
    subject = others[0]
    if subject in SUBJECTS:
        return True
    if auxiliary in _MODALS or auxiliary.endswith("n't") or subject in _PREDICATES:
        return False
    participle = "ing" if auxiliary in _COPULAS else "ed"
    return not subject.endswith(participle)


def _is_listed(words: Sequence[Word], mention: Mention) -> bool:
    """Whether a name between pauses stands in a list or explains: "ann, jarvis and ben"."""
    rest = _rest(words, mention.end)
    return bool(rest) and rest[0] in _REPORTS


def _ends_sentence(words: Sequence[Word], end: int) -> bool:
    return all(word in _CLOSERS for word in _rest(words, end))


def _is_object(words: Sequence[Word], mention: Mention) -> bool:
    """Whether a closing name is what the words before it are about: "I told jarvis"."""
    if words[mention.start].opens:
        return False
    before = [w.text for w in words[sentence_start(words, mention.start) : mention.start]]
    last, pair = before[-1], tuple(before[-2:])
    if last in _DETERMINERS or (pair in _ABOUT_SOMEONE and len(before) == len(pair)):
        return True
    asks = not WH_WORDS.isdisjoint(before)
    if last in _TELLING:
        return not asks and pair[0] not in _DETERMINERS
    if last in _PREPOSITIONS:
        return not asks or pair in _ABOUT_SOMEONE
    return last in _FEELINGS and before[0] in _PRONOUN_SUBJECTS


def is_bare(words: Sequence[Word], mention: Mention) -> bool:
    """Return whether nothing but a name was said, perhaps with a word that calls ("hey").

    Who says hello, thanks or yes wants no more than that to be heard.
    """
    around = [*words[: mention.start], *words[mention.end :]]
    return all(word.text in _BARE for word in around)


def calling_places(words: Sequence[Word]) -> tuple[int, ...]:
    """Return the indices of words that would call someone if they were names: first, last."""
    if not words:
        return ()
    last = len(words) - 1
    while last and words[last].text in _CLOSERS:
        last -= 1
    first = opening(words, last)
    return (first, last) if first < last else (last,)
