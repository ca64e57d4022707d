"""How far the words alone tell requests to an assistant from people's talk (sensitivity high).

Requests (CLINC150) must score above sentences of meetings (ICSI), above those
in the shape of questions and requests too. Neither is what the text model was
trained on, and sentences that stand in its training text are left out. Weak
evidence: the names and the conversation decide first.

Needs a folder with ``commands-*.txt.gz`` and ``meetings-*.txt.gz``, one
lower-case sentence a line. Exits 1 when a bar is missed.

    python benchmarks/relevance_words.py ../shared/text [--json]
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.config import RelevanceConfig
from pipeline.dialogue_acts import is_question, is_request
from pipeline.interfaces import Participant
from pipeline.judgement import NamedAgent, Utterance
from pipeline.names import split_words
from pipeline.relevance import Relevance
from pipeline.wording import wording_model

REQUESTS = "commands-clinc150.txt.gz"
TALK = "meetings-icsi.txt.gz"
TRAINING = ("commands-hwu64.txt.gz", "meetings-ami.txt.gz")
ANN = Participant("ann", "Ann")
BEN = Participant("ben", "Ben")

LEAST_AUC = 0.85
"""Against talk in the shape of questions and requests."""

RECALL = 0.9
MOST_FALSE = 0.10
"""Share of all talk above the score that so many requests reach."""

Scores = npt.NDArray[np.float64]


def read(path: Path) -> list[str]:
    """Return the sentences of a gzipped text, each once, without those that have no words."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [line for line in dict.fromkeys(map(str.strip, lines)) if split_words(line)]


def area(requests: Scores, talk: Scores) -> float:
    """Return how probably a request scores above talk; ties count half."""
    order = np.sort(talk)
    below = np.searchsorted(order, requests, side="left")
    upto = np.searchsorted(order, requests, side="right")
    return float(((below + upto) / 2).mean() / len(talk))


def false_share(requests: Scores, talk: Scores) -> float:
    """Return the share of talk that reaches the score of nine requests in ten."""
    return float((talk >= np.quantile(requests, 1.0 - RECALL)).mean())


def judged(sentences: Sequence[str]) -> tuple[Scores, npt.NDArray[np.bool_]]:
    """Return scores and decisions in a room with two people where nobody spoke before."""
    relevance = Relevance(RelevanceConfig(sensitivity="high"), [NamedAgent("-", ("Jarvis",))])
    found = [
        relevance.judge(Utterance(ANN, text, 0.0, 1.0), people=(ANN, BEN), agent="-")
        for text in sentences
    ]
    return np.array([it.score for it in found]), np.array([it.addressed for it in found])


def modelled(sentences: Sequence[str]) -> Scores:
    """Return the log-odds of the text model alone."""
    model = wording_model()
    return np.array([model.log_odds(split_words(text)) for text in sentences])


def evaluate(folder: Path) -> dict[str, float]:
    """Return the figures."""
    trained = {sentence for name in TRAINING for sentence in read(folder / name)}
    requests = [text for text in read(folder / REQUESTS) if text not in trained]
    talk = [text for text in read(folder / TALK) if text not in trained]
    shaped = np.array(
        [is_question(w, marked=False) or is_request(w) for w in map(split_words, talk)]
    )
    ours, answered = judged(requests)
    theirs, joined_in = judged(talk)
    model_ours, model_theirs = modelled(requests), modelled(talk)
    return {
        "requests": len(requests),
        "talk": len(talk),
        "talk_in_shape": int(shaped.sum()),
        "auc": area(ours, theirs),
        "auc_in_shape": area(ours, theirs[shaped]),
        "false_at_90": false_share(ours, theirs),
        "false_at_90_in_shape": false_share(ours, theirs[shaped]),
        "model_auc": area(model_ours, model_theirs),
        "model_auc_in_shape": area(model_ours, model_theirs[shaped]),
        "model_false_at_90": false_share(model_ours, model_theirs),
        "answered_at_high": float(answered.mean()),
        "joined_in_at_high": float(joined_in.mean()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures and the bars; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)
    figures = evaluate(options.folder)
    holds = figures["auc_in_shape"] >= LEAST_AUC and figures["false_at_90"] <= MOST_FALSE
    if options.json:
        print(json.dumps({**figures, "holds": holds}))
    else:
        print(*(f"{name} {value:.4g}" for name, value in figures.items()), sep="\n")
        print(f"bars: auc_in_shape >= {LEAST_AUC}, false_at_90 <= {MOST_FALSE}:", end=" ")
        print("hold" if holds else "MISSED")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
