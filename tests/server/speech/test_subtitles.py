from __future__ import annotations

from server.speech.subtitles import Passage, TranscribedRecording, srt, verbose, vtt

PASSAGES = (
    Passage(0.5, 2.0, "Hello, Jarvis.", "en"),
    Passage(3661.2, 3663.9996, "Is 3 < 4 & 5 > 4?", "en"),
)


def test_subrip() -> None:
    assert srt(PASSAGES) == (
        "1\n00:00:00,500 --> 00:00:02,000\nHello, Jarvis.\n\n"
        "2\n01:01:01,200 --> 01:01:04,000\nIs 3 < 4 & 5 > 4?\n\n"
    )


def test_webvtt_escapes_what_means_something_in_it() -> None:
    assert vtt(PASSAGES) == (
        "WEBVTT\n\n"
        "00:00:00.500 --> 00:00:02.000\nHello, Jarvis.\n\n"
        "01:01:01.200 --> 01:01:04.000\nIs 3 &lt; 4 &amp; 5 &gt; 4?\n\n"
    )


def test_verbose_json_has_times_and_language() -> None:
    content = verbose(TranscribedRecording(PASSAGES, 3700.12345))
    assert content["duration"] == 3700.123
    assert content["language"] == "en"
    assert content["text"] == "Hello, Jarvis. Is 3 < 4 & 5 > 4?"
    assert [(each["id"], each["start"], each["end"]) for each in content["segments"]] == [
        (0, 0.5, 2.0),
        (1, 3661.2, 3664.0),
    ]


def test_nothing_said_is_an_empty_transcript() -> None:
    nothing = TranscribedRecording((), 1.0)
    assert srt(()) == ""
    assert vtt(()) == "WEBVTT\n\n"
    assert (verbose(nothing)["text"], verbose(nothing)["segments"]) == ("", [])
