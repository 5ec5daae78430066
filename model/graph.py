"""Builds the ONNX graph of a Llama-like decoder from a checkpoint, with our own hands.

The graph is made for one thing: extending a key-value cache by a few tokens on one machine.

    input_ids        int64 [1, n]   the tokens to add
    first_logit      int64 [1]      logits are returned from this one of the n positions on
    last_position    int32 [1]      tokens in the cache after this run, less one
    total_length     int32 []       tokens in the cache after this run
    past.L.key       [1, key-value heads, capacity, head size], and .value, for each layer L
    logits           [1, n - first_logit, vocabulary]
    present.L.key    the same buffers as the past: bind both to one tensor, nothing is copied

Operators beside the ONNX standard are ONNX Runtime's own (`com.microsoft`), described in
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from model.checkpoint import Checkpoint, DecoderShape
from model.quantize import quantize
from model.recipes import Precision, Recipe

Progress = Callable[[int, int], None]

_OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
_PAGE = 4096  # initializers start at whole pages, so that they can be mapped from the file
_STANDARD_OPERATORS = {
    "Add",
    "Gather",
    "Identity",
    "MatMul",
    "Mul",
    "SimplifiedLayerNormalization",
    "Slice",
}


def build(
    checkpoint: Checkpoint, recipe: Recipe, path: Path, progress: Progress | None = None
) -> None:
    """Writes `path` (the graph) and `path` + ".data" (its weights, quantized by `recipe`).

    `progress` is called with the layers done and their total.
    """
    shape = checkpoint.shape
    with Path(f"{path}.data").open("wb") as data:
        graph = _Graph(f"{path.name}.data", data)
        hidden, delta = _embedding(graph, checkpoint, recipe.head), None
        _rotary_tables(graph, shape)
        for layer in range(shape.layers):
            hidden, delta = _layer(graph, checkpoint, recipe, layer, hidden, delta)
            if progress:
                progress(layer + 1, shape.layers)
        _, normed = _norm(graph, checkpoint, "output_norm", hidden, delta)
        _logits(graph, shape, recipe.head, normed)
    onnx.save(graph.model(shape), str(path))


class _Graph:
    """Nodes and initializers as they are added; weights go straight to the data file."""

    def __init__(self, data_name: str, data: BinaryIO) -> None:
        self._data_name = data_name
        self._data = data
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str, values: NDArray[Any]) -> str:
        """Adds an initializer and returns its name."""
        self._data.write(b"\0" * (-self._data.tell() % _PAGE))
        place = (self._data.tell(), values.nbytes)
        self._data.write(np.ascontiguousarray(values).tobytes())
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        return self._add_weight(name, kind, values.shape, place)

    def same_weight(self, name: str, twin: str, shape: Sequence[int]) -> str:
        """Adds an initializer that reads the bytes of `twin` in another shape."""
        tensor = self._weights[twin]
        place = {entry.key: int(entry.value) for entry in tensor.external_data[1:]}
        return self._add_weight(name, tensor.data_type, shape, (place["offset"], place["length"]))

    def shape_of(self, weight: str) -> Sequence[int]:
        """The shape of an initializer."""
        return tuple(self._weights[weight].dims)

    def node(self, operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> str:
        """Adds a node and returns the name of its first output."""
        domain = "" if operator in _STANDARD_OPERATORS else "com.microsoft"
        node = helper.make_node(operator, inputs, outputs, domain=domain, **attributes)
        self._nodes.append(node)
        return outputs[0]

    def model(self, shape: DecoderShape) -> onnx.ModelProto:
        """The finished model with its declared inputs and outputs."""
        value = helper.make_tensor_value_info
        inputs: list[onnx.ValueInfoProto] = [
            value("input_ids", TensorProto.INT64, [1, "n"]),
            value("first_logit", TensorProto.INT64, [1]),
            value("last_position", TensorProto.INT32, [1]),
            value("total_length", TensorProto.INT32, []),
        ]
        outputs = [value("logits", TensorProto.FLOAT, [1, "k", shape.vocabulary])]
        cache: list[str | int | None] = [1, shape.key_value_heads, "capacity", shape.head_size]
        for layer in range(shape.layers):
            for part in ("key", "value"):
                inputs.append(value(f"past.{layer}.{part}", TensorProto.FLOAT, cache))
                outputs.append(value(f"present.{layer}.{part}", TensorProto.FLOAT, cache))
        weights = list(self._weights.values())
        graph = helper.make_graph(self._nodes, "decoder", inputs, outputs, weights)
        model = helper.make_model(graph, opset_imports=_OPSETS, producer_name="bowerbird")
        model.ir_version = 10
        return model

    def _add_weight(
        self, name: str, kind: int, shape: Sequence[int], place: tuple[int, int]
    ) -> str:
        tensor = TensorProto(
            name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL
        )
        entries = {"location": self._data_name, "offset": place[0], "length": place[1]}
        for key, entry in entries.items():
            tensor.external_data.add(key=key, value=str(entry))
        self._weights[name] = tensor
        return name


def _matrix(graph: _Graph, name: str, weight: NDArray[np.float32], precision: Precision) -> None:
    """Stores a [rows, columns] matrix for `_product` under the name's stem."""
    if precision.bits == 32:
        graph.weight(f"{name}.values", weight.T)
        return
    matrix = quantize(weight, bits=precision.bits, block=precision.block(weight.shape[1]))
    graph.weight(f"{name}.codes", matrix.codes)
    graph.weight(f"{name}.scales", matrix.scales)
    graph.weight(f"{name}.zero_points", matrix.zero_points)


