"""Makes voices of Piper's and Kokoro's true size and interface with random weights.

They load and run like the real ones and take as long for a sentence, but make noise: for
measuring time and memory only::

    python -m benchmarks.random_voices --out DIR

writes ``DIR/piper-en-us/`` and ``DIR/kokoro/`` as ``models.path`` takes them. A sentence is given
the usual length of one by a constant duration of each phoneme.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import TensorProto

from benchmarks.random_graph import Graph, tensor
from models.catalog import load_catalog

PIPER_VOICE = "en_US-kristin-medium"
"""Whose size and rate the voice has."""

PIPER_RATE = 22_050

_SIGNS = (
    " !',-.:;?abcdefhijklmnopqrstuvwxyz\u00e6\u00e7\u00f0\u00f8\u014b\u0153\u0250\u0251\u0252\u0254"
    "\u0259\u025a\u025b\u025c\u0261\u026a\u026b\u0279\u027e\u0281\u0283\u028a\u028c\u0292\u0294"
    "\u02c8\u02cc\u02d0\u0303\u0329\u03b2\u03b8"
)
"""Phonemes and marks, those of English all among them."""


@dataclass(frozen=True, slots=True)
class PiperSize:
    """The shape of a VITS voice; the defaults are those of quality "medium"."""

    width: int = 192
    inner: int = 768
    layers: int = 6
    flows: int = 4
    predictor: int = 12
    decoder: int = 256


@dataclass(frozen=True, slots=True)
class KokoroSize:
    """The shape of Kokoro; the defaults are those of its 82 million weights."""

    width: int = 512
    language: int = 768
    inner: int = 2048
    layers: int = 12
    decoder: int = 1024
    blocks: int = 4


SMALL_PIPER = PiperSize(16, 32, 1, 1, 1, 32)
SMALL_KOKORO = KokoroSize(32, 32, 32, 1, 64, 1)
"""For tests that look at the interface and not at the time."""


def make_piper(folder: Path, size: PiperSize | None = None, name: str = PIPER_VOICE) -> Path:
    """Write ``<name>.onnx`` and its settings into ``folder``, which may exist; returns the file."""
    size = size or PiperSize()
    folder.mkdir(parents=True, exist_ok=True)
    signs = ("_", "^", "$", *_SIGNS)
    settings = {
        "audio": {"sample_rate": PIPER_RATE, "quality": "medium"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "speaker_id_map": {},
        "phoneme_id_map": {sign: [number] for number, sign in enumerate(signs)},
    }
    path = folder / f"{name}.onnx"
    path.with_suffix(".onnx.json").write_text(json.dumps(settings), encoding="utf-8")
    graph = Graph()
    _piper_decoder(graph, _piper_latent(graph, size), size)
    graph.nodes[-1].output[0] = "output"
    inputs = [
        tensor("input", TensorProto.INT64, 1, "phonemes"),
        tensor("input_lengths", TensorProto.INT64, 1),
        tensor("scales", TensorProto.FLOAT, 3),
    ]
    graph.save(path, inputs, "output", (1, 1, "time"))
    return path


def _piper_latent(graph: Graph, size: PiperSize) -> str:
    width = size.width
    x = graph.node("Gather", graph.weight(256, width), "input")
    for _ in range(size.layers):
        # The real one's inner convolutions are 3 wide.
        x = graph.transformer(x, width, graph.transformer_weights(width, 3 * size.inner))
    x = graph.turned(x)
    for _ in range(size.predictor):
        x = graph.node("Relu", graph.conv(x, width, width, 3))
    # 3 frames of 256 samples for each phoneme and each gap between two: 14 phonemes a second.
    pace = graph.node("Gather", "scales", graph.integers(1))
    frames = graph.node("Ceil", graph.node("Mul", pace, graph.constant([3.0], np.float32)))
    x = graph.repeated(x, width, graph.node("Cast", frames, to=TensorProto.INT64))
    noise = graph.node("RandomNormalLike", x)
    loudness = graph.node("Gather", "scales", graph.integers(0))
    x = graph.node("Add", x, graph.node("Mul", noise, loudness))
    for _ in range(size.flows):
        x = _flow(graph, x, width)
    return x


def _flow(graph: Graph, x: str, width: int) -> str:
    """Add a coupling layer: a small WaveNet hears one half and moves the other."""
    half = graph.node("Split", x, outputs=2, axis=1)
    hidden = graph.conv(half, width // 2, width, 1)
    for _ in range(4):
        gates = graph.node("Split", graph.conv(hidden, width, 2 * width, 5), outputs=2, axis=1)
        gated = graph.node("Mul", graph.node("Tanh", gates), graph.node("Sigmoid", f"{gates}.1"))
        both = graph.node("Split", graph.conv(gated, width, 2 * width, 1), outputs=2, axis=1)
        hidden = graph.node("Add", hidden, both)
    moved = graph.node("Sub", f"{half}.1", graph.conv(hidden, width, width // 2, 1))
    return graph.node("Concat", moved, half, axis=1)


def _piper_decoder(graph: Graph, x: str, size: PiperSize) -> str:
    channels = size.decoder
    x = graph.conv(x, size.width, channels, 7)
    for kernel, factor in ((16, 8), (16, 8), (8, 4)):
        x = graph.upsample(graph.node("LeakyRelu", x), channels, channels // 2, kernel, factor)
        channels //= 2
        parts = [
            _residual(graph, x, channels, width, dilations)
            for width, dilations in ((3, (1, 2)), (5, (2, 6)), (7, (3, 12)))
        ]
        x = graph.node("Mean", *parts)
    return graph.node("Tanh", graph.conv(graph.node("LeakyRelu", x), channels, 1, 7))


def _residual(graph: Graph, x: str, channels: int, kernel: int, dilations: tuple[int, ...]) -> str:
    for dilation in dilations:
        heard = graph.conv(graph.node("LeakyRelu", x), channels, channels, kernel, dilation)
        x = graph.node("Add", x, heard)
    return x


def make_kokoro(folder: Path, size: KokoroSize | None = None) -> Path:
    """Write graph, alphabet and voices into ``folder``, which may exist; returns the folder."""
    size = size or KokoroSize()
    for name in ("onnx", "voices"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    signs = [*_SIGNS, *"AIOQWY\u02a4\u02a7"]
    vocabulary = {"$": 0} | {sign: number for number, sign in enumerate(signs, 1)}
    tokenizer = json.dumps({"model": {"vocab": vocabulary}})
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    random = np.random.default_rng(0)
    for file in load_catalog().get("kokoro").files:
        if file.name.endswith(".bin"):
            random.normal(0, 0.1, (510, 256)).astype("<f4").tofile(folder / file.name)
    graph = Graph()
    _kokoro_decoder(graph, _kokoro_frames(graph, size), size)
    graph.nodes[-1].output[0] = "waveform"
    inputs = [
        tensor("input_ids", TensorProto.INT64, 1, "phonemes"),
        tensor("style", TensorProto.FLOAT, 1, 256),
        tensor("speed", TensorProto.FLOAT, 1),
    ]
    graph.save(folder / "onnx" / "model.onnx", inputs, "waveform", (1, 1, "time"))
    return folder


def _kokoro_frames(graph: Graph, size: KokoroSize) -> str:
    width = size.width
    x = graph.node("Gather", graph.weight(178, size.language), "input_ids")
    shared = graph.transformer_weights(size.language, size.inner)
    for _ in range(size.layers):
        x = graph.transformer(x, size.language, shared)
    x = graph.turned(graph.linear(x, graph.dense(size.language, width)))
    for _ in range(3):
        x = graph.node("LeakyRelu", graph.conv(x, width, width, 5))
    # 40 frames a second: 3 for each phoneme at the usual speed.
    frames = graph.node("Div", graph.constant([3.0], np.float32), "speed")
    whole = graph.node("Cast", graph.node("Ceil", frames), to=TensorProto.INT64)
    x = graph.repeated(x, width, whole)
    for _ in range(6):
        x = _styled_block(graph, x, width, width)
    return graph.upsample(x, width, width, 4, 2)


def _kokoro_decoder(graph: Graph, x: str, size: KokoroSize) -> str:
    x = _styled_block(graph, x, size.width, size.decoder)
    for _ in range(size.blocks):
        x = _styled_block(graph, x, size.decoder, size.decoder)
    x = graph.conv(x, size.decoder, size.width, 3)
    channels = size.width
    for kernel, factor in ((20, 10), (12, 6)):
        x = graph.upsample(graph.node("LeakyRelu", x), channels, channels // 2, kernel, factor)
        channels //= 2
        parts = [_styled_residual(graph, x, channels, width) for width in (3, 7, 11)]
        x = graph.node("Mean", *parts)
    spectrum = graph.conv(graph.node("LeakyRelu", x), channels, 22, 7)
    return graph.node("Tanh", graph.upsample(spectrum, 22, 1, 20, 5))


def _styled_block(graph: Graph, x: str, inputs: int, outputs: int) -> str:
    hidden = graph.conv(graph.node("LeakyRelu", _styled(graph, x, inputs)), inputs, outputs, 3)
    hidden = graph.conv(
        graph.node("LeakyRelu", _styled(graph, hidden, outputs)), outputs, outputs, 3
    )
    return graph.node("Add", graph.conv(x, inputs, outputs, 1), hidden)


def _styled_residual(graph: Graph, x: str, channels: int, kernel: int) -> str:
    for dilation in (1, 3, 5):
        hidden = _snake(graph, _styled(graph, x, channels))
        hidden = graph.conv(hidden, channels, channels, kernel, dilation)
        hidden = _snake(graph, _styled(graph, hidden, channels))
        x = graph.node("Add", x, graph.conv(hidden, channels, channels, kernel))
    return x


def _styled(graph: Graph, x: str, channels: int) -> str:
    """Add a norm over time that the style scales and moves."""
    ones, zeros = (
        graph.constant(each, np.float32) for each in (np.ones(channels), np.zeros(channels))
    )
    normal = graph.node("InstanceNormalization", x, ones, zeros)
    style = graph.node(
        "Unsqueeze", graph.linear("style", graph.dense(256, 2 * channels)), graph.integers(2)
    )
    scale = graph.node("Split", style, outputs=2, axis=1)
    return graph.node("Add", graph.node("Mul", normal, scale), f"{scale}.1")


def _snake(graph: Graph, x: str) -> str:
    """Add the activation x + sin²(x)."""
    sine = graph.node("Sin", x)
    return graph.node("Add", x, graph.node("Mul", sine, sine))


def main() -> None:
    """Make both voices where the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    for path in (
        make_piper(out / "piper-en-us"),
        make_kokoro(out / "kokoro") / "onnx" / "model.onnx",
    ):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, random weights: timing only")


if __name__ == "__main__":
    main()
