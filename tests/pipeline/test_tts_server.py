from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.config import TtsConfig
from pipeline.errors import TextToSpeechError
from pipeline.tts_failure import SpeechServerError
from pipeline.tts_server import Address, Patience, SpeechServerClient, Wanted
from pipeline.tts_sound import PORTION, SpeechChunk
from tests.peers.speech_server import (
    Answer,
    Framing,
    Request,
    SpeechPeer,
    Then,
    extensible_wav_bytes,
    json_answer,
    tone,
    wav_bytes,
)

TONE = tone(0.5, SPEECH_RATE)
PATIENT = TtsConfig(first_audio_timeout=20, stall_timeout=20)
HASTY = TtsConfig(first_audio_timeout=0.2, stall_timeout=0.2)


def client_of(url: str, config: TtsConfig = PATIENT, key: str = "") -> SpeechServerClient:
    return SpeechServerClient(Address("tts", url, config.model, config.voice, key), config)


@asynccontextmanager
async def talking(
    answer: Callable[[Request], Answer], config: TtsConfig = PATIENT, key: str = ""
) -> AsyncGenerator[tuple[SpeechServerClient, SpeechPeer]]:
    async with SpeechPeer(answer) as peer:
        tts = client_of(peer.url, config, key)
        try:
            yield tts, peer
        finally:
            await tts.aclose()


def speak(
    tts: SpeechServerClient,
    voice: str = "default",
    *,
    limit: float = 20.0,
    asks_again: bool = False,
) -> AsyncGenerator[SpeechChunk]:
    return tts.speak(Wanted("Good morning.", voice, 1.5), Patience(limit, asks_again=asks_again))


async def say(tts: SpeechServerClient, voice: str = "default", limit: float = 20.0) -> Samples:
    chunks = [chunk.samples async for chunk in speak(tts, voice, limit=limit)]
    return np.concatenate([np.empty(0, np.int16), *chunks])


def hear(
    answer: Answer | Callable[[Request], Answer], config: TtsConfig = PATIENT, key: str = ""
) -> Samples:
    async def run() -> Samples:
        make = answer if callable(answer) else lambda _: answer
        async with talking(make, config, key) as (tts, _):
            return await say(tts, limit=config.first_audio_timeout)

    return asyncio.run(run())


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


def test_pcm_at_the_pipelines_rate_passes_unchanged() -> None:
    assert np.array_equal(hear(Answer([TONE.tobytes()], content_type="audio/pcm;rate=24000")), TONE)


def test_the_request_is_openais() -> None:
    async def story() -> None:
        config = TtsConfig(model="kokoro")
        async with talking(lambda _: Answer([TONE.tobytes()]), config, "sesame") as (tts, peer):
            await say(tts, "sage")
        (request,) = peer.requests
        assert (request.method, request.path) == ("POST", "/v1/audio/speech")
        assert request.headers["authorization"] == "Bearer sesame"
        assert request.body == {
            "model": "kokoro",
            "input": "Good morning.",
            "voice": "sage",
            "response_format": "pcm",
            "speed": 1.5,
        }

    run(story)


@pytest.mark.parametrize(
    ("answer", "rate"),
    [
        (Answer(content_type="audio/pcm;rate=16000", headers={"X-Sample-Rate": "8000"}), 16_000),
        (Answer(content_type="audio/pcm; rate=22050"), 22_050),
        (Answer(content_type="audio/pcm", headers={"X-Sample-Rate": "48000"}), 48_000),
        (Answer(content_type="audio/pcm;rate=fast", headers={"X-Sample-Rate": "44100"}), 44_100),
        (Answer(content_type="audio/pcm;rate=1", headers={"X-Sample-Rate": ""}), 32_000),
        (Answer(content_type="application/octet-stream"), 32_000),
        (Answer(content_type="audio/mpeg"), 32_000),  # proxies that label everything so
        (Answer(content_type=None), 32_000),
    ],
)
def test_the_rate_is_the_content_types_then_the_headers_then_the_settings(
    answer: Answer, rate: int
) -> None:
    pcm = tone(0.5, rate).tobytes()
    spoken = Answer([pcm], content_type=answer.content_type, headers=answer.headers)
    heard = hear(spoken, TtsConfig(sample_rate=32_000))
    assert len(heard) == pytest.approx(len(TONE), abs=SPEECH_RATE * 0.01)
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) * SPEECH_RATE / len(heard) == pytest.approx(440, abs=5)


