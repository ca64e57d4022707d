from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import EndOfTurnError
from pipeline.onnx import open_session


def test_a_session_uses_one_thread(silero_path: Path) -> None:
    options = open_session(silero_path, error=EndOfTurnError).get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EndOfTurnError, match="no such model file"):
        open_session(tmp_path, error=EndOfTurnError)


def test_an_empty_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(EndOfTurnError, match="models pull"):
        open_session(tmp_path / "empty.onnx", error=EndOfTurnError)
