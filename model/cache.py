"""Makes a converted decoder keep its keys and values in INT8 or fp16 instead of fp32.

INT8 takes a quarter of the memory, and reads a long prompt more slowly. Each channel of a layer's
keys (after rotary embedding) and of its values gets a scale of its own, since the magnitudes of a
key's channels differ by orders (Hooper et al. 2024, "KVQuant"). The scales are measured on real
code: the sources of Python's standard library. fp16 is for GPUs, whose attention has no fp32.
"""

import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from model.decoder import CHUNK, Decoder
from model.providers import open_session
from model.tokenizer import CodeTokenizer

# Read to measure magnitudes: so many tokens of each, in one sequence, at different positions.
_SOURCES = ("argparse.py", "asyncio/queues.py", "csv.py", "heapq.py", "pathlib.py", "textwrap.py")
_TOKENS = 512

_HIGHEST = 127  # the codes are -127 to 127
_INPUTS = 12  # of GroupQueryAttention before k_scale and v_scale; those not given are empty
_ATTRIBUTES = {
    "k_quant_type": "PER_CHANNEL",
    "v_quant_type": "PER_CHANNEL",
    "kv_cache_bit_width": 8,
}

_TYPES = {"fp32": TensorProto.FLOAT, "fp16": TensorProto.FLOAT16, "int8": TensorProto.INT8}

Kind = Literal["fp32", "fp16", "int8"]
"""How keys and values are kept."""

Scales = dict[str, NDArray[np.float32]]
"""By the name of the cache's input, "past.0.key": [1, key-value heads, 1, head size]."""


def change_cache(folder: Path, kind: Kind, context: int) -> None:
    """Rewrites the model.onnx of a converted decoder for another cache; its weights stay.

    `context`: the most tokens that it can read. `int8` takes as long as reading some 3,000.
    """
    path = folder / "model.onnx"
    scales = measure_scales(folder, context) if kind == "int8" else {}
    model = onnx.load(path, load_external_data=False)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    if kind == "fp16":
        model.graph.node.extend(_in_halves(nodes))
    elif kind == "int8":
        model.graph.node.extend(_quantized(node) for node in nodes)
    for name, scale in scales.items():
        model.graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
    for value in (*model.graph.input, *model.graph.output):
        if value.name.startswith(("past.", "present.")):
            value.type.tensor_type.elem_type = _TYPES[kind]
    onnx.save(model, f"{path}.part")
    Path(f"{path}.part").replace(path)


def measure_scales(folder: Path, context: int) -> Scales:
    """The scales that give the largest magnitude of each channel the highest code."""
    tokenizer = CodeTokenizer.load(folder / "tokenizer.json")
    library = Path(sysconfig.get_path("stdlib"))
    tokens = [
        token
        for source in _SOURCES
        for token in tokenizer.encode((library / source).read_text(encoding="utf-8"))[:_TOKENS]
    ][:context]
    decoder = Decoder(open_session(folder / "model.onnx"), len(tokens))
    for start in range(0, len(tokens), CHUNK):
        decoder.extend(tokens[start : start + CHUNK])
    return {
        name: _scale(np.abs(values).max(axis=2, keepdims=True)) for name, values in decoder.cached()
    }


def _scale(largest: NDArray[Any]) -> NDArray[np.float32]:
    return np.where(largest == 0, 1, largest / _HIGHEST).astype(np.float32)


def _quantized(node: onnx.NodeProto) -> onnx.NodeProto:
    """The node, with scales for its cache if it has one."""
    if node.op_type == "GroupQueryAttention":
        caches = node.input[3:5]
        node.input.extend([""] * (_INPUTS - len(node.input)))
        node.input.extend(f"{name}.scale" for name in caches)
        node.attribute.extend(
            helper.make_attribute(key, value) for key, value in _ATTRIBUTES.items()
        )
    return node


def _in_halves(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes, with attention in fp16 between casts."""
    tables: dict[str, str] = {}
    for node in nodes:
        if node.op_type != "GroupQueryAttention":
            yield node
            continue
        query, (cosines, sines), mixed = node.input[0], node.input[7:9], node.output[0]
        for table in (cosines, sines):
            if table not in tables:
                tables[table] = f"{table}.half"
                yield _cast(table, tables[table], TensorProto.FLOAT16)
        yield _cast(query, f"{query}.half", TensorProto.FLOAT16)
        node.input[0], node.input[7], node.input[8] = (
            f"{query}.half",
            tables[cosines],
            tables[sines],
        )
        node.output[0] = f"{mixed}.half"
        yield node
        yield _cast(f"{mixed}.half", mixed, TensorProto.FLOAT)


def _cast(name: str, result: str, to: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [name], [result], to=to)
