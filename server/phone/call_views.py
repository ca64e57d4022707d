"""Sans-I/O: calls and what happens in them, as people on Discord see them."""

from __future__ import annotations

from typing import Final, assert_never

from discord_bot import telephone
from discord_bot.telephone import Activity, CallResult, CallStage, PhoneCall, Said
from server.phone.calls.record import CallRecord, Cost
from server.phone.calls.status import CallPhase, CallStatus, EndReason
from server.phone.engines.engine import (
    AgentSaid,
    CallerHeard,
    CallerSaid,
    CallerSpeaks,
    CallReported,
    MessageInvited,
    MessageLeft,
    PhaseChanged,
    ToolUsed,
)
from server.phone.live.events import CallChanged, CallEvent, CallNews, CallOver, MessageKept
from server.phone.security.numbers import masked

_STAGES: Final = {
    CallStatus.QUEUED: CallStage.WAITING,
    CallStatus.DIALING: CallStage.DIALLING,
    CallStatus.RINGING: CallStage.RINGING,
    CallStatus.IN_PROGRESS: CallStage.TALKING,
    CallStatus.ENDING: CallStage.ENDING,
    CallStatus.RETRY_WAIT: CallStage.AGAIN_LATER,
}

_ACTIVITIES: Final = {
    CallPhase.THINKING: Activity.THINKING,
    CallPhase.SPEAKING: Activity.SPEAKING,
    CallPhase.GREETING: Activity.SPEAKING,
}

_ENDINGS: Final = {
    EndReason.HUNG_UP: "they hung up",
    EndReason.AGENT: "{agent} hung up",
    EndReason.CANCELED: "it was ended from our side",
    EndReason.TRANSFERRED: "they were connected to somebody else",
    EndReason.VOICEMAIL: "a message was left on a machine",
    EndReason.MACHINE: "a machine answered, and no message was left",
    EndReason.TOO_LONG: "it had lasted as long as calls may",
    EndReason.SILENCE: "nobody said anything any more",
    EndReason.BUSY: "busy",
    EndReason.NO_ANSWER: "nobody answered",
}
"""How calls end, where the record has no error that says more."""


def view_of(
    record: CallRecord, agent: str, *, channel_id: int | None = None, asked_by: str = ""
) -> PhoneCall:
    """Return a call as it is shown.

    Args:
        record: It.
        agent: Name of who talks.
        channel_id: Channel from which it was asked for.
        asked_by: Who asked for it there.

    """
    failed = [one for one in record.attempts if one.end_reason is not None]
    problem = ""
    if failed:
        problem = _words(failed[-1].end_reason, failed[-1].error, agent)
    return PhoneCall(
        id=record.id,
        number=record.peer,
        who=record.identity or masked(record.peer),
        agent=agent,
        task=record.task or "",
        stage=_STAGES.get(record.status, CallStage.ENDED),
        channel_id=channel_id,
        asked_by=asked_by,
        attempt=record.attempt,
        problem=problem,
        again_at=record.retry_at,
        result=_result(record, agent) if record.status.is_final else None,
    )


def news_of(news: CallNews, call: PhoneCall) -> telephone.CallNews:
    """Return what happened in a call as it is shown.

    Args:
        news: What happened.
        call: The call as it is shown.

    """
    return telephone.CallNews(call, _event(news.event), news.at)


def _event(event: CallEvent) -> telephone.CallEvent:
    shown: telephone.CallEvent
    match event:
        case PhaseChanged(phase):
            shown = _ACTIVITIES.get(phase, Activity.LISTENING)
        case CallerSpeaks():
            shown = Activity.HEARING
        case CallerHeard(text):
            shown = telephone.Heard(text)
        case CallerSaid(at, text):
            shown = Said(at, by_agent=False, text=text)
        case AgentSaid():
            words = event.heard if event.interrupted else event.text
            shown = Said(event.at, by_agent=True, text=words, interrupted=event.interrupted)
        case CallOver():
            shown = telephone.Over()
        case (
            CallChanged()
            | CallReported()
            | ToolUsed()
            | MessageInvited()
            | MessageLeft()
            | MessageKept()
        ):
            shown = telephone.Changed()
        case _:
            assert_never(event)
    return shown


def _result(record: CallRecord, agent: str) -> CallResult:
    cost, report = record.cost, record.report
    return CallResult(
        how=_words(record.end_reason, record.error, agent),
        seconds=record.duration or 0,
        cost="" if cost is None or not cost.amount else _money(cost),
        summary="" if report is None else report.summary,
        next_steps=() if report is None else report.next_steps,
    )


def _money(cost: Cost) -> str:
    """Return an amount; of small ones as many decimals as say something."""
    amount = f"{cost.amount:.2f}" if cost.amount >= 1 else f"{cost.amount:.2g}"
    return f"{amount} {cost.currency}"


def _words(reason: EndReason | None, error: str | None, agent: str) -> str:
    """Return how a call or an attempt ended, for people."""
    if error:
        return error
    known = _ENDINGS.get(reason) if reason is not None else None
    return (known or "it ended").format(agent=agent)
