"""What a reply asks of a telephone call is done once all of it was heard."""

from __future__ import annotations

from pipeline.conversation import Conversation
from pipeline.errors import AgentError
from pipeline.speech_text import CallDirective
from tests.pipeline.fakes import audio_clock
from tests.pipeline.scene import Scene

ASKED = {("ann", 0.5): "jarvis say goodbye"}
GOODBYE = "Goodbye. [[end_call]] [[dtmf:1]]"


def calls_of(*script: tuple[str, float, float], replies: tuple, **more) -> tuple[Scene, list]:
    """Let Ann ask for a goodbye; returns what was done, and when."""
    done: list[tuple[float, CallDirective]] = []

    def attach(conversation: Conversation) -> None:
        conversation.cast.call = lambda call: done.append((audio_clock().now(), call))

    said = ASKED | more.pop("said", {})
    scene = Scene([("ann", 0.5, 2.5), *script], said=said, replies=replies, on_sound=attach, **more)
    return scene.run(), done


def test_they_are_done_in_order_after_the_last_word_and_never_spoken():
    scene, done = calls_of(replies=(GOODBYE,))
    assert [call for _, call in done] == [CallDirective("end_call"), CallDirective("dtmf", "1")]
    [(_, end)] = scene.transport.reply_spans
    assert all(at >= end - 0.01 for at, _ in done)
    assert [text for _, text in scene.tts.said] == ["Goodbye."]
    assert scene.record.reply.strip() == "Goodbye."


def test_nothing_is_done_of_a_reply_that_was_interrupted():
    scene, done = calls_of(
        ("ann", 6.0, 8.0),
        replies=(GOODBYE,),
        speech=10.0,
        said={("ann", 6.0): "jarvis wait one more question"},
    )
    assert scene.records[0].interrupted
    assert done == []


def test_nothing_is_done_when_the_transport_closes_in_the_middle():
    _, done = calls_of(replies=(GOODBYE,), speech=10.0, closes_at=6.0)
    assert done == []


def test_nothing_is_done_when_the_agent_broke_off():
    _, done = calls_of(replies=([GOODBYE, AgentError("lost")],))
    assert done == []
