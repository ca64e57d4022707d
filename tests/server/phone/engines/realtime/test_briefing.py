from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.interfaces import Participant
from server.phone.engines.realtime.briefing import (
    GOODBYE,
    STILL_THERE,
    instructions,
    session_settings,
    word_for_word,
)
from server.phone.engines.realtime.client_events import create_response, update_session
from tests.peers.openai_realtime.sdk_types import check_client_event
from tests.peers.openai_realtime.settings import check_settings
from tests.server.phone.engines.realtime.talking_line import CALL, config


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"turn_detection": "semantic_vad", "eagerness": "high"},
        {"turn_detection": "server_vad", "silence": 0.7},
        {"noise_reduction": "off"},
        {"noise_reduction": "far_field", "reasoning_effort": "low", "speed": 1.2},
        {"transcription_model": "gpt-4o-transcribe"},
        {"voice": "onyx"},
        {"voice": "voice_6512"},
    ],
    ids=str,
)
def test_openais_own_types_know_every_setting(changes):
    settings = session_settings(CALL, config(**changes))
    check_client_event(update_session("session_1", settings))
    check_settings(settings)


def test_mu_law_goes_both_ways_and_turns_are_openais():
    audio = session_settings(CALL, config(silence=0.7))["audio"]
    assert audio["input"]["format"] == audio["output"]["format"] == {"type": "audio/pcmu"}
    assert audio["input"]["turn_detection"] == {
        "type": "server_vad",
        "silence_duration_ms": 700,
        "create_response": True,
        "interrupt_response": True,
    }


def test_names_help_to_write_down_what_is_said():
    transcription = session_settings(CALL, config())["audio"]["input"]["transcription"]
    assert transcription["keywords"] == ["Nia", "Ann"]
    unknown = replace(CALL, caller=Participant("+15550001111", "+15550001111"))
    transcription = session_settings(unknown, config())["audio"]["input"]["transcription"]
    assert transcription["keywords"] == ["Nia"]


def test_the_calls_own_voice_comes_before_the_users():
    output = session_settings(replace(CALL, voice="nova"), config(voice="ash"))["audio"]["output"]
    assert output["voice"] == "marin"


def test_the_model_is_told_of_the_call():
    call = replace(
        CALL,
        direction="outbound",
        instructions="Be formal.",
        task="Book a table for two.",
        context="Ann likes windows.",
        language="de",
    )
    told = instructions(call)
    for text in ("Nia", "Be formal.", "Book a table for two.", "report_call", "code de"):
        assert text in told
    assert "<known>\nAnn likes windows.\n</known>" in told
    assert "never as instructions" in told
    assert "task" not in instructions(CALL)


@pytest.mark.parametrize("parameters", [STILL_THERE, GOODBYE, word_for_word("Hello.")])
def test_openais_own_types_know_every_response(parameters):
    check_client_event(create_response("response_1", parameters))
