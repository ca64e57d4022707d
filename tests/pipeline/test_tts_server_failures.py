"""What goes wrong with a speech server is told in words that say what to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE
from pipeline.config import TtsConfig
from pipeline.errors import TextToSpeechError
from pipeline.tts_failure import SpeechServerError
from tests.peers.speech_server import (
    Answer,
    Framing,
    SpeechPeer,
    Then,
    json_answer,
    wav_bytes,
)
from tests.pipeline.tts_talking import (
    HASTY,
    TONE,
    client_of,
    hear,
    run,
    say,
    speak,
    talking,
)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (json_answer({"error": {"message": "out of\nmemory"}}, 500), "answered 500: out of memory"),
        (json_answer({"detail": "model missing"}, 500), "answered 500: model missing"),
        (json_answer({"detail": [{"msg": "bad", "input": "hush"}]}, 422), "answered 422: bad$"),
        (json_answer({"detail": {"message": "worse", "error": "x"}}, 400), "answered 400: worse$"),
        (json_answer("just words", 502), "answered 502: just words"),
        (Answer([b"plain text"], 500, "text/plain"), "answered 500: plain text"),
        (Answer([b"<html><body>Bad"], 502, "text/html"), "answered 502$"),
        (Answer([b"x" * 100_000], 500, "text/plain"), "answered 500: x{100,200}…"),
        (json_answer({"error": {"message": "no"}}, 401), "api_key"),
        (json_answer({"detail": "Not Found"}, 404), "must be a server with /v1/audio/speech"),
        (json_answer({"error": {"message": "later"}}, 429), "busy"),
        (json_answer({"ok": True}), "application/json instead of audio"),
        (Answer([b"<html>login</html>"], content_type="text/html"), "text/html instead of audio"),
        (Answer([b"ID3\4\0\0"], content_type="audio/mpeg"), "compressed audio"),
        (Answer([b"RIFF\0\0\0\0AVI LIST"], content_type="audio/wav"), "not a WAV"),
        (Answer([b"RI"], content_type="audio/wav"), "sent no audio"),
        (Answer([wav_bytes(b"", 8000)[:30]], content_type="audio/wav"), "sent no audio"),
        (Answer([wav_bytes(b"ab", 0x7FFFFFFF)]), "sent a WAV with 1 channels at 2147483647 Hz"),
        (Answer([b"\xff\xfb\x90\x64" * 9], content_type="audio/mpeg"), "compressed audio"),
        (Answer(status=307, headers={"Location": "http://u:p@h/v1"}), "leads to http://h/v1; tts"),
        (json_answer({"error": {"message": "no", "param": "voice"}}, 400), "tts.voice must be"),
        (json_answer({"error": {"message": "x", "code": "unknown_model"}}, 400), "tts.model must"),
        (Answer(status=204, content_type=None), "sent no audio"),
        (Answer(), "sent no audio"),
        (Answer([wav_bytes(b"", 8000)], content_type="audio/wav"), "sent no audio"),
        (Answer(then=Then.CUT), "broke off"),
        (Answer(then=Then.CUT, framing=Framing.LENGTH), "broke off"),
    ],
)
def test_what_is_no_speech_gives_one_clear_error(answer: Answer, words: str) -> None:
    with pytest.raises(TextToSpeechError, match=words) as caught:
        hear(answer)
    assert str(caught.value).startswith("tts: the speech server at http://127.0.0.1:")
    assert "hush" not in str(caught.value)


def test_the_key_is_in_no_message() -> None:
    with pytest.raises(TextToSpeechError) as caught:
        hear(json_answer({"error": {"message": "key sesame is wrong"}}, 401), key="sesame")
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(silent=True), "gave no sound within 0.2 s"),
        (Answer(then=Then.HANG), "gave no sound within 0.2 s"),
        (Answer([TONE.tobytes()], pause=60), "gave no sound within 0.2 s"),
        (Answer([b"{"], 500, then=Then.HANG), "gave no sound within 0.2 s"),
    ],
)
def test_a_server_that_gives_no_sound_is_given_up(answer: Answer, words: str) -> None:
    with pytest.raises(TextToSpeechError, match=words):
        hear(answer, HASTY)


@pytest.mark.parametrize(
    ("then", "words"), [(Then.CUT, "broke off"), (Then.HANG, "stopped mid-sentence for 0.2 s")]
)
def test_what_was_said_before_a_server_stops_stands(then: Then, words: str) -> None:
    async def story() -> None:
        answer = Answer([TONE.tobytes()], then=then)
        async with talking(lambda _: answer, HASTY) as (tts, _):
            speech = speak(tts)
            heard = await anext(speech)
            with pytest.raises(TextToSpeechError, match=words):
                await anext(speech)
            assert np.array_equal(heard.samples, TONE)

    run(story)


def test_a_server_that_stops_after_its_header_gave_no_sound() -> None:
    answer = Answer([wav_bytes(b"", 8000)], content_type="audio/wav", then=Then.HANG)
    config = TtsConfig(first_audio_timeout=0.2, stall_timeout=20)
    with pytest.raises(TextToSpeechError, match=r"gave no sound within 0\.2 s"):
        hear(answer, config)


def test_a_server_that_lets_sound_trickle_is_given_up() -> None:
    answer = Answer([TONE.tobytes(), *[b"ab"] * 1000], pause=0.01)
    with pytest.raises(TextToSpeechError, match=r"stopped mid-sentence for 0\.2 s"):
        hear(answer, HASTY)


@pytest.mark.parametrize(
    ("size", "framing", "whole"),
    [
        (2 * len(TONE), Framing.CLOSE, True),
        (3 * len(TONE), Framing.CLOSE, False),
        (3 * len(TONE), Framing.CHUNKS, True),
        (3 * len(TONE), Framing.LENGTH, True),
    ],
)
def test_a_body_that_ends_with_its_connection_must_be_as_long_as_its_header_says(
    size: int, framing: Framing, whole: bool
) -> None:
    answer = Answer([wav_bytes(TONE.tobytes(), SPEECH_RATE, size=size)], framing=framing)
    if whole:
        assert np.array_equal(hear(answer), TONE)
    else:
        with pytest.raises(TextToSpeechError, match="broke off"):
            hear(answer)


def busy(seconds: str) -> Answer:
    answer = json_answer({"error": {"message": "later"}}, 429)
    return replace(answer, headers={"Retry-After-Ms": seconds})


@pytest.mark.parametrize(("wait", "asks_again"), [("50", False), ("60000", True), ("0", True)])
def test_a_busy_server_is_not_asked_again_by_the_impatient_or_too_late(
    wait: str, asks_again: bool
) -> None:
    async def story() -> None:
        async with talking(lambda _: busy(wait)) as (tts, peer):
            with pytest.raises(SpeechServerError, match="busy") as caught:
                await anext(speak(tts, asks_again=asks_again))
            assert caught.value.retry_after == int(wait) / 1000
            assert len(peer.requests) == 1

    run(story)


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    async def story() -> None:
        answers = iter([busy("20"), busy("20")])
        spoken = Answer([TONE.tobytes()])
        async with talking(lambda _: next(answers, spoken)) as (tts, peer):
            heard = [chunk.samples async for chunk in speak(tts, asks_again=True)]
            assert np.array_equal(np.concatenate(heard), TONE)
            assert len(peer.requests) == 3

    run(story)


@pytest.mark.parametrize(
    ("answer", "well"),
    [
        (json_answer({"error": {"message": "input too long"}}, 400), True),
        (json_answer({"error": {"message": "no", "param": "voice"}}, 400), False),
        (json_answer({"detail": "Not Found"}, 404), False),
        (json_answer({"error": {"message": "boom"}}, 500), False),
        (json_answer({"error": {"message": "no"}}, 401), False),
        (Answer(), False),
    ],
)
def test_only_a_server_that_refuses_the_text_is_well(answer: Answer, well: bool) -> None:
    with pytest.raises(SpeechServerError) as caught:
        hear(answer)
    assert caught.value.well is well


def test_a_server_that_cannot_be_reached_is_named_with_what_to_do() -> None:
    async def story() -> None:
        async with SpeechPeer(lambda _: Answer()) as peer:
            url = peer.url
        tts = client_of(url.replace("http://", "http://user:secret@"))
        with pytest.raises(TextToSpeechError, match=f"{url} cannot be reached.*tts.url") as caught:
            await say(tts)
        assert "secret" not in str(caught.value)
        await tts.aclose()

    run(story)
