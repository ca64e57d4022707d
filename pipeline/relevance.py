"""Whether the bot was addressed, and which agent.

Who named an agent meant it. Without a name the state of the conversation is
the signal: was the bot just talking with this person, are they alone with it,
did they answer somebody else. The words alone are weak evidence and are
consulted only at sensitivity ``high``, when the state leaves it open.

All evidence is additive: every feature has a weight in log-odds, and
:attr:`Judgement.why` lists what counted. What is enough at one sensitivity is
enough at every higher one.

Sans I/O: time comes in with the utterances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.config import RelevanceConfig, Sensitivity
from pipeline.dialogue_acts import (
    AUXILIARIES,
    is_answer,
    is_between_people,
    is_nod,
    is_question,
    is_request,
    is_topical,
)
from pipeline.interfaces import Participant
from pipeline.names import Likeness, Mention, NameFinder, Word, is_short, split_words
from pipeline.vocative import FILLERS, SUBJECTS, WH_WORDS, call_position, is_bare

ANSWERS_SOMEONE = 1.5
"""Seconds after someone's words in which another's are taken for an answer to them."""

HIGH_FOLLOW_UP = 2.0
"""Factor by which the follow-up window is longer at sensitivity high."""


@dataclass(frozen=True, slots=True)
class NamedAgent:
    """An agent and what people call it."""

    id: str
    names: tuple[str, ...]
    """The spoken name first, then other names it answers to."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one person said in one turn."""

    speaker: Participant
    text: str
    start: float
    """Seconds on the conversation clock."""

    end: float
    """Seconds on the conversation clock."""

    continues: Judgement | None = None
    """Of the turn that this one goes on with, whose reply had already begun."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an utterance was meant for the bot."""

    addressed: bool
    score: float
    """Probability in [0, 1], by the features in :attr:`why`."""

    why: str
    """The deciding rule and all features with their weights, on one line. Names
    of people and agents may stand in it, the rest of what was said does not."""

    agent: str
    """Id of the agent that should answer: the one named, else the current one."""

    bare_name: bool = False
    """Whether nothing but a name was said: what is wanted may follow."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    feature: str
    weight: float
    """Log-odds in favour of the bot."""

    def __str__(self) -> str:
        return f"{self.feature} {self.weight:+.1f}"


@dataclass(frozen=True, slots=True)
class _Reply:
    agent: str
    at: float
    asked: bool
    """It ended in a question."""


@dataclass(frozen=True, slots=True)
class _Remark:
    """An utterance and what is in it."""

    utterance: Utterance
    words: Sequence[Word]
    others: Sequence[Participant]
    """People present besides the speaker."""

    people: Sequence[Mention]
    """Mentions of them."""

    @classmethod
    def read(cls, utterance: Utterance, people: Sequence[Participant]) -> _Remark:
        """Take an utterance apart."""
        words = split_words(utterance.text)
        others = [person for person in people if person.id != utterance.speaker.id]
        names = {person.id: _called(person) for person in others}
        return cls(utterance, words, others, NameFinder(names, misheard=False).find(words))

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return is_question(self.words, marked=_is_marked(self.utterance.text))


# People talk to each other far more than to the bot.
_NOTHING = _Evidence("base", -3.0)
_NAMED = {
    Likeness.EXACT: ("called by name", 10.0),
    Likeness.ALIAS: ("called by another name", 9.5),
    Likeness.SIMILAR: ("called by a similar name", 9.0),
}
_GOES_ON = _Evidence("goes on with what was for the bot", 6.0)
_ALONE = _Evidence("alone with the bot", 4.5)
_FOLLOW_UP = 4.5
_ANSWER = _Evidence("answers the bot's question", 1.0)
_NOD = _Evidence("only a nod", -9.0)
_CALLED_SOMEONE = -10.0
_SPOKE_OF_AGENT = _Evidence("speaks of the agent", -2.0)
_ANSWERED_SOMEONE = -2.0
_REQUEST = _Evidence("request", 4.0)
_QUESTION = _Evidence("question", 3.4)
_TOPIC = _Evidence("assistant's topic", 1.0)
_BETWEEN_PEOPLE = _Evidence("speaks of people", -3.0)


class Relevance:
    """Judges the utterances of one conversation, in the order in which they ended.

    Args:
        config: Settings; the sensitivity in them can be changed later.
        agents: Agents that people can call.

    """

    def __init__(self, config: RelevanceConfig, agents: Sequence[NamedAgent]) -> None:
        self._config = config
        self.sensitivity: Sensitivity = config.sensitivity
        """May be changed at any time."""

        self.leaning = 0.0
        """Log-odds in favour of answering who named nobody, learnt from corrections
        (:mod:`pipeline.feedback`); may be changed at any time."""

        self._names = {agent.id: agent.names for agent in agents}
        self._finder = NameFinder(self._names)
        self._replies: dict[str, _Reply] = {}
        self._talk: dict[str, Utterance] = {}
        """Everyone's last words to other people, by speaker."""

    def add_agent(self, agent: NamedAgent) -> None:
        """Let people call one more agent, or call it by other names."""
        self._names[agent.id] = agent.names
        self._finder = NameFinder(self._names)

    def judge(
        self, utterance: Utterance, *, people: Sequence[Participant], agent: str
    ) -> Judgement:
        """Judge an utterance; changes nothing, for its speaker may go on.

        Args:
            utterance: What was said so far.
            people: Everyone present, the speaker included or not.
            agent: Id of the current agent, which answers when none is named.

        """
        remark = _Remark.read(utterance, people)
        return self._weigh(remark, agent)

    def receive_turn(self, utterance: Utterance, judgement: Judgement) -> None:
        """Remember an utterance whose turn is over, for those that follow.

        Args:
            utterance: What was said.
            judgement: What :meth:`judge` found.

        """
        if not judgement.addressed and not is_nod(split_words(utterance.text)):
            self._talk[utterance.speaker.id] = utterance

    def receive_call(self, *, speaker: str, agent: str, at: float) -> None:
        """Take in that somebody only called an agent: what they want may follow without its name.

        Args:
            speaker: Id of who called.
            agent: Id of whom they called.
            at: When, in seconds on the conversation clock.

        """
        self._replies[speaker] = _Reply(agent, at, asked=False)

    def receive_reply(self, *, speaker: str, agent: str, text: str, at: float) -> None:
        """Take in that a reply ended, or was stopped.

        Args:
            speaker: Id of the person whom it answered.
            agent: Id of the agent that spoke.
            text: What was heard of it.
            at: When it ended, in seconds on the conversation clock.

        """
        self._replies[speaker] = _Reply(agent, at, asked=_is_marked(text))

    def _weigh(self, remark: _Remark, agent: str) -> Judgement:
        before = remark.utterance.continues
        if before is not None and before.addressed:
            return _judgement("goes on", [_NOTHING, _GOES_ON], addressed=True, agent=before.agent)
        mentions = self._mentions(remark)
        call = next((m for m in mentions if call_position(remark.words, m)), None)
        if call:
            named = _judgement("named", [_NOTHING, _naming(call)], addressed=True, agent=call.owner)
            return replace(named, bare_name=is_bare(remark.words, call))
        if self.sensitivity == "low":
            return _judgement("not named", [_NOTHING], addressed=False, agent=agent)
        evidence = [_NOTHING, *self._state(remark)]
        if self.leaning:
            evidence.append(_Evidence("corrections here", self.leaning))
        if mentions and remark.others:
            evidence.append(_SPOKE_OF_AGENT)
        if _probability(evidence) >= _EVEN:
            return _judgement("in conversation", evidence, addressed=True, agent=agent)
        if self.sensitivity == "medium":
            return _judgement("not addressed", evidence, addressed=False, agent=agent)
        evidence += _wording(remark)
        addressed = _probability(evidence) >= self._config.high_threshold
        rule = "meant for the bot" if addressed else "not addressed"
        return _judgement(rule, evidence, addressed=addressed, agent=agent)

    def _mentions(self, remark: _Remark) -> list[Mention]:
        """Return the mentions of agents; what is exactly a person's name is theirs."""
        people = {index for who in remark.people for index in range(who.start, who.end)}
        return [
            mention
            for mention in self._finder.find(remark.words)
            if mention.likeness is Likeness.EXACT
            or people.isdisjoint(range(mention.start, mention.end))
        ]

    def _state(self, remark: _Remark) -> list[_Evidence]:
        """Weigh what the conversation was about before, and who is there."""
        evidence = [] if remark.others else [_ALONE]
        reply = self._replies.get(remark.utterance.speaker.id)
        since = remark.utterance.start - reply.at if reply else math.inf
        if reply and since <= self._follow_up:
            feature = f"follow-up {max(since, 0.0):.1f} s after {reply.agent}"
            evidence.append(_Evidence(feature, _FOLLOW_UP))
            if reply.asked and is_answer(remark.words):
                evidence.append(_ANSWER)
        if is_nod(remark.words) and _ANSWER not in evidence:
            evidence.append(_NOD)
        called = next((m for m in remark.people if call_position(remark.words, m)), None)
        if called:
            evidence.append(_Evidence(f"calls someone else ({called.heard})", _CALLED_SOMEONE))
        answered = self._answered(remark)
        if answered:
            evidence.append(_Evidence(f"answers someone else ({answered})", _ANSWERED_SOMEONE))
        return evidence

    @property
    def _follow_up(self) -> float:
        longer = HIGH_FOLLOW_UP if self.sensitivity == "high" else 1.0
        return self._config.follow_up * longer

    def _answered(self, remark: _Remark) -> str | None:
        """Return the name of whom the utterance seems to answer, if anybody."""
        if is_request(remark.words) or remark.asks:
            return None
        start = remark.utterance.start
        for person in remark.others:
            talk = self._talk.get(person.id)
            if talk and talk.start < start <= talk.end + ANSWERS_SOMEONE:
                return person.name
        return None


