from __future__ import annotations

from dataclasses import replace

from pipeline.interfaces import Participant
from server.phone.calls.status import CallPhase
from server.phone.engines.engine import AgentSaid, CallerSaid, EngineCall, PhaseChanged
from server.phone.engines.session_note import MOST_CHARACTERS, session_note

CALL = EngineCall(
    id="c1",
    direction="inbound",
    caller=Participant("+15550001111", "Ann"),
    agent="main",
    agent_name="Nia",
    session_key="agent:main:voice:15550001111",
)


def agent_said(at: float, text: str, heard: str | None = None) -> AgentSaid:
    return AgentSaid(at, text, text if heard is None else heard, 1.0, interrupted=heard is not None)


def test_both_sides_stand_in_the_order_of_time_and_only_what_was_heard():
    note = session_note(
        CALL,
        [
            agent_said(1.0, "Hello."),
            agent_said(5.0, "It is blue, and green, and red.", "It is blue,"),
            CallerSaid(3.0, "What colour?"),
            PhaseChanged(CallPhase.LISTENING),
            CallerSaid(7.0, ""),
            agent_said(8.0, "Sorry?", ""),
        ],
    )
    head, *lines = note.split("\n")
    assert head.startswith("[phone call transcript] Ann (+15550001111) called")
    assert "NOTED" in head
    assert lines == [
        "You: Hello.",
        "Ann: What colour?",
        "You: It is blue, … (interrupted)",
        "Ann: (not understood)",
    ]


def test_a_call_in_which_nothing_was_said_leaves_no_note():
    assert session_note(CALL, [PhaseChanged(CallPhase.LISTENING)]) == ""
    assert session_note(CALL, [agent_said(1.0, "Hello.", "")]) == ""


def test_a_number_without_a_name_stands_once():
    unknown = replace(CALL, caller=Participant("+1555", "+1555"), direction="outbound")
    assert "] +1555 was called," in session_note(unknown, [CallerSaid(1.0, "Hi.")])


def test_of_a_long_call_the_end_is_told():
    events = [CallerSaid(float(number), f"{number} " + "x" * 1000) for number in range(30)]
    lines = session_note(CALL, events).split("\n")[1:]
    assert lines[0] == "(the beginning is left out)"
    assert lines[-1].startswith("Ann: 29 ")
    assert sum(map(len, lines)) <= MOST_CHARACTERS
