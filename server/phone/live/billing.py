"""What a call will have cost, by what each of its attempts used."""

from __future__ import annotations

from collections.abc import Iterator

from server.phone.calls.costs import Usage, estimate
from server.phone.calls.record import CallRecord, Cost
from server.phone.live.kit import CallKit


def estimated(kit: CallKit, record: CallRecord, spoken: float = 0.0) -> Cost:
    """Return the cost of a call that is over.

    Args:
        kit: What all calls share.
        record: The call.
        spoken: Seconds of the agent's voice that were heard; 0 where nobody counted them.

    """
    return estimate(_usages(kit, record, spoken), kit.config.costs)


def _usages(kit: CallKit, record: CallRecord, spoken: float) -> Iterator[Usage]:
    """Return what each attempt used."""
    recorded = kit.record_url("") is not None and record.message is None
    modelled = record.engine == "realtime"
    for one in record.attempts:
        seconds = float(one.duration or 0)
        last = one.number == record.attempt
        yield Usage(
            record.direction,
            record.peer,
            seconds,
            media_seconds=seconds,
            recorded_seconds=seconds if recorded else 0.0,
            machine_detection=one.answered_by is not None,
            realtime_input_seconds=seconds if modelled else 0.0,
            realtime_output_seconds=spoken if modelled and last else 0.0,
        )