_EVEN = 0.5
_SHORTEST_FIRST_NAME = 3
_NO_FIRST_NAMES = FILLERS | SUBJECTS | WH_WORDS | AUXILIARIES


def _called(person: Participant) -> tuple[str, ...]:
    """Return what people may call someone: the display name, or its first word."""
    words = [word.text for word in split_words(person.name)]
    names = [person.name] if len(words) > 1 else []
    if words and len(words[0]) >= _SHORTEST_FIRST_NAME and words[0] not in _NO_FIRST_NAMES:
        names.append(words[0])
    return tuple(names)


def _naming(call: Mention) -> _Evidence:
    feature, weight = _NAMED[call.likeness]
    return _Evidence(f"{feature} ({call.heard})", weight)


def _is_marked(text: str) -> bool:
    """Whether the last mark of a text is a question mark."""
    return text.rstrip(" \"'\u201d\u2019)").endswith(("?", "\uff1f"))


def _wording(remark: _Remark) -> list[_Evidence]:
    """Weigh the words alone."""
    evidence: list[_Evidence] = []
    if is_request(remark.words):
        evidence.append(_REQUEST)
    elif remark.asks:
        evidence.append(_QUESTION)
    if is_topical(remark.words):
        evidence.append(_TOPIC)
    if is_between_people(remark.words):
        evidence.append(_BETWEEN_PEOPLE)
    return evidence


def _probability(evidence: Sequence[_Evidence]) -> float:
    return 1.0 / (1.0 + math.exp(-sum(item.weight for item in evidence)))


def _judgement(
    rule: str, evidence: Sequence[_Evidence], *, addressed: bool, agent: str
) -> Judgement:
    why = f"{rule}: {', '.join(map(str, evidence))}"
    return Judgement(addressed, round(_probability(evidence), 4), why, agent)


def short_names(agents: Sequence[NamedAgent]) -> list[str]:
    """Return the agents' names that are too short to be heard reliably, for a warning.

    Names of up to four letters are matched only as they are spelled.
    """
    names = dict.fromkeys(name for agent in agents for name in agent.names)
    return [name for name in names if is_short(name)]
