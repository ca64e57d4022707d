"""What kind of utterance it is, by its words: a request, a question, a nod, people's talk.

Words alone are weak evidence of who is meant (``benchmarks/relevance_words.py``
measures how weak), so nothing here decides by itself. The word lists are English.

Sans I/O.
"""

from __future__ import annotations

import itertools
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
_DOUBTS = (
    "i don't know",
    "i do not know",
    "i dunno",
    "dunno",
    "no idea",
    "i have no idea",
    "i'm not sure",
    "not sure",
    "who knows",
    "good question",
    "let me",
    "let's",
    "ask ",
    "i wonder",
    "i was wondering",
)
_ANSWER_OPENINGS = word_set(
    "it's its it that's they're there's he's she's in at on about around by from to because maybe"
    " probably i think under behind near next after before yesterday today tomorrow tonight half"
    " quarter no yes nobody everybody"
)
_PLAIN_OPENINGS = word_set("it's its it that's they're there's he's she's no yes")
_NUMBERS = word_set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
    " hundred thousand million"
)
_ASK_NUMBERS = word_set(
    "when many much long far old often tall high big heavy time year day date number"
)
_SHORT_ANSWER = 4
_SHORTEST_TOPIC = 4
_HESITATIONS = word_set("um umm uh uhm er erm ah oh hm hmm mm well so")
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
_ASKED_TO_DO = _IMPERATIVES | word_set("help say do get go use take put keep try speak talk")
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
_TO_PEOPLE = word_set("we we're we've we'll us our ours let's lets guys y'all yourself yourselves")
_OF_PEOPLE = word_set("he he's she she's him his they they're them their")
_YOU = frozenset({"you", "you're", "you've", "you'll", "your", "yours"})
_SAID_BY_YOU = word_set("say said saying mean meant repeat mention mentioned")
_GOING_ON = (("and",), ("or",), ("also",), ("then",), ("what", "about"), ("how", "about"))
_SURE = frozenset({("are", "you", "sure"), ("say", "that", "again"), ("repeat", "that")})
_TO_WHOEVER_IS_THERE = frozenset(
    {
        "can you hear me",
        "can you hear me now",
        "can anyone hear me",
        "can anybody hear me",
        "can everyone hear me",
        "do you hear me",
        "are you there",
        "are you still there",
        "is anyone there",
        "is anybody there",
        "how are you",
        "how are you doing",
        "how are you today",
        "how is it going",
        "how's it going",
        "what's up",
        "what is up",
    }
)
_TOPICS = word_set(
    "weather temperature forecast rain raining sunny snow timer timers alarm alarms reminder"
    " reminders calendar schedule news music song songs jazz playlist podcast radio volume light"
    " lights lamp email emails time date day year recipe joke stock price traffic train taxi uber"
    " restaurant restaurants percent dollars euros capital population definition"
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


def may_answer(
    words: Sequence[Word], question: Sequence[Word], *, marked: bool, plainly: bool = False
) -> bool:
    """Whether an utterance may be somebody's answer to a question.

    Args:
        words: What was said after the question.
        question: The question.
        marked: The recogniser ended ``words`` with a question mark.
        plainly: Only what can hardly be anything else: it takes up the question's words, or
            begins as answers do.

    """
    texts = _texts(words)
    if not texts or is_question(words, marked=marked) or is_request(words):
        return False
    if is_nod(words):
        return _is_polar(question) and is_answer(words)
    content = [text for text in texts if text not in _HESITATIONS]
    if " ".join([*content, ""]).startswith(_DOUBTS):
        return False
    told = not _NUMBERS.isdisjoint(content) or any(text.isdigit() for text in content)
    taken_up = not _topic(content).isdisjoint(_topic(_texts(question)))
    opens = content[0] in _ANSWER_OPENINGS
    if plainly:
        numeric = not _ASK_NUMBERS.isdisjoint(_texts(question))
        return taken_up or content[0] in _PLAIN_OPENINGS or (told and numeric)
    return told or taken_up or opens or len(content) <= _SHORT_ANSWER


def _is_polar(question: Sequence[Word]) -> bool:
    """Whether yes or no would answer it."""
    return _content(question)[:1] == [] or _content(question)[0] not in WH_WORDS


def _topic(texts: Sequence[str]) -> set[str]:
    return {text for text in texts if len(text) >= _SHORTEST_TOPIC} - WH_WORDS - AUXILIARIES


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
    told = content[0] in _IMPERATIVES or " ".join(content).startswith(_WISHES)
    return told or _is_asked_to_do(content)


def _is_asked_to_do(content: Sequence[str]) -> bool:
    """Whether it opens like "can you play": what only people do ("can you pass me") is none."""
    if content[0] not in _ASKED_OF_ASSISTANTS or content[1:2] != ["you"]:
        return False
    asked = [text for text in content[2:] if text not in _POLITE]
    return asked[:1] != [] and asked[0] in _ASKED_TO_DO


def is_asked_of_speaker(words: Sequence[Word]) -> bool:
    """Whether it asks who has just spoken: "can you repeat that", "what do you mean"."""
    content = _content(words)
    if not content:
        return False
    texts = _texts(words)
    said = any(
        subject == "you" and verb in _SAID_BY_YOU for subject, verb in itertools.pairwise(texts)
    )
    opens = any(tuple(content[: len(phrase)]) == phrase for phrase in _SURE)
    return said or opens or _is_asked_to_do(content)


def is_to_people(words: Sequence[Word]) -> bool:
    """Whether it speaks to people: "did you watch the game", "let us start"."""
    texts = _texts(words)
    if is_asked_of_speaker(words) or " ".join(_content(words)) in _TO_WHOEVER_IS_THERE:
        return False
    thanked = texts[:2] == ["thank", "you"]
    you = not _YOU.isdisjoint(texts[2:] if thanked else texts)
    us = not _TO_PEOPLE.isdisjoint(texts)
    return you or (us and not is_request(words))


def is_proposal(words: Sequence[Word]) -> bool:
    """Whether it proposes to do something together: "let's start the game"."""
    texts = _content(words)
    return texts[:1] == ["let's"] or texts[:2] == ["let", "us"]


def goes_on(words: Sequence[Word]) -> bool:
    """Whether it takes up what was said before: "and tomorrow", "what about Paris"."""
    texts = tuple(_texts(words))
    return any(texts[: len(opening)] == opening for opening in _GOING_ON)


def is_of_people(words: Sequence[Word]) -> bool:
    """Whether it speaks of somebody: "she wants to read it again"."""
    return not _OF_PEOPLE.isdisjoint(_texts(words))


def is_to_whoever_is_there(words: Sequence[Word]) -> bool:
    """Whether it is what people say to see that others are there: "can you hear me"."""
    return " ".join(_content(words)) in _TO_WHOEVER_IS_THERE


def is_topical(words: Sequence[Word]) -> bool:
    """Whether it is about what assistants are asked for: the weather, a timer, music."""
    return not _TOPICS.isdisjoint(_texts(words))
