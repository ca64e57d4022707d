"""The agents of a conversation, and how they sound."""

from __future__ import annotations

from pipeline.cast import Cast, Persona
from pipeline.speech_text import VoiceDirective
from pipeline.spoken_requests import Direction, PaceRequest, VoiceRequest, WhichVoice
from pipeline.voice_choice import ChosenVoice, VoiceChoices
from pipeline.voice_names import ServerVoices

SERVER = ServerVoices(("jarvis", "sage", "nova", "de", "en-029"), {"sage": "en-us+f3"})
PEOPLE = {
    "jarvis": Persona("jarvis", "Jarvis", "jarvis"),
    "sage": Persona("sage", "Sage", "sage", 1.2),
}


def cast() -> Cast:
    return Cast(PEOPLE, "jarvis", None, voices=VoiceChoices(SERVER))


def test_an_agent_speaks_with_its_own_voice_and_pace():
    assert cast().voice("sage") == ChosenVoice("sage", 1.2)
    assert cast().voice("unknown") == ChosenVoice("default", 1.0)


def test_where_no_voices_are_known_everyone_keeps_their_own():
    alone = Cast(PEOPLE, "jarvis", None)
    assert alone.voice("sage", language="de") == ChosenVoice("sage", 1.2)


def test_a_reply_sounds_as_it_wants_and_in_its_language():
    assert cast().voice("sage", VoiceDirective("nova", 0.8)) == ChosenVoice("nova", 0.8)
    assert cast().voice("sage", language="de") == ChosenVoice("de+f3", 1.2)


def test_requests_are_understood_with_the_agents_names():
    assert cast().request_in("Sage, speak slower.", "en") == PaceRequest(Direction.SLOWER)
    assert cast().request_in("Slower", "en", after_question=True) is None


def test_a_voice_that_is_not_there_is_no_request():
    nova = VoiceRequest(WhichVoice.NAMED, "nova")
    assert cast().request_in("Change your voice to Nova.", "en") == nova
    assert cast().request_in("Change your voice to Elvis.", "en") is None


def test_a_request_is_for_one_agent():
    heard = cast()
    assert heard.carry_out(PaceRequest(Direction.FASTER), "jarvis", "en") == "Okay, faster."
    assert heard.voice("jarvis").speed == 1.2
    other = VoiceRequest(WhichVoice.OTHER)
    assert heard.carry_out(other, "jarvis", "de") == "Gut, das ist jetzt meine Stimme."
    assert heard.voice("jarvis").name == "nova"
    assert heard.voice("sage") == ChosenVoice("sage", 1.2)
