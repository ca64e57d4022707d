"""Conversations in which things happen at once, come late, or end early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from pipeline.audio import AudioFrame
from pipeline.config import TurnsConfig
from pipeline.conversation import Conversation
from pipeline.errors import AgentError
from pipeline.interfaces import Participant, ParticipantLeft
from tests.pipeline.fakes import (
    FakeTransport,
)
from tests.pipeline.scene import Scene


def test_speech_that_resumes_just_before_the_first_sample_takes_the_turn_up_again():
    def go_on(conversation: Conversation) -> None:
        if conversation._turns:
            conversation._turn_taking.receive_speech("ann", start=3.0, end=3.3)
            conversation._step()

    scene = Scene(
        [("ann", 0.5, 2.5)], said={("ann", 0.5): "hello jarvis"}, on_sound=go_on, closes_at=4.0
    ).run()
    assert scene.record.end == 3.3
    assert scene.transport.heard == []


def test_an_answer_that_is_slow_to_abort_does_not_hold_up_its_turn_that_went_on():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.2, 3.2), ("ben", 10.0, 11.0)],
        said={("ann", 0.5): "tell me", ("ann", 2.2): "jarvis", ("ben", 10.0): "hello jarvis"},
        replies=("wrong.", "right."),
        people=("ann", "ben"),
        relevance=False,
        agent_takes=1.5,
        abort_takes=1.2,  # it ends while the words of the whole turn are awaited
    ).run()
    assert [record.heard for record in scene.records] == ["right.", "ok."]


def test_a_question_that_is_taken_back_still_tells_the_agent_what_was_heard():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 8.0, 9.0), ("ann", 9.8, 10.8)],
        said={("ann", 0.5): "tell me a story", ("ann", 8.0): "no", ("ann", 9.8): "sing that"},
        replies=("Once upon a time there was a very old king who had a horse.",),
        speech=10.0,
        agent_takes=2.0,
        relevance=False,
    ).run()
    first, second = scene.records
    assert first.interrupted
    assert second.text == "no sing that"
    assert [question.interrupted for question in scene.agent.asked] == [
        None,
        first.heard,
        first.heard,
    ]


def test_another_agent_is_not_told_what_was_heard_of_the_first_ones_reply():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 5.0, 6.5), ("ann", 12.0, 13.0)],
        said={
            ("ann", 0.5): "jarvis tell me a story",
            ("ann", 5.0): "sage what time is it",
            ("ann", 12.0): "jarvis go on",
        },
        replies=("Once upon a time there was a very old king who had a horse.",),
        speech=4.0,
    ).run()
    first = scene.records[0]
    assert first.interrupted
    assert [(question.agent, question.interrupted) for question in scene.agent.asked] == [
        ("jarvis", None),
        ("sage", None),
        ("jarvis", first.heard),
    ]


def test_an_agent_whose_failure_is_talked_over_has_failed_all_the_same():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 4.0, 5.0)],
        said={("ann", 0.5): "what time is it", ("ann", 4.0): "never mind"},
        replies=(AgentError("connection refused"),),
        speech=10.0,
    ).run()
    first = scene.records[0]
    assert first.interrupted
    assert first.error == "gateway: connection refused"


@pytest.mark.parametrize("reply", ["Hello. Goodbye.", AgentError("connection refused")])
def test_nothing_is_kept_of_what_was_played(reply):
    scene = Scene([("ann", 0.5, 1.5)], said={("ann", 0.5): "hello jarvis"}, replies=(reply,)).run()
    assert scene.transport.heard
    assert scene.transport.ledger._pieces == {}


def test_a_transport_that_cannot_play_is_recorded_and_the_next_turn_works():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 10.0, 11.0)],
        said={("ann", 0.5): "tell me a story", ("ann", 10.0): "what time is it"},
        replies=(["Once upon a time. ", "The end. ", "And so on."], "It is four."),
        broken=("The end.",),
        agent_takes=0.1,
    ).run()
    first, second = scene.records
    assert first.error == "audio: disconnected"
    assert second.heard == "It is four."


def test_an_end_of_turn_model_that_never_answers_is_not_waited_for():
    scene = Scene(
        [("ann", 0.5, 1.5)], said={("ann", 0.5): "hello jarvis"}, score_takes=9999.0, closes_at=9.0
    ).run()
    assert scene.record.ended_by == "silence"
    assert scene.ended_at == 9.0


def test_nothing_begins_while_the_conversation_is_being_cancelled():
    Scene(
        [("ann", 0.5, 1.5), ("ben", 1.8, 2.25)],
        said={("ann", 0.5): "hello jarvis"},
        people=("ann", "ben"),
        cancel_at=2.25,
        agent_takes=5.0,
        abort_takes=5.0,
    ).run()


# Leaving, coming back, closing.


def test_the_last_words_before_leaving_are_heard_to_the_end():
    scene = Scene(
        [("ann", 0.5, 1.524)],
        said={("ann", 0.5): "hello jarvis"},
        leaves=(("ann", 1.525),),
        vad_takes=0.032,
    ).run()
    assert (scene.record.ended_by, scene.record.end) == ("closed", 1.524)


def test_the_last_words_before_the_end_are_heard_to_the_end():
    scene = Scene(
        [("ann", 0.5, 1.524)],
        said={("ann", 0.5): "hello jarvis"},
        closes_at=1.525,
        vad_takes=0.032,
    ).run()
    assert (scene.record.ended_by, scene.record.end) == ("closed", 1.524)


def test_who_leaves_and_comes_back_before_the_reply_is_answered_twice():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.3, 3.3)],
        said={("ann", 0.5): "hello jarvis", ("ann", 2.3): "are you there"},
        leaves=(("ann", 1.6),),
        agent_takes=2.0,
    ).run()
    assert [(record.text, record.ended_by) for record in scene.records] == [
        ("hello jarvis", "closed"),
        ("are you there", "smart_turn"),
    ]
    assert [record.heard for record in scene.records] == ["ok.", "ok."]


def test_who_is_back_while_their_last_words_are_being_heard_goes_on_anew():
    scene = Scene(
        [("ann", 0.5, 1.524), ("ann", 1.53, 2.554)],
        said={("ann", 0.5): "hello jarvis", ("ann", 1.53): "are you there"},
        leaves=(("ann", 1.525),),
        vad_takes=0.06,  # ever further behind
        relevance=False,
    ).run()
    first, second = scene.records
    assert (first.end, first.ended_by) == (1.524, "closed")
    assert second.start == 1.53


def test_leaving_at_the_moment_of_the_pause_is_harmless():
    class Leaving(FakeTransport):
        """Ann leaves as soon as the pause is acted on."""

        paused: asyncio.Event

        def participants(self) -> Sequence[Participant]:
            if self.clock.now() > 2.6:
                self.paused.set()
            return super().participants()

        async def events(self) -> AsyncIterator[AudioFrame | ParticipantLeft]:
            async for event in super().events():
                yield event
            await self.paused.wait()
            yield ParticipantLeft("ann", self.clock.now())
            await self.clock.sleep_until(30.0)

    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "hello jarvis"},
        turns=TurnsConfig(speculate=0.2),
        closes_at=2.51,
    )

    def make(*args: Any, **options: Any) -> Leaving:
        transport = Leaving(*args, **options)
        transport.paused = asyncio.Event()
        return transport

    scene.make_transport = make
    assert scene.run().record.heard == "ok."


def test_when_the_transport_closes_the_reply_ends_and_nobody_else_is_answered():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ben", 0.6, 1.7)],
        said={("ann", 0.5): "jarvis what time is it", ("ben", 0.6): "jarvis tell me a story"},
        replies=("It is just about a quarter past four.",),
        people=("ann", "ben"),
        speech=8.0,
        closes_at=6.0,
    ).run()
    first, second = scene.records
    assert first.reply.startswith(first.heard)
    assert 0 < len(first.heard) < len(first.reply)
    assert not first.interrupted
    assert (second.addressed, second.reply, second.error) == (True, "", None)
    assert len(scene.agent.asked) == 1
    assert scene.ended_at == 6.0
