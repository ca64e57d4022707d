"""Sans-I/O: what is said first in a call: who speaks, that it is no person, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass

from server.phone.calls.config import GreetingConfig, InboundConfig
from server.phone.calls.status import Direction


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a call is kept."""

    words: bool
    sound: bool


def opening(
    config: GreetingConfig,
    direction: Direction,
    kept: Kept,
    *,
    agent: str,
    caller: str | None,
    message: str = "",
) -> str:
    """Return the first words of a call.

    Args:
        config: The texts.
        direction: Whose call it is.
        kept: What of it is kept.
        agent: The agent's name.
        caller: On whose behalf we call, if that is known.
        message: What is said instead of a greeting; who speaks and what is kept is told all the
            same.

    """
    outbound = direction == "outbound" and caller is not None
    sentences = (
        message or (config.outbound if outbound else config.inbound),
        config.disclosure,
        config.written_down if kept.words else "",
        config.recorded if kept.sound else "",
    )
    return filled(_whole(*sentences), agent=agent, caller=caller or "")


def invitation(greeting: GreetingConfig, inbound: InboundConfig, *, agent: str) -> str:
    """Return what somebody hears who may leave a message: to whom, and that it is kept."""
    return filled(
        _whole(
            greeting.inbound, greeting.disclosure, inbound.message_notice, inbound.message_prompt
        ),
        agent=agent,
    )


def _whole(*sentences: str) -> str:
    return " ".join(sentence.strip() for sentence in sentences if sentence.strip())


def filled(text: str, **names: str) -> str:
    """Return a text of the settings with its names filled in; other braces stay as they are."""
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text
