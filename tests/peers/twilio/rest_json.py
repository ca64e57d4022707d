"""Sans-I/O: what the REST API shows of calls and recordings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.peers.twilio.call import API_VERSION, Call


def call_json(call: Call, date: Callable[[float | None], str]) -> dict[str, Any]:
    """Return a call as REST shows it."""
    path = f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}"
    ended = call.ended_at is not None
    return {
        "sid": call.sid, "account_sid": call.account_sid, "status": call.status,
        "direction": call.direction, "from": call.from_number, "to": call.to_number,
        "from_formatted": call.from_number, "to_formatted": call.to_number,
        "api_version": API_VERSION, "answered_by": call.answered_by,
        "date_created": date(call.created_at), "date_updated": date(None),
        "start_time": date(call.started_at) if call.started_at is not None else None,
        "end_time": date(call.ended_at) if ended else None,
        "duration": str(call.seconds) if ended else None,
        "price": "-0.00850" if ended else None, "price_unit": "USD", "parent_call_sid": None,
        "phone_number_sid": "PN" + "0" * 32, "forwarded_from": None, "group_sid": None,
        "caller_name": None, "queue_time": "0", "trunk_sid": None, "annotation": None,
        "uri": f"{path}.json", "subresource_uris": {"recordings": f"{path}/Recordings.json"},
    }  # fmt: skip


def recording_json(sid: str, call: Call) -> dict[str, Any]:
    """Return a recording as REST shows it."""
    return {
        "sid": sid, "account_sid": call.account_sid, "call_sid": call.sid,
        "status": "completed", "channels": 2, "duration": str(call.seconds),
        "source": "OutboundAPI",
    }  # fmt: skip
