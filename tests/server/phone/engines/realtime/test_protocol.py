from __future__ import annotations

import json
from dataclasses import replace

import pytest

from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import CallPhase, EndReason
from server.phone.engines.engine import (
    AgentSaid,
    CallerSaid,
    CallerSpeaks,
    CallReported,
    EngineEnd,
    PhaseChanged,
    ToolUsed,
)
from server.phone.engines.realtime.model_tools import DONE
from server.phone.engines.realtime.tools import AskOpenClaw
from tests.server.phone.engines.realtime.protocol_call import ProtocolCall, silent_call
from tests.server.phone.engines.realtime.talking_line import CALL


def phases(call):
    return [one.phase for one in call.of(PhaseChanged)]


def test_the_session_is_set_up_before_the_first_words_are_asked_for():
    call = ProtocolCall()
    call.protocol.connect(call.now)
    call.drain()
    (update,) = call.take()
    assert update["type"] == "session.update"
    call.receive("session.created", session={})
    assert call.take() == []
    call.receive("session.updated", session={})
    (create,) = call.take()
    assert CALL.opening in create["response"]["instructions"]
    assert create["response"]["tool_choice"] == "none"
    call.receive("session.updated", session={})
    assert call.take() == []
    call.say("r1", request=create["event_id"])
    assert phases(call) == [CallPhase.GREETING, CallPhase.LISTENING]


def test_with_nothing_to_say_first_the_caller_begins():
    call = ProtocolCall(replace(CALL, opening=""))
    call.set_up()
    assert [event["type"] for event in call.take()] == ["session.update"]
    assert phases(call) == [CallPhase.LISTENING]


def test_the_caller_interrupts_and_the_model_learns_to_the_millisecond_what_was_heard():
    call = silent_call()
    call.begin("r1")
    call.speak("r1", "i1", "One two three four five six seven eight.", 2.0)
    call.ear.seconds[1] = 0.8125
    call.interrupt()
    (truncate,) = call.take()
    assert truncate["type"] == "conversation.item.truncate"
    assert (truncate["item_id"], truncate["audio_end_ms"]) == ("i1", 812)
    assert truncate["content_index"] == 0
    (said,) = call.of(AgentSaid)
    assert said.interrupted
    assert said.heard == "One two three"
    assert call.stops == 1
    call.speak("r1", "i1", " Late.", 0.2)
    call.finish("r1", "cancelled", status_details={"type": "cancelled", "reason": "turn_detected"})
    assert len(call.played) == 1  # nothing that came late
    assert call.take() == []


def test_what_was_heard_is_never_more_than_there_is():
    call = silent_call()
    call.begin("r1")
    call.speak("r1", "i1", "One.", 0.1005)
    call.ear.seconds[1] = 0.3
    call.interrupt()
    assert call.take()[0]["audio_end_ms"] == 100


def test_of_what_nobody_heard_the_model_keeps_nothing():
    call = silent_call()
    call.begin("r1")
    call.speak("r1", "i1", "One.", 1.0)
    call.interrupt()
    assert call.take() == []  # it may still be in the making
    call.finish("r1", "cancelled")
    (delete,) = call.take()
    assert (delete["type"], delete["item_id"]) == ("conversation.item.delete", "i1")
    assert call.of(AgentSaid)[0].heard == ""


def test_a_reply_that_is_complete_at_openai_is_cut_short_as_well():
    call = silent_call()
    call.begin("r1")
    call.speak("r1", "i1", "One two three.", 1.0)
    call.finish("r1")
    call.ear.seconds[1] = 0.5
    call.interrupt()
    assert call.take()[0]["audio_end_ms"] == 500


def test_two_items_of_one_response_are_told_apart():
    call = silent_call()
    call.begin("r1")
    call.speak("r1", "i1", "One.", 1.0)
    call.speak("r1", "i2", "Two.", 1.0)
    call.receive("response.output_audio.done", item_id="i1")
    call.ear.seconds = {1: 1.0, 2: 0.25}
    call.wait(0.1)
    assert [one.text for one in call.of(AgentSaid)] == ["One."]
    call.interrupt()
    assert [(e["item_id"], e["audio_end_ms"]) for e in call.take()] == [("i2", 250)]


def test_what_the_caller_said_is_told_with_the_time_at_which_they_began():
    call = silent_call()
    call.hear(3.0)
    call.interrupt("u1", at_ms=2000)
    (speaks,) = call.of(CallerSpeaks)
    assert speaks.at == pytest.approx(call.now - 1.0)
    call.hear(1.0)
    call.pause("u1", at_ms=3500)
    call.begin("r1")
    call.speak("r1", "i1", "Yes.", 0.5)
    call.finish("r1")
    call.play_all()
    assert call.of(AgentSaid)[0].waited == pytest.approx(0.5 + 0.5)  # the last is the silence
    kind = "conversation.item.input_audio_transcription.completed"
    call.receive(kind, item_id="u1", transcript=" Hello? ")
    assert call.of(CallerSaid) == [CallerSaid(speaks.at, "Hello?")]


