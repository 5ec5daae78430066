"""Matrices in a graph, at any precision: how each is stored, multiplied by and looked up in."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from model.graph_writer import GraphWriter
from model.quantize import BlockMatrix, ChannelMatrix, Matrix


def store(graph: GraphWriter, name: str, matrix: Matrix) -> None:
    """Writes a matrix under a name, for `multiply` and `look_up`."""
    if isinstance(matrix, BlockMatrix):
        graph.weight(f"{name}.codes", matrix.codes)
        _store_scales(graph, f"{name}.scales", matrix)
        if not matrix.centred:
            graph.weight(f"{name}.zero_points", matrix.zero_points)
    elif isinstance(matrix, ChannelMatrix):
        graph.weight(f"{name}.codes", matrix.codes)
        graph.weight(f"{name}.scales", matrix.scales)
    else:
        _store_half(graph, f"{name}.values", matrix)


def _store_scales(graph: GraphWriter, name: str, matrix: BlockMatrix) -> None:
    if matrix.row_scales is None:
        _store_half(graph, name, matrix.scales)
        return
    _store_half(graph, f"{name}.row", matrix.row_scales)
    stored = graph.weight(f"{name}.bytes", matrix.scales)
    graph.node("Cast", [stored], [f"{name}.codes"], to=TensorProto.FLOAT)
    graph.node("Mul", [f"{name}.codes", f"{name}.row"], [name])  # once, at load


def _store_half(graph: GraphWriter, name: str, values: NDArray[Any]) -> None:
    """Stores fp16 numbers as they are, for computing in fp32: ONNX Runtime casts them at load."""
    if values.dtype == np.float16:
        half = graph.weight(f"{name}.half", values)
        graph.node("Cast", [half], [name], to=TensorProto.FLOAT)
    else:
        graph.weight(name, values)


def _grid(name: str, matrix: BlockMatrix) -> list[str]:
    """Names of what the codes are read with; the middle code is the operators' own zero point."""
    return [f"{name}.scales"] + [f"{name}.zero_points"] * (not matrix.centred)


def multiply(graph: GraphWriter, name: str, operand: str, matrix: Matrix) -> str:
    """operand @ matrix.T, where the matrix is stored under the name."""
    output = [f"{name}.output"]
    if isinstance(matrix, BlockMatrix):
        return graph.node(
            "MatMulNBits",
            [operand, f"{name}.codes", *_grid(name, matrix)],
            output,
            N=matrix.rows,
            K=matrix.columns,
            bits=matrix.bits,
            block_size=matrix.block,
            accuracy_level=4,  # int8 activations: the fast kernels
        )
    if isinstance(matrix, ChannelMatrix):
        stored = [f"{name}.codes", f"{name}.scales"]
        return graph.node("DynamicQuantizeMatMul", [operand, *stored], output)
    # Constant, so ONNX Runtime transposes it once, at load.
    transposed = graph.node("Transpose", [f"{name}.values"], [f"{name}.transposed"], perm=[1, 0])
    return graph.node("MatMul", [operand, transposed], output)


def look_up(graph: GraphWriter, name: str, rows: str, matrix: Matrix) -> str:
    """The rows of a matrix stored under the name, in fp32. Not for a `ChannelMatrix`."""
    output = [f"{name}.rows"]
    if isinstance(matrix, ChannelMatrix):
        raise TypeError("A matrix quantized by channels is stored by columns.")
    if not isinstance(matrix, BlockMatrix):
        return graph.node("Gather", [f"{name}.values", rows], output)
    _, *packed = matrix.codes.shape
    graph.same_weight(f"{name}.row_codes", f"{name}.codes", (matrix.rows, math.prod(packed)))
    return graph.node(
        "GatherBlockQuantized",
        [f"{name}.row_codes", rows, *_grid(name, matrix)],
        output,
        bits=matrix.bits,
        block_size=matrix.block,
        gather_axis=0,
        quantize_axis=1,
    )


def takes_pairs(graph: Path) -> bool:
    """Whether a decoder's results are the same to the last bit only for even numbers of rows.

    MatMulNBits multiplies two rows at once and rounds one that is left over otherwise, which can
    change an answer. DynamicQuantizeMatMul rounds all rows of a run by one scale, so that another
    row would change the others: a graph that has it is left alone.
    """
    nodes = onnx.load(str(graph), load_external_data=False).graph.node
    products = {node.op_type for node in nodes}
    return "MatMulNBits" in products and "DynamicQuantizeMatMul" not in products
