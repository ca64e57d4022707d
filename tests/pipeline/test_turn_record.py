"""The turn record is a contract: names, order and form of its fields."""

from __future__ import annotations

import json
from dataclasses import replace

from pipeline.turn_record import TurnRecord

RECORD = TurnRecord(
    id="1",
    conversation="demo",
    at="2026-01-02T03:04:05.500+00:00",
    speaker="Ann",
    speaker_id="ann",
    start=0.5,
    end=2.5,
    ended_by="smart_turn",
    end_of_turn_probability=None,
    text="what time is it",
    language="en",
    addressed=True,
    relevance=None,
    why="every turn",
    agent="jarvis",
    latency_ms={"vad": 200, "smart_turn": 20, "stt": None, "total": None},
)


def test_the_fields_are_those_of_the_contract_in_its_order():
    contract = (
        "type id conversation at speaker speaker_id start end ended_by end_of_turn_probability"
        " text language addressed relevance why agent session_key continues reply heard"
        " interrupted error latency_ms"
    )
    assert list(RECORD.to_json()) == contract.split()


def test_what_is_not_known_is_null():
    record = json.loads(json.dumps(RECORD.to_json()))
    assert record["type"] == "turn"
    unknown = ("end_of_turn_probability", "relevance", "session_key", "continues", "error")
    assert [record[name] for name in unknown] == [None] * 5
    assert record["latency_ms"]["total"] is None
    assert (record["reply"], record["heard"], record["interrupted"]) == ("", "", False)


def test_the_line_for_people_names_every_span():
    assert RECORD.latency_line() == (
        "VAD 200 ms · Smart Turn 20 ms · STT not reached · Relevance not reached"
        " · Gateway not reached · TTS not reached · Total not reached"
    )
    spans = ("vad", "smart_turn", "stt", "relevance", "gateway", "tts", "total")
    record = replace(RECORD, latency_ms=dict.fromkeys(spans, 0))
    assert record.latency_line().count(" 0 ms") == len(spans)
