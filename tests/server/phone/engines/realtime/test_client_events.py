from __future__ import annotations

import base64
import json

import pytest

from server.phone.engines.realtime import client_events as events
from tests.peers.openai_realtime.sdk_types import check_client_event

ALL = [
    json.loads(events.append_sound(b"\x00\x7f\xff")),
    events.clear_sound(),
    events.update_session("session_1", {"instructions": "Be brief."}),
    events.create_response("response_1"),
    events.create_response("response_2", {"instructions": "Say hello.", "tool_choice": "none"}),
    events.cancel_response("cancel_1", "resp_1"),
    events.truncate_item("truncate_1", "item_1", 812),
    events.delete_item("delete_1", "item_1"),
    events.add_message("note_1", "system", "The time is nearly over."),
    events.add_message("past_1", "user", "What time is it?"),
    events.add_message("past_2", "assistant", "Three o'clock."),
    events.add_result("result_1", "call_1", "Three o'clock."),
]


@pytest.mark.parametrize("event", ALL, ids=lambda event: event["type"])
def test_openais_own_types_know_every_field(event):
    check_client_event(event)


def test_sound_goes_as_it_is():
    event = json.loads(events.append_sound(b"\x00\x7f\xff"))
    assert base64.b64decode(event["audio"]) == b"\x00\x7f\xff"


def test_ids_fit_into_what_openai_takes():
    assert all(len(event.get("item", {}).get("id", "")) <= 32 for event in ALL)
