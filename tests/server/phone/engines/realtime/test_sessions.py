from __future__ import annotations

import base64
import json
from dataclasses import replace

from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import EndReason
from server.phone.engines.realtime.link import ROTATE_AFTER, ROTATE_BY, SET_UP
from tests.server.phone.engines.realtime.protocol_call import ProtocolCall
from tests.server.phone.engines.realtime.talking_line import CALL

PATIENT = LimitsConfig(silence=2 * ROTATE_BY)  # nobody asks whether somebody is there


def patient_call(opening: str = "") -> ProtocolCall:
    call = ProtocolCall(replace(CALL, opening=opening), limits=PATIENT)
    call.set_up()
    call.take()
    return call


def error(call: ProtocolCall, code: str, event_id: str | None = None, message: str = "") -> None:
    kind = "server_error" if code == "server_error" else "invalid_request_error"
    call.receive(
        "error", error={"type": kind, "code": code, "message": message, "event_id": event_id}
    )


def test_before_its_hour_is_over_another_session_takes_over_in_a_quiet_moment():
    call = patient_call()
    call.say("r1", "It is blue.")
    call.wait(ROTATE_AFTER - 1)
    assert call.reconnects == []
    call.wait(1.5)
    assert len(call.reconnects) == 1
    call.set_up()
    update, past = call.take()
    assert update["type"] == "session.update"
    assert past["item"]["role"] == "assistant"
    assert past["item"]["content"] == [{"type": "output_text", "text": "It is blue."}]
    call.wait(ROTATE_AFTER - 10)
    assert len(call.reconnects) == 1


def test_nobody_is_cut_off_for_it_until_it_cannot_wait():
    call = patient_call()
    call.wait(ROTATE_AFTER - 1)
    call.begin("r1")
    call.speak("r1", "i1", "A long story.", 60.0)
    call.wait(10.0)
    assert call.reconnects == []
    call.wait(ROTATE_BY - ROTATE_AFTER)
    assert len(call.reconnects) == 1
    call.set_up()
    sent = call.take()
    assert sent[1]["item"]["content"][0]["text"] == "A long story."
    assert "broken" in sent[2]["item"]["content"][0]["text"]
    assert sent[3]["type"] == "response.create"


def test_what_the_caller_says_between_two_sessions_is_kept():
    call = patient_call()
    call.protocol.disconnect(call.now)
    for number in range(3):
        assert call.protocol.hear(bytes([number]) * 160) is None
    call.set_up()
    append = call.take("input_audio_buffer.append")[0]
    assert base64.b64decode(append["audio"]) == b"\0" * 160 + b"\1" * 160 + b"\2" * 160


def test_what_the_caller_says_before_the_first_words_is_no_answer_to_them():
    call = ProtocolCall()
    call.protocol.hear(b"\0" * 160)
    call.set_up()
    assert call.take("input_audio_buffer.append") == []


def test_first_words_that_were_not_said_before_a_break_are_said_after_it():
    call = ProtocolCall()
    call.protocol.connect(call.now)
    call.drain()
    call.protocol.disconnect(call.now)
    call.set_up()
    assert len(call.take("response.create")) == 1
    call.protocol.disconnect(call.now)  # before the session has answered
    call.set_up()
    (request,) = call.take("response.create")
    assert CALL.opening in request["response"]["instructions"]


def test_what_still_plays_of_a_session_that_is_gone_is_not_truncated_in_the_next():
    call = patient_call()
    call.begin("r1")
    call.speak("r1", "i1", "One two three four.", 2.0)
    call.finish("r1")
    call.protocol.disconnect(call.now)
    call.set_up()
    call.take()
    call.ear.seconds[1] = 1.0
    call.interrupt()
    assert call.take() == []
    assert call.stops == 1


def test_a_session_that_is_not_set_up_in_time_is_replaced():
    call = ProtocolCall()
    call.protocol.connect(call.now)
    call.drain()
    call.wait(SET_UP - 0.1)
    assert call.reconnects == []
    call.wait(0.2)
    assert len(call.reconnects) == 1


def test_a_session_that_does_not_answer_is_replaced_and_asked_again():
    call = patient_call(opening="Hello.")
    call.wait(15.1)
    assert call.reconnects == ["it does not answer"]
    call.set_up()
    assert call.take("response.create")[0]["response"]["instructions"].endswith("Hello.")


def test_a_session_that_has_expired_is_replaced():
    call = patient_call()
    error(call, "session_expired")
    assert len(call.reconnects) == 1
    assert call.end is None


def test_errors_that_harm_nothing_change_nothing():
    call = patient_call()
    for code in ("item_truncate_invalid_item_id", "response_cancel_not_active", "invalid_value"):
        error(call, code, "truncate_1")
    assert call.take() == []
    assert call.reconnects == []
    assert call.end is None


def test_errors_that_nothing_mends_end_the_call():
    call = patient_call()
    error(call, "insufficient_quota", message="You exceeded your current quota.")
    assert call.end.reason is EndReason.ENGINE
    assert "credit" in call.end.error


def test_a_server_error_holds_what_is_asked_for_next():
    call = patient_call()
    error(call, "server_error")
    call.protocol.say("Hello.", call.now, interrupt=False)
    call.drain()
    assert call.take() == []
    call.wait(0.6)
    assert len(call.take("response.create")) == 1


def test_a_limit_that_is_used_up_is_waited_for():
    call = patient_call()
    limits = [
        {"name": "requests", "limit": 10, "remaining": 5, "reset_seconds": 60.0},
        {"name": "tokens", "limit": 100, "remaining": 0, "reset_seconds": 2.5},
    ]
    call.receive("rate_limits.updated", rate_limits=limits)
    call.protocol.say("Hello.", call.now, interrupt=False)
    call.wait(2.4)
    assert call.take() == []
    call.wait(0.2)
    assert len(call.take("response.create")) == 1


def test_other_instructions_are_told_at_once_another_voice_takes_another_session():
    call = patient_call()
    call.protocol.update("Be formal.", None, call.now)
    call.drain()
    (update,) = call.take()
    assert set(update["session"]) == {"type", "instructions"}
    assert "Be formal." in update["session"]["instructions"]
    call.begin("r1")
    call.protocol.update(None, "fable", call.now)
    call.drain()
    assert call.reconnects == []
    call.finish("r1")
    assert len(call.reconnects) == 1
    call.set_up()
    session = call.take("session.update")[0]["session"]
    assert session["audio"]["output"]["voice"] == "verse"
    assert "Be formal." in session["instructions"]


def test_a_session_after_the_last_words_were_asked_for_says_only_them():
    call = patient_call()
    call.begin("r1")
    call.speak("r1", "i1", "One.", 1.0)
    call.protocol.finish("Goodbye.", EndReason.TOO_LONG, call.now)
    call.drain()
    call.protocol.disconnect(call.now)
    call.set_up()
    (request,) = call.take("response.create")
    assert request["response"]["instructions"].endswith("Goodbye.")
    call.say("r2", "Goodbye.", request["event_id"])
    assert call.end.reason is EndReason.TOO_LONG


def test_a_call_whose_connection_fails_for_good_ends():
    call = patient_call()
    call.protocol.fail("OpenAI cannot be reached")
    call.drain()
    assert call.end.error == "OpenAI cannot be reached"
    assert call.protocol.deadline(call.ear, call.now) is None
    assert json.loads(call.protocol.hear(b"\0" * 160) or "null") is not None
