"""The evaluation programs of relevance hold their bars, on all or a part of their text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import relevance_state, relevance_words, train_wording
from pipeline.name_variants import COMMON_WORDS
from pipeline.wording import WEIGHTS

ROOT = Path(__file__).parents[2]
TEXT = ROOT.parent / "shared" / "text"
needs_text = pytest.mark.skipif(
    not TEXT.is_dir(), reason="needs the evaluation text in ../shared/text"
)


@needs_text
@pytest.mark.slow
def test_names_are_found_in_commands_and_not_in_meetings() -> None:
    program = ROOT / "benchmarks" / "relevance_names.py"
    size = ["--sample", "300", "--talk", "5000", "--json"]
    run = subprocess.run(
        [sys.executable, program, TEXT, *size],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    for line in run.stdout.splitlines():
        figures = json.loads(line)
        assert figures["exact"] >= 0.995, figures
        assert figures["false_accepts"] == 0, figures


def test_every_timeline_is_decided_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    code = relevance_state.main(["--json"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["wrong"] == code == 0
    assert figures["timelines"] >= 60


def test_a_wrong_decision_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "timelines.txt"
    file.write_text("[one]\npeople: Ann, Ben\n0-1 Ann: jarvis what time is it => never\n")
    assert relevance_state.main([str(file)]) == 1
    told = capsys.readouterr().out
    assert "[one] at low, Ann: jarvis what time is it" in told
    assert "timelines 1 · decisions 3 · wrong 3" in told


@pytest.mark.parametrize(
    "line", ["0-1 Ann: hello", "0-1 jarvis to Ann: hello => low", "0-1 Ann: hello => soon", "Ann"]
)
def test_a_line_that_is_not_understood_is_quoted(line: str) -> None:
    with pytest.raises(relevance_state.TimelineError, match=line):
        list(relevance_state.read_timelines(["[one]", line]))


@needs_text
@pytest.mark.slow
def test_words_tell_requests_from_talk(capsys: pytest.CaptureFixture[str]) -> None:
    assert relevance_words.main([str(TEXT), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["auc_in_shape"] >= 0.85
    assert figures["false_at_90"] <= 0.10


@needs_text
@pytest.mark.slow
def test_the_shipped_words_are_those_of_the_program(tmp_path: Path) -> None:
    folder = ROOT / "pipeline" / "word_lists"
    train_wording.train(TEXT, tmp_path)
    for name in (WEIGHTS, COMMON_WORDS):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
        assert (folder / name).stat().st_size < 300_000
