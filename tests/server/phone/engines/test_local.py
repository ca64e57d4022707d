"""Calls with our own pipeline, from the first word to the end."""

from __future__ import annotations

import pytest

from server.phone.calls.status import CallPhase, EndReason
from server.phone.engines.engine import (
    AgentSaid,
    CallerHeard,
    CallerSaid,
    CallReported,
    PhaseChanged,
    SendDigits,
    Transfer,
)
from tests.server.phone.engines.local_call import KEY, LocalCall

STORY = "Once upon a time there was a very old king who had a horse."
OPENING = "Hello this is Jarvis."


def test_a_caller_is_greeted_asks_and_is_answered_in_their_session() -> None:
    call = LocalCall(
        [(2.0, 3.0)], {2.0: "what time is it"}, ("It is noon.",), OPENING, hangs_up_at=8.0
    ).run()
    assert call.end.reason is EndReason.HUNG_UP
    assert [one.text for one in call.of(AgentSaid)] == [OPENING, "It is noon."]
    assert [one.text for one in call.of(CallerSaid)] == ["what time is it"]
    answer = call.of(AgentSaid)[1]
    assert (answer.heard, answer.interrupted) == ("It is noon.", False)
    assert answer.heard_seconds == pytest.approx(1.0, abs=0.02)
    assert answer.waited == pytest.approx(answer.at - 3.0, abs=0.1)
    assert call.asked == ["what time is it"]
    assert call.agent.asked[0].session_key == KEY
    assert call.far.heard_seconds() == pytest.approx(2.0, abs=0.1)
    [record] = call.records
    assert (record.conversation, record.relevance, record.addressed) == ("call:c1", None, True)


def test_the_phases_of_a_call_are_told() -> None:
    call = LocalCall([(2.0, 3.0)], {2.0: "hi"}, ("Hello.",), OPENING, hangs_up_at=8.0).run()
    assert call.phases == [
        *(CallPhase.LISTENING, CallPhase.SPEAKING, CallPhase.LISTENING),
        *(CallPhase.THINKING, CallPhase.SPEAKING, CallPhase.LISTENING),
    ]


def test_what_a_caller_says_is_told_before_it_is_answered() -> None:
    call = LocalCall([(2.0, 3.0)], {2.0: "what time is it"}, ("It is noon.",), hangs_up_at=8.0)
    told = call.run().desk.told
    heard = CallerHeard("what time is it")
    speaking = PhaseChanged(CallPhase.SPEAKING)
    assert told.index(heard) < told.index(speaking) < told.index(call.of(CallerSaid)[0])


def test_the_agent_is_told_once_what_the_call_is() -> None:
    call = LocalCall(
        [(1.0, 2.0), (6.0, 7.0)], {1.0: "hello", 6.0: "and now"}, task="Book a table.",
        hangs_up_at=10.0,
    ).run()  # fmt: skip
    first, second = call.agent.asked
    assert "Your task in this call: Book a table." in first.message
    assert "[[end_call]]" in first.message
    assert second.message == "Ann: and now"
    assert (first.text, second.text) == ("hello", "and now")


def test_who_speaks_over_the_greeting_interrupts_it_and_is_heard() -> None:
    call = LocalCall(
        [(1.0, 2.0)], {1.0: "help me"}, opening=OPENING, sentence=5.0, hangs_up_at=9.0
    ).run()
    greeting = call.of(AgentSaid)[0]
    assert greeting.interrupted
    assert greeting.heard_seconds == pytest.approx(1.1, abs=0.2)
    assert OPENING.startswith(greeting.heard.removesuffix("."))
    assert call.asked == ["help me"]
    assert "You were interrupted" in call.agent.asked[0].message


def test_a_protected_greeting_is_said_to_its_end() -> None:
    call = LocalCall(
        [(1.0, 2.0)], {1.0: "help me"}, opening=OPENING, protect_opening=True, sentence=4.0
    ).run()
    greeting, reply = sorted(call.of(AgentSaid), key=lambda said: said.text != OPENING)
    assert (greeting.heard, greeting.interrupted) == (OPENING, False)
    assert reply.heard == "ok."


