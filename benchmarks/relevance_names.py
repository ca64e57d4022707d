"""How surely agents' names are recognised in text, and how seldom by mistake.

Requests to assistants with a name before or behind them must be taken as
addressed, sentences from meetings must not. Needs a folder with
``commands-hwu64.txt.gz`` and ``meetings-*.txt.gz``, one lower-case sentence a line.
Exits 1 when a bar is missed.

    python benchmarks/relevance_names.py ../shared/text [--sample 300] [--json]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.config import RelevanceConfig
from pipeline.interfaces import Participant
from pipeline.judgement import NamedAgent, Utterance
from pipeline.names import MISHEARD
from pipeline.relevance import Relevance

NAMES = ("jarvis", "sage", "nia", "claude", "watson", "alexa", "home assistant")
FORMS = ("{name} {text}", "hey {name} {text}", "{text} {name}")
BARS = {"exact": 0.995, "aliases": 0.95, "slips": 0.95}
"""Least shares of commands with a name that are taken as addressed."""

MOST_FALSE = 1.0
"""False accepts in 100,000 words."""

ANN = Participant("ann", "Ann")
BEN = Participant("ben", "Ben")


def read(path: Path) -> list[str]:
    """Return the sentences of a gzipped text."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [line.strip() for line in lines]


def addressed(relevance: Relevance, texts: Iterable[str]) -> list[bool]:
    """Judge texts, each said by Ann to a room with two people."""
    return [
        relevance.judge(
            Utterance(ANN, text, 10.0 * index, 10.0 * index + 2.0), people=(ANN, BEN), agent="-"
        ).addressed
        for index, text in enumerate(texts)
    ]


def recall(relevance: Relevance, spellings: Sequence[str], commands: Sequence[str]) -> float:
    """Return the share of commands, in every form, that are taken as addressed."""
    texts = [
        form.format(name=name, text=text)
        for name in spellings
        for form in FORMS
        for text in commands
    ]
    heard = addressed(relevance, texts)
    return sum(heard) / len(heard)


def slips(name: str) -> list[str]:
    """Return spellings of a name with one letter lost or changed, as a recogniser slips."""
    letters = [i for i, letter in enumerate(name) if letter != " "]
    lost = [name[:i] + name[i + 1 :] for i in letters[1:]]
    return lost + [name[:i] + "e" + name[i + 1 :] for i in letters if name[i] != "e"]


def evaluate(name: str, commands: Sequence[str], talk: Sequence[str]) -> dict[str, float | str]:
    """Measure one name at sensitivity low."""
    relevance = Relevance(RelevanceConfig(sensitivity="low"), [NamedAgent(name, (name,))])
    few = commands[:: max(1, len(commands) // 40)]
    aliases = MISHEARD.get(name, ())
    began = time.perf_counter()
    false_accepts = sum(addressed(relevance, talk))
    judged = (time.perf_counter() - began) / max(1, len(talk))
    words = sum(len(sentence.split()) for sentence in talk)
    figures: dict[str, float | str] = {"name": name, "exact": recall(relevance, [name], commands)}
    if aliases:
        figures["aliases"] = recall(relevance, aliases, few)
    if len(name) > 4:
        figures["slips"] = recall(relevance, slips(name), few)
    figures["false_accepts"] = false_accepts
    figures["false_accepts_per_100k_words"] = 1e5 * false_accepts / max(1, words)
    figures["judgement_us"] = 1e6 * judged
    return figures


def holds(figures: dict[str, float | str]) -> bool:
    """Return whether the figures of a name reach the bars."""
    reached = [float(figures[name]) >= bar for name, bar in BARS.items() if name in figures]
    return all(reached) and float(figures["false_accepts_per_100k_words"]) <= MOST_FALSE


def main() -> int:
    """Print the figures of every name; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", type=int, default=1000, help="commands that are tried")
    parser.add_argument("--talk", type=int, default=0, help="sentences of meetings; 0 is all")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    draw = random.Random(0)  # noqa: S311 - a sample, no secret
    commands = draw.sample(read(arguments.folder / "commands-hwu64.txt.gz"), arguments.sample)
    meetings = sorted(arguments.folder.glob("meetings-*.txt.gz"))
    talk = [sentence for path in meetings for sentence in read(path)]
    talk = draw.sample(talk, arguments.talk or len(talk))
    missed = False
    for name in NAMES:
        figures = evaluate(name, commands, talk)
        missed = missed or not holds(figures)
        if arguments.json:
            print(json.dumps(figures))
        else:
            shown = (f"{k} {v:.4g}" for k, v in figures.items() if not isinstance(v, str))
            print(f"{name}: {' · '.join(shown)}{'' if holds(figures) else ' · MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
