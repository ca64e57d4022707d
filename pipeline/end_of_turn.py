"""Whether a pause is the end of the turn: Smart Turn v3, and models that take the same input."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline.audio import Samples
from pipeline.errors import EndOfTurnError
from pipeline.onnx import open_session
from pipeline.smart_turn_features import BANDS, FRAMES, log_mel


class SmartTurn:
    """Smart Turn v3 as the pipeline's :class:`~pipeline.interfaces.EndOfTurnDetector`.

    One model for the whole process, run in threads of its own: a score takes
    about 25 ms, too long for the event loop. Any ONNX model fits that takes the
    same features, ``[batch, 80, 800]``, and whose first output is a probability.

    Args:
        path: The ``.onnx`` file.
        threads: Pauses judged at the same time.

    Raises:
        EndOfTurnError: The file is missing, damaged, or another model.

    """

    def __init__(self, path: Path, *, threads: int = 2) -> None:
        self._path = path
        self._session = open_session(path, error=EndOfTurnError)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].shape[1:] != [BANDS, FRAMES]:
            raise EndOfTurnError(
                f"{path}: not an end-of-turn model (one input [batch, {BANDS}, {FRAMES}] is needed)"
            )
        self._input: str = inputs[0].name
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="end-of-turn")

    async def score(self, samples: Samples) -> float:
        """Return the probability in [0, 1] that the turn is complete.

        Judge a pause once, at about 200 ms of silence: as silence grows, the
        model takes hesitations for ends.

        Args:
            samples: The whole turn so far at 16 kHz, with the pause at its end.
                They must not change until the score is there.

        Raises:
            EndOfTurnError: The model failed, or was closed.

        Cancelling drops the result; a score not yet begun is never computed.

        """
        try:
            work = asyncio.get_running_loop().run_in_executor(self._pool, self._score, samples)
        except RuntimeError as closed:
            raise EndOfTurnError("the end-of-turn model was closed") from closed
        return await work

    def close(self) -> None:
        """Drop what has not begun and join the threads (one score later at most)."""
        self._pool.shutdown(cancel_futures=True)

    def _score(self, samples: Samples) -> float:
        features = log_mel(samples)[None]
        try:
            output = self._session.run(None, {self._input: features})[0]
        except Exception as failure:  # onnxruntime's errors have no base class of their own
            raise EndOfTurnError(f"{self._path}: the model failed ({failure})") from failure
        probability = float(np.ravel(output)[0])
        if not 0.0 <= probability <= 1.0:
            raise EndOfTurnError(f"{self._path}: gave {probability}, which is no probability")
        return probability