def test_an_interruption_stops_the_reply_and_the_agent_knows_what_was_heard() -> None:
    call = LocalCall(
        [(1.0, 2.0), (6.0, 7.5)],
        {1.0: "tell me a story", 6.0: "tell me about horses instead"},
        (STORY,),
        sentence=10.0,
        hangs_up_at=20.0,
    ).run()
    story = call.of(AgentSaid)[0]
    assert story.interrupted
    spoken = story.heard_seconds
    assert spoken == pytest.approx(6.4 - story.at, abs=0.25)
    words = round(spoken / 10.0 * len(STORY.split()))
    assert abs(len(story.heard.split()) - words) <= 1
    assert call.agent.asked[1].interrupted == story.heard
    assert "clear" in call.far.received


def test_of_three_interrupted_replies_what_was_heard_is_right_within_a_word() -> None:
    again = [(6.0, 7.5), (12.0, 13.5), (19.0, 20.5)]
    said = {at: "tell me about horses instead" for at, _ in again}
    call = LocalCall(
        [(1.0, 2.0), *again],
        {1.0: "tell me a story", **said},
        (STORY, STORY, STORY, "Yes."),
        sentence=10.0,
        hangs_up_at=35.0,
    ).run()
    *stories, last = call.of(AgentSaid)
    assert [one.interrupted for one in stories] == [True, True, True]
    assert last.heard == "Yes."
    ends = [2.0, *(end for _, end in again)]
    for story, begin, end in zip(stories, ends, [*ends[1:], 99.0], strict=False):
        really = call.far.heard_seconds(begin, end)
        assert story.heard_seconds == pytest.approx(really, abs=0.1)
        words = really / 10.0 * len(STORY.split())
        assert abs(len(story.heard.split()) - words) <= 1.0
    heard = [one.interrupted for one in call.agent.asked]
    assert heard == [None, *(one.heard for one in stories)]


@pytest.mark.parametrize("reply", ["Goodbye. [[end_call]]", "[[end_call]] Goodbye."])
def test_the_agent_hangs_up_when_its_goodbye_was_heard(reply: str) -> None:
    call = LocalCall([(1.0, 2.0)], {1.0: "bye"}, (reply,)).run()
    assert call.end.reason is EndReason.AGENT
    assert [text for _, text in call.tts.said] == ["Goodbye."]
    goodbye = call.of(AgentSaid)[0]
    assert (goodbye.text, goodbye.heard) == ("Goodbye.", "Goodbye.")
    assert call.far.heard_seconds() == pytest.approx(1.0, abs=0.03)
    assert call.ended_at < 6.0


def test_a_goodbye_that_is_interrupted_hangs_up_on_nobody() -> None:
    call = LocalCall(
        [(1.0, 2.0), (5.0, 6.5)],
        {1.0: "bye", 5.0: "wait I have another question"},
        ("Goodbye and have a very nice day. [[end_call]]", "Yes?"),
        sentence=6.0,
        hangs_up_at=15.0,
    ).run()
    assert call.end.reason is EndReason.HUNG_UP
    assert call.ended_at == pytest.approx(15.0, abs=0.1)


def test_keys_and_a_transfer_are_carried_out_after_the_words() -> None:
    call = LocalCall([(1.0, 2.0)], {1.0: "hi"}, ("One. [[dtmf:12#]] [[transfer:+15550002222]]",))
    call.run()
    assert [wish for _, wish in call.desk.granted] == [SendDigits("12#"), Transfer("+15550002222")]
    said = call.of(AgentSaid)[0]
    assert call.desk.granted[0][0] >= said.at + 1.0
    assert said.text.strip() == "One."


def test_the_agent_learns_why_a_wish_was_refused() -> None:
    call = LocalCall(
        [(1.0, 2.0), (6.0, 7.0)],
        {1.0: "operator please", 6.0: "hello"},
        ("One moment. [[transfer:+19001234567]]", "Sorry."),
        refusal="the number costs more than a call",
    ).run()
    assert "the number costs more than a call" in call.agent.asked[1].message


