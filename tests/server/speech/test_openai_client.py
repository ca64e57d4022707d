"""OpenAI's own clients against the speech server as it runs: a process with real engines."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import av
import numpy as np
import openai
import pytest
from openai import AsyncOpenAI

from pipeline.audio import Samples
from pipeline.config import SttConfig
from server.speech.child import SpeechServer
from server.speech.config import SpeechConfig

CLIPS = Path(__file__).parents[3] / "models" / "fixture" / "clips"
CLIP = CLIPS / "ann-weather.flac"
WORDS = "hey jarvis what is the weather in london"
TEXT = "The weather in Oslo is fine today."

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
FORMATS: tuple[Format, ...] = ("mp3", "opus", "aac", "flac", "wav", "pcm")


@asynccontextmanager
async def speech_server() -> AsyncIterator[SpeechServer]:
    stt = SttConfig(model_size="fixture", allow_test_fixture=True, workers=1)
    async with SpeechServer(SpeechConfig(), stt=stt) as server:
        yield server


def run(story: Callable[[AsyncOpenAI], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with (
            speech_server() as server,
            AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client,
        ):
            await story(client)

    asyncio.run(all_of_it())


def decode(data: bytes, form: str) -> Samples:
    if form == "pcm":
        return np.frombuffer(data, "<i2")
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=24_000)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


def is_speech(samples: Samples) -> bool:
    return 1.5 < len(samples) / 24_000 < 4 and np.abs(samples.astype(int)).max() > 3000


def test_speech_in_every_format() -> None:
    async def story(client: AsyncOpenAI) -> None:
        for form in FORMATS:
            whole = await client.audio.speech.create(
                model="tts-1", voice="alloy", input=TEXT, response_format=form
            )
            assert is_speech(decode(await whole.aread(), form)), form
            async with client.audio.speech.with_streaming_response.create(
                model="gpt-4o-mini-tts", voice="sage", input=TEXT, response_format=form, speed=1.1
            ) as streamed:
                data = b"".join([chunk async for chunk in streamed.iter_bytes()])
            assert is_speech(decode(data, form)), form

    run(story)


def test_speech_as_events() -> None:
    async def story(client: AsyncOpenAI) -> None:
        async with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts",
            voice="echo",
            input=TEXT,
            response_format="wav",
            stream_format="sse",
        ) as response:
            lines = [line async for line in response.iter_lines() if line]
        events = [json.loads(line.removeprefix("data: ")) for line in lines]
        audio = [event["audio"] for event in events if event["type"] == "speech.audio.delta"]
        assert is_speech(decode(b"".join(map(b64decode, audio)), "wav"))
        assert events[-1]["type"] == "speech.audio.done"
        words = [word for event in events for word in event.get("words", ())]
        assert [TEXT[word["offset"] :].split(maxsplit=1)[0] for word in words] == TEXT.split()
        assert [word["start"] for word in words] == sorted(word["start"] for word in words)
        assert response.headers["X-Word-Times"] == "sse"

    run(story)


def test_transcriptions_in_every_form() -> None:
    async def story(client: AsyncOpenAI) -> None:
        create = client.audio.transcriptions.create
        plain = await create(model="whisper-1", file=CLIP)
        assert plain.text.lower() == WORDS
        text = await create(model="whisper-1", file=CLIP, response_format="text")
        assert text.strip().lower() == WORDS
        for form, begin in (("srt", "1\n00:00:00,"), ("vtt", "WEBVTT\n\n00:00:00.")):
            subtitles = await create(model="whisper-1", file=CLIP, response_format=form)
            assert isinstance(subtitles, str)
            assert subtitles.startswith(begin)
            assert WORDS in subtitles.lower()
        verbose = await create(
            model="whisper-1",
            file=CLIP,
            response_format="verbose_json",
            timestamp_granularities=["segment"],
        )
        assert float(verbose.duration) == pytest.approx(2.95, abs=0.01)
        assert verbose.segments is not None
        (segment,) = verbose.segments
        assert (segment.start, segment.end) == pytest.approx((0.38, 2.35), abs=0.15)

    run(story)


def test_a_transcription_as_a_stream() -> None:
    async def story(client: AsyncOpenAI) -> None:
        stream = await client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=CLIP, stream=True
        )
        events = [event async for event in stream]
        assert [event.type for event in events] == ["transcript.text.delta", "transcript.text.done"]
        assert events[-1].type == "transcript.text.done"
        assert events[-1].text.lower() == WORDS

    run(story)


def test_models_and_errors() -> None:
    async def story(client: AsyncOpenAI) -> None:
        names = [model.id async for model in client.models.list()]
        assert {"tts-1", "whisper-1"} <= set(names)
        assert (await client.models.retrieve("tts-1")).owned_by == "espeak"
        with pytest.raises(openai.NotFoundError, match="no model"):
            await client.models.retrieve("nothing")
        with pytest.raises(openai.BadRequestError, match="no voice 'nobody'") as caught:
            await client.audio.speech.create(model="tts-1", voice="nobody", input=TEXT)
        assert (caught.value.param, caught.value.code) == ("voice", "voice_not_found")
        with pytest.raises(openai.BadRequestError, match="not an audio file"):
            await client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"noise"))

    run(story)


NODE_CLIENT = """
import OpenAI, { toFile } from "openai";
import fs from "node:fs";
const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
const told = {};
for (const form of ["mp3", "opus", "aac", "flac", "wav", "pcm"]) {
  const response = await client.audio.speech.create({
    model: "tts-1", voice: "alloy", input: "Good morning.", response_format: form });
  told[form] = Buffer.from(await response.arrayBuffer()).toString("base64");
}
const events = await client.audio.speech.create({ model: "tts-1", voice: "alloy",
  input: "Good morning.", response_format: "pcm", stream_format: "sse" });
