from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from benchmarks.random_graph import Graph, tensor
from server.speech.engine import EngineError
from server.speech.neural import NeuralWorkers, open_voice

SAMPLES = np.zeros((1, 64, 4000), np.float32)


def write_slow_graph(path: Path, layers: int) -> Path:
    """Write a graph of many operations of some milliseconds each."""
    graph = Graph()
    x = "input"
    for _ in range(layers):
        x = graph.conv(x, 64, 64, 11)
    graph.nodes[-1].output[0] = "output"
    inputs = [tensor("input", TensorProto.FLOAT, 1, 64, "time")]
    graph.save(path, inputs, "output", (1, 64, "time"))
    return path


def test_cancelling_ends_a_run_in_its_middle(tmp_path: Path) -> None:
    async def story() -> None:
        session = open_voice(write_slow_graph(tmp_path / "slow.onnx", 300), "cpu")
        workers = NeuralWorkers()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await workers.run(session, {"input": SAMPLES})
        whole = loop.time() - began
        runs = [asyncio.create_task(workers.run(session, {"input": SAMPLES})) for _ in range(8)]
        await asyncio.sleep(0.05)
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        began = loop.time()
        await asyncio.to_thread(workers.close)
        assert loop.time() - began < whole
        assert all(run.cancelled() for run in runs)

    asyncio.run(story())


def test_a_run_leaves_the_event_loop_free(tmp_path: Path) -> None:
    async def story() -> None:
        session = open_voice(write_slow_graph(tmp_path / "slow.onnx", 100), "cpu")
        workers = NeuralWorkers()
        turns = 0
        async with asyncio.TaskGroup() as tasks:
            run = tasks.create_task(workers.run(session, {"input": SAMPLES}))
            while not run.done():
                turns += 1
                await asyncio.sleep(0.001)
        assert turns > 20
        workers.close()

    asyncio.run(story())


def test_inputs_that_do_not_fit_are_an_error(tmp_path: Path) -> None:
    async def story() -> None:
        session = open_voice(write_slow_graph(tmp_path / "slow.onnx", 1), "cpu")
        workers = NeuralWorkers()
        with pytest.raises(EngineError, match="the voice failed"):
            await workers.run(session, {"inputs": SAMPLES})
        workers.close()

    asyncio.run(story())


def test_a_graphics_card_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write_slow_graph(tmp_path / "slow.onnx", 1)
    with pytest.raises(EngineError, match=r"speech\.device is cuda"):
        open_voice(path, "cuda")