def test_noise_is_not_told_and_words_that_never_come_are_told_at_the_end():
    call = silent_call()
    kind = "conversation.item.input_audio_transcription.completed"
    call.interrupt("u1")
    call.receive(kind, item_id="u1", transcript="")
    assert call.of(CallerSaid) == []
    call.interrupt("u2")
    call.protocol.hang_up()
    call.drain()
    assert [one.text for one in call.of(CallerSaid)] == [""]
    assert call.end == EngineEnd(EndReason.HUNG_UP)


def test_while_the_first_words_are_protected_nobody_is_listened_to():
    call = ProtocolCall(replace(CALL, protect_opening=True))
    call.set_up()
    assert call.protocol.hear(b"\xff" * 160) is None
    (request,) = call.take("response.create")
    call.say("r1", request=request["event_id"])
    event = json.loads(call.protocol.hear(b"\x00\x01"))
    assert event == {"type": "input_audio_buffer.append", "audio": "AAE="}


def test_a_report_ends_the_call_once_all_was_heard():
    call = silent_call()
    call.begin("r1")
    call.speak("r1", "i1", "Goodbye.", 1.0)
    call.call_function("r1", "report_call", '{"summary": "Booked.", "outcome": "success"}')
    (told,) = call.of(CallReported)
    assert told.report.summary == "Booked."
    assert call.end is None
    assert call.protocol.hear(b"\xff" * 160) is None
    call.play_all()
    assert call.end == EngineEnd(EndReason.AGENT, "reported")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ask_openclaw", "{"),
        ("ask_openclaw", "[]"),
        ("ask_openclaw", "{}"),
        ("report_call", "{}"),
        ("send_dtmf", '{"digits": "call me"}'),
        ("open_door", "{}"),
    ],
)
def test_a_function_called_wrongly_is_explained_to_the_model(name, arguments):
    call = silent_call()
    call.begin("r1")
    call.call_function("r1", name, arguments)
    result, create = call.take()
    assert "error" in json.loads(result["item"]["output"])
    assert create["type"] == "response.create"
    assert call.tools == []


def test_functions_of_an_answer_that_was_cancelled_are_not_called():
    call = silent_call()
    call.begin("r1")
    item = {"type": "function_call", "call_id": "f", "name": "end_call", "arguments": "{}"}
    call.finish("r1", "cancelled", output=[item])
    assert call.end is None
    assert call.tools == []


def test_an_answer_of_openclaw_waits_for_the_response_in_the_making():
    call = silent_call()
    call.begin("r1")
    call.call_function("r1", "ask_openclaw", '{"request": "When?"}')
    assert call.tools[0].tool == AskOpenClaw("When?")
    call.begin("r2")
    call.now += 2.0
    call.protocol.receive_result("f1", "At three.", call.now)
    call.drain()
    (result,) = call.take()
    assert result["item"] == {
        "type": "function_call_output",
        "id": result["item"]["id"],
        "call_id": "f1",
        "output": "At three.",
    }
    assert call.of(ToolUsed)[0].seconds == pytest.approx(2.0)
    call.finish("r2")
    assert [event["type"] for event in call.take()] == ["response.create"]


def test_an_answer_that_a_response_takes_into_account_asks_for_no_other():
    call = silent_call()
    call.begin("r1")
    call.call_function("r1", "ask_openclaw", '{"request": "When?"}')
    call.interrupt()
    call.protocol.receive_result("f1", "At three.", call.now)
    call.drain()
    (result,) = call.take()
    call.receive("conversation.item.added", item={"id": result["item"]["id"]})
    call.pause()
    call.say("r2")
    call.wait(5.0)
    assert call.take() == []


def test_the_caller_is_told_once_that_something_is_looked_up():
    call = silent_call()
    call.begin("r1")
    call.call_function("r1", "ask_openclaw", '{"request": "When?"}')
    call.wait(1.1)
    assert call.take() == []
    call.wait(0.2)
    (bridge,) = call.take()
    assert "looking" in bridge["response"]["instructions"]
    call.say("r2", request=bridge["event_id"])
    call.wait(10.0)
    assert call.take() == []
    assert phases(call)[-1] is CallPhase.THINKING


def test_a_model_that_has_announced_it_needs_no_bridge():
    call = silent_call()
    call.begin("r1")
    call.speak("r1", "i1", "Let me look.", 0.5)
    call.call_function("r1", "ask_openclaw", '{"request": "When?"}')
    call.play_all()
    call.wait(10.0)
    assert call.take() == []


