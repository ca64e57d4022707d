"""Builds ONNX graphs with random weights, for models whose real weights are not at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
"""Old enough for every onnxruntime that the project takes."""

Dense = tuple[str, str]
"""Names of the weights and of what is added."""

Attribute = int | float | str | Sequence[int]


@dataclass
class Graph:
    """A graph that grows node by node; every method returns the name of its output."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Attribute) -> str:
        """Add a node; of several outputs the first is named ``…`` and the next ``….1``."""
        name = f"{kind}{len(self.nodes)}"
        names = [name if number == 0 else f"{name}.{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return name

    def constant(self, values: npt.ArrayLike, kind: type[np.generic]) -> str:
        """Add a tensor of given values."""
        name = f"constant{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def integers(self, *values: int) -> str:
        """Add a list of whole numbers, such as a shape."""
        return self.constant(values, np.int64)

    def weight(self, *shape: int) -> str:
        """Add a random tensor whose layer keeps the size of what goes through it."""
        inputs = max(1, int(np.prod(shape[1:])))
        values = self.random.normal(0, 1 / np.sqrt(inputs), shape)
        return self.constant(values, np.float32)

    def conv(self, x: str, inputs: int, outputs: int, kernel: int, dilation: int = 1) -> str:
        """Add a convolution over time that keeps the length."""
        pad = dilation * (kernel - 1) // 2
        weights = self.weight(outputs, inputs, kernel), self.weight(outputs)
        return self.node("Conv", x, *weights, dilations=[dilation], pads=[pad, pad])

    def upsample(self, x: str, inputs: int, outputs: int, kernel: int, factor: int) -> str:
        """Add a transposed convolution that makes time ``factor`` times as long."""
        pad = (kernel - factor) // 2
        extra = (kernel - factor) % 2
        weights = self.weight(inputs, outputs, kernel), self.weight(outputs)
        return self.node(
            "ConvTranspose",
            x,
            *weights,
            strides=[factor],
            pads=[pad, pad + extra],
        )

    def dense(self, inputs: int, outputs: int) -> Dense:
        """Add the weights of a dense layer, which several may share."""
        return self.weight(inputs, outputs), self.weight(outputs)

    def linear(self, x: str, dense: Dense) -> str:
        """Add a dense layer over the last axis."""
        return self.node("Add", self.node("MatMul", x, dense[0]), dense[1])

    def norm(self, x: str, width: int) -> str:
        """Add a layer norm over the last axis."""
        ones, zeros = (
            self.constant(np.ones(width), np.float32),
            self.constant(np.zeros(width), np.float32),
        )
        return self.node("LayerNormalization", x, ones, zeros, axis=-1)

    def transformer_weights(self, width: int, inner: int) -> Sequence[Dense]:
        """Add the weights of a transformer's layer, which several may share."""
        square = [self.dense(width, width) for _ in range(4)]
        return (*square, self.dense(width, inner), self.dense(inner, width))

    def transformer(self, x: str, width: int, weights: Sequence[Dense]) -> str:
        """Add a transformer's layer on ``[1, time, width]``."""
        query, key, value = (self.linear(x, each) for each in weights[:3])
        scores = self.node("MatMul", query, self.node("Transpose", key, perm=[0, 2, 1]))
        scaled = self.node("Mul", scores, self.constant(width**-0.5, np.float32))
        mixed = self.node("MatMul", self.node("Softmax", scaled, axis=-1), value)
        x = self.norm(self.node("Add", x, self.linear(mixed, weights[3])), width)
        wide = self.node("Relu", self.linear(x, weights[4]))
        return self.norm(self.node("Add", x, self.linear(wide, weights[5])), width)

    def turned(self, x: str) -> str:
        """Swap time and channels."""
        return self.node("Transpose", x, perm=[0, 2, 1])

    def repeated(self, x: str, channels: int, times: str) -> str:
        """Repeat every moment of ``[1, channels, time]`` ``times`` (a list of one number)."""
        moments = self.node("Unsqueeze", x, self.integers(3))
        shape = self.node("Concat", self.integers(1, 1, 1), times, axis=0)
        spread = self.node("Expand", moments, shape)
        return self.node("Reshape", spread, self.integers(1, channels, -1))

    def save(
        self,
        path: Path,
        inputs: Sequence[onnx.ValueInfoProto],
        output: str,
        shape: Sequence[str | int],
    ) -> None:
        """Write the graph, its only output named ``output``."""
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, path.stem, inputs, [result], self.weights)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.save(model, str(path))


def tensor(name: str, kind: int, *shape: str | int) -> onnx.ValueInfoProto:
    """Describe an input."""
    return helper.make_tensor_value_info(name, kind, shape)
