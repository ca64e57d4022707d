"""Whether the bot was addressed, and which agent.

Who named an agent meant it. Without a name the state of the conversation is
the signal: was the bot just talking with this person, are they alone with it,
did they answer somebody else. The words alone are weak evidence; they open
nothing but at sensitivity ``high``.

All evidence is additive: every feature has a weight in log-odds, and
:attr:`~pipeline.judgement.Judgement.why` lists what counted. What is enough at one sensitivity is
enough at every higher one.

Sans I/O: time comes in with the utterances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.config import RelevanceConfig, Sensitivity
from pipeline.dialogue_acts import (
    is_answer,
    is_asked_of_speaker,
    is_nod,
    is_to_people,
    is_topical,
)
from pipeline.evidence import Evidence, log_odds, probability, total
from pipeline.interfaces import Participant
from pipeline.judgement import Judgement, NamedAgent, Utterance
from pipeline.name_variants import NameVariants, find_near_miss
from pipeline.names import Likeness, Mention, NameFinder, split_words
from pipeline.recent_talk import Exchange, RecentTalk, Talk
from pipeline.remark import Remark, is_marked
from pipeline.vocative import is_bare
from pipeline.word_evidence import words_for_assistants

ANSWERS_SOMEONE = 1.5
"""Seconds after someone's words in which another's are taken for an answer to them."""

AMID_TALK = 3.0
"""Seconds after someone's words in which people are still talking with each other."""

MOVED_ON = 4.0
"""Seconds after a reply from which people who talked since have begun something else."""

HIGH_FOLLOW_UP = 2.0
"""Factor by which the follow-up window is longer at sensitivity high."""

GREY = 1.0
"""Log-odds from the threshold within which a decision is a close one."""


@dataclass(frozen=True, slots=True)
class _Thread:
    """What somebody goes on with."""

    agent: str
    evidence: Evidence
    named: bool
    """Whether the agent was called."""


# People talk to each other far more than to the bot.
_BASE = Evidence("base", -3.0)
_NAMED = {
    Likeness.EXACT: ("called by name", 10.0),
    Likeness.ALIAS: ("called by another name", 9.5),
    Likeness.SIMILAR: ("called by a similar name", 9.0),
}
_GOES_ON = Evidence("goes on with what was for the bot", 6.0)
_CALLED_BEFORE = 6.0
_ALONE = Evidence("alone with the bot", 4.5)
_FOLLOW_UP = 4.5
_ANSWER = Evidence("answers the bot's question", 1.0)
_FLOOR = 2.0
_ASKS_THE_BOT = Evidence("asks who just spoke", 2.5)
_NOD = Evidence("only a nod", -9.0)
_CALLS_SOMEONE = -10.0
_SPEAKS_OF_AGENT = Evidence("speaks of the agent", -2.0)
_ANSWERS_SOMEONE = -2.0
_TURNS_TO_PEOPLE = Evidence("turns to people", -4.0)
_TURNED_AWAY = Evidence("has turned to people", -2.0)
_OTHERS_TALKED = Evidence("others have talked since", -2.5)
_AMID_TALK = Evidence("people are talking", -1.5)
_EVEN = 0.5


