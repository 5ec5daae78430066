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

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from model import matrices
from model.checkpoint import Checkpoint, DecoderShape
from model.graph_writer import GraphWriter
from model.products import look_up, multiply, store
from model.quantize import Matrix

Progress = Callable[[int, int], None]

LONGEST_CONTEXT = 8192
"""The most tokens that a graph has positions for; tables of 32,768 would take another 6 MB."""

Rounding = Callable[[str, NDArray[np.float32]], Matrix]
"""Gives the matrix to store for the weights of a name: "head", "blk.0.attn_qkv", and so on."""


def build(
    checkpoint: Checkpoint, rounding: Rounding, path: Path, progress: Progress | None = None
) -> None:
    """Writes `path` (the graph) and `path` + ".data" (its weights as `rounding` gives them).

    `progress` is called with the layers done and their total.
    """
    shape = checkpoint.shape
    with Path(f"{path}.data").open("wb") as data:
        graph = GraphWriter(f"{path.name}.data", data)
        table = rounding("head", matrices.head(checkpoint))
        store(graph, "head", table)
        hidden, delta = look_up(graph, "head", "input_ids", table), None
        _rotary_tables(graph, shape)
        for layer in range(shape.layers):
            hidden, delta = _layer(graph, checkpoint, rounding, layer, hidden, delta)
            if progress:
                progress(layer + 1, shape.layers)
        _, normed = _norm(graph, checkpoint, "output_norm", hidden, delta)
        _logits(graph, table, normed)
    onnx.save(graph.model("decoder", *_declared(shape)), str(path))


def _declared(shape: DecoderShape) -> tuple[list[onnx.ValueInfoProto], list[onnx.ValueInfoProto]]:
    """The inputs and the outputs of the graph."""
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
    return inputs, outputs


def _linear(
    graph: GraphWriter, checkpoint: Checkpoint, name: str, operand: str, rounding: Rounding
) -> str:
    """The operand multiplied by a matrix of the checkpoint, rounded."""
    matrix = rounding(name, matrices.matrix(checkpoint, name))
    store(graph, name, matrix)
    return multiply(graph, name, operand, matrix)


def _rotary_tables(graph: GraphWriter, shape: DecoderShape) -> None:
    """The cosines and sines of rotary position embedding (Su et al. 2021).

    ONNX Runtime computes them once, at load; stored they would take megabytes.
    """
    half = np.arange(0, shape.head_size, 2) / shape.head_size
    turns = graph.weight("rotary.turns", (shape.rotary_base**-half).astype(np.float32)[None])
    positions = np.arange(min(shape.context, LONGEST_CONTEXT), dtype=np.float32)
    graph.weight("rotary.positions", positions[:, None])
    angles = graph.node("Mul", ["rotary.positions", turns], ["rotary.angles"])
    graph.node("Cos", [angles], ["rotary.cos"])
    graph.node("Sin", [angles], ["rotary.sin"])


def _layer(
    graph: GraphWriter,
    checkpoint: Checkpoint,
    rounding: Rounding,
    layer: int,
    hidden: str,
    delta: str | None,
) -> tuple[str, str]:
    """One block: takes and returns the residual stream and what is still to be added to it."""
    hidden, normed = _norm(graph, checkpoint, f"blk.{layer}.attn_norm", hidden, delta)
    delta = _attention(graph, checkpoint, rounding, layer, normed)
    hidden, normed = _norm(graph, checkpoint, f"blk.{layer}.ffn_norm", hidden, delta)
    return hidden, _feed_forward(graph, checkpoint, rounding, layer, normed)


def _norm(
    graph: GraphWriter, checkpoint: Checkpoint, name: str, hidden: str, delta: str | None
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
    graph: GraphWriter, checkpoint: Checkpoint, rounding: Rounding, layer: int, normed: str
) -> str:
    shape, stem = checkpoint.shape, f"blk.{layer}.attn"
    packed = _linear(graph, checkpoint, f"{stem}_qkv", normed, rounding)
    bias = matrices.bias(checkpoint, f"{stem}_qkv")
    if bias is not None:
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
    return _linear(graph, checkpoint, f"{stem}_output", mixed, rounding)


def _feed_forward(
    graph: GraphWriter, checkpoint: Checkpoint, rounding: Rounding, layer: int, normed: str
) -> str:
    """down(silu(gate(x)) * up(x)); SiLU is QuickGelu with alpha 1."""
    stem = f"blk.{layer}.ffn"
    # One product of twice the rows wakes the threads once.
    both = _linear(graph, checkpoint, f"{stem}_gate_up", normed, rounding)
    gate, up = f"{stem}_gate", f"{stem}_up"
    graph.node("Split", [both], [gate, up], axis=-1, num_outputs=2)
    silu = graph.node("QuickGelu", [gate], [f"{stem}.silu"], alpha=1.0)
    gated = graph.node("Mul", [silu, up], [f"{stem}.gated"])
    return _linear(graph, checkpoint, f"{stem}_down", gated, rounding)


def _logits(graph: GraphWriter, table: Matrix, normed: str) -> None:
    """Multiplies only the positions asked for by the head, which is a fifth of the work."""
    end = graph.weight("logits.end", np.array([np.iinfo(np.int64).max]))
    axis = graph.weight("logits.axis", np.array([1]))
    wanted = graph.node("Slice", [normed, "first_logit", end, axis], ["logits.wanted"])
    output = multiply(graph, "head", wanted, table)
    graph.node("Identity", [output], ["logits"])
