from __future__ import annotations

import pytest

from pipeline.speech_text.directives import (
    Bracket,
    CallDirective,
    VoiceDirective,
    read_bracket,
    read_voice_line,
    weigh_bracket,
)


@pytest.mark.parametrize(
    ("line", "voice"),
    [
        ('{"voice": "nova"}', VoiceDirective(voice="nova")),
        ('{"voice_id": "a", "once": true}', VoiceDirective(voice="a", once=True)),
        ('{"voiceId": "b", "speed": 1.2}', VoiceDirective(voice="b", speed=1.2)),
        ('{"rate": 210}', VoiceDirective(speed=1.2)),
        ('{"lang": "de", "unknown": [1]}', VoiceDirective(language="de")),
        ('{"speed": 9}', VoiceDirective()),
        ('{"speed": true, "voice": 7}', VoiceDirective()),
        ('{"stability": 0.5}', VoiceDirective()),
    ],
)
def test_a_line_about_the_voice_is_read(line: str, voice: VoiceDirective) -> None:
    assert read_voice_line(line) == voice


@pytest.mark.parametrize("line", ['{"status": "ok"}', "{", "[1]", "hello", '{"a": 1'])
def test_other_lines_are_no_directive(line: str) -> None:
    assert read_voice_line(line) is None


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("[[", Bracket.OPEN),
        ("[[end", Bracket.OPEN),
        ("[[end_call", Bracket.OPEN),
        ("[[end_call]", Bracket.OPEN),
        ("[[end_call]]", Bracket.DIRECTIVE),
        ("[[ reply_to_current ]]", Bracket.DIRECTIVE),
        ("[[transfer:+1555", Bracket.OPEN),
        ("[[transfer:+1555]]", Bracket.DIRECTIVE),
        ('[[report_call:{"a":[[1]]', Bracket.OPEN),
        ('[[report_call:{"a":[[1]]}]]', Bracket.DIRECTIVE),
        ("[[/tts:text]]", Bracket.DIRECTIVE),
        ("[[Page", Bracket.TEXT),
        ("[[1", Bracket.TEXT),
        ("[[ -f", Bracket.TEXT),
        ("[[transfers", Bracket.TEXT),
    ],
)
def test_double_brackets_are_a_directive_by_their_name(text: str, weight: Bracket) -> None:
    assert weigh_bracket(text) is weight


def test_a_call_directive_keeps_its_argument_as_it_was_written() -> None:
    assert read_bracket("[[dtmf: 12# ]]") == CallDirective("dtmf", "12#")
    assert read_bracket("[[end_call]]") == CallDirective("end_call")


def test_a_voice_directive_in_brackets_is_for_one_reply() -> None:
    assert read_bracket("[[tts:voiceId=x speed=0.8]]") == VoiceDirective("x", 0.8, once=True)
    assert read_bracket("[[tts:text]]") is None
    assert read_bracket("[[audio_as_voice]]") is None
