"""What Twilio is asked for when a call is to be made."""

from __future__ import annotations

from server.phone.provider.outbound import OutboundCall
from tests.peers.twilio import KNOWN_PARAMETERS

BASE = "https://phone.example.test"
CALL = ("+15550002222", "+15550009999", f"{BASE}/voice", f"{BASE}/status")


def test_what_is_asked_for_stands_in_the_request() -> None:
    machines = OutboundCall(
        *CALL, 20, 60,
        detection_url="https://phone.example.test/amd",
        record_url="https://phone.example.test/recording",
    )  # fmt: skip
    form = dict(machines.form())
    assert form["MachineDetection"] == "DetectMessageEnd"
    assert form["AsyncAmd"] == "true"
    assert form["Record"] == "true"
    keys = OutboundCall(*CALL, 20, 60, "https://x", digits="w1")
    assert "MachineDetection" not in dict(keys.form())
    assert dict(keys.form())["SendDigits"] == "w1"
    assert {name for name, _ in machines.form()} <= KNOWN_PARAMETERS
