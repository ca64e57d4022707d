"""What kind of utterance it is, by its words: a request, a question, a nod, people's talk.

Words alone are weak evidence of who is meant (a hashed n-gram classifier
reaches an AUC of 0.85 between assistants' requests and questions in meetings),
so nothing here decides by itself. The word lists are English.

Sans I/O.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.names import Word, word_set
from pipeline.vocative import FILLERS, SUBJECTS, WH_WORDS

_NODS = word_set(
    "yeah yea yep yup yes no nope nah ok okay k right sure mm mmm mmhm mmhmm mhm hm hmm hmmm uh huh"
    " uhhuh um umm er erm ah aha oh ooh wow cool nice great good exactly really totally absolutely"
    " definitely true well so alright fine haha hah ha lol yay"
)
_NOD_PHRASES = frozenset(
    {
        "i see",
        "got it",
        "i know",
        "of course",
        "that's right",
        "that's true",
        "fair enough",
        "me too",
    }
)
_ANSWERS = word_set(
    "yes yeah yea yep yup no nope nah ok okay sure right definitely absolutely exactly fine mhm"
    " mmhm great good true alright"
)
AUXILIARIES = word_set(
    "is are was were do does did can could will would should shall may have has had am isn't aren't"
    " wasn't weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't"
)
_IMPERATIVES = word_set(
    "play turn tell show set start add make find remove give book send open close delete check"
    " change tweet order switch lower raise remind resume list save read mute unmute create"
    " increase decrease cancel search convert clear define schedule erase repeat post dim describe"
    " wake confirm brighten stop activate pause skip translate calculate explain summarize"
    " summarise recommend suggest spell roll flip count email text call look google compare"
    " navigate lock unlock update reset restart snooze write"
)
_POLITE = frozenset({"please", "kindly", "just", "then"})
_ASKED_OF_ASSISTANTS = frozenset({"can", "could", "will", "would"})
_WISHES = (
    "help me",
    "i want you to",
    "i need you to",
    "i'd like",
    "i would like to know",
    "i need to know",
    "i want to know",
    "let me know",
)
_PEOPLE = word_set(
    "we we're we've we'll us our ours let's lets guys y'all yourself yourselves he he's she she's"
    " him his they they're them their"
)
_YOU = frozenset({"you", "you're", "you've", "you'll", "your", "yours"})
_TOPICS = word_set(
    "weather temperature forecast rain raining sunny snow timer timers alarm alarms reminder"
    " reminders calendar schedule news music song songs jazz playlist podcast radio volume light"
    " lights lamp email emails time date day year recipe joke stock price traffic train taxi uber"
    " restaurant restaurants percent dollars euros capital population definition mean"
)


def _texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


def is_nod(words: Sequence[Word]) -> bool:
    """Whether it only keeps someone else talking: "yeah", "mm-hm", "i see"."""
    texts = _texts(words)
    return all(text in _NODS for text in texts) or " ".join(texts) in _NOD_PHRASES


def is_answer(words: Sequence[Word]) -> bool:
    """Whether a nod would also answer a question with yes or no."""
    return not _ANSWERS.isdisjoint(_texts(words))


def _content(words: Sequence[Word]) -> list[str]:
    """Return the words of the utterance without the fillers it opens with."""
    texts = _texts(words)
    for index, text in enumerate(texts):
        if text not in FILLERS and text not in _POLITE:
            return texts[index:]
    return []


def is_question(words: Sequence[Word], *, marked: bool) -> bool:
    """Whether it asks something.

    Args:
        words: The utterance.
        marked: The recogniser ended it with a question mark.

    """
    content = _content(words)
    if not content:
        return False
    inverted = content[0] in AUXILIARIES and not SUBJECTS.isdisjoint(content[1:2])
    return marked or content[0] in WH_WORDS or inverted


def is_request(words: Sequence[Word]) -> bool:
    """Whether it asks for something to be done, as people ask assistants."""
    content = _content(words)
    if not content:
        return False
    asked = content[0] in _ASKED_OF_ASSISTANTS and content[1:2] == ["you"] and content[2:] != []
    return content[0] in _IMPERATIVES or asked or " ".join(content).startswith(_WISHES)


def is_between_people(words: Sequence[Word]) -> bool:
    """Whether it speaks of the people themselves: "did you watch the game", "let us start"."""
    texts = _texts(words)
    asked = texts[:1] and texts[0] in _ASKED_OF_ASSISTANTS and texts[1:2] == ["you"]
    you = not _YOU.isdisjoint(texts[2:] if asked else texts)
    return you or not _PEOPLE.isdisjoint(texts)


def is_topical(words: Sequence[Word]) -> bool:
    """Whether it is about what assistants are asked for: the weather, a timer, music."""
    return not _TOPICS.isdisjoint(_texts(words))
