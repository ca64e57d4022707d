"""Opening ONNX models: one thread each, quiet, and clear when the file is no good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from pipeline.errors import StageError

_ERRORS_ONLY = 3  # onnxruntime's severity: its warnings are about graphs we did not make


def open_session(path: Path, *, error: type[StageError]) -> Any:
    """Load a model for the processor.

    One thread, and none that spins while it waits: these models are small, and
    the cores belong to speech recognition.

    Args:
        path: The ``.onnx`` file.
        error: What to raise when it cannot be loaded.

    Returns:
        An ``onnxruntime.InferenceSession``; its ``run`` may be called from any thread.

    """
    if not path.is_file():
        raise error(f"{path}: no such model file; get it with `uv run run.py models pull`")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as failure:  # onnxruntime's errors have no base class of their own
        raise error(
            f"{path}: not an ONNX model that can be loaded; delete it and fetch it again with "
            "`uv run run.py models pull`"
        ) from failure
