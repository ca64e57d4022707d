"""FFmpeg's EBU R128 meter, which others trust, as the measure of ours."""

from __future__ import annotations

from pathlib import Path

import av
import av.error
import av.filter
import numpy as np

from pipeline.audio import SPEECH_RATE, Samples

_INTEGRATED = "lavfi.r128.I="


def ffmpeg_loudness(samples: Samples, folder: Path) -> float:
    """Return the integrated loudness of some sound in LUFS.

    Args:
        samples: Mono PCM at 24 kHz, 400 ms at least.
        folder: Where FFmpeg may write what it measures.

    """
    out = folder / "loudness.txt"
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=SPEECH_RATE, format="s16", layout="mono")
    meter = graph.add("ebur128", "metadata=1")
    printer = graph.add("ametadata", f"mode=print:direct=1:file='{out.as_posix()}'")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(printer)
    printer.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="mono"
    )
    frame.sample_rate, frame.pts = SPEECH_RATE, 0
    graph.push(frame)
    graph.push(None)
    while True:
        try:
            graph.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            break
    found = [line for line in out.read_text().splitlines() if line.startswith(_INTEGRATED)]
    return float(found[-1].removeprefix(_INTEGRATED))
