"""Writes an ONNX graph node by node, its weights straight to a file beside it."""

from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
_PAGE = 4096  # large initializers start at whole pages, so that they can be mapped from the file
_LINE = 64  # and small ones, which are many, at whole cache lines
_STANDARD_OPERATORS = {
    "Abs",
    "Add",
    "Cast",
    "Constant",
    "Cos",
    "Div",
    "Gather",
    "Identity",
    "MatMul",
    "Max",
    "Mul",
    "ReduceMax",
    "SimplifiedLayerNormalization",
    "Sin",
    "Slice",
    "Split",
    "Transpose",
}


class GraphWriter:
    """Nodes and initializers as they are added; weights go straight to the data file."""

    def __init__(self, data_name: str, data: BinaryIO) -> None:
        self._data_name = data_name
        self._data = data
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str, values: NDArray[Any]) -> str:
        """Adds an initializer and returns its name."""
        step = _PAGE if values.nbytes >= 16 * _PAGE else _LINE
        self._data.write(b"\0" * (-self._data.tell() % step))
        place = (self._data.tell(), values.nbytes)
        self._data.write(np.ascontiguousarray(values).tobytes())
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        return self._add_weight(name, kind, values.shape, place)

    def same_weight(self, name: str, twin: str, shape: Sequence[int]) -> str:
        """Adds an initializer that reads the bytes of `twin` in another shape."""
        tensor = self._weights[twin]
        place = {entry.key: int(entry.value) for entry in tensor.external_data[1:]}
        return self._add_weight(name, tensor.data_type, shape, (place["offset"], place["length"]))

    def node(self, operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> str:
        """Adds a node and returns the name of its first output."""
        domain = "" if operator in _STANDARD_OPERATORS else "com.microsoft"
        node = helper.make_node(operator, inputs, outputs, domain=domain, **attributes)
        self._nodes.append(node)
        return outputs[0]

    def copy(self, node: onnx.NodeProto) -> None:
        """Adds a node of another graph."""
        self._nodes.append(node)

    def model(
        self, name: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """The finished model."""
        weights = list(self._weights.values())
        graph = helper.make_graph(self._nodes, name, inputs, outputs, weights)
        model = helper.make_model(graph, opset_imports=OPSETS, producer_name="bowerbird")
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
