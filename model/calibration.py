"""Quantizes a decoder layer by layer, with the inputs that the layers before it give.

Matrices of 4 bits are fitted to their inputs (`model/gptq.py`). A matrix that is to be kept by
channels, whose inputs share one scale of 8 bits, is kept in blocks instead where that costs it more
than a little: where outliers of the inputs leave too few steps for the rest.
"""

from collections.abc import Callable

import numpy as np

from model import matrices
from model.checkpoint import Checkpoint
from model.gptq import gptq
from model.layerwise import Array, Tokens, multiply, norm, read_layer
from model.quantize import Matrix, dequantize, stored_as
from model.recipes import INT8, Precision

_MOST_ERROR = 0.03
"""Of the product, in root mean squares, that inputs of one scale may cost."""
_TOGETHER = 64  # tokens that share a scale: as many as are read in one pass


def calibrated(
    checkpoint: Checkpoint,
    precision: Callable[[str], Precision],
    tokens: Tokens,
    progress: Callable[[int, int], None],
) -> dict[str, Matrix]:
    """Every matrix at its precision, fitted to its inputs over `tokens`.

    Inputs come from the layers that are quantized already, so that later ones make up for them.
    """
    made: dict[str, Matrix] = {}

    def product(name: str, inputs: Array, weight: Array) -> Array:
        made[name] = _fitted(weight, inputs, precision(name))
        return multiply(name, inputs, dequantize(made[name]))

    layers = checkpoint.shape.layers
    head = matrices.head(checkpoint)
    hidden: Array = head[tokens]
    for layer in range(layers):
        hidden = read_layer(checkpoint, layer).run(hidden, product)
        progress(layer + 1, layers)
    normed = norm(hidden, checkpoint.tensor("output_norm.weight"), checkpoint.shape)
    made["head"] = _fitted(head, normed, precision("head"))
    return made


def _fitted(weight: Array, inputs: Array, precision: Precision) -> Matrix:
    rows = inputs.reshape(-1, inputs.shape[-1])
    if precision.bits == 4:
        return gptq(weight, rows.T @ rows, bits=4, block=precision.block(weight.shape[1]))
    if precision.layout == "channels" and _error_of_one_scale(weight, rows) > _MOST_ERROR:
        return stored_as(weight, INT8)
    return stored_as(weight, precision)


def _error_of_one_scale(weight: Array, rows: Array) -> float:
    """What a product loses when all its inputs in a pass share a scale of 8 bits, of its size."""
    some = rows[: len(rows) // _TOGETHER * _TOGETHER].reshape(-1, _TOGETHER, rows.shape[1])[::8]
    low = some.min(axis=(1, 2), keepdims=True)
    high = some.max(axis=(1, 2), keepdims=True)
    scale = np.maximum((high - low) / 255, np.float32(1e-12))
    lost = (np.rint(some / scale) * scale - some) @ weight.T
    return float(np.sqrt(np.square(lost).mean() / np.square(some @ weight.T).mean()))
