"""TwiML that says something, beside Twilio's own library."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from twilio.twiml.voice_response import VoiceResponse

from server.phone.security.twiml import say_and_hang_up


def test_what_is_said_is_text_and_never_markup() -> None:
    text = 'Sorry</Say><Dial>+1900</Dial> & "bye" ü'
    expected = VoiceResponse()
    expected.say(text, language="en-US")
    expected.hangup()
    assert _same(say_and_hang_up(text, "en-US"), str(expected))


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    document = say_and_hang_up("a\x00b\x0bc\ufffe\ud800d\U0001f600", 'en"><Dial/>')
    say = ET.fromstring(document).find("Say")  # noqa: S314 - our own document
    assert say is not None
    assert say.text == "abcd\U0001f600"
    assert say.get("language") == 'en"><Dial/>'


def _same(one: str, other: str) -> bool:
    return ET.canonicalize(one) == ET.canonicalize(other)
