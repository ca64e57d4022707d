"""What is said first."""

from __future__ import annotations

import pytest

from server.phone.calls.config import GreetingConfig
from server.phone.calls.greeting import Kept, filled, opening
from server.phone.calls.status import Direction

TEXTS = GreetingConfig()


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
@pytest.mark.parametrize("kept", [Kept(words, sound) for words in (0, 1) for sound in (0, 1)])
def test_every_call_says_that_an_ai_speaks_and_whether_it_is_kept(
    direction: Direction, kept: Kept
) -> None:
    text = opening(TEXTS, direction, kept, agent="Jarvis", caller=None)
    assert text.startswith("Hello, this is Jarvis. I am an AI assistant.")
    assert ("written down" in text) is bool(kept.words)
    assert ("recorded" in text) is bool(kept.sound)


def test_a_call_of_ours_says_on_whose_behalf() -> None:
    kept = Kept(words=True, sound=False)
    assert opening(TEXTS, "outbound", kept, agent="Jarvis", caller="Ann") == (
        "Hello, this is Jarvis, calling for Ann. I am an AI assistant. What we say is written down."
    )
    assert "Ann" not in opening(TEXTS, "inbound", kept, agent="Jarvis", caller="Ann")


def test_a_message_stands_for_the_greeting_and_for_nothing_else() -> None:
    kept = Kept(words=True, sound=False)
    message = "Your table is ready."
    assert (
        opening(TEXTS, "outbound", kept, agent="Jarvis", caller="Ann", message=message)
        == "Your table is ready. I am an AI assistant. What we say is written down."
    )


def test_empty_texts_leave_no_gap_and_other_braces_stay() -> None:
    texts = GreetingConfig(inbound=" Hi {x}, {agent}. ", disclosure="", written_down="")
    kept = Kept(words=True, sound=True)
    assert opening(texts, "inbound", kept, agent="J", caller=None) == (
        "Hi {x}, J. This call is recorded."
    )
    assert filled("{agent} {0} {", agent="J") == "J {0} {"