def test_a_report_is_told_and_ends_the_call() -> None:
    report = '[[report_call:{"summary":"Booked for two.","outcome":"success","seats":2}]]'
    call = LocalCall([(1.0, 2.0)], {1.0: "done"}, (f"Thank you, goodbye. {report}",)).run()
    [reported] = call.of(CallReported)
    assert (reported.report.summary, reported.report.data) == ("Booked for two.", {"seats": 2})
    assert call.end.reason is EndReason.AGENT
    assert [text for _, text in call.tts.said] == ["Thank you, goodbye."]


def test_keys_that_are_pressed_reach_the_agent_together() -> None:
    call = LocalCall(
        replies=("You chose one two.", "And five."),
        acts=[
            (1.0, lambda session: session.press("1")),
            (1.5, lambda session: session.press("2")),
            (1.6, lambda session: session.press("#")),
            (6.0, lambda session: session.press("5")),
        ],
        hangs_up_at=12.0,
    ).run()
    assert [one.rpartition(": ")[2] for one in call.asked] == ["12#)", "5)"]
    assert [one.text for one in call.of(AgentSaid)] == ["You chose one two.", "And five."]


def test_a_silent_caller_is_asked_twice_and_then_told_goodbye() -> None:
    call = LocalCall(silence=3.0, hangs_up_at=60.0).run()
    assert call.end.reason is EndReason.SILENCE
    said = [one.text for one in call.of(AgentSaid)]
    assert said == [*["Are you still there?"] * 2, "I cannot hear you any more. Goodbye."]
    assert call.ended_at == pytest.approx(3 * 3.0 + 3 * 1.0, abs=2.0)


def test_finish_breaks_off_says_its_words_and_ends_for_its_reason() -> None:
    call = LocalCall(
        [(1.0, 2.0)],
        {1.0: "tell me a story"},
        (STORY,),
        sentence=10.0,
        acts=[(5.0, lambda session: session.finish("The time is over.", EndReason.TOO_LONG))],
    ).run()
    assert call.end.reason is EndReason.TOO_LONG
    story, goodbye = call.of(AgentSaid)
    assert story.interrupted
    assert story.heard != STORY
    assert (goodbye.text, goodbye.heard) == ("The time is over.", "The time is over.")


def test_what_is_said_from_outside_waits_or_interrupts() -> None:
    call = LocalCall(
        [(1.0, 2.0)],
        {1.0: "tell me a story"},
        (STORY,),
        sentence=3.0,
        acts=[
            (4.0, lambda session: session.say("Now this.", interrupt=True)),
            (5.0, lambda session: session.say("Then that.")),
        ],
        hangs_up_at=15.0,
    ).run()
    now, then = (one for one in call.of(AgentSaid) if one.text != STORY)
    assert now.at == pytest.approx(4.0, abs=0.2)
    assert then.at == pytest.approx(now.at + 3.0, abs=0.3)


def test_a_caller_who_hangs_up_during_a_reply_ends_it_at_once() -> None:
    call = LocalCall(
        [(1.0, 2.0)], {1.0: "tell me a story"}, (STORY,), sentence=10.0, hangs_up_at=5.0
    ).run()
    assert call.end.reason is EndReason.HUNG_UP
    assert call.ended_at == pytest.approx(5.0, abs=0.1)
    [story] = call.of(AgentSaid)
    assert story.interrupted
    assert story.heard_seconds == pytest.approx(5.0 - story.at, abs=0.2)


def test_a_caller_who_hangs_up_while_the_agent_thinks_leaves_nothing_running() -> None:
    call = LocalCall(
        [(1.0, 2.0)], {1.0: "hello"}, ("Late.",), agent_takes=30.0, hangs_up_at=5.0
    ).run()
    assert call.end.reason is EndReason.HUNG_UP
    assert call.ended_at < 7.1
    assert call.agent.aborted == 1


def test_a_new_voice_and_instructions_hold_from_then_on() -> None:
    call = LocalCall(
        [(2.0, 3.0)],
        {2.0: "hello"},
        opening=OPENING,
        acts=[(1.5, lambda session: session.update(instructions="Be brief.", voice="bright"))],
        hangs_up_at=8.0,
    ).run()
    assert [voice for voice, _ in call.tts.said] == ["deep", "bright"]
    assert "Be brief." in call.agent.asked[0].message
