"""A decoder's second graph, for reading prompts: the same weights, multiplied another way.

Steps of a token or a few want small weights, which MatMulNBits has. For many tokens at once
DynamicQuantizeMatMul is twice as fast: it takes weights of 8 bits with one scale for each output,
and rounds the inputs of a whole run alike. The inputs of `ffn_down` are far larger for some tokens
than for others (Sun et al. 2024, "Massive activations"), so there each token is divided by its own
largest number first. The graph is made when a model is first loaded, and kept in Bowerbird's home.
Both graphs write to one cache of keys and values.
"""

import logging
import math
import shutil
import tempfile
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from model.paths import home
from model.providers import CPU, session_options
from model.quantize import BlockMatrix, dequantize, quantize_channels

LARGEST = 500_000_000
"""Weights in the layers: of a larger model a second copy would take too much memory."""

_FORM = 2
"""Of the graphs that are kept: another number has them made anew."""

_LAST_AXIS, _LEAST = "reading.last_axis", "reading.least"

_log = logging.getLogger(__name__)


def open_reader(
    path: Path, session: ort.InferenceSession, threads: int | None = None
) -> ort.InferenceSession | None:
    """A session of the second graph of the model at `path`, which `session` runs.

    None on another device than the processor, where there is no gain, or no place to keep it.
    """
    if session.get_providers()[0] != CPU:
        return None
    try:
        graph = _kept_graph(path)
    except OSError as error:
        _log.warning("Prompts are read at half the speed, as a graph cannot be kept: %s.", error)
        return None
    if graph is None:
        return None
    try:
        return ort.InferenceSession(str(graph), session_options(threads), providers=[CPU])
    except Exception as error:  # noqa: BLE001 - ONNX Runtime may raise anything; do without
        shutil.rmtree(graph.parent, ignore_errors=True)
        _log.warning("Prompts are read at half the speed until the next start: %s.", error)
        return None


def _kept_graph(path: Path) -> Path | None:
    """The second graph's file, which is written unless it is there; raises OSError."""
    data = Path(f"{path}.data").stat()
    version = f"{data.st_size}-{data.st_mtime_ns}-{_FORM}"
    folder = home() / "reading" / f"{path.parent.name}-{version}"
    graph = folder / path.name
    if graph.exists():
        return graph
    model = reading_graph(path)
    if model is None:
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    for old in folder.parent.glob(f"{path.parent.name}-*"):
        if old != folder:  # which another process may have made meanwhile
            shutil.rmtree(old, ignore_errors=True)
    # Written under another name first, so that the graph is either there whole or not at all.
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / "made"
        made.mkdir()
        data_name = f"{path.name}.data"
        onnx.save(model, str(made / path.name), save_as_external_data=True, location=data_name)
        if not folder.exists():
            made.rename(folder)
    return graph


def reading_graph(path: Path) -> onnx.ModelProto | None:
    """The ONNX model of the second graph, weights included.

    None where there is no gain: nothing is kept in blocks, or the model is larger than `LARGEST`.
    """
    model = onnx.load(str(path), load_external_data=False)
    products = [node for node in model.graph.node if _changes(node)]
    sizes = [_number(node, "N") * _number(node, "K") for node in products]
    if not products or sum(sizes) > LARGEST:
        return None
    onnx.load_external_data_for_model(model, str(path.parent))
    weights = {each.name: each for each in model.graph.initializer}
    makers = {node.output[0]: node for node in model.graph.node}

    def stored(name: str) -> NDArray[Any]:
        """A weight, or what is made of weights when a graph is loaded."""
        if name in weights:
            return numpy_helper.to_array(weights[name])
        inputs = [stored(each).astype(np.float32) for each in makers[name].input]
        return math.prod(inputs[1:], start=inputs[0])  # a Cast or a Mul

    made = {node.output[0] for node in products}
    splits = {node.input[0]: node for node in model.graph.node if _splits(node, made)}
    nodes: list[onnx.NodeProto] = []
    added: list[onnx.TensorProto] = []
    for node in model.graph.node:
        if _changes(node):
            # What would be split is made by two products, which is quicker for many tokens.
            outputs = splits.get(node.output[0], node).output
            matrix = _matrix(node, *map(stored, node.input[1:]))
            nodes += _by_channels(node, matrix, outputs, added)
        elif not _splits(node, made):
            nodes.append(node)
    added.append(numpy_helper.from_array(np.array([-1], np.int64), _LAST_AXIS))
    added.append(numpy_helper.from_array(np.array(1e-6, np.float32), _LEAST))
    return _with(model, nodes, added)


def _by_channels(
    node: onnx.NodeProto,
    matrix: BlockMatrix,
    outputs: Sequence[str],
    added: list[onnx.TensorProto],
) -> list[onnx.NodeProto]:
    """The nodes in place of a product with the matrix, whose new form is `added`.

    Where there are several `outputs`, each is of as many of the rows, in their order.
    """
    operand, name = node.input[:2]
    if "ffn_down" not in name:
        return _products(name, operand, matrix, outputs, added)
    sizes, found, largest, even, small = (
        f"{name}.{part}" for part in ("sizes", "found", "largest", "even", "small")
    )
    return [
        helper.make_node("Abs", [operand], [sizes]),
        helper.make_node("ReduceMax", [sizes, _LAST_AXIS], [found]),
        helper.make_node("Max", [found, _LEAST], [largest]),  # a token may be all zeros
        helper.make_node("Div", [operand, largest], [even]),
        *_products(name, even, matrix, [small], added),
        helper.make_node("Mul", [small, largest], outputs),
    ]


def _products(
    name: str,
    operand: str,
    matrix: BlockMatrix,
    outputs: Sequence[str],
    added: list[onnx.TensorProto],
) -> list[onnx.NodeProto]:
    channels = quantize_channels(dequantize(matrix))
    codes = np.split(channels.codes, len(outputs), axis=1)
    scales = np.split(channels.scales, len(outputs))
    made = []
    for place, output in enumerate(outputs):
        names = [f"{name}.channels.{place}", f"{name}.channel_scales.{place}"]
        added.append(numpy_helper.from_array(codes[place], names[0]))
        added.append(numpy_helper.from_array(scales[place], names[1]))
        inputs = [operand, *names]
        made.append(
            helper.make_node("DynamicQuantizeMatMul", inputs, [output], domain="com.microsoft")
        )
    return made


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


def _with(
    model: onnx.ModelProto, nodes: list[onnx.NodeProto], added: list[onnx.TensorProto]
) -> onnx.ModelProto:
    """The model with other nodes, without what none of them uses."""
    used = {output.name for output in model.graph.output}
    needed = []
    for node in reversed(nodes):
        if used.intersection(node.output):
            needed.append(node)
            used.update(node.input)
    kept = [each for each in model.graph.initializer if each.name in used]
    graph = helper.make_graph(
        needed[::-1], model.graph.name, model.graph.input, model.graph.output, [*kept, *added]
    )
    changed = helper.make_model(graph, opset_imports=model.opset_import)
    changed.ir_version = model.ir_version
    return changed


def _number(node: onnx.NodeProto, name: str) -> int:
    return next(int(each.i) for each in node.attribute if each.name == name)
