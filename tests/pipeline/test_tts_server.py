from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.config import TtsConfig
from pipeline.tts_sound import PORTION
from tests.peers.speech_server import (
    Answer,
    Framing,
    Request,
    Then,
    extensible_wav_bytes,
    json_answer,
    tone,
    wav_bytes,
)
from tests.pipeline.tts_talking import (
    HASTY,
    TONE,
    hear,
    run,
    say,
    speak,
    talking,
)


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