def _product(
    graph: _Graph, name: str, operand: str, size: tuple[int, int], precision: Precision
) -> str:
    """operand @ matrix.T for a stored matrix of `size` (rows, columns)."""
    if precision.bits == 32:
        return graph.node("MatMul", [operand, f"{name}.values"], [f"{name}.output"])
    rows, columns = size
    return graph.node(
        "MatMulNBits",
        [operand, f"{name}.codes", f"{name}.scales", f"{name}.zero_points"],
        [f"{name}.output"],
        N=rows,
        K=columns,
        bits=precision.bits,
        block_size=precision.block(columns),
        accuracy_level=4,  # int8 activations: the fast kernels
    )


def _linear(
    graph: _Graph, name: str, weight: NDArray[np.float32], operand: str, precision: Precision
) -> str:
    _matrix(graph, name, weight, precision)
    rows, columns = weight.shape
    return _product(graph, name, operand, (rows, columns), precision)


def _embedding(graph: _Graph, checkpoint: Checkpoint, precision: Precision) -> str:
    """Stores the table that serves both ends, and looks the tokens up in it.

    Where a file holds an embedding and a head, they are one matrix kept at two precisions; the
    finer one is taken for both.
    """
    name = "output.weight" if "output.weight" in checkpoint else "token_embd.weight"
    table = checkpoint.tensor(name)
    _matrix(graph, "head", table, precision)
    if precision.bits == 32:
        graph.weight("embedding.values", table)
        return graph.node("Gather", ["embedding.values", "input_ids"], ["embedded"])
    rows, *packed = graph.shape_of("head.codes")
    graph.same_weight("embedding.codes", "head.codes", (rows, math.prod(packed)))
    return graph.node(
        "GatherBlockQuantized",
        ["embedding.codes", "input_ids", "head.scales", "head.zero_points"],
        ["embedded"],
        bits=precision.bits,
        block_size=precision.block(checkpoint.shape.hidden),
        gather_axis=0,
        quantize_axis=1,
    )


def _rotary_tables(graph: _Graph, shape: DecoderShape) -> None:
    """Stores the cosines and sines of rotary position embedding (Su et al. 2021)."""
    half = np.arange(0, shape.head_size, 2) / shape.head_size
    angles = np.outer(np.arange(shape.context), shape.rotary_base**-half)
    graph.weight("rotary.cos", np.cos(angles).astype(np.float32))
    graph.weight("rotary.sin", np.sin(angles).astype(np.float32))


