"""What the bot says in text channels."""

from __future__ import annotations

from collections.abc import Sequence

from discord_bot.support import AgentChoice
from pipeline.config import Sensitivity
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import ChosenVoice

LONGEST_MESSAGE = 2000
"""Characters of a message on Discord."""

VOICES_LISTED = 30
"""Voices that are listed; more are found by typing a few letters."""

NOT_A_MEMBER = (
    "I am not in this server, only my commands are. Whoever runs me can invite me, with the link"
    " that `run.py setup` prints."
)
SERVERS_ONLY = "That works only in a server, where the voice channels are."
NO_CHANNEL = "Join a voice channel first, or tell me which: `/join channel:…`"
NOT_HERE = "I am in no voice channel here. `/join` brings me into yours."
NOTHING_HEARD = "I heard nothing that far back."
SENT_ELSEWHERE = "Somebody sent me elsewhere meanwhile."
OUT_AGAIN = "I came in, and was out again at once. Call me once more."
GOING_OFFLINE = "I am going offline. Call me again in a moment."
BROKEN = "Something went wrong on my side. The log has the details."

SENSITIVITIES: dict[Sensitivity, str] = {
    "low": "I answer only when I am named.",
    "medium": "With one person I always answer; with several, when I am named, and for a moment"
    " after I answered that person.",
    "high": "I also answer questions and requests that are plainly meant for me.",
}

HELP = """\
I listen in a voice channel and pass what is meant for an agent on to it; you hear its answer.
**/join** `[channel]`: I come into your voice channel, or the one you name
**/leave**: I go
**/agent** `[name]`: who answers; without a name, who can
**/sensitivity** `[level]`: when I answer: `low` only when named, `medium`, `high` also what is \
plainly meant for me
**/voice** `[voice] [speed]`: how who answers sounds; `default` is its own voice and pace
**/why** `[back] [verdict]`: why I answered, or did not; tell me when that was wrong, and I learn
**/status**: how I am doing, and how long the last answers took
Ask me aloud to speak slower or faster, or with another voice. Talk over me and I stop. What is \
said goes to speech recognition on the machine I run on and, when it is meant for an agent, to \
that agent; nothing is recorded."""


def joined(channel: str, agent: str, sensitivity: Sensitivity) -> str:
    """Tell that the bot is in a channel."""
    return (
        f"I am listening in **{channel}**; **{agent}** answers. {SENSITIVITIES[sensitivity]}"
        " `/help` tells more."
    )


def left(channel: str) -> str:
    """Tell that the bot is out of a channel."""
    return f"I left **{channel}**."


def whereabouts(channel: str, agent: str, sensitivity: Sensitivity) -> str:
    """Tell where the bot is and how it answers."""
    return f"In **{channel}**; **{agent}** answers, sensitivity **{sensitivity}**"


def voice_line(voice: ChosenVoice) -> str:
    """Tell, for the status, how the one who answers sounds."""
    return f"Voice: {_sound(voice)}"


def voice_chosen(agent: str, voice: ChosenVoice) -> str:
    """Tell that an agent sounds otherwise."""
    return f"**{agent}** speaks from now on with {_sound(voice)}."


def voices(agent: str, voice: ChosenVoice, names: Sequence[str]) -> str:
    """Tell how an agent sounds, and which voices there are."""
    text = f"**{agent}** speaks with {_sound(voice)}."
    if not names:
        return f"{text} My speech server does not tell which voices it has; you can name any."
    listed = ", ".join(f"`{name}`" for name in names[:VOICES_LISTED])
    more = len(names) - VOICES_LISTED
    return shortened(f"{text} You can choose: {listed}" + (f" and {more} more" if more > 0 else ""))


def no_such_voice(wanted: str, near: Sequence[str]) -> str:
    """Tell that there is no voice of a name."""
    like = ", ".join(f"`{name}`" for name in near)
    known = f"Did you mean {like}?" if like else "`/voice` lists those there are."
    return f"There is no voice {shortened(wanted, 60)!r}. {known}"


def _sound(voice: ChosenVoice) -> str:
    return f"`{voice.name}`, speed **{voice.speed:g}**"


def agent_chosen(agent: str, *, in_room: bool) -> str:
    """Tell that another agent answers."""
    return f"**{agent}** answers from " + ("the next turn on." if in_room else "now on.")


def agents_known(agents: Sequence[AgentChoice], current: str) -> str:
    """List the agents, and who answers now."""
    names = ", ".join(f"`{agent.id}`" for agent in agents)
    return shortened(f"**{current}** answers. You can choose: {names}")


def sensitivity_is(level: Sensitivity, *, changed: bool) -> str:
    """Tell the sensitivity."""
    return f"Sensitivity {'is now' if changed else 'is'} **{level}**. {SENSITIVITIES[level]}"


def decision(record: TurnRecord) -> str:
    """Explain why a turn was answered, or was not."""
    outcome = f"**{record.agent}** answered" if record.addressed else "not for me"
    if record.addressed and not record.reply:
        outcome = f"for **{record.agent}**, no answer" + (
            f" ({record.error})" if record.error else ""
        )
    score = "" if record.relevance is None else f"{record.relevance:.2f}: "
    said = f"**{record.speaker}**: {record.text or '(no words)'}"
    return f"{said}\n{outcome}\n`{score}{record.why}`\n`{record.latency_line()}`"


def verdict(*, answered: bool, right: bool) -> str:
    """Tell what is learnt from a correction."""
    if right:
        return "Good."
    if answered:
        return "Understood: I will answer less readily here when I am not named."
    return "Understood: I will answer more readily here, at sensitivity high also unnamed."


def shortened(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """Return what fits into one message, or into so many characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