class Relevance:
    """Judges the utterances of one conversation, in the order in which they ended.

    Args:
        config: Settings; the sensitivity in them can be changed later.
        agents: Agents that people can call.
        variants: What agents' names are misheard as here; it learns on.

    """

    def __init__(
        self,
        config: RelevanceConfig,
        agents: Sequence[NamedAgent],
        variants: NameVariants | None = None,
    ) -> None:
        self._config = config
        self.sensitivity: Sensitivity = config.sensitivity
        """May be changed at any time."""

        self.leaning = 0.0
        """Log-odds in favour of answering who named nobody, learnt from corrections
        (:mod:`pipeline.feedback`); may be changed at any time."""

        self.variants = variants or NameVariants()
        """What agents' names are misheard as here."""

        self._names = {agent.id: agent.names for agent in agents}
        self._finder = self._make_finder()
        self._recent = RecentTalk()

    def add_agent(self, agent: NamedAgent) -> None:
        """Let people call one more agent, or call it by other names."""
        self._names[agent.id] = agent.names
        self._finder = self._make_finder()

    def names(self) -> list[str]:
        """Return everything that agents are called here, what they are misheard as included."""
        known = [*self._names.values(), *self.variants.learnt().values()]
        return list(dict.fromkeys(name for names in known for name in names))

    def judge(
        self, utterance: Utterance, *, people: Sequence[Participant], agent: str
    ) -> Judgement:
        """Judge an utterance; changes nothing, for its speaker may go on.

        Args:
            utterance: What was said so far.
            people: Everyone present, the speaker included or not.
            agent: Id of the current agent, which answers when none is named.

        """
        others = [person for person in people if person.id != utterance.speaker.id]
        remark = Remark.read(utterance.text, others, self._finder)
        if remark.call:
            return _named(remark, remark.call)
        thread = self._thread(utterance)
        if thread:
            evidence = [_BASE, thread.evidence, *_against(remark)]
            return _decide("goes on", evidence, thread.agent, named=thread.named)
        near = find_near_miss(remark.words, self._names, remark.people)
        if self.sensitivity == "low":
            return replace(_decide("", [_BASE], agent, otherwise="not named"), near_miss=near)
        return replace(self._weigh(utterance, remark, agent), near_miss=near)

    def receive_turn(self, utterance: Utterance, judgement: Judgement) -> None:
        """Remember an utterance whose turn is over, for those that follow.

        Args:
            utterance: What was said.
            judgement: What :meth:`judge` found.

        """
        words = split_words(utterance.text)
        speaker, at = utterance.speaker, utterance.end
        if judgement.near_miss:
            self.variants.miss(speaker.id, judgement.near_miss, at)
        elif judgement.named and self.variants.name(
            speaker.id, judgement.agent, self._finder.rest(words), at
        ):
            self._finder = self._make_finder()
        if not judgement.addressed and not is_nod(words):
            self._recent.receive_talk(Talk(speaker, utterance.start, at))

    def receive_correction(self, text: str, *, people: Sequence[Participant]) -> None:
        """Take in that people said an utterance was meant for the bot that it ignored.

        Args:
            text: What was said: a misheard name in it is learnt.
            people: Everyone present, whose names are theirs.

        """
        remark = Remark.read(text, people, self._finder)
        near = None if remark.call else find_near_miss(remark.words, self._names, remark.people)
        if near and self.variants.correct(near):
            self._finder = self._make_finder()

    def receive_call(self, *, speaker: str, agent: str, at: float) -> None:
        """Take in that somebody only called an agent: what they want may follow without its name.

        Args:
            speaker: Id of who called.
            agent: Id of whom they called.
            at: When, in seconds on the conversation clock.

        """
        self._recent.receive_exchange(Exchange(speaker, agent, at, called=True))

    def receive_reply_start(self, *, speaker: str, agent: str) -> None:
        """Take in that a reply begins: who it is for may talk over it without a name.

        Args:
            speaker: Id of the person whom it answers.
            agent: Id of the agent that speaks.

        """
        self._recent.receive_exchange(Exchange(speaker, agent, math.inf))

    def receive_reply(self, *, speaker: str, agent: str, text: str, at: float) -> None:
        """Take in that a reply ended, or was stopped.

        Args:
            speaker: Id of the person whom it answered.
            agent: Id of the agent that spoke.
            text: What was heard of it.
            at: When it ended, in seconds on the conversation clock.

        """
        asked = is_marked(text)
        self._recent.receive_exchange(Exchange(speaker, agent, at, asked=asked))

    def _make_finder(self) -> NameFinder:
        return NameFinder(self._names, learnt=self.variants.learnt())

    def _is_recent(self, exchange: Exchange, utterance: Utterance) -> bool:
        """Whether somebody speaks within the follow-up window of an exchange, or during it."""
        longer = HIGH_FOLLOW_UP if self.sensitivity == "high" else 1.0
        return utterance.start - exchange.end <= self._config.follow_up * longer

    def _thread(self, utterance: Utterance) -> _Thread | None:
        """Return what the utterance goes on with, if that was for an agent."""
        before = utterance.continues
        if before and before.addressed:
            return _Thread(before.agent, _GOES_ON, before.named)
        last = self._recent.exchange(utterance.speaker.id)
        if last and last.called and self._is_recent(last, utterance):
            called = Evidence(f"called {last.agent} before", _CALLED_BEFORE)
            return _Thread(last.agent, called, named=True)
        return None

    def _weigh(self, utterance: Utterance, remark: Remark, agent: str) -> Judgement:
        """Judge an utterance in which nobody was named, at medium or high."""
        state = [_BASE, *self._learnt(), *self._state(utterance, remark)]
        judgement = _decide("in conversation", state, agent)
        if judgement.addressed or self.sensitivity == "medium":
            return judgement
        words = [*self._amid_talk(utterance, remark), *words_for_assistants(remark)]
        threshold = self._config.high_threshold
        return _decide("meant for the bot", [*state, *words], agent, threshold=threshold)

    def _learnt(self) -> list[Evidence]:
        return [Evidence("corrections here", self.leaning)] if self.leaning else []

    def _state(self, utterance: Utterance, remark: Remark) -> list[Evidence]:
        """Weigh what the conversation was about before, and who is there."""
        evidence = [] if remark.others else [_ALONE]
        reply = self._recent.exchange(utterance.speaker.id)
        if reply and self._is_recent(reply, utterance):
            evidence += self._follow_up(reply, utterance, remark)
        else:
            evidence += self._floor(utterance, remark)
        evidence += _against(remark, answers=_ANSWER in evidence)
        if remark.agents and remark.others:
            evidence.append(_SPEAKS_OF_AGENT)
        answered = self._answered(utterance, remark)
        if answered:
            evidence.append(Evidence(f"answers someone else ({answered.name})", _ANSWERS_SOMEONE))
        return evidence

    def _follow_up(self, reply: Exchange, utterance: Utterance, remark: Remark) -> list[Evidence]:
        """Weigh words that follow a reply to the same person, or that are said over it."""
        when = f"{max(utterance.start - reply.end, 0.0):.1f} s after"
        if reply.end == math.inf:
            when = "over"
        evidence = [Evidence(f"follow-up {when} {reply.agent}", _FOLLOW_UP)]
        if reply.asked and is_answer(remark.words):
            evidence.append(_ANSWER)
        talk = self._recent.talk(utterance.speaker.id)
        asks = remark.is_request or remark.is_question
        if remark.others and is_to_people(remark.words):
            evidence.append(_TURNS_TO_PEOPLE)
        elif talk and reply.end < talk.start < utterance.start and not asks:
            evidence.append(_TURNED_AWAY)
        elif utterance.start - reply.end > MOVED_ON and self._have_moved_on(
            reply, utterance, remark
        ):
            evidence.append(_OTHERS_TALKED)
        return evidence

    def _have_moved_on(self, reply: Exchange, utterance: Utterance, remark: Remark) -> bool:
        """Whether others talked since a reply, and the words do not take it up again."""
        talked = self._recent.talked(remark.others, after=reply.end, before=utterance.start)
        return talked and not remark.goes_on and not is_topical(remark.words)

    def _floor(self, utterance: Utterance, remark: Remark) -> list[Evidence]:
        """Weigh words to whoever spoke last, if that was the bot, answering somebody else."""
        reply = self._recent.floor()
        if reply and self._is_recent(reply, utterance) and is_asked_of_speaker(remark.words):
            return [Evidence(f"{reply.agent} has the floor", _FLOOR), _ASKS_THE_BOT]
        return []

    def _answered(self, utterance: Utterance, remark: Remark) -> Participant | None:
        """Return whom the utterance seems to answer, if anybody."""
        if remark.is_request or remark.is_question:
            return None
        return self._recent.answered(remark.others, utterance.start, within=ANSWERS_SOMEONE)

    def _amid_talk(self, utterance: Utterance, remark: Remark) -> list[Evidence]:
        talking = self._recent.answered(remark.others, utterance.start, within=AMID_TALK)
        return [_AMID_TALK] if talking else []