told.events = (await events.text()).split("\\n").filter(Boolean)
  .map((line) => JSON.parse(line.slice(6)).type);
const file = fs.readFileSync(process.argv[3]);
const heard = await client.audio.transcriptions.create({
  model: "whisper-1", file: await toFile(file, "clip.flac") });
told.text = heard.text;
told.deltas = [];
for await (const event of await client.audio.transcriptions.create({
  model: "whisper-1", file: await toFile(file, "clip.flac"), stream: true }))
  told.deltas.push(event.type);
try {
  await client.audio.speech.create({ model: "tts-1", voice: "nobody", input: "x" });
} catch (error) { told.error = [error.status, error.param, error.code]; }
console.log(JSON.stringify(told));
"""


def node_modules() -> Path | None:
    """Return the folder of a project that has the npm package; ``OPENAI_NODE_PROJECT`` names it."""
    named = os.environ.get("OPENAI_NODE_PROJECT")
    folder = Path(named) if named else None
    there = folder is not None and (folder / "node_modules" / "openai").is_dir()
    return folder if there and shutil.which("node") else None


@pytest.mark.skipif(
    node_modules() is None,
    reason="needs node, and OPENAI_NODE_PROJECT naming a folder after `npm install openai`",
)
def test_the_client_for_node() -> None:
    folder = node_modules()
    assert folder is not None

    async def story() -> None:
        async with speech_server() as server:
            script = folder / "client.mjs"
            script.write_text(NODE_CLIENT, encoding="utf-8")
            node = await asyncio.create_subprocess_exec(
                *("node", str(script), f"{server.url}/v1", str(CLIP)), stdout=subprocess.PIPE
            )
            out, _ = await node.communicate()
        told = json.loads(out)
        for form in FORMATS:
            assert len(decode(b64decode(told[form]), form)) > 0.5 * 24_000, form
        assert told["events"][-1] == "speech.audio.done"
        assert told["text"].lower() == WORDS
        assert told["deltas"] == ["transcript.text.delta", "transcript.text.done"]
        assert told["error"] == [400, "voice", "voice_not_found"]

    asyncio.run(story())
