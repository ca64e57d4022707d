"""Trains the small text model of relevance, with numpy alone.

Requests to a home assistant are the one class, sentences of meetings the other.
Needs a folder with ``commands-hwu64.txt.gz`` and ``meetings-ami.txt.gz``, one
lower-case sentence a line. No other text may be added: ``relevance_words.py``
tests the model on it. The same text gives the same file.

Also writes the words that are common in it: those are never learnt as a
misheard name.

    python benchmarks/train_wording.py ../shared/text [--out pipeline/word_lists]
"""

from __future__ import annotations

import argparse
import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.name_variants import COMMON_WORDS
from pipeline.names import split_words
from pipeline.wording import BUCKETS, WEIGHTS, buckets

Floats = npt.NDArray[np.float64]

L2 = 0.3
STEPS = 60
RATE = 0.1
COMMON = 2
"""Sentences in which a word stands that is common."""

SHORTEST = 4
"""Letters below which no misheard name is learnt anyway."""

LICENCE = (
    "Trained on HWU64 (Liu et al., CC BY 4.0) and on AMI meetings (CC BY 4.0) by way of QMSum (MIT)"
)


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Sentences as rows of buckets."""

    found: npt.NDArray[np.int64]
    """The buckets of all rows, one after another."""

    rows: npt.NDArray[np.int64]
    """Which row each belongs to."""

    share: Floats
    """What one bucket counts for in each row: 1 / √(buckets of the row)."""

    @classmethod
    def of(cls, sentences: Sequence[str]) -> Text:
        """Return sentences in buckets."""
        each = [buckets(split_words(sentence)) for sentence in sentences]
        sizes = np.array([len(found) for found in each])
        rows = np.repeat(np.arange(len(each)), sizes)
        return cls(np.concatenate(each).astype(np.int64), rows, 1 / np.sqrt(np.maximum(sizes, 1)))

    def log_odds(self, weights: Floats, bias: float) -> Floats:
        """Return the log-odds of every row."""
        sums = np.bincount(self.rows, weights[self.found], minlength=len(self.share))
        return np.asarray(bias + sums * self.share)

    def gradient(self, errors: Floats) -> Floats:
        """Return how the weights should move, by the error of every row."""
        by_bucket = np.bincount(self.found, (errors * self.share)[self.rows], minlength=BUCKETS)
        return np.asarray(by_bucket)


def probability(log_odds: Floats) -> Floats:
    """Return the probabilities of log-odds."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def fit(text: Text, truth: Floats) -> tuple[Floats, float]:
    """Return weights and bias; both classes count the same, however many sentences they have."""
    count = np.where(truth == 1.0, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    parameters = np.zeros(BUCKETS + 1)  # the bias is the last
    mean, square = np.zeros_like(parameters), np.zeros_like(parameters)
    for step in range(1, STEPS + 1):  # Adam, on all sentences at once
        error = (probability(text.log_odds(parameters[:-1], parameters[-1])) - truth) * count
        decay = L2 * parameters[:-1]
        gradient = np.append(text.gradient(error) + decay, error.sum())
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        scaled = np.sqrt(square / (1 - 0.999**step)) + 1e-9
        parameters = parameters - RATE * mean / (1 - 0.9**step) / scaled
    return parameters[:-1], float(parameters[-1])


def temperature(sentences: Sequence[str], truth: Floats) -> float:
    """Return the factor that makes the log-odds true for sentences it was not trained on."""
    odd = np.arange(len(truth)) % 2 == 1
    log_odds = np.zeros(len(truth))
    for part in (odd, ~odd):
        train = Text.of([s for s, chosen in zip(sentences, part, strict=True) if chosen])
        test = Text.of([s for s, chosen in zip(sentences, part, strict=True) if not chosen])
        log_odds[~part] = test.log_odds(*fit(train, truth[part]))
    factors = np.arange(0.5, 4.0, 0.05)
    sides = np.where(truth == 1.0, -1.0, 1.0)
    count = np.where(truth == 1.0, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    losses = [(count * np.logaddexp(0, sides * factor * log_odds)).mean() for factor in factors]
    return float(factors[int(np.argmin(losses))])


def read(path: Path) -> list[str]:
    """Return the sentences of a gzipped text that have words in them, each once."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [line for line in dict.fromkeys(map(str.strip, lines)) if buckets(split_words(line))]


def common_words(sentences: Sequence[str]) -> list[str]:
    """Return the words of several sentences, in alphabetical order."""
    words = Counter(
        text for line in sentences for text in {word.text for word in split_words(line)}
    )
    return sorted(
        word
        for word, seen in words.items()
        if seen >= COMMON and len(word) >= SHORTEST and word.isalpha()
    )


def train(folder: Path, out: Path) -> None:
    """Write the weights and the common words, and print how large they are."""
    commands = read(folder / "commands-hwu64.txt.gz")
    meetings = read(folder / "meetings-ami.txt.gz")
    sentences = [*commands, *meetings]
    truth = np.repeat([1.0, 0.0], [len(commands), len(meetings)])
    weights, bias = fit(Text.of(sentences), truth)
    factor = temperature(sentences, truth)
    scale = float(np.abs(weights).max()) / np.iinfo(np.int8).max
    file = out / WEIGHTS
    np.savez_compressed(
        file,
        weights=np.rint(weights / scale).astype(np.int8),
        scale=scale * factor,
        bias=bias * factor,
        licence=LICENCE,
    )
    print(f"{file}: {file.stat().st_size / 1e3:.0f} kB, temperature {factor:.2f}")
    words = common_words(sentences)
    listed = out / COMMON_WORDS
    listed.write_text(f"# Words of two sentences and more. {LICENCE}.\n" + "\n".join(words) + "\n")
    print(f"{listed}: {len(words)} words, {listed.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("pipeline/word_lists"))
    arguments = parser.parse_args()
    train(arguments.folder, arguments.out)


if __name__ == "__main__":
    main()