def _against(remark: Remark, *, answers: bool = False) -> list[Evidence]:
    """Weigh what speaks against the bot whoever was talking before.

    Args:
        remark: What was said.
        answers: Whether a nod would answer the bot's question.

    """
    evidence = [_NOD] if remark.is_nod and not answers else []
    person = remark.called_person
    if person:
        evidence.append(Evidence(f"calls someone else ({person.heard})", _CALLS_SOMEONE))
    return evidence


def _named(remark: Remark, call: Mention) -> Judgement:
    feature, weight = _NAMED[call.likeness]
    evidence = [_BASE, Evidence(f"{feature} ({call.heard})", weight)]
    judgement = _decide("named", evidence, call.owner, named=True)
    return replace(judgement, bare_name=is_bare(remark.words, call))


def _decide(
    rule: str,
    evidence: Sequence[Evidence],
    agent: str,
    *,
    otherwise: str = "not addressed",
    threshold: float = _EVEN,
    named: bool = False,
) -> Judgement:
    """Add evidence up.

    Args:
        rule: What decides when the bot is addressed.
        evidence: Everything that counts.
        agent: Who should answer.
        otherwise: What to say when it is not addressed.
        threshold: Probability from which it is.
        named: Whether the agent was called.

    """
    score = probability(total(evidence))
    addressed = score >= threshold
    why = f"{rule if addressed else otherwise}: {', '.join(map(str, evidence))}"
    close = abs(total(evidence) - log_odds(threshold)) < GREY
    return Judgement(
        addressed, round(score, 4), why, agent, named=named and addressed, grey=close and not named
    )
