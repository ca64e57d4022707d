"""What a turn means: its words, and whether the bot was addressed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.barge_in import Meaning
from pipeline.cast import Cast
from pipeline.clock import Clock
from pipeline.echo_words import is_echo_of
from pipeline.errors import StageError
from pipeline.interfaces import AudioTransport
from pipeline.interjections import Interjection, may_change, read_interjection
from pipeline.judgement import Judgement, Utterance
from pipeline.spoken_requests import SpokenRequest
from pipeline.timeline import Stage
from pipeline.trailing import trails_off
from pipeline.turn import Attempt, Heard, Turn
from pipeline.turn_actions import Span

logger = logging.getLogger(__name__)

_QUESTION = ("?", "\uff1f")


@dataclass(frozen=True, slots=True)
class Understood:
    """A turn's words and what they want."""

    utterance: Utterance
    language: str = "en"
    meaning: Meaning = Meaning.NO_WORDS
    """What they want if they were said over a reply."""

    judgement: Judgement | None = None
    """Whether the bot was addressed; ``None`` when there are no words."""

    request: SpokenRequest | None = None
    """What is asked of the agent's voice, which the agent itself need not know."""

    error: StageError | None = None
    """Why there are no words."""

    @property
    def trails_off(self) -> bool:
        """Whether more must come: the words break off in the middle of a sentence."""
        return trails_off(self.utterance.text, self.language)

    @property
    def stops(self) -> bool:
        """Whether all it wants is that the bot falls silent."""
        return self.meaning is Meaning.STOP

    @property
    def is_call(self) -> bool:
        """Whether it is nothing but a name: what is wanted comes after it."""
        return self.judgement is not None and self.judgement.bare_name

    @property
    def is_close(self) -> bool:
        """Whether it was a close decision that the bot was meant, or not."""
        return self.judgement is not None and self.judgement.grey

    @property
    def wants_answer(self) -> bool:
        """Whether the agent shall be asked."""
        return self.judgement is not None and self.judgement.addressed and not self.is_call


class Understanding:
    """Waits for a turn's words, and judges them.

    Args:
        cast: The agents.
        transport: Knows who is there.
        clock: The conversation clock.
        name: The conversation's, for the log.
        said: Tells what the bot said last.

    """

    def __init__(
        self,
        cast: Cast,
        transport: AudioTransport,
        clock: Clock,
        name: str,
        said: Callable[[], str],
    ) -> None:
        self._said = said
        self._cast = cast
        self._transport = transport
        self._clock = clock
        self._name = name

    async def understand(
        self, turn: Turn, attempt: Attempt, span: Span, *, before: Understood | None
    ) -> Understood:
        """Return what is known of a turn once its words are there.

        Changes nothing: the turn may still be taken back.

        Args:
            turn: Whose timeline is filled in.
            attempt: Has the recognition.
            span: Where it was said.
            before: The turn that it goes on with.

        Cancelling is safe.

        """
        heard = await attempt.transcription.task
        turn.timeline.reach(Stage.TRANSCRIPT, heard.ready)
        utterance = Utterance(
            turn.speaker,
            heard.transcript.text if heard.transcript else "",
            span.start,
            span.end,
            before.judgement if before else None,
        )
        if heard.transcript is None:
            return Understood(utterance, error=heard.error)
        if not utterance.text:
            logger.debug("%s: no words (%s)", self._name, heard.transcript.dropped)
            return Understood(utterance)
        if span.over_reply and is_echo_of(utterance.text, self._said()):
            logger.debug("%s: turn %s: the bot's own words", self._name, turn.id)
            return Understood(utterance, meaning=Meaning.NOTHING)
        return self._judge(turn, heard, utterance, over_reply=span.over_reply)

    async def reconsider(self, understood: Understood) -> Understood:
        """Return a turn with the second opinion on it, if it is a close one and there is any.

        Cancelling is safe.
        """
        judgement, second = understood.judgement, self._cast.second_opinion
        if judgement is None or second is None:
            return understood
        people = self._transport.participants()
        judgement = await second.judge(
            understood.utterance, judgement, people=people, conversation=self._name
        )
        return replace(understood, judgement=judgement)

    def _judge(
        self, turn: Turn, heard: Heard, utterance: Utterance, *, over_reply: bool
    ) -> Understood:
        worked = self._clock.stopwatch()
        language = heard.transcript.language if heard.transcript else ""
        cast = self._cast
        if cast.relevance is None:
            judgement = Judgement(addressed=True, score=1.0, why="every turn", agent=cast.agent)
        else:
            people = self._transport.participants()
            judgement = cast.relevance.judge(utterance, people=people, agent=cast.agent)
        meaning = _meaning(utterance.text, cast, language)
        if over_reply and meaning is Meaning.NOTHING:
            why = f"only a nod over a reply; {judgement.why}"
            judgement = replace(judgement, addressed=False, why=why)
        request = None
        if judgement.addressed and not judgement.bare_name:
            asked = self._said().rstrip().endswith(_QUESTION)
            request = cast.request_in(utterance.text, language, after_question=asked)
        if request is not None:
            judgement = replace(judgement, why=f"{judgement.why}; asks for another voice or pace")
        turn.timeline.reach(Stage.JUDGED, max(heard.ready, self._clock.now()) + worked())
        return Understood(utterance, language, meaning, judgement, request)


def _meaning(text: str, cast: Cast, language: str) -> Meaning:
    names = cast.names()
    match read_interjection(text, names, language=language):
        case Interjection.BACKCHANNEL:
            return Meaning.NOTHING
        case Interjection.STOP:
            return Meaning.STOP
        case Interjection.SPEECH if may_change(text, names, language=language):
            return Meaning.UNCLEAR
        case _:
            return Meaning.SPEECH
