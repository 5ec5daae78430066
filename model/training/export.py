"""Writes trained token vectors as the three files that `model.embed.load_embedder` reads."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

# The oldest ONNX versions that have what the graph needs, for the widest choice of runtimes.
_OPSET = 17
_IR_VERSION = 8


@dataclass(frozen=True)
class TokenVectors:
    """A trained static embedding."""

    table: NDArray[np.float32]
    """[vocabulary, dimensions], each row already times the token's learned weight."""
    saturation: float
    """A piece that occurs n times counts n ** saturation."""


def quantize(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The rows as int8 and the scale of each row: `rows * scales[:, None]` is about `table`."""
    scales = np.abs(table).max(axis=1) / 127
    rows = np.round(table / np.where(scales == 0, 1, scales)[:, None])
    return rows.astype(np.int8), scales.astype(np.float32)


def graph(vectors: TokenVectors) -> onnx.ModelProto:
    """The ONNX graph: (ids, counts) [batch, pieces] -> unit vectors [batch, dimensions]."""
    rows, scales = quantize(vectors.table)
    constants = {
        "rows": rows,
        "scales": scales,
        "saturation": np.float32(vectors.saturation),
        "middle": np.array([1], np.int64),
        "smallest_norm": np.float32(1e-12),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["rows", "ids"], ["int8_vectors"]),  # [batch, pieces, dimensions]
        node("Cast", ["int8_vectors"], ["piece_vectors"], to=TensorProto.FLOAT),
        node("Gather", ["scales", "ids"], ["piece_scales"]),  # [batch, pieces]
        node("Pow", ["counts", "saturation"], ["saturated"]),  # zero for padding
        node("Mul", ["piece_scales", "saturated"], ["gains"]),
        node("Unsqueeze", ["gains", "middle"], ["gain_rows"]),  # [batch, 1, pieces]
        node("MatMul", ["gain_rows", "piece_vectors"], ["sum_rows"]),
        node("Squeeze", ["sum_rows", "middle"], ["sums"]),  # [batch, dimensions]
        node("ReduceL2", ["sums"], ["norms"], axes=[1], keepdims=1),
        node("Max", ["norms", "smallest_norm"], ["divisors"]),
        node("Div", ["sums", "divisors"], ["vectors"]),
    ]
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT32, ["batch", "pieces"]),
        helper.make_tensor_value_info("counts", TensorProto.FLOAT, ["batch", "pieces"]),
    ]
    width = vectors.table.shape[1]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", width])]
    initializers = [
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    ]
    body = helper.make_graph(nodes, "static_embedding", inputs, outputs, initializers)
    opset = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(body, opset_imports=opset, ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    return model


def write(
    folder: Path, family: str, vectors: TokenVectors, tokenizer: Tokenizer, facts: dict[str, object]
) -> str:
    """Writes graph, vocabulary and card (with `facts`) into `folder`; returns the name given.

    The name is `family` with the start of a hash of all that decides the vectors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "embedding.onnx": graph(vectors).SerializeToString(),
        "embedding.tokenizer.json": tokenizer.to_str().encode(),
    }
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    name = f"{family}-{hashlib.sha256(b''.join(files.values())).hexdigest()[:8]}"
    card = {"name": name, "dimensions": vectors.table.shape[1], **facts, "sha256": hashes}
    for file_name, data in files.items():
        (folder / file_name).write_bytes(data)
    (folder / "embedding.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return name
