"""Processor time of voice activity detection, per window of 32 ms and speaker, beside pipecat's.

Speech comes in 20 ms packets, as fast as it is taken, from 1 to 30 speakers who
all talk; ours includes cutting windows and the speech gate, theirs its own
state machine and volume tracker. See :mod:`benchmarks.side_by_side` for the
arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

from benchmarks.side_by_side import FRAME, OURS, THEIRS, quiet_pipecat, run, streams
from pipeline.audio import HEARING_RATE, VAD_WINDOW, AudioFrame, Samples
from pipeline.config import VadConfig
from pipeline.hearing import Windows
from pipeline.speech_gate import SpeechGate
from pipeline.vad import SileroVad

SPEAKERS = (1, 2, 10, 30)
REPEATS = 5


async def our_speaker(vad: SileroVad, samples: Samples) -> None:
    """Hear one speaker's voice as the conversation does."""
    stream, windows, gate = vad.open(), Windows(), SpeechGate(VadConfig())
    for at in range(0, len(samples), FRAME):
        frame = AudioFrame("speaker", samples[at : at + FRAME], at / HEARING_RATE)
        for start, window in windows.push(frame):
            probability = await stream.score(window)
            gate.receive(probability, start=start, end=start + VAD_WINDOW / HEARING_RATE)
    stream.close()


def ours(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure our detector."""
    voices = streams(arguments, int(arguments.case))
    vad = SileroVad(arguments.vad, alone=arguments.vad_alone)

    async def once() -> None:
        async with asyncio.TaskGroup() as group:
            for samples in voices:
                group.create_task(our_speaker(vad, samples))

    return {"cpu_us": _per_window(once, voices)}


def theirs(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure pipecat's analysers, one for each speaker as it uses them."""
    quiet_pipecat()
    from pipecat.audio.vad.silero import SileroVADAnalyzer  # noqa: PLC0415 - may be absent

    voices = streams(arguments, int(arguments.case))
    analysers = [SileroVADAnalyzer(sample_rate=HEARING_RATE) for _ in voices]

    async def speaker(analyser: Any, samples: Samples) -> None:
        packets = samples.tobytes()
        for at in range(0, len(packets), 2 * FRAME):
            await analyser.analyze_audio(packets[at : at + 2 * FRAME])

    async def once() -> None:
        for analyser in analysers:
            analyser.set_sample_rate(HEARING_RATE)
        async with asyncio.TaskGroup() as group:
            for analyser, samples in zip(analysers, voices, strict=True):
                group.create_task(speaker(analyser, samples))

    return {"cpu_us": _per_window(once, voices)}


def _per_window(once: Any, voices: list[Samples]) -> float:
    asyncio.run(once())  # warm
    spent = []
    for _ in range(REPEATS):
        began = time.process_time()
        asyncio.run(once())
        spent.append(time.process_time() - began)
    return sorted(spent)[REPEATS // 2] * 1e6 / sum(len(voice) / VAD_WINDOW for voice in voices)


def report(results: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table."""
    print("CPU per 32 ms window and speaker, µs (20 ms packets, median of 5)")
    print(f"{'speakers':>8} {'ours':>8} {'pipecat':>8} {'times less':>11}")
    for index, speakers in enumerate(SPEAKERS):
        us = results[OURS][index]["cpu_us"]
        if THEIRS in results:
            peer = results[THEIRS][index]["cpu_us"]
            print(f"{speakers:>8} {us:>8.0f} {peer:>8.0f} {peer / us:>11.1f}")
        else:
            print(f"{speakers:>8} {us:>8.0f}")


if __name__ == "__main__":
    run("benchmarks.vad", {OURS: ours, THEIRS: theirs}, SPEAKERS, report)
