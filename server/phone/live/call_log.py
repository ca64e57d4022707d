"""What the log says of calls: a line when one begins, and one when it is over.

Numbers are masked, and nothing that was said is in it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from server.phone.calls.record import CallRecord
from server.phone.calls.status import CallStatus, EndReason
from server.phone.security.numbers import masked, parse_caller

logger = logging.getLogger(__name__)

_ENDINGS: Mapping[EndReason | None, str] = {
    EndReason.HUNG_UP: "the other side hung up",
    EndReason.AGENT: "the agent ended it",
    EndReason.CANCELED: "ended from our side",
    EndReason.TRANSFERRED: "handed over",
    EndReason.VOICEMAIL: "a message was left on a machine",
    EndReason.MACHINE: "a machine answered",
    EndReason.MESSAGE_TAKEN: "a message was taken",
    EndReason.TOO_LONG: "it lasted as long as it may",
    EndReason.SILENCE: "nobody said anything",
}
"""Reasons that neither the status nor the error tells."""


def log_begin(record: CallRecord) -> None:
    """Tell that a call begins."""
    whose = "" if record.identity is None else f" ({record.identity})"
    who = f"{shown(record.peer)}{whose}"
    if record.direction == "outbound":
        again = ", made again later" if record.status is CallStatus.RETRY_WAIT else ""
        logger.info("call:%s: a call to %s%s", record.id, who, again)
    elif record.missed is None:
        logger.info("call:%s: a call from %s", record.id, who)
    else:
        why = _without_number(record.missed, record.peer)
        logger.info("call:%s: a call from %s may leave a message: %s", record.id, who, why)


def log_end(record: CallRecord) -> None:
    """Tell that a call is over, and how it came out; or that it is broken off, as we stop."""
    if not record.status.is_final:
        logger.info(
            "call:%s: broken off while it was %s, as the telephone stops", record.id, record.status
        )
        return
    why = record.error or _ENDINGS.get(record.end_reason, "")
    tries = f" after {record.attempt} attempts" if record.attempt > 1 else ""
    seconds = f", {record.duration or 0} s" if record.status is CallStatus.COMPLETED else ""
    because = f" ({why})" if why else ""
    logger.info("call:%s: %s%s%s%s", record.id, record.status, seconds, tries, because)


def log_refused(claimed: str, why: str) -> None:
    """Tell that a call that came in was not put through.

    Args:
        claimed: The caller's number, as the provider's request has it.
        why: Why, for people.

    """
    logger.info(
        "A call from %s was not put through: %s", shown(claimed), _without_number(why, claimed)
    )


def log_pin_asked(claimed: str) -> None:
    """Tell that a caller is asked for a PIN."""
    logger.info("A call from %s: the PIN is asked for", shown(claimed))


def shown(number: str) -> str:
    """Return a number as the log may have it."""
    caller = parse_caller(number)
    return "a withheld number" if caller is None else masked(caller.e164)


def _without_number(why: str, number: str) -> str:
    """Return a reason without the number that stands before it."""
    return why.removesuffix(f" ({masked(number)})")