def test_whoever_has_pressed_keys_listens_and_hears_of_a_refusal():
    call = silent_call()
    for number, (result, kinds) in enumerate(
        [
            (DONE, ["conversation.item.create"]),
            ('{"error": "no"}', ["conversation.item.create", "response.create"]),
        ]
    ):
        call.begin(f"r{number}")
        call.call_function(f"r{number}", "send_dtmf", '{"digits": "1"}', f"f{number}")
        call.wait(3.0)
        assert call.take() == []  # nothing is looked up
        call.protocol.receive_result(f"f{number}", result, call.now)
        call.drain()
        assert [event["type"] for event in call.take()] == kinds


def test_keys_are_told_in_rows():
    call = silent_call()
    for digit in "12":
        call.protocol.press(digit, call.now)
        call.wait(1.0)
    assert call.take() == []
    call.wait(0.6)
    note, create = call.take()
    assert "12" in note["item"]["content"][0]["text"]
    assert create["type"] == "response.create"


def test_last_words_break_off_what_is_said_and_end_the_call():
    call = silent_call()
    call.begin("r1")
    call.speak("r1", "i1", "And another thing.", 2.0)
    call.ear.seconds[1] = 1.0
    call.protocol.finish("Goodbye.", EndReason.TOO_LONG, call.now)
    call.drain()
    kinds = [event["type"] for event in call.take()]
    assert kinds == ["response.cancel", "input_audio_buffer.clear", "conversation.item.truncate"]
    call.finish("r1", "cancelled")
    (create,) = call.take()
    assert create["response"]["instructions"].endswith("Goodbye.")
    assert call.protocol.hear(b"\xff" * 160) is None
    call.say("r2", "Goodbye.", create["event_id"])
    assert call.end == EngineEnd(EndReason.TOO_LONG)


def test_a_message_for_a_machine_is_said_over_an_answer_that_comes_in_between():
    call = silent_call()
    call.interrupt()  # the machine speaks
    call.protocol.finish("Please call back.", EndReason.VOICEMAIL, call.now)
    call.drain()
    (create,) = call.take("response.create")
    call.begin("r1")  # the model's own answer to the machine
    assert call.take()[0]["type"] == "response.cancel"
    call.speak("r1", "i1", "Hello machine.", 1.0)
    assert call.played == []
    call.finish("r1", "cancelled")
    call.say("r2", "Please call back.", create["event_id"])
    assert call.end == EngineEnd(EndReason.VOICEMAIL)


def test_without_last_words_the_call_ends_at_once():
    call = silent_call()
    call.protocol.finish("", EndReason.CANCELED, call.now)
    call.drain()
    assert call.end == EngineEnd(EndReason.CANCELED)


def test_last_words_that_never_come_do_not_keep_the_call():
    call = silent_call()
    call.protocol.finish("Goodbye.", EndReason.TOO_LONG, call.now)
    call.drain()
    call.begin("r1", call.take("response.create")[0]["event_id"])
    call.wait(29.0)
    assert call.end is None
    call.wait(3.0)
    assert call.end == EngineEnd(EndReason.TOO_LONG)


def test_something_is_said_and_the_model_informed():
    call = silent_call()
    call.protocol.inform("Two minutes are left.", call.now)
    call.drain()
    (note,) = call.take()
    assert note["item"]["role"] == "system"
    call.begin("r1")
    call.protocol.say("Somebody joins.", call.now, interrupt=False)
    call.drain()
    assert call.take() == []
    call.finish("r1")
    assert call.take()[0]["response"]["instructions"].endswith("Somebody joins.")


def test_what_is_to_be_said_at_once_breaks_off_what_is_said():
    call = silent_call()
    call.begin("r1")
    call.protocol.say("Fire!", call.now, interrupt=True)
    call.drain()
    assert [event["type"] for event in call.take()] == ["response.cancel"]
    call.receive("error", error={"type": "x", "code": "response_cancel_not_active", "message": ""})
    call.finish("r1", "cancelled")
    assert call.take()[0]["response"]["instructions"].endswith("Fire!")


def test_silence_is_asked_into_and_ends_the_call_at_last():
    call = ProtocolCall(
        replace(CALL, opening=""), limits=LimitsConfig(silence=8.0, silence_prompts=1)
    )
    call.set_up()
    call.take()
    call.wait(7.9)
    assert call.take() == []
    call.wait(0.2)
    (question,) = call.take()
    call.say("r1", "Are you there?", question["event_id"])
    call.wait(8.1)
    goodbye = call.take("response.create")[0]
    call.say("r2", "Goodbye.", goodbye["event_id"])
    assert call.end == EngineEnd(EndReason.SILENCE)
