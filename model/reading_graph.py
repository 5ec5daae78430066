"""Makes a decoder's second graph, for reading prompts: the same weights, multiplied another way.

Steps of a token or a few want small weights, which MatMulNBits has. For many tokens at once
DynamicQuantizeMatMul is twice as fast: it takes weights of 8 bits with one scale for each output,
and rounds the inputs of a whole run alike. The inputs of `ffn_down` are far larger for some tokens
than for others (Sun et al. 2024, "Massive activations"), so there each token is divided by its own
largest number first. Both graphs write to one cache of keys and values.
"""

import math
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from model.graph_writer import GraphWriter
from model.quantize import BlockMatrix, dequantize, quantize_channels

LARGEST = 500_000_000
"""Weights in the layers: of a larger model a second copy would take too much memory."""

_LAST_AXIS, _LEAST = "reading.last_axis", "reading.least"


def write_reading_graph(source: Path, path: Path) -> bool:
    """Writes the second graph of the decoder at `source` to `path`, its weights beside it.

    One weight after the other, so that it takes little memory. False, and nothing is written,
    where there is no gain: nothing is kept in blocks, or the model is larger than `LARGEST`.
    """
    model = onnx.load(str(source), load_external_data=False)
    products = [node for node in model.graph.node if _changes(node)]
    sizes = [_number(node, "N") * _number(node, "K") for node in products]
    if not products or sum(sizes) > LARGEST:
        return False
    with Path(f"{path}.data").open("wb") as data:
        graph = GraphWriter(f"{path.name}.data", data)
        # A node, since the shapes of a graph are inferred before the weights' file is read.
        graph.node("Constant", [], [_LAST_AXIS], value_ints=[-1])
        graph.weight(_LEAST, np.array(1e-6, np.float32))
        _write(graph, model.graph, _Stored(model.graph, source.parent))
    made = graph.model(model.graph.name, [*model.graph.input], [*model.graph.output])
    onnx.save(made, str(path))
    return True


class _Stored:
    """The weights of a graph, each read when it is asked for."""

    def __init__(self, graph: onnx.GraphProto, folder: Path) -> None:
        self._folder = str(folder)
        self._weights = {each.name: each for each in graph.initializer}
        self._makers = {node.output[0]: node for node in graph.node}

    def __contains__(self, name: str) -> bool:
        return name in self._weights

    def values(self, name: str) -> NDArray[Any]:
        """A weight, or what is made of weights when a graph is loaded."""
        if name in self:
            return numpy_helper.to_array(self._weights[name], self._folder)
        inputs = [self.values(each).astype(np.float32) for each in self._makers[name].input]
        return math.prod(inputs[1:], start=inputs[0])  # a Cast or a Mul

    def shape_and_place(self, name: str) -> tuple[tuple[int, ...], str]:
        """The shape of a weight, and where in the file it lies; its name where the graph has it."""
        weight = self._weights[name]
        places = (each.value for each in weight.external_data if each.key == "offset")
        return tuple(weight.dims), next(places, name)


def _write(graph: GraphWriter, source: onnx.GraphProto, stored: _Stored) -> None:
    """Writes the nodes of another graph, its products in another form."""
    used = _used(source)
    made = {node.output[0] for node in source.node if _changes(node)}
    splits = {node.input[0]: node for node in source.node if _splits(node, made)}
    written: dict[str, str] = {}  # the first weight that lies at a place
    for node in source.node:
        if not used.intersection(node.output) or _splits(node, made):
            continue
        if _changes(node):
            # What would be split is made by two products, which is quicker for many tokens.
            outputs = splits.get(node.output[0], node).output
            matrix = _matrix(node, *map(stored.values, node.input[1:]))
            _by_channels(graph, node, matrix, outputs)
            continue
        for name in filter(stored.__contains__, node.input):
            shape, place = stored.shape_and_place(name)
            if place in written:
                if written[place] != name:
                    graph.same_weight(name, written[place], shape)
            else:
                graph.weight(name, stored.values(name))
                written[place] = name
        graph.copy(node)


def _used(graph: onnx.GraphProto) -> set[str]:
    """The values that the graph needs, where its products have other weights."""
    used = {output.name for output in graph.output}
    for node in reversed(graph.node):
        if used.intersection(node.output):
            used.update(node.input[:1] if _changes(node) else node.input)
    return used


def _by_channels(
    graph: GraphWriter, node: onnx.NodeProto, matrix: BlockMatrix, outputs: Sequence[str]
) -> None:
    """Writes the nodes in place of a product with the matrix.

    Where there are several `outputs`, each is of as many of the rows, in their order.
    """
    operand, name = node.input[:2]
    if "ffn_down" not in name:
        _products(graph, name, operand, matrix, outputs)
        return
    sizes = graph.node("Abs", [operand], [f"{name}.sizes"])
    found = graph.node("ReduceMax", [sizes, _LAST_AXIS], [f"{name}.found"])
    largest = graph.node("Max", [found, _LEAST], [f"{name}.largest"])  # a token may be all zeros
    even = graph.node("Div", [operand, largest], [f"{name}.even"])
    small = f"{name}.small"
    _products(graph, name, even, matrix, [small])
    graph.node("Mul", [small, largest], [*outputs])


def _products(
    graph: GraphWriter, name: str, operand: str, matrix: BlockMatrix, outputs: Sequence[str]
) -> None:
    channels = quantize_channels(dequantize(matrix))
    codes = np.split(channels.codes, len(outputs), axis=1)
    scales = np.split(channels.scales, len(outputs))
    for place, output in enumerate(outputs):
        weights = [
            graph.weight(f"{name}.channels.{place}", codes[place]),
            graph.weight(f"{name}.channel_scales.{place}", scales[place]),
        ]
        graph.node("DynamicQuantizeMatMul", [operand, *weights], [output])


def _changes(node: onnx.NodeProto) -> bool:
    return node.op_type == "MatMulNBits" and "head" not in node.input[1]


def _splits(node: onnx.NodeProto, products: Set[str]) -> bool:
    """Whether a node halves one of the products, which are known by their outputs."""
    return node.op_type == "Split" and node.input[0] in products


def _matrix(
    node: onnx.NodeProto,
    codes: NDArray[np.uint8],
    scales: NDArray[np.float32],
    zero_points: NDArray[np.uint8] | None = None,
) -> BlockMatrix:
    bits = _number(node, "bits")
    rows, blocks, _ = codes.shape
    middle = 0x88 if bits == 4 else 0x80  # the operator's own zero point
    if zero_points is None:
        zero_points = np.full((rows, -(-blocks * bits // 8)), middle, np.uint8)
    return BlockMatrix(
        rows=rows,
        columns=_number(node, "K"),
        bits=bits,
        block=_number(node, "block_size"),
        codes=codes,
        scales=scales,
        zero_points=zero_points,
    )


def _number(node: onnx.NodeProto, name: str) -> int:
    return next(int(each.i) for each in node.attribute if each.name == name)
