"""Each way in which a message is left, or is not."""

from __future__ import annotations

import pytest

from pipeline.audio import Samples
from pipeline.errors import TextToSpeechError, VoiceActivityError
from server.phone.calls.status import EndReason
from server.phone.engines.engine import AgentSaid, CallerSpeaks, MessageInvited, MessageLeft
from server.phone.messages.beep import SECONDS as BEEP
from server.phone.messages.beep import beep
from tests.pipeline.fakes import FakeVoice
from tests.server.phone.messages.message_call import GREETING, THANKS, MessageCall


def test_the_greeting_comes_first_then_the_tone_then_the_message() -> None:
    call = MessageCall([(3.0, 6.0)]).run()
    [invited] = call.of(MessageInvited)
    assert invited.at == pytest.approx(0.1 + 1.0 + BEEP, abs=0.15)
    assert call.far.heard_seconds(0.0, 3.0) == pytest.approx(1.0 + BEEP, abs=0.05)
    assert call.of(MessageLeft) == [MessageLeft(invited.at)]
    assert [one.text for one in call.of(AgentSaid)] == [GREETING, THANKS]


def test_silence_after_it_ends_it_with_thanks() -> None:
    call = MessageCall([(3.0, 6.0)]).run()
    assert call.end.reason is EndReason.MESSAGE_TAKEN
    assert call.said == [GREETING, THANKS]
    assert call.ended_at == pytest.approx(6.0 + 4.0 + 0.1 + 1.0, abs=0.3)


def test_the_pound_key_ends_it_at_once() -> None:
    call = MessageCall([(3.0, 6.0)], acts=[(6.2, lambda _, far: far.press("#"))]).run()
    assert call.end.reason is EndReason.MESSAGE_TAKEN
    assert call.ended_at == pytest.approx(6.2 + 1.1, abs=0.2)


def test_it_is_cut_off_at_its_longest_with_thanks() -> None:
    call = MessageCall([(2.0, 60.0)], longest=10.0).run()
    assert call.end.reason is EndReason.MESSAGE_TAKEN
    assert call.ended_at == pytest.approx(1.5 + 10.0 + 1.1, abs=0.3)
    assert call.said[-1] == THANKS


def test_hanging_up_ends_it_without_a_word_and_it_is_left() -> None:
    call = MessageCall([(3.0, 6.0)], hangs_up_at=6.5).run()
    assert call.end.reason is EndReason.HUNG_UP
    assert call.said == [GREETING]
    assert len(call.of(MessageLeft)) == 1
    assert call.ended_at == pytest.approx(6.5, abs=0.1)


def test_who_says_nothing_leaves_none() -> None:
    call = MessageCall().run()
    assert call.end.reason is EndReason.SILENCE
    assert not call.of(MessageLeft)
    assert call.said == [GREETING]
    assert call.ended_at == pytest.approx(1.5 + 10.0, abs=0.3)


def test_who_hangs_up_during_the_greeting_leaves_none_and_is_not_recorded() -> None:
    call = MessageCall([(0.2, 0.9)], hangs_up_at=0.9).run()
    assert call.end.reason is EndReason.HUNG_UP
    assert not call.of(MessageInvited)
    assert not call.of(MessageLeft)


def test_what_is_said_before_the_tone_is_no_message_and_interrupts_nothing() -> None:
    call = MessageCall([(0.2, 1.2)], hangs_up_at=8.0).run()
    assert call.far.heard_seconds(0.0, 3.0) == pytest.approx(1.0 + BEEP, abs=0.05)
    assert not call.of(CallerSpeaks)


def test_a_key_during_the_greeting_does_nothing() -> None:
    call = MessageCall([(3.0, 5.0)], acts=[(0.5, lambda _, far: far.press("#"))]).run()
    assert call.end.reason is EndReason.MESSAGE_TAKEN
    assert call.of(MessageLeft)


def test_no_message_is_taken_when_nobody_could_be_told_that_it_is_kept() -> None:
    call = MessageCall([(3.0, 6.0)], fails={GREETING: TextToSpeechError("no voice")}).run()
    assert call.end.reason is EndReason.ENGINE
    assert "greeting" in (call.end.error or "")
    assert not call.of(MessageInvited)
    assert call.far.heard_seconds() == 0.0


def test_a_call_that_is_ended_from_outside_says_those_words() -> None:
    end = [(5.0, lambda session, _: session.finish("The time is over.", EndReason.TOO_LONG))]
    call = MessageCall([(3.0, 60.0)], acts=end).run()
    assert call.end.reason is EndReason.TOO_LONG
    assert call.said == [GREETING, "The time is over."]
    assert call.of(MessageLeft)


def test_a_detector_that_fails_costs_nobody_their_message() -> None:
    class Broken(FakeVoice):
        async def score(self, window: Samples) -> float:
            raise VoiceActivityError("broken")

    class BrokenEars:
        def open(self) -> Broken:
            return Broken(0.0)

    call = MessageCall(vad=BrokenEars(), longest=10.0).run()
    assert call.of(MessageLeft)
    assert call.end.reason is EndReason.MESSAGE_TAKEN
    assert call.ended_at == pytest.approx(1.5 + 10.0 + 1.1, abs=0.3)


def test_nothing_of_it_reaches_an_agent_or_a_turn() -> None:
    wishes = [
        (4.0, lambda session, _: session.say("Hello?", interrupt=True)),
        (4.1, lambda session, _: session.inform("wrap up")),
        (4.2, lambda session, _: session.update(instructions="Be rude.", voice="bright")),
    ]
    call = MessageCall([(3.0, 6.0)], acts=wishes).run()
    assert not call.agent.asked
    assert call.said == [GREETING, THANKS]
    assert not call.stt.segments


def test_the_tone_begins_and_ends_in_silence() -> None:
    sound = beep()
    assert abs(int(sound[0])) < 50
    assert abs(int(sound[-1])) < 50
    assert abs(sound).max() == pytest.approx(32767 * 10 ** (-15 / 20), rel=0.02)
