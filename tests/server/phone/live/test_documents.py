"""TwiML: read back, and nothing in it is markup that was meant as text."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from twilio.twiml import voice_response

from server.phone.live import documents

URL = "https://phone.example.test/voice/step/again-1?a=1&b=2"


def read(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - our own


def test_a_call_is_connected_and_comes_back_when_its_socket_breaks() -> None:
    stream, redirect = read(documents.connect("wss://x/voice/stream/t", URL))
    assert stream.tag == "Connect"
    assert stream[0].attrib == {"url": "wss://x/voice/stream/t"}
    assert (redirect.tag, redirect.text, redirect.attrib) == ("Redirect", URL, {"method": "POST"})


def test_keys_are_asked_for_up_to_a_hash_and_then_the_call_ends() -> None:
    gather, hangup = read(documents.ask_keys("<Dial>1</Dial>", 'en"US', URL))
    assert gather.attrib["finishOnKey"] == "#"
    assert gather.attrib["action"] == URL
    assert gather[0].text == "<Dial>1</Dial>"
    assert gather[0].attrib == {"language": 'en"US'}
    assert hangup.tag == "Hangup"


@pytest.mark.parametrize(("busy", "reason"), [(True, "busy"), (False, "rejected")])
def test_a_call_is_declined(busy: bool, reason: str) -> None:
    assert read(documents.decline(busy=busy))[0].attrib == {"reason": reason}


def test_a_transfer_and_keys() -> None:
    [dial] = read(documents.transfer("+15550002222", 90))
    assert (dial.text, dial.get("timeLimit")) == ("+15550002222", "90")
    play, redirect = read(documents.press_keys("1w2#", URL))
    assert play.attrib == {"digits": "1w2#"}
    assert redirect.text == URL
    assert read(documents.HANG_UP)[0].tag == "Hangup"


def test_a_recording_begins_before_anything_else_as_twilios_library_writes_it() -> None:
    theirs = voice_response.VoiceResponse()
    start = theirs.start()
    start.recording(
        channels="dual", recording_status_callback=URL, recording_status_callback_method="POST"
    )
    theirs.connect().stream(url="wss://x/voice/stream/t")
    theirs.redirect(URL, method="POST")
    ours = read(documents.connect("wss://x/voice/stream/t", URL, URL))
    assert ET.canonicalize(ET.tostring(ours)) == ET.canonicalize(str(theirs))
