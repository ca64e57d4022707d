import io

import pytest

from models.progress import BarProgress, LineProgress, Progress, progress_on


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def transfer(progress: Progress, *counts: int) -> None:
    progress.begin("base.en: model.bin", 1000)
    for count in counts:
        progress.advance(count)
    progress.end()


def test_a_pipe_gets_a_line_a_quarter() -> None:
    stream = io.StringIO()
    progress = progress_on(stream)
    assert isinstance(progress, LineProgress)
    transfer(progress, 100, 100, 100, 300, 100, 300)
    assert stream.getvalue().splitlines() == [
        "base.en: model.bin: 1.0 kB",
        "base.en: model.bin: 25 %",
        "base.en: model.bin: 50 %",
        "base.en: model.bin: 100 %",
    ]


def test_a_terminal_gets_a_bar_for_each_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    progress = progress_on(stream)
    assert isinstance(progress, BarProgress)
    transfer(progress, 1000)
    transfer(progress, 500)
    assert "base.en: model.bin" in stream.getvalue()
    assert "0.5/1.0 kB" in stream.getvalue()


def test_a_transfer_that_starts_over_takes_its_bytes_back() -> None:
    stream = io.StringIO()
    transfer(LineProgress(stream), 600, -600, 1000)
    assert stream.getvalue().splitlines()[-1] == "base.en: model.bin: 100 %"