@pytest.mark.parametrize("step", [1, 3, 1001])
def test_chunks_that_cut_samples_in_two_are_joined(step: int) -> None:
    pcm = TONE[:3000].tobytes()
    chunks = [pcm[start : start + step] for start in range(0, len(pcm), step)]
    assert np.array_equal(hear(Answer(chunks)), TONE[:3000])


def test_a_body_that_comes_byte_by_byte_is_heard_in_whole_portions() -> None:
    async def story() -> None:
        wav = extensible_wav_bytes(TONE[:3000].tobytes(), SPEECH_RATE)
        answer = Answer([bytes([byte]) for byte in wav], content_type="audio/pcm")
        async with talking(lambda _: answer) as (tts, _):
            heard = [chunk.samples async for chunk in speak(tts)]
        assert np.array_equal(np.concatenate(heard), TONE[:3000])
        assert min(map(len, heard[:-1])) >= PORTION

    run(story)


def test_a_stereo_stream_is_mixed_to_mono() -> None:
    stereo = np.stack([TONE, np.zeros_like(TONE)], axis=1).tobytes()
    heard = hear(Answer([stereo[:7], stereo[7:]], content_type="audio/pcm;rate=24000;channels=2"))
    assert len(heard) == len(TONE)
    assert np.abs(heard.astype(int) - TONE // 2).max() <= 2


def test_a_wav_though_pcm_was_asked_for_is_understood() -> None:
    wav = wav_bytes(TONE.tobytes(), SPEECH_RATE)
    assert np.array_equal(hear(Answer([wav[:7], wav[7:]], content_type="audio/wav")), TONE)
    assert np.array_equal(hear(Answer([wav], content_type="audio/pcm")), TONE)
    assert np.array_equal(hear(Answer([extensible_wav_bytes(TONE.tobytes(), SPEECH_RATE)])), TONE)
    endless = wav_bytes(TONE.tobytes(), SPEECH_RATE, size=0xFFFFFFFF)
    assert np.array_equal(hear(Answer([endless], framing=Framing.CLOSE)), TONE)


def _wav_only(request: Request) -> Answer:
    if request.body["response_format"] == "pcm":
        return json_answer({"error": {"message": "unsupported_response_format"}}, 400)
    return Answer([wav_bytes(TONE.tobytes(), SPEECH_RATE)], content_type="audio/wav")


def test_a_server_without_pcm_is_asked_for_wav_and_that_is_remembered() -> None:
    async def story() -> None:
        async with talking(_wav_only) as (tts, peer):
            for _ in range(2):
                assert np.array_equal(await say(tts), TONE)
        asked = [request.body["response_format"] for request in peer.requests]
        assert asked == ["pcm", "wav", "wav"]

    run(story)


def test_a_server_that_is_replaced_by_one_without_the_format_is_asked_for_the_other() -> None:
    async def story() -> None:
        wav = Answer([wav_bytes(TONE.tobytes(), SPEECH_RATE)], content_type="audio/wav")
        async with talking(lambda _: Answer([TONE.tobytes()])) as (tts, peer):
            await say(tts)
            peer.answer = _wav_only
            assert np.array_equal(await say(tts), TONE)
            peer.answer = lambda _: wav
            assert np.array_equal(await say(tts), TONE)
        asked = [request.body["response_format"] for request in peer.requests]
        assert asked == ["pcm", "pcm", "wav", "wav"]

    run(story)


def test_a_voice_that_is_refused_is_replaced_and_that_is_remembered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(request: Request) -> Answer:
        if request.body["voice"] == "nia":
            return json_answer({"error": {"message": "no such voice", "param": "voice"}}, 400)
        return Answer([TONE.tobytes()])

    async def story() -> None:
        async with talking(answer) as (tts, peer):
            for _ in range(2):
                assert np.array_equal(await say(tts, "nia"), TONE)
        assert [request.body["voice"] for request in peer.requests] == ["nia", "default", "default"]

    run(story)
    assert "has no voice nia; default is used" in caplog.text


def test_a_refusal_that_does_not_say_why_is_tried_in_wav_and_then_with_the_usual_voice() -> None:
    def answer(request: Request) -> Answer:
        usual = request.body["voice"] == "default"
        return _wav_only(request) if usual else Answer(status=422, content_type=None)

    async def story() -> None:
        async with talking(answer) as (tts, peer):
            assert np.array_equal(await say(tts, "nia"), TONE)
        tried = [(each.body["voice"], each.body["response_format"]) for each in peer.requests]
        assert tried == [("nia", "pcm"), ("nia", "wav"), ("default", "pcm"), ("default", "wav")]

    run(story)


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


def test_a_slow_listener_is_no_stalled_server() -> None:
    async def story() -> None:
        answer = Answer([TONE.tobytes()] * 3)
        async with talking(lambda _: answer, HASTY) as (tts, _):
            speech = speak(tts)
            heard = [await anext(speech)]
            await asyncio.sleep(0.3)  # longer than every limit
            heard += [chunk async for chunk in speech]
            assert sum(len(chunk.samples) for chunk in heard) == 3 * len(TONE)

    run(story)


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


async def _close(speech: AsyncGenerator[Samples]) -> None:
    await speech.aclose()


async def _cancel(speech: AsyncGenerator[Samples]) -> None:
    task = asyncio.ensure_future(anext(speech))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("leave", [_close, _cancel])
def test_leaving_early_ends_the_request(
    leave: Callable[[AsyncGenerator[Samples]], Awaitable[None]],
) -> None:
    async def story() -> None:
        answer = Answer([TONE.tobytes()], then=Then.HANG)
        async with talking(lambda _: answer) as (tts, peer):
            async with aclosing(speak(tts)) as speech:
                await anext(speech)
                await leave(speech)
            async with asyncio.timeout(10):
                await peer.client_gone.wait()

    run(story)


def test_a_connection_is_opened_before_it_is_needed_and_only_once() -> None:
    async def story() -> None:
        async with talking(lambda _: Answer([TONE.tobytes()])) as (tts, peer):
            await tts.warm()
            await tts.warm()
            assert np.array_equal(await say(tts), TONE)
            await tts.warm()
            assert peer.connections == 1
            assert [request.path for request in peer.requests] == ["/v1/models", "/v1/audio/speech"]

    run(story)


def test_a_server_that_refuses_while_its_connection_is_warmed_is_there() -> None:
    async def story() -> None:
        async with talking(lambda _: json_answer({"detail": "Not Found"}, 404)) as (tts, _):
            await tts.warm()

    run(story)


def test_sentences_share_one_warm_connection() -> None:
    async def story() -> None:
        async with talking(lambda _: Answer([TONE.tobytes()])) as (tts, peer):
            for _ in range(3):
                await say(tts)
            assert peer.connections == 1

    run(story)


def test_a_warm_connection_that_the_server_gave_up_is_replaced() -> None:
    async def story() -> None:
        answers = iter([Answer([TONE.tobytes()]), Answer(silent=True, then=Then.CUT)])

        def answer(_: Request) -> Answer:
            return next(answers, Answer([TONE.tobytes()]))

        async with talking(answer) as (tts, peer):
            await say(tts)
            assert np.array_equal(await say(tts), TONE)
            assert peer.connections == 2

    run(story)
