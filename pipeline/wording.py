"""Whether words are like requests to an assistant, or like people's talk in a meeting.

A logistic regression over hashed word sequences. It was trained on other
people's sentences (HWU64, CC BY 4.0, and AMI, CC BY 4.0 by way of QMSum;
``benchmarks/train_wording.py``) and is weak evidence: two people ask each other
what one of them could ask the bot. English; in other languages it says little.

Sans I/O, but for the weights, which are part of the program.
"""

from __future__ import annotations

import functools
import itertools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt

from pipeline.names import Word, word_set

BUCKETS = 1 << 16
"""Word sequences are told apart by a hash below this."""

WEIGHTS = "wording.npz"
"""File in the folder ``word_lists``: ``weights`` (int8, one a bucket), ``scale``, ``bias``."""

_HESITATIONS = word_set("um umm uh uhm er erm ah oh eh hm hmm mm mhm")
_LONGEST_COUNTED = 12
_OPENING = 3


def sequences(words: Sequence[Word]) -> Iterator[str]:
    """Return what the model sees of an utterance: words, pairs, the opening, the length.

    Hesitations are left out: recognisers write them or not.
    """
    texts = [word.text for word in words if word.text not in _HESITATIONS]
    if not texts:
        return
    ends = ["<s>", *texts, "</s>"]
    yield from texts
    for pair in itertools.pairwise(ends):
        yield " ".join(pair)
    if len(texts) > 1:
        yield " ".join(ends[: _OPENING + 1])
    yield f"#{min(len(texts), _LONGEST_COUNTED)}"


def buckets(words: Sequence[Word]) -> list[int]:
    """Return the buckets of an utterance, each once."""
    return sorted({zlib.crc32(seq.encode()) % BUCKETS for seq in sequences(words)})


@dataclass(frozen=True, slots=True, eq=False)
class WordingModel:
    """The trained weights."""

    weights: npt.NDArray[np.int8]
    scale: float
    """Log-odds of one step of a weight."""

    bias: float
    """Log-odds of nothing known."""

    def log_odds(self, words: Sequence[Word]) -> float:
        """Return log-odds that words go to an assistant, as often as not being expected.

        0 when there are none.
        """
        found = buckets(words)
        if not found:
            return 0.0
        total = int(self.weights[found].sum(dtype=np.int64))
        return self.bias + float(total * self.scale / len(found) ** 0.5)


@functools.cache
def wording_model() -> WordingModel:
    """Return the model, which is read when it is first asked for."""
    file = resources.files("pipeline") / "word_lists" / WEIGHTS
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
        return WordingModel(kept["weights"], float(kept["scale"]), float(kept["bias"]))
