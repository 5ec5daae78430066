"""Quantizes a decoder layer by layer, with the inputs that the layers before it give.

Two versions of the hidden states go through each layer: exact ones, and those of the layers that
are quantized already. A matrix in blocks is first changed so that it makes of the latter what the
decoder makes of the former (Arai and Ichikawa 2025, "Quantization Error Propagation"): so it makes
up for the layers before it, and for the columns that are left out of its own. Then it is rounded,
to 4 bits with regard to its inputs (`gptq.py`). A matrix that is to be kept by channels,
whose inputs share one scale of 8 bits, is kept in blocks instead where that costs it more than a
little: where outliers of the inputs leave too few steps for the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import matrices
from model.checkpoint import Checkpoint
from model.fitting.cholesky import solved
from model.fitting.gptq import damped, gptq
from model.fitting.layerwise import Array, Layer, Tokens, norm, read_layer
from model.fitting.prune import kept_columns, with_columns
from model.quantize import Matrix, dequantize, stored_as
from model.recipes import INT8, Precision

_MOST_ERROR = 0.03
"""Of the product, in root mean squares, that inputs of one scale may cost."""
_TOGETHER = 64  # tokens that share a scale: as many as are read in one pass
_ENOUGH = 9216  # tokens by which the columns to keep are chosen


def calibrated(
    checkpoint: Checkpoint,
    precision: Callable[[str], Precision],
    tokens: Tokens,
    progress: Callable[[int, int], None],
    *,
    width: int,
) -> dict[str, Matrix]:
    """Every matrix at its precision, fitted to its inputs over `tokens`.

    `width`: the columns that are kept of each feed-forward part.
    """
    made: dict[str, Matrix] = {}
    layers = checkpoint.shape.layers
    head = matrices.head(checkpoint)
    hidden: Array = head[tokens]
    exact = hidden
    for number in range(layers):
        step = _read(read_layer(checkpoint, number), exact, width)
        hidden, exact = _quantized(step, hidden, precision, made), step.after
        progress(number + 1, layers)
    normed = norm(hidden, checkpoint.tensor("output_norm.weight"), checkpoint.shape)
    made["head"] = _rounded(head, _gram(_rows(normed)), precision("head"))
    return made


@dataclass(frozen=True)
class _Step:
    """A layer, what of it is kept, and what it makes of exact hidden states."""

    layer: Layer
    inputs: dict[str, Array]  # by the name of a matrix, [tokens, columns]
    between: Array  # attention and the feed-forward part
    after: Array


def _read(layer: Layer, hidden: Array, width: int) -> _Step:
    inputs: dict[str, Array] = {}

    def watched(name: str, given: Array, weight: Array) -> Array:
        inputs[name] = _rows(given)
        return weight

    between = hidden + layer.attention(hidden, watched)
    after = between + layer.feed_forward(between, watched)
    down = inputs.pop(f"{layer.stem}.ffn_down")
    del inputs[f"{layer.stem}.attn_output"]
    if width < layer.shape.feed_forward:
        gram = _gram(down[:: 1 + len(down) // _ENOUGH])
        kept = kept_columns(layer.weights[f"{layer.stem}.ffn_down"], damped(gram), width)
        layer = with_columns(layer, kept)
    return _Step(layer, inputs, between, after)


def _quantized(
    step: _Step, hidden: Array, precision: Callable[[str], Precision], made: dict[str, Matrix]
) -> Array:
    """The hidden states after the layer, of which every matrix is `made`."""
    layer = step.layer
    shares = 1 / np.sqrt(np.square(_rows(step.after)).mean(axis=1, keepdims=True))

    def fitted(name: str, inputs: Array, weight: Array) -> Array:
        rows, stored = _rows(inputs), precision(name)
        if stored.layout == "channels":
            made[name] = _by_channels(weight, rows, stored)
        elif name in adding:
            # An error counts as a share of the hidden state, which the next norm sets to one size.
            rows = rows * shares
            made[name] = _fitted(weight, _gram(rows), (adding[name] * shares).T @ rows, stored)
        else:
            wanted = weight @ (step.inputs[name].T @ rows)
            made[name] = _fitted(weight, _gram(rows), wanted, stored)
        return dequantize(made[name])

    # What is added to the hidden states is to make up for what they lack, too.
    adding = {f"{layer.stem}.attn_output": _rows(step.between - hidden)}
    hidden = hidden + layer.attention(hidden, fitted)
    adding[f"{layer.stem}.ffn_down"] = _rows(step.after - hidden)
    return hidden + layer.feed_forward(hidden, fitted)


def _by_channels(weight: Array, rows: Array, precision: Precision) -> Matrix:
    """A matrix by channels, or in blocks where inputs of one scale cost it too much."""
    coarse = _error_of_one_scale(weight, rows) > _MOST_ERROR
    return stored_as(weight, INT8 if coarse else precision)


def _fitted(weight: Array, gram: Array, wanted: Array, precision: Precision) -> Matrix:
    """A matrix in blocks that makes what is wanted of its inputs.

    `gram`: X^T X of the inputs X; `wanted`: Y^T X for the products Y that are wanted of them,
    [rows of the matrix, columns].
    """
    return _rounded(weight + solved(damped(gram), wanted - weight @ gram), gram, precision)


def _rounded(weight: Array, gram: Array, precision: Precision) -> Matrix:
    if precision.bits != 4:
        return stored_as(weight, precision)
    block = precision.block(weight.shape[1])
    return gptq(weight, gram, bits=4, block=block, scale_bits=precision.scale_bits)


def _rows(states: Array) -> Array:
    return states.reshape(-1, states.shape[-1])


def _gram(rows: Array) -> Array:
    gram: Array = rows.T @ rows
    return gram


def _error_of_one_scale(weight: Array, rows: Array) -> float:
    """What a product loses when all its inputs in a pass share a scale of 8 bits, of its size."""
    some = rows[: len(rows) // _TOGETHER * _TOGETHER].reshape(-1, _TOGETHER, rows.shape[1])[::8]
    low = some.min(axis=(1, 2), keepdims=True)
    high = some.max(axis=(1, 2), keepdims=True)
    scale = np.maximum((high - low) / 255, np.float32(1e-12))
    lost = (np.rint(some / scale) * scale - some) @ weight.T
    return float(np.sqrt(np.square(lost).mean() / np.square(some @ weight.T).mean()))
