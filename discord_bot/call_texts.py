"""Sans-I/O: what the bot writes about telephone calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import assert_never

from discord_bot.telephone import Activity, CallResult, CallStage, PhoneCall, Said, Verdict

HELP = """
**/call** `number` `[task]`: I telephone somebody, and you read here what is said
**/hangup** `[call]`: I end a call
Both are for those who manage this server, and for those whom the settings name."""

NOT_ALLOWED = (
    "You may not make calls: they cost money. Whoever runs me can allow you to, by your user id in"
    " `phone.discord.users`, by a role in `phone.discord.roles`, or under `identities`."
)
NO_CALLS = "No call is going on."
NO_SUCH_CALL = "That call is not going on any more."
CALL_BROKE = "The telephone does not work now. The log has the details."
UNANSWERED = "Nobody said anything in time: I do not call."
TAKEN_BACK = "That is settled: the call is not made."
TOO_LATE = "Somebody was faster."
GOING_OFFLINE = "*I am going offline, and write no more about this call.*"

_LONGEST_TEXT = 600
"""Characters of what others said that stand in one line."""

_LONGEST_NAME = 40

_STAGES = {
    CallStage.WAITING: "waiting",
    CallStage.DIALLING: "dialling",
    CallStage.RINGING: "ringing",
    CallStage.TALKING: "in progress",
    CallStage.ENDING: "ending",
    CallStage.AGAIN_LATER: "to be called again",
    CallStage.ENDED: "over",
}

_SPECIAL = re.compile(r"[\\*_~`|<>@#:()\[\]-]")


def plain(text: str) -> str:
    """Return words of others so that Discord shows them as they are.

    Nothing in them is formatting, a mention, a link or another line.
    """
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))


def pieces(text: str, longest: int = _LONGEST_TEXT) -> Iterator[str]:
    """Cut words of others into parts that fit into a line, between words where it can be."""
    flat = " ".join(text.split())
    while len(flat) > longest:
        border = flat.rfind(" ", longest // 2, longest + 1)
        cut = border if border > 0 else longest
        yield flat[:cut]
        flat = flat[cut:].removeprefix(" ")
    yield flat


def shortened(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return the beginning of words of others, as they are shown."""
    first, *rest = pieces(text, longest)
    return plain(first) + ("…" if rest else "")


def _name(text: str) -> str:
    return shortened(text, _LONGEST_NAME)


# Captions


def title(call: PhoneCall) -> str:
    """Return the first line about a call."""
    asked = f" for {_name(call.asked_by)}" if call.asked_by else ""
    task = f": {shortened(call.task, 400)}" if call.task else ""
    return f"📞 **{_name(call.agent)}** calls **{_name(call.who)}**{asked}{task}"


def said(call: PhoneCall, event: Said) -> Iterator[str]:
    """Return the lines of what one side said; none without words."""
    name = _name(call.agent if event.by_agent else call.who)
    if not event.text.strip():
        if event.interrupted:
            yield f"**{name}**: *(interrupted before a word was heard)*"
        return
    parts = [f"**{name}**: {plain(part)}" for part in pieces(event.text)]
    if event.interrupted:
        parts[-1] += "— *(interrupted)*"
    yield from parts


def standing(call: PhoneCall, activity: Activity, heard: str = "") -> str:
    """Return what stands below what was said in a call that goes on.

    Args:
        call: It.
        activity: What goes on in it.
        heard: What the other side has just said, as far as it is known.

    """
    said_now = f"**{_name(call.who)}**: {shortened(heard, 100)}\n" if heard.strip() else ""
    return said_now + _status(call, activity)


def _status(call: PhoneCall, activity: Activity) -> str:
    match call.stage:
        case CallStage.WAITING:
            return "*Waiting…*"
        case CallStage.DIALLING:
            return "*Dialling…*"
        case CallStage.RINGING:
            return "*Ringing…*"
        case CallStage.TALKING:
            return f"*In progress{_doing(call, activity)}*"
        case CallStage.AGAIN_LATER:
            when = f" <t:{round(call.again_at.timestamp())}:R>" if call.again_at else " later"
            return f"*Calling again{when}*"
        case CallStage.ENDING | CallStage.ENDED:
            return "*Ending…*"
        case _:
            assert_never(call.stage)


def _doing(call: PhoneCall, activity: Activity) -> str:
    match activity:
        case Activity.LISTENING:
            return ""
        case Activity.HEARING:
            return f": {_name(call.who)} speaks…"
        case Activity.THINKING:
            return f": {_name(call.agent)} thinks…"
        case Activity.SPEAKING:
            return f": {_name(call.agent)} speaks…"
        case _:
            assert_never(activity)


def failed_attempt(call: PhoneCall) -> str:
    """Return the line about an attempt that reached nobody."""
    why = shortened(call.problem, 300) or "nobody was reached"
    return f"*Attempt {call.attempt}: {why}*"


def ending(result: CallResult | None) -> Iterator[str]:
    """Return the lines about how a call ended; ``None`` when that is not known."""
    if result is None:
        yield "☎️ **Over**: how it ended is not known yet"
        return
    facts = [shortened(result.how, 300)]
    if result.seconds:
        facts.append(duration(result.seconds))
    if result.cost:
        facts.append(f"about {result.cost}")
    yield f"☎️ **Over**: {', '.join(facts)}"
    if result.summary:
        yield f"**Report**: {shortened(result.summary)}"
    if result.next_steps:
        yield f"**Next**: {shortened('; '.join(result.next_steps))}"


def duration(seconds: int) -> str:
    """Return a length of time in words."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


# Answers to commands


def calling(call: PhoneCall, *, followed: bool) -> str:
    """Tell whoever asked for a call that it begins."""
    begins = f"I am calling {plain(call.number)}."
    if call.to_approve:
        begins = f"I call {plain(call.number)} as soon as somebody has approved it."
    where = "You can follow it here" if followed else "I may not write here, so you cannot read it"
    return f"{begins} {where}; `/hangup` ends it."


def ended(call: PhoneCall) -> str:
    """Tell whoever ended a call that it ends."""
    return f"I am ending the call with {plain(call.number)}."


def which(calls: Sequence[PhoneCall]) -> str:
    """Ask which call is meant."""
    listed = "\n".join(f"- {listing(call)}" for call in calls)
    return f"Which call? Name it: `/hangup call:…`\n{listed}"


def listing(call: PhoneCall) -> str:
    """Return a call as it stands in a list."""
    return f"{_name(call.who)}, {_STAGES[call.stage]}, `{call.id}`"


def choice(call: PhoneCall) -> str:
    """Return a call as it is offered to be chosen, where nothing is formatted."""
    return f"{call.who}, {_STAGES[call.stage]}"


# Approval


def question(call: PhoneCall, minutes: int) -> str:
    """Ask whether a call may be made."""
    within = f"{minutes} {'minute' if minutes == 1 else 'minutes'}"
    return f"{title(call)}\nMay I make this call? It waits for {within}."


def answered(call: PhoneCall, verdict: Verdict, by: str) -> str:
    """Tell what somebody said to the question."""
    said_yes = verdict is Verdict.APPROVED
    return f"{title(call)}\n{'Approved' if said_yes else 'Declined'} by **{_name(by)}**."


def closed(call: PhoneCall, why: str) -> str:
    """Tell that the question needs no answer any more."""
    return f"{title(call)}\n{why}"
