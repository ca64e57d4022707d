"""Running a neural voice: a graph that turns a whole sentence into sound at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy.typing as npt
import onnxruntime

from pipeline.audio import Samples, to_pcm
from server.speech.config import Device
from server.speech.engine import EngineError

_ERRORS_ONLY = 3  # onnxruntime's severity

Inputs = Mapping[str, npt.NDArray[Any]]


def open_voice(path: Path, device: Device) -> Any:
    """Load a graph; blocks for up to seconds.

    Returns:
        An ``onnxruntime.InferenceSession``; its ``run`` may be called from any thread.

    Raises:
        EngineError: The file is not a graph, or there is no such device.

    """
    options = onnxruntime.SessionOptions()
    # More threads for one sentence make it slower as soon as the machine has anything else to do.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=_providers(device))
    except Exception as error:  # onnxruntime's errors have no base class of their own
        raise EngineError(
            f"{path} is not a voice that can be loaded ({_first_line(error)}); delete it and fetch"
            " it again with: uv run run.py models pull"
        ) from error


def _providers(device: Device) -> list[str]:
    there = onnxruntime.get_available_providers()
    cuda = "CUDAExecutionProvider"
    if device == "cuda" and cuda not in there:
        raise EngineError(
            "speech.device is cuda, but this onnxruntime cannot use a graphics card; set it to auto"
            " or install onnxruntime-gpu"
        )
    return (
        [cuda, "CPUExecutionProvider"]
        if cuda in there and device != "cpu"
        else ["CPUExecutionProvider"]
    )


class NeuralWorkers:
    """Threads that run voices, half as many as the machine has cores."""

    def __init__(self) -> None:
        workers = max(1, (os.cpu_count() or 2) // 2)
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="voice")

    async def run(self, session: Any, inputs: Inputs) -> Samples:
        """Run a graph and return its first output as sound.

        Raises:
            EngineError: The graph does not take this.

        Cancelling stops the run at the next operation of the graph.

        """
        options = onnxruntime.RunOptions()
        work = asyncio.get_running_loop().run_in_executor(
            self._workers, _run, session, inputs, options
        )
        try:
            return await work
        except asyncio.CancelledError:
            options.terminate = True
            raise

    def close(self) -> None:
        """Wait for the threads, which end with the sentence they are at."""
        self._workers.shutdown(cancel_futures=True)


def _run(session: Any, inputs: Inputs, options: onnxruntime.RunOptions) -> Samples:
    try:
        output, *_ = session.run(None, dict(inputs), options)
    except Exception as error:  # onnxruntime's errors have no base class of their own
        raise EngineError(f"the voice failed: {_first_line(error)}") from error
    return to_pcm(output.reshape(-1))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
