"""Makes Whisper models of true size with random weights, to measure time and memory.

They load and run like the real ones and take as long for every token, but
understand nothing. Needs neither network nor torch::

    python -m benchmarks.random_whisper tiny.en base.en --out DIR

Every utterance is decoded to about a dozen tokens: from a certain position on,
the decoder's position encoding points at the end token.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tokenizers
from ctranslate2.specs.model_spec import LayerSpec, visit_spec
from ctranslate2.specs.whisper_spec import WhisperSpec
from faster_whisper.tokenizer import _LANGUAGE_CODES as LANGUAGES
from tokenizers.models import WordLevel

LAST_POSITION = 14
"""Position, the prompt's two or more tokens included, from which the decoder says the end."""

_ENGLISH_WORDS = 50_256
_POSITIONS = 448
_TIMESTAMPS = 1501


@dataclass(frozen=True, slots=True)
class Size:
    """The shape of a Whisper model (table 1 of "Robust Speech Recognition …", 2022)."""

    width: int
    layers: int
    heads: int
    multilingual: bool = False

    @property
    def end(self) -> int:
        """The id of ``<|endoftext|>``, which follows the words."""
        return _ENGLISH_WORDS + self.multilingual


SIZES: Mapping[str, Size] = {
    "tiny.en": Size(384, 4, 6),
    "base.en": Size(512, 6, 8),
    "small.en": Size(768, 12, 12),
    "tiny": Size(384, 4, 6, multilingual=True),
    "base": Size(512, 6, 8, multilingual=True),
    "smallest": Size(64, 1, 2, multilingual=True),
}
"""Also "smallest", a multilingual model for tests that no Whisper has the size of."""


def make(folder: Path, size: Size) -> None:
    """Write a model with int8 weights into ``folder``, which may exist."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary(size)
    spec = WhisperSpec(size.layers, size.heads, size.layers, size.heads)
    _fill(spec, size, len(vocabulary))
    spec.register_vocabulary(vocabulary)
    first = vocabulary.index("<|en|>")
    spec.config.lang_ids = list(range(first, vocabulary.index("<|translate|>")))
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [(size.layers - 1, 0)]
    spec.validate()
    spec.optimize("int8")
    spec.save(str(folder))
    _save_tokenizer(folder, vocabulary, size.end)
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))


def _vocabulary(size: Size) -> list[str]:
    words = [f"word{number}" for number in range(_ENGLISH_WORDS)]
    if size.multilingual:
        words.append("")  # by which CTranslate2 tells them apart
    languages = [f"<|{code}|>" for code in ("en", *sorted(set(LANGUAGES) - {"en", "yue"}))]
    special = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    return [
        *words,
        "<|endoftext|>",
        "<|startoftranscript|>",
        *languages,
        *(f"<|{name}|>" for name in special),
        *(f"<|{0.02 * number:.2f}|>" for number in range(_TIMESTAMPS)),
    ]


def _fill(spec: WhisperSpec, size: Size, tokens: int) -> None:
    random = np.random.default_rng(0)

    def normal(*shape: int) -> npt.NDArray[np.float32]:
        return random.normal(0, 0.02, shape).astype(np.float32)

    wide = 4 * size.width
    shapes = {
        "conv1/weight": (size.width, 80, 3),
        "conv2/weight": (size.width, size.width, 3),
        "self_attention/linear_0/weight": (3 * size.width, size.width),
        "self_attention/linear_1/weight": (size.width, size.width),
        "attention/linear_1/weight": (2 * size.width, size.width),
        "ffn/linear_0/weight": (wide, size.width),
        "ffn/linear_1/weight": (size.width, wide),
        "embeddings/weight": (tokens, size.width),
        "projection/weight": (tokens, size.width),
    }

    def fill(layer: LayerSpec, name: str, value: object) -> None:
        *path, kind = name.split("/")
        weight = f"{'/'.join(path[-2:])}/weight"
        shape = next(
            (shape for end, shape in shapes.items() if weight.endswith(end)),
            (size.width, size.width),
        )
        match kind:
            case "weight":
                layer.weight = normal(*shape)
            case "bias":
                layer.bias = normal(shape[0])
            case "gamma":
                layer.gamma = np.ones(size.width, np.float32)
            case "beta":
                layer.beta = np.zeros(size.width, np.float32)

    visit_spec(spec, fill)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight  # tied, as in Whisper
    spec.encoder.position_encodings.encodings = normal(1500, size.width)
    positions = normal(_POSITIONS, size.width)
    positions[LAST_POSITION:] += 100 * spec.decoder.projection.weight[size.end]
    spec.decoder.position_encodings.encodings = positions


def _save_tokenizer(folder: Path, vocabulary: list[str], end: int) -> None:
    ids = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = tokenizers.Tokenizer(WordLevel(ids, unk_token=vocabulary[0]))
    tokenizer.add_special_tokens(vocabulary[end:])
    tokenizer.save(str(folder / "tokenizer.json"))


def main() -> None:
    """Make what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="+", choices=SIZES)
    parser.add_argument("--out", type=Path, required=True, help="each size goes into OUT/<size>")
    arguments = parser.parse_args()
    for name in arguments.sizes:
        folder = arguments.out / name
        make(folder, SIZES[name])
        print(f"{folder}: {(folder / 'model.bin').stat().st_size / 1e6:.1f} MB, random weights")


if __name__ == "__main__":
    main()