def _layer(
    graph: _Graph,
    checkpoint: Checkpoint,
    recipe: Recipe,
    layer: int,
    hidden: str,
    delta: str | None,
) -> tuple[str, str]:
    """One block: takes and returns the residual stream and what is still to be added to it."""
    hidden, normed = _norm(graph, checkpoint, f"blk.{layer}.attn_norm", hidden, delta)
    delta = _attention(graph, checkpoint, recipe.attention, layer, normed)
    hidden, normed = _norm(graph, checkpoint, f"blk.{layer}.ffn_norm", hidden, delta)
    return hidden, _feed_forward(graph, checkpoint, recipe.feed_forward, layer, normed)


def _norm(
    graph: _Graph, checkpoint: Checkpoint, name: str, hidden: str, delta: str | None
) -> tuple[str, str]:
    """Adds `delta` to the residual stream; returns the stream and its RMS norm."""
    weight = graph.weight(f"{name}.weight", checkpoint.tensor(f"{name}.weight"))
    epsilon = checkpoint.shape.norm_epsilon
    if delta is None:
        normed = graph.node(
            "SimplifiedLayerNormalization", [hidden, weight], [f"{name}.output"], epsilon=epsilon
        )
        return hidden, normed
    total = f"{name}.sum"
    normed = graph.node(
        "SkipSimplifiedLayerNormalization",
        [hidden, delta, weight],
        [f"{name}.output", "", "", total],
        epsilon=epsilon,
    )
    return total, normed


def _attention(
    graph: _Graph, checkpoint: Checkpoint, precision: Precision, layer: int, normed: str
) -> str:
    shape, stem = checkpoint.shape, f"blk.{layer}.attn"
    parts = [f"{stem}_{part}" for part in ("q", "k", "v")]
    weight = np.concatenate([checkpoint.tensor(f"{part}.weight") for part in parts])
    packed = _linear(graph, f"{stem}_qkv", weight, normed, precision)
    if f"{parts[0]}.bias" in checkpoint:
        bias = np.concatenate([checkpoint.tensor(f"{part}.bias") for part in parts])
        graph.weight(f"{stem}_qkv.bias", bias)
        packed = graph.node("Add", [packed, f"{stem}_qkv.bias"], [f"{stem}_qkv.biased"])
    past, present = (
        [f"{time}.{layer}.{part}" for part in ("key", "value")] for time in ("past", "present")
    )
    mixed = graph.node(
        "GroupQueryAttention",
        [packed, "", "", *past, "last_position", "total_length", "rotary.cos", "rotary.sin"],
        [f"{stem}.mixed", *present],
        num_heads=shape.heads,
        kv_num_heads=shape.key_value_heads,
        do_rotary=1,
    )
    weight = checkpoint.tensor(f"{stem}_output.weight")
    return _linear(graph, f"{stem}_output", weight, mixed, precision)


def _feed_forward(
    graph: _Graph, checkpoint: Checkpoint, precision: Precision, layer: int, normed: str
) -> str:
    """down(silu(gate(x)) * up(x)); SiLU is QuickGelu with alpha 1."""
    stem = f"blk.{layer}.ffn"
    gate, up = (
        _linear(
            graph, f"{stem}_{part}", checkpoint.tensor(f"{stem}_{part}.weight"), normed, precision
        )
        for part in ("gate", "up")
    )
    silu = graph.node("QuickGelu", [gate], [f"{stem}.silu"], alpha=1.0)
    gated = graph.node("Mul", [silu, up], [f"{stem}.gated"])
    down = checkpoint.tensor(f"{stem}_down.weight")
    return _linear(graph, f"{stem}_down", down, gated, precision)


def _logits(graph: _Graph, shape: DecoderShape, precision: Precision, normed: str) -> None:
    """Multiplies only the positions asked for by the head, which is a fifth of the work."""
    end = graph.weight("logits.end", np.array([np.iinfo(np.int64).max]))
    axis = graph.weight("logits.axis", np.array([1]))
    wanted = graph.node("Slice", [normed, "first_logit", end, axis], ["logits.wanted"])
    output = _product(graph, "head", wanted, (shape.vocabulary, shape.hidden), precision)
    graph.node("Identity", [output], ["logits"])
